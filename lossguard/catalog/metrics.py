"""Metrics: what each expects of labels, how it decodes predictions, and every name that it answers to.

Sources: `keras.metrics` of Keras 3 and of `tf_keras`, executed.
"""

from __future__ import annotations

from enum import Enum

from lossguard.catalog._words import words
from lossguard.facts import Encoding, Family
from lossguard.frozen import dataclass


class Decode(Enum):
    """What a metric does with predictions before it compares."""

    THRESHOLD = "above a threshold or not"
    CURVE = "above each of many thresholds in [0, 1]"
    ARGMAX = "the position of the greatest"
    TOP_K = "the positions of the k greatest"
    EQUALITY = "as they are, equal to the label or not"
    CLASS_IDS = "cut to integers: class ids"
    NONE = "as they are"


LABELS: dict[Family, frozenset[Encoding]] = {
    Family.BINARY: frozenset({Encoding.BINARY, Encoding.MULTI_HOT, Encoding.ONE_HOT}),
    Family.CATEGORICAL: frozenset({Encoding.ONE_HOT, Encoding.DISTRIBUTION}),
    Family.SPARSE_CATEGORICAL: frozenset({Encoding.INTEGER, Encoding.BINARY}),
    Family.DISTRIBUTION: frozenset({Encoding.ONE_HOT, Encoding.DISTRIBUTION}),
    Family.REGRESSION: frozenset({Encoding.CONTINUOUS}),
    Family.HINGE: frozenset({Encoding.SIGNED, Encoding.BINARY}),
    Family.CATEGORICAL_HINGE: frozenset({Encoding.ONE_HOT}),
    Family.OTHER: frozenset(Encoding),
}
"""Family of a metric -> the encodings that it reads as they are meant.

`BINARY` metrics compare element by element: one-hot labels fit in shape, but a multi-class accuracy
computed so is inflated.
"""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric class of `keras.metrics`.

    `parameters` are those of the constructor in order. `default_threshold` is what the threshold is
    when it is not given; where it is None and `threshold_parameter` is not, the metric decodes as
    `decode` says without one, and by threshold with one.
    """

    name: str
    family: Family
    decode: Decode
    parameters: tuple[str, ...]
    threshold_parameter: str | None = None
    default_threshold: float | None = None

    @property
    def takes_from_logits(self) -> bool:
        return "from_logits" in self.parameters

    @property
    def labels(self) -> frozenset[Encoding]:
        """The encodings that the metric reads as they are meant."""
        return LABELS[self.family]


def _family(
    names: str,
    parameters: str,
    family: Family,
    decode: Decode = Decode.NONE,
    *,
    threshold: str | None = None,
    default: float | None = None,
) -> list[MetricSpec]:
    order = words(parameters)
    return [MetricSpec(name, family, decode, order, threshold, default) for name in words(names)]


_AT = "num_thresholds class_id name dtype"
_SMOOTH = "name dtype from_logits label_smoothing"

# fmt: off
_ROWS: tuple[list[MetricSpec], ...] = (
    _family("Accuracy", "name dtype", Family.OTHER, Decode.EQUALITY),
    _family("BinaryAccuracy", "name dtype threshold", Family.BINARY, Decode.THRESHOLD,
            threshold="threshold", default=0.5),
    _family("CategoricalAccuracy", "name dtype", Family.CATEGORICAL, Decode.ARGMAX),
    _family("SparseCategoricalAccuracy", "name dtype", Family.SPARSE_CATEGORICAL, Decode.ARGMAX),
    _family("TopKCategoricalAccuracy", "k name dtype", Family.CATEGORICAL, Decode.TOP_K),
    _family("SparseTopKCategoricalAccuracy", "k name dtype from_sorted_ids", Family.SPARSE_CATEGORICAL, Decode.TOP_K),

    _family("Precision Recall", "thresholds top_k class_id name dtype", Family.BINARY, Decode.THRESHOLD,
            threshold="thresholds", default=0.5),
    _family("TruePositives TrueNegatives FalsePositives FalseNegatives", "thresholds name dtype",
            Family.BINARY, Decode.THRESHOLD, threshold="thresholds", default=0.5),
    _family("AUC", "num_thresholds curve summation_method name dtype thresholds multi_label num_labels label_weights "
            "from_logits", Family.BINARY, Decode.CURVE, threshold="thresholds"),
    _family("PrecisionAtRecall", f"recall {_AT}", Family.BINARY, Decode.CURVE),
    _family("RecallAtPrecision", f"precision {_AT}", Family.BINARY, Decode.CURVE),
    _family("SensitivityAtSpecificity", f"specificity {_AT}", Family.BINARY, Decode.CURVE),
    _family("SpecificityAtSensitivity", f"sensitivity {_AT}", Family.BINARY, Decode.CURVE),
    _family("F1Score", "average threshold name dtype", Family.CATEGORICAL, Decode.ARGMAX, threshold="threshold"),
    _family("FBetaScore", "average beta threshold name dtype", Family.CATEGORICAL, Decode.ARGMAX,
            threshold="threshold"),

    _family("BinaryIoU", "target_class_ids threshold name dtype", Family.BINARY, Decode.THRESHOLD,
            threshold="threshold", default=0.5),
    _family("IoU", "num_classes target_class_ids name dtype ignore_class sparse_y_true sparse_y_pred axis",
            Family.SPARSE_CATEGORICAL, Decode.CLASS_IDS),
    _family("MeanIoU", "num_classes name dtype ignore_class sparse_y_true sparse_y_pred axis",
            Family.SPARSE_CATEGORICAL, Decode.CLASS_IDS),
    _family("OneHotIoU", "num_classes target_class_ids name dtype ignore_class sparse_y_pred axis",
            Family.CATEGORICAL, Decode.ARGMAX),
    _family("OneHotMeanIoU", "num_classes name dtype ignore_class sparse_y_pred axis",
            Family.CATEGORICAL, Decode.ARGMAX),

    _family("BinaryCrossentropy", _SMOOTH, Family.BINARY),
    _family("CategoricalCrossentropy", f"{_SMOOTH} axis", Family.CATEGORICAL),
    _family("SparseCategoricalCrossentropy", "name dtype from_logits ignore_class axis", Family.SPARSE_CATEGORICAL),
    _family("KLDivergence", "name dtype", Family.DISTRIBUTION),
    _family("Hinge SquaredHinge", "name dtype", Family.HINGE),
    _family("CategoricalHinge", "name dtype", Family.CATEGORICAL_HINGE),

    _family("MeanSquaredError RootMeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError "
            "MeanSquaredLogarithmicError LogCoshError Poisson", "name dtype", Family.REGRESSION),
    _family("CosineSimilarity PearsonCorrelation ConcordanceCorrelation", "name dtype axis", Family.REGRESSION),
    _family("R2Score", "class_aggregation num_regressors name dtype", Family.REGRESSION),
    _family("MeanRelativeError", "normalizer name dtype", Family.REGRESSION),

    # Not metrics of labels and predictions.
    _family("Mean Sum SumOverBatchSize", "name dtype", Family.OTHER),
    _family("MeanTensor", "name dtype shape", Family.OTHER),
    _family("MeanMetricWrapper", "fn name dtype", Family.OTHER),
    _family("Metric", "", Family.OTHER),
)
# fmt: on

METRICS: dict[str, MetricSpec] = {spec.name: spec for row in _ROWS for spec in row}
"""Class in `keras.metrics` -> what it does."""

AGGREGATORS: frozenset[str] = frozenset(
    {"Mean", "Sum", "SumOverBatchSize", "MeanTensor", "MeanMetricWrapper", "Metric"}
)
"""Metrics that are not made for labels and predictions."""

BY_SHAPE: frozenset[str] = frozenset({"accuracy", "acc", "crossentropy", "ce"})
"""Strings, in any case, for which `compile` picks the metric by shape.

`crossentropy` and `ce` only in `tf_keras`; Keras 3 refuses them as metrics.
"""

_REQUIRED_ARGUMENTS = frozenset(
    words(
        "IoU MeanIoU OneHotIoU OneHotMeanIoU MeanMetricWrapper MeanRelativeError PrecisionAtRecall RecallAtPrecision "
        "SensitivityAtSpecificity SpecificityAtSensitivity"
    )
)
_ONLY_KERAS_2 = frozenset({"SumOverBatchSize", "MeanTensor"})
_ONLY_KERAS_3 = frozenset({"ConcordanceCorrelation", "PearsonCorrelation", "Metric"})
_BY_NAME = [name for name in METRICS if name not in _REQUIRED_ARGUMENTS]

_ACCURACIES = {
    "binary_accuracy": "BinaryAccuracy",
    "categorical_accuracy": "CategoricalAccuracy",
    "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
    "top_k_categorical_accuracy": "TopKCategoricalAccuracy",
    "sparse_top_k_categorical_accuracy": "SparseTopKCategoricalAccuracy",
}
_LOSS_FUNCTIONS = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "cosine_similarity": "CosineSimilarity",
    "poisson": "Poisson",
}
_SHORT = {
    **dict.fromkeys(("mse", "MSE"), "MeanSquaredError"),
    **dict.fromkeys(("mae", "MAE"), "MeanAbsoluteError"),
    **dict.fromkeys(("mape", "MAPE"), "MeanAbsolutePercentageError"),
    **dict.fromkeys(("msle", "MSLE"), "MeanSquaredLogarithmicError"),
}
_SHORT_BINARY = dict.fromkeys(("bce", "BCE"), "BinaryCrossentropy")
_SNAKE_CASE_CLASSES = {
    "auc": "AUC",
    "accuracy": "Accuracy",
    "binary_io_u": "BinaryIoU",
    "concordance_correlation": "ConcordanceCorrelation",
    "f1_score": "F1Score",
    "f_beta_score": "FBetaScore",
    "false_negatives": "FalseNegatives",
    "false_positives": "FalsePositives",
    "kl_divergence": "KLDivergence",
    "log_cosh_error": "LogCoshError",
    "mean": "Mean",
    "metric": "Metric",
    "pearson_correlation": "PearsonCorrelation",
    "precision": "Precision",
    "r2_score": "R2Score",
    "recall": "Recall",
    "root_mean_squared_error": "RootMeanSquaredError",
    "sum": "Sum",
    "true_negatives": "TrueNegatives",
    "true_positives": "TruePositives",
}
_ONLY_STRINGS_OF_KERAS_2 = {
    **dict.fromkeys(("accuracy", "acc", "ACC"), "Accuracy"),
    **dict.fromkeys(("logcosh", "log_cosh"), "LogCoshError"),
    "kullback_leibler_divergence": "KLDivergence",
    "cosine_proximity": "CosineSimilarity",
}

STRINGS: dict[int, dict[str, str]] = {
    3: {name: name for name in _BY_NAME if name not in _ONLY_KERAS_2}
    | _ACCURACIES
    | _LOSS_FUNCTIONS
    | _SNAKE_CASE_CLASSES
    | _SHORT
    | _SHORT_BINARY,
    2: {name: name for name in _BY_NAME if name not in _ONLY_KERAS_3}
    | _ACCURACIES
    | _LOSS_FUNCTIONS
    | _ONLY_STRINGS_OF_KERAS_2
    | _SHORT,
}
"""Keras major version -> string that `keras.metrics.get` accepts -> class (2 is `tf_keras`).

`compile` looks at `BY_SHAPE` first: there `'accuracy'` is not the class `Accuracy`.
"""

FUNCTIONS: dict[str, str] = (
    {f"keras.metrics.{name}": metric for name, metric in _ACCURACIES.items()}
    | {
        f"{module}.{name}": metric
        for module in ("keras.metrics", "keras.losses")
        for name, metric in (
            _LOSS_FUNCTIONS
            | _SHORT
            | _SHORT_BINARY
            | dict.fromkeys(("kl_divergence", "kld", "KLD", "kullback_leibler_divergence"), "KLDivergence")
            | dict.fromkeys(("log_cosh", "logcosh"), "LogCoshError")
        ).items()
    }
    | {
        "keras.metrics.accuracy": "Accuracy",
        "keras.metrics.concordance_correlation": "ConcordanceCorrelation",
        "keras.metrics.pearson_correlation": "PearsonCorrelation",
    }
)
"""Canonical dotted name of a function `f(y_true, y_pred, ...)` -> the class that computes the same."""

FUNCTION_PARAMETERS: dict[str, tuple[str, ...]] = {
    "binary_accuracy": ("threshold",),
    "top_k_categorical_accuracy": ("k",),
    "sparse_top_k_categorical_accuracy": ("k", "from_sorted_ids"),
    "concordance_correlation": ("axis",),
    "pearson_correlation": ("axis",),
}
"""Metric function -> its parameters behind `y_true` and `y_pred`; for losses see `losses.LOSSES`."""

THIRD_PARTY: dict[str, MetricSpec] = {
    "tensorflow_addons.metrics.F1Score": MetricSpec(
        "F1Score",
        Family.CATEGORICAL,
        Decode.ARGMAX,
        words("num_classes average threshold name dtype"),
        "threshold",
    ),
    "tensorflow_addons.metrics.FBetaScore": MetricSpec(
        "FBetaScore",
        Family.CATEGORICAL,
        Decode.ARGMAX,
        words("num_classes average beta threshold name dtype"),
        "threshold",
    ),
}
"""Canonical dotted name of a well-known metric of another package -> what it is."""
