"""Programs that write models and losses with TensorFlow's own operations, and feed them when they run."""

from __future__ import annotations

from textwrap import dedent

import pytest

from lossguard.check import check_source
from lossguard.facts import Encoding, LossCall, Output, Range
from lossguard.source import Source
from lossguard.static import syntax
from lossguard.static.interpreter import understand
from lossguard.static.program import Program, Trees

HEAD = """\
import numpy as np
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("MNIST", one_hot={one_hot})
x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))
logits = tf.matmul(x, W) + b
"""
RUN = """
with tf.Session() as sess:
    for _ in range(100):
        batch = mnist.train.next_batch(50)
        sess.run(train, feed_dict={x: batch[0], y: batch[1]})
"""
BUILT_IN = "train = step(tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits)))"
WRITTEN = "p = tf.nn.softmax(logits)\ntrain = step(-tf.reduce_sum(y * tf.log(p)))"


def codes(program: str, *, one_hot: bool = True) -> list[str]:
    checked = check_source(HEAD.format(one_hot=one_hot) + dedent(program) + RUN, "program.py")
    return [diagnostic.code for diagnostic in checked.diagnostics]


@pytest.mark.parametrize("loss", [BUILT_IN, WRITTEN])
def test_labels_are_those_that_are_fed(loss: str) -> None:
    assert codes(loss, one_hot=False) == ["LG503"]
    assert codes(loss, one_hot=True) == []


@pytest.mark.parametrize(
    "run",
    [
        "sess = tf.Session()\nsess.run(train, {x: xs, y: ys})",
        "train.run(feed_dict={x: xs, y: ys})",
        "tf.reduce_mean(logits).eval(feed_dict={x: xs, y: ys})",
        "feed = {x: xs, y: ys}\ntf.Session().run([train, logits], feed)",
    ],
)
def test_ways_to_feed(run: str) -> None:
    text = HEAD.format(one_hot=False) + BUILT_IN + "\nxs, ys = mnist.train.next_batch(50)\n" + run
    assert [one.code for one in check_source(text, "program.py").diagnostics] == ["LG503"]


def test_labels_that_depend_on_something_are_told_with_it() -> None:
    text = (
        HEAD.format(one_hot=True)
        + BUILT_IN
        + """
ids = input_data.read_data_sets("MNIST")
data = ids if input() == "ids" else mnist
xs, ys = data.train.next_batch(50)
tf.Session().run(train, {x: xs, y: ys})
"""
    )
    (finding,) = check_source(text, "program.py").diagnostics
    assert (finding.code, finding.when) == ("LG503", "input() == 'ids'")


def test_labels_that_the_graph_encodes_itself() -> None:
    loss = "train = tf.nn.softmax_cross_entropy_with_logits(labels=tf.one_hot(y, 10), logits=logits)"
    assert codes(loss, one_hot=False) == []


def call(program: str) -> LossCall:
    text = HEAD.format(one_hot=True) + program
    found = understand(Program(Source(None, "program.py", text), syntax.parse(text), Trees(lambda _: None)))
    (fact,) = [case.fact for case in found.cases if isinstance(case.fact, LossCall)]
    return fact


# scores, width, range
SCORES = [
    ("tf.matmul(x, W) + b", 10, Range.LOGITS),
    ("tf.add(tf.matmul(x, W), b)", 10, Range.LOGITS),
    ("tf.nn.bias_add(tf.matmul(x, W), b)", 10, Range.LOGITS),
    ("tf.nn.xw_plus_b(x, W, b)", 10, Range.LOGITS),
    ("x @ W", 10, Range.LOGITS),
    ("tf.matmul(x, tf.get_variable('w', shape=[784, 10])) + b", 10, Range.LOGITS),
    ("tf.matmul(x, tf.Variable(tf.truncated_normal([784, 10], stddev=0.1)))", 10, Range.LOGITS),
    ("tf.matmul(x, tf.Variable(tf.zeros([784, 1]))) + tf.Variable(tf.zeros([1, 10]))", 10, Range.LOGITS),
    ("tf.matmul(x, tf.Variable(tf.zeros([784, 1]))) + tf.Variable(tf.zeros([1]))", 1, Range.LOGITS),
    ("tf.layers.dense(x, 10)", 10, Range.LOGITS),
    ("tf.contrib.layers.fully_connected(x, 10, activation_fn=None)", 10, Range.LOGITS),
    ("tf.contrib.layers.fully_connected(x, 10)", 10, Range.NONNEGATIVE),
    ("tf.nn.softmax(tf.matmul(x, W))", 10, Range.SIMPLEX),
]


@pytest.mark.parametrize(("scores", "width", "range_"), SCORES)
def test_scores(scores: str, width: int, range_: Range) -> None:
    fact = call(f"loss = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits={scores})")
    assert isinstance(fact.prediction, Output)
    assert (fact.prediction.width.size, fact.prediction.range) == (width, range_)


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ("-tf.reduce_sum(y * tf.log(p))", "categorical_crossentropy"),
        ("tf.reduce_mean(-tf.reduce_sum(y * tf.log(p), reduction_indices=[1]))", "categorical_crossentropy"),
        ("tf.reduce_mean(tf.log(p) * y * -1)", "categorical_crossentropy"),
        ("tf.reduce_mean(-y * tf.log(p) - (1 - y) * tf.log(1 - p))", "binary_crossentropy"),
        ("-tf.reduce_mean(y * tf.log(p) + (1 - y) * tf.log(1 - p))", "binary_crossentropy"),
    ],
)
def test_cross_entropies_that_are_written_out(loss: str, name: str) -> None:
    assert call(f"p = tf.nn.sigmoid(logits)\nloss = {loss}").loss.name == name


@pytest.mark.parametrize(
    "loss",
    [
        "-tf.reduce_sum(p * tf.log(p))",
        "-tf.reduce_sum(y * tf.log(p) * advantage)",
        "-tf.reduce_sum(tf.log(p) * advantage)",
        "-tf.reduce_sum(y * tf.log(y / p))",
        "tf.reduce_sum(tf.log(p))",
    ],
    ids=["entropy", "weighted", "policy gradient", "divergence", "likelihood"],
)
def test_other_losses_with_logarithms(loss: str) -> None:
    assert codes(f"p = logits\nadvantage = tf.placeholder(tf.float32, [None])\ntrain = {loss}", one_hot=False) == []


def test_the_logarithm_of_raw_scores() -> None:
    assert codes("train = -tf.reduce_sum(y * tf.log(logits))") == ["LG103"]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("tf.greater(logit, 0.5)", ["LG401"]),
        ("logit > 0.5", ["LG401"]),
        ("tf.round(logit)", ["LG401"]),
        ("tf.greater(tf.squeeze(logit), 0.5)", ["LG401"]),
        ("tf.round(tf.sigmoid(logit))", []),
        ("tf.greater(logit, 0.0)", []),
        ("tf.greater(tf.matmul(x, W), 0.5)", []),
        ("tf.argmax(logit, 1)", ["LG601"]),
        ("tf.argmax(logit, 0)", []),
        ("tf.argmax(logits, 1)", []),
    ],
)
def test_what_is_made_of_the_scores_of_a_loss(use: str, expected: list[str]) -> None:
    program = f"""
    logit = tf.layers.dense(x, 1)
    train = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.placeholder(tf.float32, [None, 1]), logits=logit)
    answer = {use}
    """
    assert codes(program) == expected


def test_scores_that_are_squeezed() -> None:
    program = """
    logit = tf.squeeze(tf.layers.dense(x, 1))
    train = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.placeholder(tf.float32, [None]), logits=logit)
    right = tf.equal(tf.round(logit), 1.0)
    """
    assert codes(program) == ["LG401"]


def test_an_answer_and_its_scores_in_the_old_order_of_arguments() -> None:
    program = """
    def discriminator(images, conditional=len(input())):
        scores = tf.matmul(images, W)
        if not conditional:
            return tf.nn.sigmoid(scores), scores
        return tf.nn.sigmoid(scores)

    answer, scores = discriminator(x)
    train = tf.nn.sigmoid_cross_entropy_with_logits(scores, tf.ones_like(answer))
    """
    assert codes(program) == []


def test_a_data_set_of_the_tutorials() -> None:
    text = HEAD.format(one_hot=True) + BUILT_IN + RUN
    found = understand(Program(Source(None, "program.py", text), syntax.parse(text), Trees(lambda _: None)))
    encodings = [
        case.fact.target.encoding
        for case in found.cases
        if isinstance(case.fact, LossCall) and case.fact.target is not None and not isinstance(case.fact.target, Output)
    ]
    assert encodings == [Encoding.ONE_HOT]
