"""What several rules ask of facts, and the words in which they name them."""

from __future__ import annotations

from collections.abc import Iterator
from math import e, log

from lossguard.facts import (
    Decode,
    Encoding,
    Family,
    Labels,
    LogitsRepair,
    Loss,
    Metric,
    Output,
    Range,
    Spelling,
    Target,
    Width,
)
from lossguard.findings import Evidence

SIGMOIDS = frozenset({"sigmoid", "hard_sigmoid", "sparse_sigmoid"})
"""Activations whose units are probabilities, each on its own."""

NORMALISED_BY_THE_LOSS = frozenset({"exponential", "softplus", "squareplus", "sparse_plus", "sparsemax"})
"""Activations that are no distribution, but become one when categorical cross-entropy divides by the sum."""

ACCURACIES = frozenset(
    {
        "accuracy",
        "Accuracy",
        "BinaryAccuracy",
        "CategoricalAccuracy",
        "SparseCategoricalAccuracy",
        "TopKCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy",
    }
)

CATEGORICAL_METRICS = frozenset({"CategoricalAccuracy", "TopKCategoricalAccuracy", "CategoricalCrossentropy"})
"""Metrics that want one-hot labels."""

SPARSE_METRICS = frozenset({f"Sparse{name}" for name in CATEGORICAL_METRICS})
"""The same for class ids."""

THRESHOLDED = frozenset(
    {
        "BinaryAccuracy",
        "BinaryIoU",
        "FalseNegatives",
        "FalsePositives",
        "Precision",
        "Recall",
        "TrueNegatives",
        "TruePositives",
    }
)
"""Metrics that split at 0.5 unless they are told another threshold, or to take the `top_k`."""

VECTOR_ENCODINGS = frozenset({Encoding.ONE_HOT, Encoding.MULTI_HOT, Encoding.DISTRIBUTION})
"""Encodings that write one value per class."""

LABEL_WORDS = {
    Encoding.INTEGER: "integer labels",
    Encoding.BINARY: "0/1 labels",
    Encoding.ONE_HOT: "one-hot labels",
    Encoding.MULTI_HOT: "multi-hot labels",
    Encoding.SIGNED: "-1/+1 labels",
    Encoding.CONTINUOUS: "continuous targets",
    Encoding.DISTRIBUTION: "labels that are distributions",
    Encoding.STRING: "string labels",
    Encoding.UNKNOWN: "labels",
}

KERAS_3_TAKES_THRESHOLD_0 = 5
"""Minor version of Keras 3 from which `BinaryAccuracy` takes the threshold 0; before, it has to be above."""

JUST_ABOVE_0 = 1e-7
"""A threshold that all versions take, and that splits raw scores as 0 does."""

TORCH_RAISES = "fit raises at the first batch: PyTorch wants all labels between 0 and 1."

BACKEND_WORDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def raw_scores(output: Output) -> bool:
    """The model's last layer has no activation, and nothing after it changes that."""
    return output.range is Range.LOGITS and output.activation == "linear"


def splits_at_half(decode: Decode) -> bool:
    """What is done with predictions makes two classes of them, at 0.5."""
    return decode.kind == "round" or (decode.kind != "argmax" and decode.threshold == 0.5)


def zero_threshold(target: Target) -> float:
    """The threshold of `BinaryAccuracy` that splits raw scores, in the Keras that the project runs on."""
    return JUST_ABOVE_0 if target.keras_3_before(KERAS_3_TAKES_THRESHOLD_0) else 0.0


def split_at_zero(target: Target) -> str:
    """The metric with that threshold, and for which versions it is another."""
    match target.keras_3_before(KERAS_3_TAKES_THRESHOLD_0):
        case True:
            return "`BinaryAccuracy(threshold=1e-7)` (Keras 3.0 to 3.4 refuse 0)"
        case False:
            return "`BinaryAccuracy(threshold=0)`"
        case None:
            return "`BinaryAccuracy(threshold=0)` (1e-7 in Keras 3.0 to 3.4, which refuse 0)"


def needs_repair(output: Output, loss: Loss, target: Target) -> LogitsRepair:
    """What becomes of TensorFlow's `_keras_logits` between this output and this loss."""
    if (_lost_in_keras_3(output, loss) and 3 in target.keras) or output.activation not in {"softmax", "sigmoid"}:
        return LogitsRepair.LOST
    return output.repair


def _lost_in_keras_3(output: Output, loss: Loss) -> bool:
    """Whether the losses of Keras 3 leave the scores behind: focal ones do, and the cast of half precision to float32.

    Executed with `mixed_float16`, `mixed_bfloat16`, `float16` and `bfloat16`.
    """
    return "focal" in loss.name or _in_half_precision(output)


def _in_half_precision(output: Output) -> bool:
    return (output.dtype or "").endswith("float16")


def one_value_per_sample(labels: Labels) -> bool:
    """The labels are known to be of shape (n,) or (n, 1)."""
    return labels.rank == 1 or (labels.rank == 2 and labels.width.is_(1) is True)


def one_or_zero(labels: Labels) -> bool:
    """The labels are known to be one 0 or 1 per sample."""
    two = labels.encoding is Encoding.INTEGER and labels.classes.is_(2) is True and labels.low in {0, None}
    return (labels.encoding is Encoding.BINARY or two) and one_value_per_sample(labels)


def label_width(labels: Labels) -> Width:
    """How many classes the labels are written for: the last axis where there is one value per class."""
    if labels.encoding in VECTOR_ENCODINGS and (labels.width.known or labels.width.symbol is not None):
        return labels.width
    return labels.classes


def exceeds(labels: Labels, low: float, high: float) -> bool:
    """Some label is known to lie outside [low, high]."""
    return (labels.low is not None and labels.low < low) or (labels.high is not None and labels.high > high)


def elsewhere(target: Target) -> str:
    """The backends beside TensorFlow that the project may run on, in words; empty where there are none."""
    return " and ".join(BACKEND_WORDS[name] for name in ("jax", "torch") if name in target.backends)


def units(width: Width) -> str:
    if width.size is not None:
        return f"{width.size} unit" if width.size == 1 else f"{width.size} units"
    return f"`{width.text}` units" if width.text else "its units"


def describe(output: Output) -> str:
    """An output in a few words, such as "softmax over 10 units"."""
    if raw_scores(output):
        return f"{units(output.width)} without activation"
    if output.activation in {"linear", None}:
        return units(output.width)
    return f"{output.activation} {'over' if output.activation == 'softmax' else 'on'} {units(output.width)}"


def called(loss: Loss | Metric) -> str:
    """A loss or metric as the source writes it."""
    return f"`{loss.text or loss.name}`"


def describe_labels(labels: Labels) -> str:
    """Labels in a few words, such as "integer labels 0 to 9"."""
    words = LABEL_WORDS[labels.encoding]
    if (
        labels.encoding in {Encoding.INTEGER, Encoding.CONTINUOUS}
        and labels.low is not None
        and labels.high is not None
        and labels.high - labels.low < float("inf")
    ):
        return f"{words} {labels.low:g} to {labels.high:g}"
    if labels.encoding in VECTOR_ENCODINGS and label_width(labels).size is not None:
        return f"{words} of {label_width(labels).size} columns"
    return words


def at_output(output: Output) -> Evidence:
    return Evidence(output.activation_origin or output.origin, describe(output))


def at_layer(output: Output) -> Evidence:
    return Evidence(output.origin, describe(output))


def at_loss(loss: Loss, label: str) -> Evidence:
    return Evidence(loss.origin, label)


def at_labels(labels: Labels) -> Evidence:
    words = describe_labels(labels)
    return Evidence(labels.origin, f"{words} from {labels.source}" if labels.source else words)


def broadcast(labels: Labels, target: Target) -> str:
    """What a loss without a check of shapes does with labels (n,) or (n, 1) beside an output of several units."""
    silently = "compared with every unit, silently, and the model learns to answer with a mean."
    if labels.rank == 1 and 2 not in target.keras:
        return "fit raises at the first batch: the shapes (n,) and (n, K) do not fit."
    if labels.rank == 2 or 3 not in target.keras:
        return f"Each label is {silently}"
    raises = "Keras 3 raises at the first batch where the labels are of shape (n,)"
    return f"{raises}; in Keras 2{'' if labels.rank == 1 else ', and as (n, 1),'} each is {silently}"


def if_known(labels: Labels | None) -> tuple[Evidence, ...]:
    """The labels as one more piece of evidence, where they are known."""
    return () if labels is None or labels.encoding is Encoding.UNKNOWN else (at_labels(labels),)


def double_softmax_floor(width: Width) -> str:
    """The least value of cross-entropy on a softmax of a softmax: ln(1 + (K - 1) / e)."""
    if width.size is None or width.size < 2:
        return "ln(1 + (K - 1) / e) with K classes"
    return f"{log(1 + (width.size - 1) / e):.2f}"


def bounded_scores_floor(width: Width) -> str:
    """The least cross-entropy that raw scores between -1 and 1 can reach: ln(1 + (K - 1) / e^2)."""
    if width.size is None or width.size < 2:
        return "ln(1 + (K - 1) / e^2) with K classes"
    return f"{log(1 + (width.size - 1) / e**2):.2f}"


def double_activation(output: Output, loss: Loss, target: Target, doubled: str, *, raw: bool = False) -> str:
    """What Keras does with an activated output and `from_logits=True`; `doubled` says how it hurts."""

    def sentences() -> Iterator[str]:
        others = elsewhere(target)
        if "tensorflow" in target.backends:
            if raw:
                yield f"TensorFlow's own function takes any input for raw scores: {doubled}."
            else:
                match needs_repair(output, loss, target):
                    case LogitsRepair.KEPT:
                        yield (
                            "TensorFlow warns, goes back to the values before the activation and trains as intended,"
                            " but only as long as nothing follows the activation."
                        )
                    case LogitsRepair.GRAPH_ONLY:
                        yield (
                            "TensorFlow undoes this in graph mode, with a warning;"
                            f" run eagerly it is applied twice: {doubled}."
                        )
                    case LogitsRepair.LOST:
                        keras = " with Keras 3" if _lost_in_keras_3(output, loss) and 2 in target.keras else ""
                        half = " in half precision" if _in_half_precision(output) else ""
                        yield f"TensorFlow{keras} applies both{half}, without a warning: {doubled}."
                    case LogitsRepair.UNKNOWN:
                        yield (
                            "TensorFlow undoes this, with a warning, where the activation is the model's very last"
                            f" operation; elsewhere both are applied: {doubled}."
                        )
        if others and not raw:
            lost = "tensorflow" in target.backends and needs_repair(output, loss, target) is LogitsRepair.LOST
            yield f"So do {others}." if lost else f"On {others} both are applied, silently: {doubled}."

    return " ".join(sentences())


def takes_from_logits(loss: Loss) -> bool:
    if loss.spelling is Spelling.WRITTEN:
        return False
    return loss.family in {Family.BINARY, Family.CATEGORICAL} or loss.name == "sparse_categorical_crossentropy"


def changes_nothing(output: Output, loss: Loss, target: Target) -> bool:
    """TensorFlow, and nothing else, computes the loss of this output as if `from_logits` were False already."""
    return target.backends == {"tensorflow"} and needs_repair(output, loss, target) is LogitsRepair.KEPT
