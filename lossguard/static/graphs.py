"""Models and losses written with TensorFlow's own operations: variables, placeholders and what is fed to them.

A placeholder is a tensor that gets its value when the graph runs. A loss that was given one as its labels is
judged again with the labels that `feed_dict` brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lossguard.catalog.labels import READ_PARTS, READERS
from lossguard.facts import Decode, Encoding, Family, LogitsRepair, Loss, LossCall, Output, Range, Spelling, Width
from lossguard.static.arrays import COLUMN_RANK, as_array
from lossguard.static.functions import FUNCTIONS, PREFIXED, UNFOLLOWED, Call, Handler, function, method
from lossguard.static.label_sources import array_of_shape, read
from lossguard.static.layers import apply_layer, unknown_tensor, width_of
from lossguard.static.losses import side
from lossguard.static.machine import Machine
from lossguard.static.operators import combined, items_of, overload
from lossguard.static.sinks import Case
from lossguard.static.tensors import NEGATED
from lossguard.static.values import (
    FALSE,
    NONE,
    Arguments,
    Array,
    Const,
    CrossTerm,
    Dict,
    Layer,
    Logarithm,
    LossResult,
    Native,
    Pairs,
    Site,
    Tensor,
    Tuple,
    Value,
)

# variables and placeholders


@function("tensorflow.placeholder")
def _placeholder(request: Call) -> Value:
    shape = items_of(request.machine, request.get("shape", 1) or NONE)
    rank = len(shape.items) if isinstance(shape, Tuple) else None
    last = shape.items[-1] if isinstance(shape, Tuple) and shape.items else NONE
    width = width_of(request.machine, last, request.site) if last != NONE and rank and rank > 1 else Width()
    return Tensor(Output(width, Range.UNKNOWN, None, request.site, layer="placeholder", rank=rank))


@function(
    "tensorflow.zeros",
    "tensorflow.ones",
    "tensorflow.random_normal",
    "tensorflow.truncated_normal",
    "tensorflow.random_uniform",
    "tensorflow.random.truncated_normal",
)
def _initial(request: Call) -> Value:
    return array_of_shape(request, request.get("shape", 0))


@function("tensorflow.get_variable")
def _named_variable(request: Call) -> Value:
    return _variable_of(request, array_of_shape(request, request.get("shape", 1)))


def _variable(request: Call) -> Value:
    """`tf.Variable(initial)`; of a list or an array of labels it is what they are."""
    initial = request.get("initial_value", 0)
    if isinstance(initial, Array) and initial.labels.encoding in {Encoding.UNKNOWN, Encoding.CONTINUOUS}:
        return _variable_of(request, initial)
    return _as_before["tensorflow.Variable"](request)


def _variable_of(request: Call, initial: Value) -> Value:
    if not isinstance(initial, Array):
        return request.unknown("a variable of unknown shape")
    labels = replace(initial.labels, origin=request.site, encoding=Encoding.UNKNOWN)
    return Array(labels, ("variable", request.machine.serial()))


def _constant(request: Call) -> Value:
    """`tf.constant(0.1, shape=[n])`: an array of one value."""
    shape = request.get("shape", 2)
    if shape in {None, NONE}:
        return _as_before["tensorflow.constant"](request)
    return array_of_shape(request, shape)


def _is_variable(value: Value) -> bool:
    return isinstance(value, Array) and isinstance(value.key, tuple) and value.key[0] == "variable"


# operations


def _product(request: Call) -> Value:
    """A matrix product with a variable: a layer without activation, written out."""
    first = request.get("a", 0) or request.get("x", 0) or NONE
    second = request.get("b", 1) or request.get("weights", 1) or NONE
    transposed = request.get("transpose_b", 3) not in {None, NONE, FALSE}
    if isinstance(second, Array) and _is_variable(second) and not transposed:
        return _linear(second, first, request.site)
    return _as_before[request.name](request)


def _linear(weights: Array, inputs: Value, site: Site) -> Tensor:
    rank = inputs.output.rank if isinstance(inputs, Tensor) else None
    made_by = Output(weights.labels.width, Range.LOGITS, "linear", site, layer="matmul", rank=rank or COLUMN_RANK)
    return Tensor(made_by)


def _sum_of_two(request: Call) -> Value:
    values = [request.machine.pick(value) for value in request.arguments.positional[:2]]
    if len(values) == 2 and any(isinstance(value, Tensor) for value in values):  # noqa: PLR2004
        return combined(request.machine, "+", values[0], values[1], request.site)
    return _as_before[request.name](request)


@function("tensorflow.contrib.layers.fully_connected", "tensorflow.contrib.slim.fully_connected")
def _fully_connected(request: Call) -> Value:
    """A dense layer, with `relu` unless something else is said."""
    units = request.raw("num_outputs", 1) or NONE
    activation = request.raw("activation_fn", 2)
    keywords = (("units", units), ("activation", Const("relu") if activation is None else activation))
    node = request.arguments.node("num_outputs") or request.arguments.node("1")
    nodes = (("units", node),) if node is not None else ()
    layer = Layer("Dense", Arguments((), keywords, nodes=nodes), request.site, request.machine.serial())
    return apply_layer(request.machine, layer, request.raw("inputs", 0) or NONE, request.site, request.scope)


# cross-entropies that are written out


def _logarithm(request: Call) -> Value:
    value = request.get("x", 0)
    if isinstance(value, Tensor):
        return Logarithm(unknown_tensor(request.machine, request.site).output, inner=value)
    return _as_before[request.name](request)


@overload
def _terms(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value | None:
    """`y * log(p) + (1 - y) * log(1 - p)`, with any signs."""
    match left, right:
        case (CrossTerm(), CrossTerm()) if symbol in "+-" and left.target == right.target:
            return replace(left, complement=left.complement or right.complement)
        case (CrossTerm() as term, Const()) | (Const(), CrossTerm() as term) if symbol in "*/":
            return term
        case (Logarithm() as logarithm, other) | (other, Logarithm() as logarithm) if symbol == "*":
            if isinstance(other, Const):
                return logarithm
            return _term(other, logarithm.inner, site) or unknown_tensor(machine, site)
        case (CrossTerm(), _) | (_, CrossTerm()):
            return unknown_tensor(machine, site)
    if symbol == "@" and isinstance(right, Array) and _is_variable(right):
        return _linear(right, left, site)
    return None


def _term(target: Value, inner: Tensor, site: Site) -> CrossTerm | None:
    """One product of a cross-entropy, if the labels are a placeholder `y`, or `1 - y` beside `1 - p`."""
    if not isinstance(target, Tensor) or target.output.layer != "placeholder":
        return None
    done = tuple(step for step in target.output.after if step != NEGATED)
    turned = tuple(step for step in inner.output.after[-1:] if step == "-")
    same_rank = target.output.rank is not None and target.output.rank == inner.output.rank
    if done != turned or not same_rank:
        return None
    return CrossTerm(placeholder(target.output), inner, site, complement=bool(turned))


def placeholder(output: Output) -> Output:
    """The placeholder that something was done to."""
    return replace(output, after=(), range=Range.UNKNOWN, activation=None, repair=LogitsRepair.UNKNOWN)


def _reduced(request: Call) -> Value:
    value = request.get("input_tensor", 0) or request.get("x") or NONE
    if isinstance(value, CrossTerm):
        return _written_loss(request, value)
    return value if isinstance(value, LossResult) else _as_before[request.name](request)


def _written_loss(request: Call, term: CrossTerm) -> Value:
    machine = request.machine
    text = machine.text(term.site)
    name, family = (
        ("binary_crossentropy", Family.BINARY) if term.complement else ("categorical_crossentropy", Family.CATEGORICAL)
    )
    loss = Loss(name, family, False, Spelling.WRITTEN, request.site, text)
    prediction = side(machine, term.prediction)
    fact = LossCall(loss, None, prediction if isinstance(prediction, Output) else None, request.site)
    if fact.prediction is not None:
        machine.cases.append(Case(fact, machine.worlds.path, (id(request.site.node), 0)))
    machine.awaiting.append((term.target, fact))
    return LossResult(loss)


# what is fed


def _watch(machine: Machine, arguments: Arguments, site: Site) -> None:
    """`session.run(fetches, feed_dict)`, `operation.run(feed_dict)`: whatever is called with a feed, feeds."""
    for value in (arguments.keyword("feed_dict"), *arguments.positional[:2]):
        for _, option in machine.worlds.options(value or NONE):
            pairs = option.fields["items"] if isinstance(option, Dict) else NONE
            for placeholder, fed in pairs.items if isinstance(pairs, Pairs) else ():
                if isinstance(placeholder, Tensor):
                    for guard, labels in machine.worlds.options(fed):
                        with machine.worlds.assuming(guard):
                            _feed(machine, placeholder, as_array(machine, labels, site), site)


UNFOLLOWED.append(_watch)


@method(Tensor, "run", "eval")
@method(LossResult, "run", "eval")
def _run(request: Call) -> Value:
    """`tensor.eval(feed_dict)`, and `session.run` of what is none."""
    _watch(request.machine, request.arguments, request.site)
    return request.unknown("what a session runs")


def _feed(machine: Machine, placeholder: Tensor, value: Value, site: Site) -> None:
    labels = side(machine, value)
    for awaiting, call in machine.awaiting:
        if awaiting == placeholder.output and labels is not None and isinstance(call.origin, Site):
            fact = replace(call, target=labels)
            group = (id(call.origin.node), id(site.node))
            machine.cases.append(Case(fact, machine.worlds.path, group, whole=False))


@function(*READERS)
def _read_data_sets(request: Call) -> Value:
    """MNIST as the tutorials of TensorFlow 1 read it: class ids unless `one_hot` is said."""
    machine, spec = request.machine, READERS[request.name]
    if spec.data_set is not None and request.get(spec.parameters[0], 0) != Const(spec.data_set):
        return request.unknown("a data set")
    asked = spec.one_hot_parameter
    one_hot = request.get(asked, spec.parameters.index(asked)) if asked is not None else None
    whole = Native("tensorflow.DataSets", request.arguments, request.site, machine.serial())
    for part in READ_PARTS:
        one = Native("tensorflow.DataSet", request.arguments, request.site, machine.serial())
        machine.write(one, "labels", read(request, spec.labels, one_hot))
        machine.write(whole, part, one)
    return whole


@method(Native, "next_batch")
def _next_batch(request: Call) -> Value:
    data = request.receiver
    if not isinstance(data, Native) or data.name != "tensorflow.DataSet":
        return request.unknown("a batch that is not followed")
    return Tuple((request.machine.unknown("samples"), data.fields["labels"]))


# what is made of predictions


@overload
def _compared(machine: Machine, symbol: str, left: Value, right: Value, site: Site) -> Value | None:
    if symbol in {"<", ">", "<=", ">="} and isinstance(left, Tensor):
        if isinstance(right, Const) and isinstance(right.value, (int, float)):
            _decoded(machine, left, "threshold", site, float(right.value))
        return unknown_tensor(machine, site)
    return None


def _comparison(request: Call) -> Value:
    values = [request.machine.pick(value) for value in request.arguments.positional[:2]]
    if len(values) == 2 and isinstance(values[0], Tensor):  # noqa: PLR2004
        return combined(request.machine, ">", values[0], values[1], request.site)
    return _as_before[request.name](request)


def _rounded(request: Call) -> Value:
    value = request.get("x", 0)
    if isinstance(value, Tensor):
        _decoded(request.machine, value, "round", request.site)
    return _as_before[request.name](request)


def _greatest_place(request: Call) -> Value:
    value = request.get("input", 0)
    axis = request.get("axis", 1) or request.get("dimension")
    if isinstance(value, Tensor) and axis in {Const(1), Const(-1)} and value.output.rank == COLUMN_RANK:
        _decoded(request.machine, value, "argmax", request.site)
    return _as_before[request.name](request)


def _decoded(machine: Machine, value: Tensor, kind: str, site: Site, threshold: float | None = None) -> None:
    """Note what is done with a tensor that a loss was given as the prediction."""
    scores = _scores(value.output)
    loss = next((loss for output, loss in machine.predicted if _scores(output) == scores), None)
    if loss is not None:
        fact = Decode(kind, value.output, site, threshold, loss, in_training=True)
        machine.cases.append(Case(fact, machine.worlds.path, ("decode", id(site.node))))


def _scores(output: Output) -> tuple[object, ...]:
    """What makes two outputs the same numbers, whatever their shape."""
    return output.origin, output.range, output.activation, output.activation_origin


_REPLACED: Sequence[tuple[Handler, tuple[str, ...]]] = (
    (_variable, ("tensorflow.Variable",)),
    (_constant, ("tensorflow.constant",)),
    (_product, ("tensorflow.matmul", "tensorflow.linalg.matmul", "tensorflow.nn.xw_plus_b")),
    (_sum_of_two, ("tensorflow.add", "tensorflow.nn.bias_add")),
    (_logarithm, ("tensorflow.math.log", "keras.backend.log", "keras.ops.log")),
    (
        _reduced,
        (
            "tensorflow.reduce_mean",
            "tensorflow.reduce_sum",
            "keras.backend.mean",
            "keras.backend.sum",
            "keras.ops.mean",
        ),
    ),
    (_comparison, ("tensorflow.greater", "tensorflow.greater_equal", "tensorflow.less", "tensorflow.less_equal")),
    (_rounded, ("tensorflow.round", "keras.backend.round", "keras.ops.round")),
    (_greatest_place, ("tensorflow.argmax",)),
)


def _before(name: str) -> Handler:
    """The model that a function has so far: for arrays, for tensors of unknown make, or none."""
    prefixed = next((known for prefix, known in PREFIXED if name.startswith(prefix)), Call.unknown)
    return FUNCTIONS.get(name, prefixed)


_as_before: dict[str, Handler] = {}
for _handler, _names in _REPLACED:
    for _name in _names:
        _as_before[_name] = _before(_name)
        FUNCTIONS[_name] = _handler
