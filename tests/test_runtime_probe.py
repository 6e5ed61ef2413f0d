"""Live models: what is understood of them, and that they are as before afterwards."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import lossguard
from lossguard.facts import Family, LogitsRepair, Range
from lossguard.findings import Severity

np = pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")
tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
keras: Any = pytest.importorskip("keras")

from lossguard.runtime.batches import take  # noqa: E402
from lossguard.runtime.library import NotProbed, library_of  # noqa: E402
from lossguard.runtime.look import look  # noqa: E402
from lossguard.runtime.measure import Seen  # noqa: E402

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

ON_TENSORFLOW = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="about TensorFlow")

X = np.random.default_rng(0).random((40, 4)).astype("float32")
IDS = np.random.default_rng(1).integers(0, 3, 40)
HOT = np.eye(3, dtype="float32")[IDS]
YES = (IDS > 1).astype("float32")


def sequential(*layers: Any, loss: Any = None, metrics: Any = None) -> Any:
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("sgd", loss=loss, metrics=metrics)
    return model


def dense(units: int, activation: Any = None, **options: Any) -> Any:
    return keras.layers.Dense(units, activation=activation, **options)


def seen(model: Any, x: Any = X, y: Any = None) -> Seen:
    return look(model, library_of(model), take(x, y)).seen[0]


def codes(model: Any, x: Any = X, y: Any = None) -> list[str]:
    return [found.code for found in lossguard.probe(model, x, y).diagnostics]


class Own(keras.Model):  # type: ignore[misc]
    """A model whose last function is no layer."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.head = dense(3)
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(self.head(x))


# what the output is


@pytest.mark.parametrize(
    ("layers", "activation", "range_"),
    [
        ([dense(3, "softmax")], "softmax", Range.SIMPLEX),
        ([dense(3), keras.layers.Activation("sigmoid")], "sigmoid", Range.PROBABILITIES),
        ([dense(3), keras.layers.Softmax()], "softmax", Range.SIMPLEX),
        ([dense(3, "softmax"), keras.layers.Reshape((3,))], "softmax", Range.SIMPLEX),
        ([dense(3), keras.layers.Lambda(lambda t: keras.ops.softmax(t, axis=-1))], "softmax", Range.SIMPLEX),
        ([dense(3), keras.layers.Lambda(lambda t: t / 2)], None, Range.UNKNOWN),
        ([dense(3, lambda t: keras.ops.maximum(t, 0.0))], "relu", Range.NONNEGATIVE),
        ([dense(3, "softmax"), keras.layers.BatchNormalization()], "linear", Range.LOGITS),
        ([keras.layers.Dense(8, "relu"), keras.Sequential([dense(3, "tanh")])], "tanh", Range.SIGNED_UNIT),
        ([dense(3, "softmax"), keras.layers.Activation("linear", dtype="float32")], "softmax", Range.SIMPLEX),
        ([keras.layers.Reshape((2, 2)), keras.layers.LSTM(3)], "tanh", Range.SIGNED_UNIT),
        ([keras.layers.Reshape((2, 2)), keras.layers.TimeDistributed(dense(3, "softmax"))], "softmax", Range.SIMPLEX),
    ],
)
def test_activation_and_range(layers: list[Any], activation: str | None, range_: Range) -> None:
    output = seen(sequential(*layers, loss="mse")).measured.output
    assert (output.activation, output.range) == (activation, range_)
    assert output.width.size == 3


@pytest.mark.parametrize(
    ("function", "activation", "range_"),
    [
        (keras.ops.softmax, "softmax", Range.SIMPLEX),
        pytest.param(tf.nn.sigmoid, "sigmoid", Range.PROBABILITIES, marks=ON_TENSORFLOW),
        (lambda t: 1 / (1 + keras.ops.exp(-t)), "sigmoid", Range.PROBABILITIES),
        (lambda t: t, "linear", Range.LOGITS),
        (lambda t: keras.ops.exp(t) / keras.ops.sum(1 + keras.ops.exp(t)), None, Range.UNKNOWN),
        (lambda t: t * t / keras.ops.sum(t * t, axis=-1, keepdims=True), None, Range.SIMPLEX),
    ],
)
def test_function_in_call_is_recognised_by_its_values(
    function: Callable[[Any], Any], activation: str | None, range_: Range
) -> None:
    model = Own(function)
    model.compile("sgd", loss="mse")
    output = seen(model).measured.output
    assert (output.activation, output.range) == (activation, range_)


def test_a_layer_that_lies_is_found_out() -> None:
    class Shifted(keras.layers.Softmax):  # type: ignore[misc]
        def call(self, inputs: Any, mask: Any = None) -> Any:
            return super().call(inputs, mask) * 8 - 4

    output = seen(sequential(dense(3), Shifted(), loss="mse")).measured.output
    assert output.range is not Range.SIMPLEX
    assert output.activation != "softmax"


@ON_TENSORFLOW
@pytest.mark.parametrize(
    ("tail", "repair"),
    [
        ([], LogitsRepair.KEPT),
        ([keras.layers.Dropout(0.0)], LogitsRepair.KEPT),
        ([keras.layers.Dropout(0.5)], LogitsRepair.LOST),
        ([keras.layers.Reshape((3,))], LogitsRepair.LOST),
    ],
)
def test_whether_tensorflow_goes_back_is_looked_up(tail: list[Any], repair: LogitsRepair) -> None:
    assert seen(sequential(dense(3, "softmax"), *tail, loss="mse")).measured.output.repair is repair


@ON_TENSORFLOW
def test_function_of_tensorflow_is_repaired_in_graphs_only() -> None:
    output = seen(sequential(dense(3, tf.nn.softmax), loss="mse")).measured.output
    assert output.repair is LogitsRepair.GRAPH_ONLY


# which loss it is


def closure(*, from_logits: bool) -> Any:
    def my_loss(y: Any, p: Any) -> Any:
        return 3 * keras.losses.categorical_crossentropy(y, p, from_logits=from_logits)

    return my_loss


@pytest.mark.parametrize(
    ("loss", "name", "from_logits"),
    [
        ("categorical_crossentropy", "categorical_crossentropy", False),
        ("bce", "binary_crossentropy", False),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "categorical_crossentropy", True),
        (keras.losses.CategoricalCrossentropy, "categorical_crossentropy", False),
        (keras.losses.categorical_crossentropy, "categorical_crossentropy", False),
        (partial(keras.losses.binary_crossentropy, from_logits=True), "binary_crossentropy", True),
        (closure(from_logits=True), "categorical_crossentropy", True),
        (closure(from_logits=False), "categorical_crossentropy", False),
        (lambda y, p: keras.ops.mean(keras.ops.square(y - p), axis=-1), "mean_squared_error", False),
        (lambda y, p: 2 * keras.losses.sparse_categorical_crossentropy(y, p), "sparse_categorical_crossentropy", False),
        (tf.nn.softmax_cross_entropy_with_logits, "categorical_crossentropy", True),
        (tf.nn.sigmoid_cross_entropy_with_logits, "binary_crossentropy", True),
    ],
)
def test_loss(loss: Any, name: str, from_logits: bool) -> None:  # noqa: FBT001
    found = seen(sequential(dense(3, "softmax"), loss=loss)).setup.loss
    assert found is not None
    assert (found.name, found.from_logits) == (name, from_logits)


def test_a_loss_that_is_none_of_keras_is_not_understood() -> None:
    def mixed(y: Any, p: Any) -> Any:
        return keras.losses.mean_squared_error(y, p) + keras.losses.categorical_crossentropy(y, p)

    assert seen(sequential(dense(3, "softmax"), loss=mixed)).setup.loss is None
    assert codes(sequential(dense(3, "softmax"), loss=mixed), X, HOT) == []


def test_every_loss_of_keras_is_recognised_by_what_it_computes() -> None:
    for name in ("kl_divergence", "hinge", "categorical_hinge", "poisson", "binary_focal_crossentropy"):
        function = getattr(keras.losses, name)
        found = seen(sequential(dense(3, "softmax"), loss=lambda y, p, f=function: 0.5 * f(y, p))).setup.loss
        assert found is not None
        assert found.name == name


# findings


@pytest.mark.parametrize(
    ("layers", "loss", "y", "found"),
    [
        ([dense(3, "softmax")], keras.losses.SparseCategoricalCrossentropy(from_logits=True), IDS, ["LG101"]),
        ([dense(1)], "binary_crossentropy", YES, ["LG103"]),
        ([dense(3)], closure(from_logits=False), HOT, ["LG103"]),
        ([dense(3)], closure(from_logits=True), HOT, []),
        ([dense(3, "softmax")], "categorical_crossentropy", IDS, ["LG201"]),
        ([dense(3, "softmax")], "sparse_categorical_crossentropy", HOT, ["LG202"]),
        ([dense(2, "softmax")], "sparse_categorical_crossentropy", IDS, ["LG301"]),
        ([dense(3, "softmax")], "sparse_categorical_crossentropy", IDS + 1, ["LG302"]),
        ([dense(1, "sigmoid")], "mse", X[:, 0] * 10, ["LG113"]),
        ([dense(3, "softmax")], "sparse_categorical_crossentropy", IDS, []),
        ([dense(3, "softmax")], "categorical_crossentropy", HOT, []),
        ([dense(1, "sigmoid")], "binary_crossentropy", YES, []),
        ([dense(1, "sigmoid")], "binary_crossentropy", YES[:, None], []),
        ([dense(1)], "mse", X[:, 0] * 10, []),
    ],
)
def test_findings(layers: list[Any], loss: Any, y: Any, found: list[str]) -> None:
    assert codes(sequential(*layers, loss=loss), X, y) == found


def factory(weight: float = 2.0) -> Any:
    def loss(y: Any, p: Any) -> Any:
        return weight * keras.ops.mean(keras.ops.square(y - p))

    return loss


@pytest.mark.parametrize(
    ("loss", "metrics", "y", "found"),
    [
        ("cce", None, HOT, ["LG505"]),
        ("categorical_crossentropy", ["acc", "rmse"], HOT, ["LG505"]),
        (factory, None, HOT, ["LG504"]),
        (factory(), None, HOT, []),
        (keras.losses.CategoricalCrossentropy(from_logits="False"), None, HOT, ["LG101", "LG506"]),
        ("categorical_crossentropy", None, HOT[:, None], ["LG207"]),
        ("categorical_crossentropy", None, np.eye(2)[HOT.astype(int)], ["LG207"]),
    ],
)
def test_what_is_no_loss_and_no_metric(loss: Any, metrics: Any, y: Any, found: list[str]) -> None:
    assert codes(sequential(dense(3, "softmax"), loss=loss, metrics=metrics), X, y) == found


def test_every_output_has_its_own_setup() -> None:
    inputs = keras.Input((4,))
    hidden = dense(5)(inputs)
    outputs = {"kind": dense(3, name="kind")(hidden), "size": dense(1, name="size")(hidden)}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "size": "mse"}, metrics={"size": ["accuracy"]})
    probed = lossguard.probe(model, X, {"kind": IDS, "size": X[:, 1]})
    assert [one.code for one in probed.diagnostics] == ["LG103", "LG405"]
    assert probed.outputs == 2
    model = keras.Model(inputs, list(outputs.values()))
    model.compile("sgd", ["sparse_categorical_crossentropy", "mse"])
    assert codes(model, X, (IDS, X[:, 1])) == ["LG103"]


def test_several_inputs_and_made_up_ones() -> None:
    words, numbers = keras.Input((None,), dtype="int32", name="words"), keras.Input((4,), name="numbers")
    joined = keras.layers.Concatenate()(
        [keras.layers.GlobalMaxPooling1D()(keras.layers.Embedding(5, 2)(words)), numbers]
    )
    model = keras.Model({"words": words, "numbers": numbers}, dense(1, "softmax")(joined))
    model.compile("sgd", "binary_crossentropy")
    probed = lossguard.probe(model)
    assert [one.code for one in probed.diagnostics] == ["LG105"]
    assert "made-up inputs" in probed.notes[0]
    assert codes(model, {"words": np.ones((40, 7), "int32"), "numbers": X}, YES) == ["LG105"]


@pytest.mark.parametrize("kind", ["dataset", "generator", "sequence"])
def test_one_batch_of_what_fit_takes(kind: str) -> None:
    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> Any:
            return X, IDS

    data = {
        "dataset": tf.data.Dataset.from_tensor_slices((X, IDS)).batch(16),
        "generator": ((X, IDS) for _ in range(2)),
        "sequence": Batches(),
    }[kind]
    assert codes(sequential(dense(3, "softmax"), loss="categorical_crossentropy"), data) == ["LG201"]


def test_the_text_of_the_model_is_what_findings_point_into() -> None:
    model = sequential(dense(3, "softmax", name="head"), loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    probed = lossguard.probe(model, X, HOT)
    (found,) = probed.diagnostics
    (source,) = probed.sources.values()
    assert found.place.filename == f"<model {model.name!r}>" == source.filename
    row = source.text.splitlines()[found.place.start.row - 1]
    assert row[found.place.start.column - 1 : found.place.end.column - 1] == "CategoricalCrossentropy(from_logits=True)"
    assert "head" in source.text


# measurements


def test_the_loss_is_compared_with_what_it_ought_to_be() -> None:
    doubled = sequential(
        dense(3, "softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=1, seed=1)),
        keras.layers.Reshape((3,)),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    numbers = seen(doubled, X, HOT).numbers
    values = keras.ops.convert_to_numpy(doubled(X))[:32]
    right = -np.log((values * HOT[:32]).sum(axis=1)).mean()
    again = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    assert numbers.reference == pytest.approx(right, rel=1e-4)
    assert numbers.loss == pytest.approx(-np.log((again * HOT[:32]).sum(axis=1)).mean(), rel=1e-4)
    (found,) = lossguard.probe(doubled, X, HOT).diagnostics
    assert "Measured on this batch: the loss is" in found.effect


def test_a_right_loss_is_what_it_ought_to_be() -> None:
    for layers, loss, y in (
        ([dense(3, "softmax")], "sparse_categorical_crossentropy", IDS),
        ([dense(3)], keras.losses.CategoricalCrossentropy(from_logits=True), HOT),
        ([dense(1, "sigmoid")], "binary_crossentropy", YES),
        ([dense(1)], keras.losses.BinaryCrossentropy(from_logits=True), YES),
    ):
        numbers = seen(sequential(*layers, loss=loss), X, y).numbers
        assert numbers.loss == pytest.approx(numbers.reference, rel=1e-3)
        assert numbers.gradient is not None
        assert numbers.gradient > 1e-3


def test_a_dead_loss_gives_no_gradient() -> None:
    model = sequential(dense(1), loss="categorical_crossentropy")
    assert seen(model, X, YES).numbers.gradient == 0
    (found,) = lossguard.probe(model, X, YES).diagnostics
    assert "gets no gradient" in found.effect


def raising(y: Any, p: Any) -> Any:
    raise ValueError("not today")


def rounding(y: Any, p: Any) -> Any:
    return keras.ops.mean(keras.ops.abs(y - keras.ops.round(p)))


def rooted(y: Any, p: Any) -> Any:
    return keras.ops.mean(keras.ops.abs(y - keras.ops.sqrt(p)))


class Shares(keras.layers.Layer):  # type: ignore[misc]
    """A distribution that is no softmax."""

    def call(self, inputs: Any) -> Any:
        squares = keras.ops.square(inputs) + 0.01
        return squares / keras.ops.sum(squares, axis=-1, keepdims=True)


class Root(keras.layers.Layer):  # type: ignore[misc]
    """At 0 its slope is infinite."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.sqrt(keras.ops.abs(inputs))


SPARSE_FROM_LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
NOTHING = np.full((40,), np.nan, "float32")
SMOOTHED = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)
ZEROS: Any = {"kernel_initializer": "zeros"}


@pytest.mark.parametrize(
    ("layers", "loss", "x", "y", "code", "message"),
    [
        ([dense(1)], raising, X, YES, "LG701", "the loss raises on this batch: ValueError: not today"),
        ([dense(3)], "mse", X, X[:, :2], "LG701", "the loss raises on this batch: "),
        ([dense(1)], "mse", X, NOTHING, "LG702", "because the labels are not"),
        ([dense(1)], "mse", X * np.nan, YES, "LG702", "because the inputs are not"),
        ([dense(1, kernel_initializer="ones")], rooted, -X, YES, "LG702", "the loss is NaN or infinite"),
        ([dense(1, **ZEROS), Root()], "mse", X, YES, "LG702", "the gradient of the loss is NaN or infinite"),
        ([dense(1)], rounding, X, 9 * YES, "LG703", "gives no trainable weight a gradient"),
        (
            [dense(1, "relu", kernel_initializer="ones")],
            "mse",
            -X,
            YES,
            "LG703",
            "gives no trainable weight a gradient",
        ),
        ([dense(8, "relu", **ZEROS), dense(1, **ZEROS)], "mse", X, YES, "LG704", "the same for all 32 samples"),
        ([dense(3), Shares()], SPARSE_FROM_LOGITS, X, IDS, "LG705", "but the cross-entropy of what the model answers"),
    ],
)
def test_what_only_the_numbers_show(layers: list[Any], loss: Any, x: Any, y: Any, code: str, message: str) -> None:
    model = sequential(*layers, loss=loss)
    (found,) = lossguard.probe(model, x, y).diagnostics
    assert found.code == code
    assert message in found.message
    assert lossguard.probe(model, x, y, select=["LG1"]).diagnostics == ()


def test_numbers_are_no_finding_where_a_rule_knows_the_cause() -> None:
    assert codes(sequential(dense(1), loss="categorical_crossentropy"), X, YES) == ["LG106"]
    assert lossguard.probe(sequential(dense(1, "softmax"), loss="mse"), X, YES, select=["LG703"]).diagnostics == ()


def images() -> Any:
    return np.random.default_rng(3).random((16, 16, 16, 3)).astype("float32")


def deep(**options: Any) -> list[Any]:
    hidden: list[Any] = []
    for _ in range(6):
        hidden += [dense(32, **options), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    return hidden


HEALTHY: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
    "zero head": lambda: (sequential(dense(9, "relu"), dense(1, **ZEROS), loss="mse"), X, YES),
    "big targets": lambda: (sequential(dense(9, "relu"), dense(1), loss="mse"), X, 1e6 * X[:, 0] - 3e5),
    "big inputs": lambda: (sequential(dense(9, "relu"), dense(3, "softmax"), loss="sparse_categorical_crossentropy"),
                           255 * X, IDS),
    "deep": lambda: (sequential(*deep(activation="sigmoid"), dense(3, "softmax"),
                                loss="sparse_categorical_crossentropy"), X, IDS),
    "normalised": lambda: (sequential(*deep(activation="relu"), dense(1), loss="mae"), 100 * X, YES),
    "equal samples": lambda: (sequential(dense(9, "relu"), dense(1), loss="mse"), np.ones((40, 4), "float32"), YES),
    "smoothed": lambda: (sequential(dense(3, "softmax"), loss=SMOOTHED), X, HOT),
    "summed": lambda: (sequential(dense(3, "softmax"), loss=keras.losses.CategoricalCrossentropy(reduction="sum")),
                       X, HOT),
    "shares": lambda: (sequential(dense(3), Shares(), loss="sparse_categorical_crossentropy"), X, IDS),
    "hinge": lambda: (sequential(dense(1, kernel_initializer="zeros", bias_initializer=lambda *_, **__: 5.0),
                                 loss="hinge"), X, np.ones(40)),
    "pictures": lambda: (convolutional(), images(), IDS[:16]),
    "sequences": lambda: (recurrent(), np.random.default_rng(4).integers(0, 9, (16, 7)), YES[:16]),
}  # fmt: skip


def convolutional() -> Any:
    model = keras.Sequential([
        keras.Input((16, 16, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(8, 3, activation="relu"),
        keras.layers.BatchNormalization(), keras.layers.GlobalAveragePooling2D(), dense(3),
    ])  # fmt: skip
    model.compile("sgd", SPARSE_FROM_LOGITS, metrics=["accuracy"])
    return model


def recurrent() -> Any:
    model = keras.Sequential([
        keras.Input((7,)), keras.layers.Embedding(9, 4, mask_zero=True), keras.layers.LSTM(5), dense(1, "sigmoid"),
    ])  # fmt: skip
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_models_give_no_finding(name: str) -> None:
    model, x, y = HEALTHY[name]()
    assert codes(model, x, y) == []


def test_a_model_that_trains_in_its_own_way_is_not_measured() -> None:
    class Odd(Own):
        def train_step(self, data: Any) -> Any:
            return {}

    model = Odd(lambda t: t)
    model.compile("sgd", raising)
    assert codes(model, X, HOT) == []


def test_the_gradient_of_every_output() -> None:
    inputs = keras.Input((4,))
    hidden = dense(5)(inputs)
    good, last = dense(3, "softmax", name="good")(hidden), dense(1, name="dead")(hidden)
    model = keras.Model(inputs, [good, keras.layers.Reshape((1,))(last)])
    model.compile("sgd", ["sparse_categorical_crossentropy", rounding])
    first, second = look(model, library_of(model), take(X, (IDS, 9 * YES))).seen
    alone = sequential(dense(5), dense(3, "softmax"), loss="sparse_categorical_crossentropy")
    alone.set_weights([*model.layers[1].get_weights(), *model.get_layer("good").get_weights()])
    assert first.numbers.gradient == pytest.approx(seen(alone, X, IDS).numbers.gradient, rel=1e-4)
    assert second.again is not None
    (found,) = lossguard.probe(model, X, (IDS, 9 * YES)).diagnostics
    assert (found.code, "dead" in found.place.filename) == ("LG703", False)


# the model stays as it was


def snapshot(model: Any) -> list[bytes]:
    return [
        keras.ops.convert_to_numpy(one).tobytes()
        for one in (*model.variables, *model.optimizer.variables, *model.metrics_variables)
    ]


def test_nothing_is_changed() -> None:
    class Counting(keras.layers.Layer):  # type: ignore[misc]
        """A layer that draws numbers and counts its calls even when the model is not trained."""

        def build(self, shape: Any) -> None:
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.seeds = keras.random.SeedGenerator(3)

        def call(self, inputs: Any) -> Any:
            self.calls.assign_add(1.0)
            return inputs + keras.random.normal((1,), seed=self.seeds) * 0

    model = sequential(
        dense(4), keras.layers.BatchNormalization(), Counting(), keras.layers.Dropout(0.5), dense(3, "softmax"),
        loss="sparse_categorical_crossentropy", metrics=["accuracy"],
    )  # fmt: skip
    model.fit(X, IDS, epochs=1, verbose=0)
    keras.utils.set_random_seed(5)
    before, draws = snapshot(model), (random.getstate(), np.random.get_state()[1].tobytes())
    call = keras.layers.Layer.__call__
    lossguard.probe(model, X, IDS)
    assert snapshot(model) == before
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == draws
    assert keras.layers.Layer.__call__ is call
    drawn = float(tf.random.uniform(())), float(keras.random.uniform(()))
    keras.utils.set_random_seed(5)
    assert (float(tf.random.uniform(())), float(keras.random.uniform(()))) == drawn


def test_training_goes_as_if_there_had_been_no_probe() -> None:
    def trained(*, probed: bool) -> list[bytes]:
        keras.utils.set_random_seed(9)
        model = sequential(dense(8, "relu"), keras.layers.Dropout(0.3), dense(3), loss="mse")
        if probed:
            lossguard.probe(model, X, HOT)
        model.fit(X, HOT, epochs=2, verbose=0)
        return snapshot(model)

    assert trained(probed=True) == trained(probed=False)


def test_a_failure_leaves_keras_as_it_was() -> None:
    call = keras.layers.Layer.__call__
    with pytest.raises(NotProbed, match="forward pass: the batch does not fit"):
        lossguard.probe(sequential(dense(1), loss="mse"), np.zeros((4, 7)))
    assert keras.layers.Layer.__call__ is call


# what can't be looked at


def test_a_model_that_is_not_compiled() -> None:
    with pytest.raises(NotProbed, match=r"not compiled; call model.compile"):
        lossguard.probe(keras.Sequential([keras.Input((4,)), dense(1)]))


def test_a_model_that_is_not_built() -> None:
    model = Own(lambda t: t)
    model.compile("sgd", "mse")
    with pytest.raises(NotProbed, match="not built"):
        lossguard.probe(model)
    assert codes(model, X, HOT) == []


def test_something_else() -> None:
    with pytest.raises(NotProbed, match="not a Keras model: 'dict' object"):
        lossguard.probe({})


def test_strings_as_inputs() -> None:
    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, keras.layers.StringLookup(vocabulary=["a"])(inputs))
    model.compile("sgd", "mse")
    with pytest.raises(NotProbed, match="string inputs are not supported"):
        lossguard.probe(model)
    with pytest.raises(NotProbed, match="string inputs are not supported"):
        lossguard.probe(model, np.array(["a", "b"]))


@ON_TENSORFLOW
def test_a_finding_has_the_severity_of_this_backend() -> None:
    model = sequential(dense(3), loss="sparse_categorical_crossentropy")
    (found,) = lossguard.probe(model, X, IDS).diagnostics
    assert (found.code, found.severity) == ("LG103", Severity.WARNING)


def test_only_the_selected_rules() -> None:
    model = sequential(dense(1, "softmax"), loss="mse")
    assert [one.code for one in lossguard.probe(model, X, YES, select=["LG103"]).diagnostics] == []
    assert [one.code for one in lossguard.probe(model, X, YES, select=["LG105"]).diagnostics] == ["LG105"]


def test_family_of_a_measured_loss() -> None:
    loss = seen(sequential(dense(3), loss=closure(from_logits=True)), X, HOT).setup.loss
    assert loss is not None
    assert loss.family is Family.CATEGORICAL
    assert loss.text == "my_loss"


@ON_TENSORFLOW
def test_it_takes_one_forward_pass() -> None:
    """And of the backward pass only the output layer's part: below the cost of a training step."""
    calls: list[bool] = []

    class Counted(keras.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            calls.append(True)

            @tf.custom_gradient  # type: ignore[untyped-decorator]
            def same(value: Any) -> Any:
                def backward(gradient: Any) -> Any:
                    raise AssertionError("differentiated further than the output layer")

                return tf.identity(value), backward

            return same(inputs)

    model = sequential(dense(4), Counted(), dense(3, "softmax"), loss="sparse_categorical_crossentropy")
    calls.clear()
    found = seen(model, X, IDS)
    assert len(calls) == 1
    assert found.numbers.gradient is not None
    assert found.numbers.gradient > 0


def test_irregular_inputs_are_refused() -> None:
    model = sequential(dense(1), loss="mse")
    for x in (tf.sparse.from_dense(X), tf.ragged.constant([[1.0], [1.0, 2.0]])):
        with pytest.raises(NotProbed, match="inputs are not supported"):
            lossguard.probe(model, x, YES)


def test_lists_of_numbers_are_arrays() -> None:
    assert codes(sequential(dense(3, "softmax"), loss="categorical_crossentropy"), X.tolist(), IDS.tolist()) == [
        "LG201"
    ]


def test_as_many_samples_as_the_model_is_made_for() -> None:
    model = keras.Sequential(
        [keras.Input(batch_shape=(64, 5, 2)), keras.layers.LSTM(4, stateful=True), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    assert len(take(np.zeros((128, 5, 2)), np.zeros(128), model).x) == 64
    assert lossguard.probe(model, np.zeros((128, 5, 2)), np.ones(128)).diagnostics == ()
