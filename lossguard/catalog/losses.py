"""Losses: what each expects of labels and predictions, and every name that it answers to.

Sources: `keras.losses` of Keras 3 and of `tf_keras`, executed; `keras.ops`, `keras.backend`,
`tensorflow.nn`.
"""

from __future__ import annotations

from enum import Enum

from lossguard.catalog._words import words
from lossguard.facts import Family, Range
from lossguard.frozen import dataclass


class Normalises(Enum):
    """Whether a cross-entropy divides predictions by their sum before it takes the logarithm."""

    NEVER = "never"
    ALWAYS = "always"
    NOT_ON_TENSORFLOW = "on JAX and PyTorch"


class Swap(Enum):
    """What happens when predictions and labels change places."""

    SILENT = "another value, silently"
    HARMLESS = "the same value"
    RAISES = "an exception"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LossSpec:
    """One loss by its snake-case name.

    `parameters` are those of the class (in the order of Keras 3; `tf_keras` agrees as far as it has
    them), `function_parameters` those of the function behind `y_true` and `y_pred`. `expects` is the
    range of predictions that the loss wants when `from_logits` is not true. `repaired` lists the Keras
    major versions in which TensorFlow's `_keras_logits` are used; `strings` those in which the loss
    can be named by a string.
    """

    name: str
    family: Family
    class_name: str | None
    parameters: tuple[str, ...]
    function_parameters: tuple[str, ...]
    expects: Range = Range.UNKNOWN
    normalises: Normalises = Normalises.NEVER
    repaired: tuple[int, ...] = ()
    swapped: Swap = Swap.SILENT
    strings: tuple[int, ...] = (2, 3)

    @property
    def takes_from_logits(self) -> bool:
        return "from_logits" in self.parameters

    @property
    def takes_label_smoothing(self) -> bool:
        return "label_smoothing" in self.parameters


@dataclass(frozen=True, slots=True)
class RawLoss:
    """A loss function that is not in `keras.losses`: `tensorflow.nn`, `keras.ops`, `keras.backend`.

    `target` and `output` name the parameters for labels and predictions. `always_logits` marks those
    that take logits whatever they are told; the others have a `from_logits` that is false by default.
    """

    name: str
    family: Family
    parameters: tuple[str, ...]
    target: str
    output: str
    always_logits: bool


_REST = "reduction name dtype"
_SMOOTH = "from_logits label_smoothing axis"


def _loss(
    name: str,
    family: Family,
    class_name: str | None,
    parameters: str = _REST,
    function_parameters: str = "",
    expects: Range = Range.UNKNOWN,
    normalises: Normalises = Normalises.NEVER,
    repaired: tuple[int, ...] = (),
    swapped: Swap = Swap.SILENT,
    strings: tuple[int, ...] = (2, 3),
) -> LossSpec:
    return LossSpec(
        name,
        family,
        class_name,
        words(parameters),
        words(function_parameters),
        expects,
        normalises,
        repaired,
        swapped,
        strings,
    )


# fmt: off
_ROWS: tuple[LossSpec, ...] = (
    _loss("binary_crossentropy", Family.BINARY, "BinaryCrossentropy", f"{_SMOOTH} {_REST}", _SMOOTH,
          Range.PROBABILITIES, repaired=(2, 3)),
    _loss("binary_focal_crossentropy", Family.BINARY, "BinaryFocalCrossentropy",
          f"apply_class_balancing alpha gamma {_SMOOTH} {_REST}", f"apply_class_balancing alpha gamma {_SMOOTH}",
          Range.PROBABILITIES, repaired=(2,)),
    _loss("categorical_crossentropy", Family.CATEGORICAL, "CategoricalCrossentropy", f"{_SMOOTH} {_REST}", _SMOOTH,
          Range.SIMPLEX, Normalises.ALWAYS, repaired=(2, 3)),
    _loss("categorical_focal_crossentropy", Family.CATEGORICAL, "CategoricalFocalCrossentropy",
          f"alpha gamma {_SMOOTH} {_REST}", f"alpha gamma {_SMOOTH}",
          Range.SIMPLEX, Normalises.ALWAYS, repaired=(2,)),
    _loss("sparse_categorical_crossentropy", Family.SPARSE_CATEGORICAL, "SparseCategoricalCrossentropy",
          "from_logits ignore_class reduction axis name dtype", "from_logits ignore_class axis",
          Range.SIMPLEX, Normalises.NOT_ON_TENSORFLOW, repaired=(2, 3), swapped=Swap.RAISES),
    _loss("categorical_generalized_cross_entropy", Family.SPARSE_CATEGORICAL, "CategoricalGeneralizedCrossEntropy",
          f"q {_REST}", "q", Range.SIMPLEX, swapped=Swap.UNKNOWN, strings=()),
    _loss("kl_divergence", Family.DISTRIBUTION, "KLDivergence", expects=Range.SIMPLEX),

    _loss("hinge", Family.HINGE, "Hinge", expects=Range.LOGITS),
    _loss("squared_hinge", Family.HINGE, "SquaredHinge", expects=Range.LOGITS),
    _loss("categorical_hinge", Family.CATEGORICAL_HINGE, "CategoricalHinge", expects=Range.LOGITS),

    _loss("mean_squared_error", Family.REGRESSION, "MeanSquaredError", swapped=Swap.HARMLESS),
    _loss("mean_absolute_error", Family.REGRESSION, "MeanAbsoluteError", swapped=Swap.HARMLESS),
    _loss("mean_absolute_percentage_error", Family.REGRESSION, "MeanAbsolutePercentageError"),
    _loss("mean_squared_logarithmic_error", Family.REGRESSION, "MeanSquaredLogarithmicError", swapped=Swap.HARMLESS),
    _loss("huber", Family.REGRESSION, "Huber", f"delta {_REST}", "delta", swapped=Swap.HARMLESS),
    _loss("log_cosh", Family.REGRESSION, "LogCosh", swapped=Swap.HARMLESS),
    _loss("cosine_similarity", Family.REGRESSION, "CosineSimilarity", f"axis {_REST}", "axis", swapped=Swap.HARMLESS),
    _loss("poisson", Family.REGRESSION, "Poisson", expects=Range.NONNEGATIVE),

    _loss("dice", Family.OTHER, "Dice", "reduction name axis dtype", "axis",
          Range.PROBABILITIES, swapped=Swap.HARMLESS, strings=(3,)),
    _loss("tversky", Family.OTHER, "Tversky", "alpha beta reduction name axis dtype", "alpha beta axis",
          Range.PROBABILITIES, swapped=Swap.HARMLESS, strings=(3,)),
    _loss("circle", Family.OTHER, "Circle", f"gamma margin remove_diagonal {_REST}",
          "ref_labels ref_embeddings remove_diagonal gamma margin", swapped=Swap.UNKNOWN, strings=(3,)),
    _loss("ctc", Family.OTHER, "CTC", expects=Range.LOGITS, swapped=Swap.UNKNOWN, strings=(3,)),
    _loss("loss", Family.OTHER, "Loss", "name reduction dtype", swapped=Swap.UNKNOWN),
)
# fmt: on

LOSSES: dict[str, LossSpec] = {spec.name: spec for spec in _ROWS}
"""Snake-case name -> loss. `loss` is the base class `keras.losses.Loss`, which computes nothing."""

CLASSES: dict[str, str] = {spec.class_name: spec.name for spec in _ROWS if spec.class_name is not None}
"""Class in `keras.losses` -> snake-case name."""

_SHORT = {
    **dict.fromkeys(("bce", "BCE"), "binary_crossentropy"),
    **dict.fromkeys(("kld", "KLD"), "kl_divergence"),
    **dict.fromkeys(("mse", "MSE"), "mean_squared_error"),
    **dict.fromkeys(("mae", "MAE"), "mean_absolute_error"),
    **dict.fromkeys(("mape", "MAPE"), "mean_absolute_percentage_error"),
    **dict.fromkeys(("msle", "MSLE"), "mean_squared_logarithmic_error"),
}
_LEGACY = {"kullback_leibler_divergence": "kl_divergence", "logcosh": "log_cosh"}
_NO_FUNCTION = ("loss",)


def _strings(version: int) -> dict[str, str]:
    known = [spec for spec in _ROWS if version in spec.strings]
    functions = {spec.name: spec.name for spec in known if spec.name not in _NO_FUNCTION}
    classes = {spec.class_name: spec.name for spec in known if spec.class_name is not None}
    return functions | classes | _SHORT


STRINGS: dict[int, dict[str, str]] = {3: _strings(3), 2: _strings(2) | _LEGACY | {"huber_loss": "huber"}}
"""Keras major version -> string that `keras.losses.get` accepts -> snake-case name (2 is `tf_keras`)."""

BY_SHAPE: frozenset[str] = frozenset({"crossentropy", "ce"})
"""Strings, in any case, for which `compile` of Keras 3 picks the cross-entropy by shape."""

MISSPELT: dict[str, str] = {
    **dict.fromkeys(("cce", "categorical_cross_entropy", "softmax_crossentropy"), "categorical_crossentropy"),
    **dict.fromkeys(("softmax_cross_entropy", "CategoricalCrossEntropy"), "categorical_crossentropy"),
    **dict.fromkeys(("scce", "sparse_crossentropy", "nll", "nll_loss"), "sparse_categorical_crossentropy"),
    **dict.fromkeys(("sparse_categorical_cross_entropy", "sparse_cce"), "sparse_categorical_crossentropy"),
    **dict.fromkeys(("binary_cross_entropy", "log_loss", "logloss", "bce_loss"), "binary_crossentropy"),
    **dict.fromkeys(("rmse", "root_mean_squared_error", "mean_square_error", "l2"), "mean_squared_error"),
    **dict.fromkeys(("l1", "mean_abs_error"), "mean_absolute_error"),
    **dict.fromkeys(("cosine_proximity", "cosine"), "cosine_similarity"),
}
"""What people write instead -> the loss that they mean (where spelling alone would not tell)."""

FUNCTIONS: dict[str, str] = {
    f"{module}.{function}": name
    for module in ("keras.losses", "keras.metrics")
    for function, name in ({n: n for n in LOSSES if n not in _NO_FUNCTION} | _SHORT | _LEGACY).items()
} | {
    "keras.losses.huber_loss": "huber",
    "keras.losses.cosine_proximity": "cosine_similarity",
    "keras.metrics.cosine_proximity": "cosine_similarity",
}
"""Canonical dotted name of a function `f(y_true, y_pred, ...)` -> snake-case name."""

_LOGITS = "labels logits"
_BACKEND = "target output from_logits"


def _raw(name: str, family: Family, parameters: str, *, logits: bool) -> RawLoss:
    order = words(parameters)
    return RawLoss(name, family, order, order[0], order[1], logits)


# fmt: off
_RAW_BACKEND = {
    "binary_crossentropy": _raw("binary_crossentropy", Family.BINARY, _BACKEND, logits=False),
    "categorical_crossentropy": _raw("categorical_crossentropy", Family.CATEGORICAL, f"{_BACKEND} axis", logits=False),
    "sparse_categorical_crossentropy": _raw(
        "sparse_categorical_crossentropy", Family.SPARSE_CATEGORICAL, f"{_BACKEND} axis", logits=False),
}

RAW: dict[str, RawLoss] = {
    "tensorflow.nn.softmax_cross_entropy_with_logits":
        _raw("categorical_crossentropy", Family.CATEGORICAL, f"{_LOGITS} axis name", logits=True),
    "tensorflow.nn.softmax_cross_entropy_with_logits_v2":
        _raw("categorical_crossentropy", Family.CATEGORICAL, f"{_LOGITS} axis name", logits=True),
    "tensorflow.nn.sparse_softmax_cross_entropy_with_logits":
        _raw("sparse_categorical_crossentropy", Family.SPARSE_CATEGORICAL, f"{_LOGITS} name", logits=True),
    "tensorflow.nn.sigmoid_cross_entropy_with_logits":
        _raw("binary_crossentropy", Family.BINARY, f"{_LOGITS} name", logits=True),
    "tensorflow.nn.weighted_cross_entropy_with_logits":
        _raw("binary_crossentropy", Family.BINARY, f"{_LOGITS} pos_weight name", logits=True),
    # TensorFlow 1's `tf.losses`
    "keras.losses.softmax_cross_entropy":
        _raw("categorical_crossentropy", Family.CATEGORICAL, "onehot_labels logits weights", logits=True),
    "keras.losses.sparse_softmax_cross_entropy":
        _raw("sparse_categorical_crossentropy", Family.SPARSE_CATEGORICAL, "labels logits weights", logits=True),
    "keras.losses.sigmoid_cross_entropy":
        _raw("binary_crossentropy", Family.BINARY, "multi_class_labels logits weights", logits=True),
    **{f"keras.backend.{name}": raw for name, raw in _RAW_BACKEND.items()},
    **{f"keras.ops.{name}": raw for name, raw in _RAW_BACKEND.items()},
}
"""Canonical dotted name of a function -> the loss that it computes.

`tensorflow.nn` takes logits always and has no repair; `keras.ops` and `keras.backend` have it.
"""

THIRD_PARTY: dict[str, LossSpec] = {
    "tensorflow_addons.losses.SigmoidFocalCrossEntropy": _loss(
        "sigmoid_focal_crossentropy", Family.BINARY, "SigmoidFocalCrossEntropy",
        "from_logits alpha gamma reduction name", "alpha gamma from_logits", Range.PROBABILITIES, strings=()),
    "tensorflow_addons.losses.sigmoid_focal_crossentropy": _loss(
        "sigmoid_focal_crossentropy", Family.BINARY, None,
        "from_logits alpha gamma reduction name", "alpha gamma from_logits", Range.PROBABILITIES, strings=()),
    "keras_cv.losses.FocalLoss": _loss(
        "focal_loss", Family.BINARY, "FocalLoss",
        "alpha gamma from_logits label_smoothing", "", Range.PROBABILITIES, strings=()),
}
"""Canonical dotted name of a well-known loss of another package -> what it is.

Its `name` is not in `LOSSES`.
"""
# fmt: on
