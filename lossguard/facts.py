"""The vocabulary: what is known about one training setup, in the terms of Keras.

Facts are plain frozen dataclasses. They know nothing of LibCST, TensorFlow, files or terminals; a
front-end makes them (from source text or from a live model), rules read them. Every fact carries an
*origin*: an opaque value that its front-end can turn into a place. Unknown is a first-class answer:
`None` for a flag, `UNKNOWN` for a range or an encoding, a `Width` without size and symbol.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field
from enum import Enum

from lossguard.frozen import dataclass

Origin = object
"""Where a fact comes from; only the front-end that made it can read it."""


class Range(Enum):
    """What values an output can take."""

    LOGITS = "unbounded"
    PROBABILITIES = "each in [0, 1], independent"
    SIMPLEX = "a distribution: in [0, 1], sums to 1"
    NONNEGATIVE = "zero or more"
    SIGNED_UNIT = "in [-1, 1]"
    LOG_PROBABILITIES = "logarithms of a distribution"
    UNKNOWN = "unknown"


class Encoding(Enum):
    """How labels are written down."""

    INTEGER = "integer class ids"
    BINARY = "0/1, one per sample"
    ONE_HOT = "one-hot"
    MULTI_HOT = "multi-hot"
    SIGNED = "-1/+1"
    CONTINUOUS = "continuous"
    DISTRIBUTION = "a distribution over classes"
    STRING = "strings"
    UNKNOWN = "unknown"


class Family(Enum):
    """Losses by what they expect of labels and outputs (`keras.losses`)."""

    BINARY = "binary"
    CATEGORICAL = "categorical"
    SPARSE_CATEGORICAL = "sparse categorical"
    DISTRIBUTION = "distribution"
    REGRESSION = "regression"
    HINGE = "hinge"
    CATEGORICAL_HINGE = "categorical hinge"
    OTHER = "other"


class LogitsRepair(Enum):
    """Whether TensorFlow's `_keras_logits` still reaches the loss.

    On TensorFlow, `keras.activations.softmax` and `sigmoid` leave their pre-activation on the output
    tensor and the cross-entropies use it, whatever `from_logits` says. Other operations lose it.
    JAX and PyTorch have no such repair.
    """

    KEPT = "kept"
    GRAPH_ONLY = "in graph mode only"
    LOST = "lost"
    UNKNOWN = "unknown"


class Spelling(Enum):
    """How a loss, metric or activation was written."""

    STRING = "string"
    FUNCTION = "function"
    CLASS = "class"
    INSTANCE = "instance"
    OBJECT = "live object"
    WRITTEN = "written out"


@dataclass(frozen=True, slots=True)
class Width:
    """The size of an axis: a known integer, or symbol + offset, with bounds; or nothing known.

    Two widths with the same symbol and offset are equal though unknown; with the same symbol and
    another offset they differ though unknown. `text` is how the source writes it.
    """

    size: int | None = None
    symbol: Hashable = None
    offset: int = 0
    low: int = 0
    high: int | None = None
    text: str = ""

    @property
    def known(self) -> bool:
        return self.size is not None

    def is_(self, number: int) -> bool | None:
        """True or False where it is certain, else None."""
        if self.size is not None:
            return self.size == number
        if number < self.low or (self.high is not None and number > self.high):
            return False
        return None

    def at_least(self, number: int) -> bool | None:
        """Whether the size is `number` or more; None where it is not certain."""
        if self.size is not None:
            return self.size >= number
        if self.low >= number:
            return True
        if self.high is not None and self.high < number:
            return False
        return None

    def minus(self, other: Width) -> int | None:
        """This size less the other, where the difference is certain."""
        if self.size is not None and other.size is not None:
            return self.size - other.size
        if self.symbol is not None and self.symbol == other.symbol:
            return self.offset - other.offset
        return None

    def __str__(self) -> str:
        if self.size is None:
            return self.text or "an unknown number of"
        if self.text and self.text != str(self.size):
            return f"{self.text} = {self.size}"
        return str(self.size)


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a model, as the loss sees it.

    `activation` is the last function that decided the range (`linear` where there is none), by its
    Keras name; `after` names what stands between that activation and the loss, in order. `rank`
    counts the batch axis.
    """

    width: Width
    range: Range
    activation: str | None
    origin: Origin
    activation_origin: Origin = None
    layer: str = ""
    after: tuple[str, ...] = ()
    repair: LogitsRepair = LogitsRepair.UNKNOWN
    rank: int | None = None
    name: str | None = None
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss: which one by its snake-case Keras name, and its arguments.

    `from_logits` is None where it can't be told, and so is `axis`, along which it sums up or normalises. `text` is
    how the source writes the loss.
    """

    name: str
    family: Family
    from_logits: bool | None
    spelling: Spelling
    origin: Origin
    text: str = ""
    from_logits_origin: Origin = None
    label_smoothing: float | None = None
    ignores_class: bool | None = False
    axis: int | None = -1


class Named(Enum):
    """What a string can name."""

    LOSS = "loss"
    METRIC = "metric"
    ACTIVATION = "activation"
    OPTIMIZER = "optimizer"


class Misuse(Enum):
    """What is passed where a loss is wanted."""

    CLASS = "a class"
    FACTORY = "a function that makes a loss"
    CALL = "a loss function that is called without labels and predictions"


@dataclass(frozen=True, slots=True)
class EncodedAgain:
    """A one-hot encoding of labels that had a second axis already: one-hot ones, or a column `(n, 1)`.

    `first` are the labels as they were, `text` is how the source writes this encoding.
    """

    first: Labels
    origin: Origin
    text: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels that reach `fit` or `evaluate`.

    `low` and `high` are the least and the greatest label that are known to occur. `classes` is the
    number of classes that the labels tell apart; `width` is the size of the last axis where there is
    one beside the batch axis. `rank` counts the batch axis. `source` says in words where they come
    from ("mnist.load_data()", "to_categorical(y, 10)"). `again` is an encoding that added one axis too many.
    """

    encoding: Encoding
    origin: Origin
    classes: Width = field(default_factory=Width)
    width: Width = field(default_factory=Width)
    rank: int | None = None
    low: float | None = None
    high: float | None = None
    dtype: str | None = None
    source: str = ""
    again: EncodedAgain | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by its Keras class name (`BinaryAccuracy`), or `accuracy` where Keras picks by shape.

    `class_ids` says whether it cuts predictions to integers and takes them for class ids.
    """

    name: str
    spelling: Spelling
    origin: Origin
    from_logits: bool | None = False
    threshold: float | None = None
    text: str = ""
    class_ids: bool | None = False


@dataclass(frozen=True, slots=True)
class TrainingSetup:
    """What meets at one output of one compiled model: output, loss, labels, metrics.

    `origin` is the place where they meet (the `compile` call), `use` the `fit` or `evaluate` that
    brings the labels. Any part may be unknown (None).
    """

    output: Output | None
    loss: Loss | None
    labels: Labels | None
    metrics: tuple[Metric, ...]
    origin: Origin
    use: Origin = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class LossCall:
    """A loss that is called directly, `loss_fn(y_true, y_pred)` or `tf.nn.*_with_logits(...)`.

    `target` and `prediction` are what stands in those argument positions. `raw` marks TensorFlow's
    own functions, which take logits always and have no repair.
    """

    loss: Loss
    target: Labels | Output | None
    prediction: Output | Labels | None
    origin: Origin
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Decode:
    """What is done with predictions: `argmax`, or a comparison with `threshold`; `loss` trained the model.

    `in_training` marks what is done with the very values that the loss gets: an accuracy that is written out.
    """

    kind: str
    output: Output
    origin: Origin
    threshold: float | None = None
    loss: Loss | None = None
    in_training: bool = False


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A string that stands for a loss, metric or activation, and that not every version of Keras knows.

    `meant` is the known name that it comes closest to; `names` is what else it is the name of; `known` are the major
    versions that do know it.
    """

    kind: Named
    text: str
    origin: Origin
    meant: str | None = None
    names: Named | None = None
    known: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class NotInstantiated:
    """Something else where `compile` wants a loss; `text` is how the source writes it."""

    misuse: Misuse
    text: str
    origin: Origin
    returned: Origin = None


@dataclass(frozen=True, slots=True)
class LossArgument:
    """A keyword that a loss does not take, or a string (`given`) where it wants a flag.

    `loss` is the name of the class or function, `meant` the parameter that the keyword comes closest to.
    """

    loss: str
    argument: str
    origin: Origin
    given: str | None = None
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class LayerOutput:
    """What one layer gives, whatever model it becomes a part of."""

    output: Output


class Flow(Enum):
    """Which trainable weights of a model get a gradient from its loss."""

    WEIGHTS = "weights"
    LAST_BIAS = "none but the bias of the output layer"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one output of a live model did on a batch, in a forward pass as training makes it.

    `value` is the loss as Keras computes it, `reference` what the cross-entropy of these labels and outputs is,
    where the loss ought to be that; `failure` is the exception in computing it. `not_finite` names the first that
    holds NaN or infinity: the inputs, the labels, the outputs, the loss, the gradient. `constant` says that the
    output is the same for all samples, although they differ. `origin` is the place where model and loss meet.
    """

    output: Output
    loss: Loss | None
    origin: Origin
    samples: int
    value: float | None = None
    reference: float | None = None
    failure: str = ""
    not_finite: str = ""
    flow: Flow = Flow.UNKNOWN
    constant: bool = False


@dataclass(frozen=True, slots=True)
class PositionalMetrics:
    """Metrics that are passed to `compile` third by position, where Keras 3 takes `loss_weights`.

    `last` says that no argument follows by position.
    """

    text: str
    origin: Origin
    last: bool = True


Fact = (
    TrainingSetup
    | LayerOutput
    | LossCall
    | Decode
    | UnknownName
    | NotInstantiated
    | LossArgument
    | PositionalMetrics
    | Measurement
)


@dataclass(frozen=True, slots=True)
class Target:
    """What the project may run on: backends, and Keras 2 (`tf_keras`), Keras 3 or both.

    `minors` are the oldest and the newest minor version of Keras 3, each None where that is not told.
    """

    backends: frozenset[str] = frozenset({"tensorflow", "jax", "torch"})
    keras: frozenset[int] = frozenset({2, 3})
    minors: tuple[int | None, int | None] = (None, None)

    def keras_3_before(self, minor: int) -> bool | None:
        """Whether the project runs on a Keras 3 before 3.`minor`: True where it is told to, None where it may."""
        oldest, newest = self.minors
        if 3 not in self.keras or (oldest is not None and oldest >= minor):  # noqa: PLR2004
            return False
        return True if oldest is not None or (newest is not None and newest < minor) else None

    def keras_3_from(self, minor: int) -> bool:
        """Whether Keras 3.`minor` or a newer one may run it."""
        newest = self.minors[1]
        return 3 in self.keras and (newest is None or newest >= minor)  # noqa: PLR2004
