"""What each rule says of facts, and what it leaves alone."""

# ruff: noqa: ANN401  (facts have fields of many types)

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lossguard.facts import (
    Decode,
    EncodedAgain,
    Encoding,
    Fact,
    Family,
    Flow,
    Labels,
    LogitsRepair,
    Loss,
    LossArgument,
    LossCall,
    Measurement,
    Metric,
    Misuse,
    Named,
    NotInstantiated,
    Output,
    PositionalMetrics,
    Range,
    Spelling,
    Target,
    TrainingSetup,
    UnknownName,
    Width,
)
from lossguard.findings import (
    Confidence,
    EncodeLabels,
    Finding,
    ReplaceLoss,
    SetActivation,
    SetFromLogits,
    SetThreshold,
    SetUnits,
    Severity,
    SwapArguments,
)
from lossguard.rules import ALL, judge

ANYWHERE = Target()
TENSORFLOW = Target(backends=frozenset({"tensorflow"}))
JAX = Target(backends=frozenset({"jax"}))
TORCH = Target(backends=frozenset({"torch"}))
KERAS_2 = Target(keras=frozenset({2}))
KERAS_3 = Target(keras=frozenset({3}))


def keras_3(oldest: int | None, newest: int | None) -> Target:
    return Target(keras=frozenset({3}), minors=(oldest, newest))


SYMBOL = Width(symbol="num_classes", text="num_classes", low=0)
ONE_LESS = Width(symbol="num_classes", text="num_classes - 1", offset=-1, low=0)

RANGES = {
    "linear": Range.LOGITS,
    "leaky_relu": Range.LOGITS,
    "elu": Range.LOGITS,
    "softmax": Range.SIMPLEX,
    "sigmoid": Range.PROBABILITIES,
    "hard_sigmoid": Range.PROBABILITIES,
    "relu": Range.NONNEGATIVE,
    "softplus": Range.NONNEGATIVE,
    "tanh": Range.SIGNED_UNIT,
    "log_softmax": Range.LOG_PROBABILITIES,
    "exponential": Range.UNKNOWN,
    "log_sigmoid": Range.UNKNOWN,
}

FAMILIES = {
    "binary_crossentropy": Family.BINARY,
    "binary_focal_crossentropy": Family.BINARY,
    "categorical_crossentropy": Family.CATEGORICAL,
    "categorical_focal_crossentropy": Family.CATEGORICAL,
    "sparse_categorical_crossentropy": Family.SPARSE_CATEGORICAL,
    "categorical_generalized_cross_entropy": Family.SPARSE_CATEGORICAL,
    "kl_divergence": Family.DISTRIBUTION,
    "mean_squared_error": Family.REGRESSION,
    "poisson": Family.REGRESSION,
    "cosine_similarity": Family.REGRESSION,
    "hinge": Family.HINGE,
    "categorical_hinge": Family.CATEGORICAL_HINGE,
    "dice": Family.OTHER,
    "my_loss": Family.OTHER,
}
BCE, CCE, SCCE = "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"


def out(activation: str | None, units: int | Width | None = 10, **more: Any) -> Output:
    width = units if isinstance(units, Width) else Width(units)
    known = {"range": RANGES[activation] if activation else Range.UNKNOWN, "repair": LogitsRepair.KEPT}
    return Output(width=width, activation=activation, origin="layer", **(known | more))


def loss(name: str, *, logits: bool | None = False, **more: Any) -> Loss:
    return Loss(name, FAMILIES[name], logits, Spelling.STRING, "loss", text=repr(name), **more)


def labels(encoding: Encoding, classes: int | Width | None = None, **more: Any) -> Labels:
    width = classes if isinstance(classes, Width) else Width(classes)
    return Labels(encoding, "labels", classes=width, **more)


def columns(encoding: Encoding, width: int | Width | None = None, **more: Any) -> Labels:
    wide = width if isinstance(width, Width) else Width(width)
    return labels(encoding, wide, width=wide, **more)


def metric(name: str, **more: Any) -> Metric:
    threshold = 0.5 if name in {"BinaryAccuracy", "Precision", "Recall"} else None
    return Metric(name, Spelling.INSTANCE, "metric", **({"threshold": threshold} | more))


def setup(
    output: Output | None, compiled: Loss | None = None, y: Labels | None = None, *metrics: Metric
) -> TrainingSetup:
    return TrainingSetup(output, compiled, y, metrics, "compile")


def codes(fact: Fact, target: Target = ANYWHERE) -> list[str]:
    return [finding.code for finding in judge(fact, target)]


def only(fact: Fact, target: Target = ANYWHERE) -> Finding:
    (finding,) = judge(fact, target)
    return finding


INTEGER = labels(Encoding.INTEGER, 10, low=0, high=9, rank=1)
BINARY = labels(Encoding.BINARY, 2, low=0, high=1, rank=1)
SIGNED = labels(Encoding.SIGNED, 2, low=-1, high=1, rank=1)
ONE_HOT = columns(Encoding.ONE_HOT, 10, rank=2)
MULTI_HOT = columns(Encoding.MULTI_HOT, 10, rank=2)
PRICES = labels(Encoding.CONTINUOUS, low=5, high=50, rank=1)
RATES = labels(Encoding.CONTINUOUS, low=0, high=1, rank=1)
UNKNOWN = labels(Encoding.UNKNOWN)
COLUMN = replace(INTEGER, rank=2, width=Width(1))


def encoded_again(first: Labels) -> Labels:
    """What comes of these labels of two axes when they are encoded (once more)."""
    again = EncodedAgain(first, "again", "tf.one_hot(y, 10)")
    if first.encoding is Encoding.INTEGER:
        return columns(Encoding.ONE_HOT, 10, rank=3, again=again)
    return labels(Encoding.UNKNOWN, rank=3, again=again)


def measured(output: Output | None = None, **numbers: Any) -> Measurement:
    return Measurement(output or out("softmax"), loss(CCE), "compile", 32, **numbers)


FIRES: list[tuple[str, Fact]] = [
    ("LG101", setup(out("softmax"), loss(SCCE, logits=True))),
    ("LG101", setup(out("softmax"), loss(CCE, logits=True), ONE_HOT)),
    ("LG101", setup(out("softmax", SYMBOL), loss("categorical_focal_crossentropy", logits=True))),
    ("LG101", setup(out("softmax", 2), loss(BCE, logits=True))),
    ("LG102", setup(out("sigmoid", 1), loss(BCE, logits=True))),
    ("LG102", setup(out("hard_sigmoid", 1), loss("binary_focal_crossentropy", logits=True))),
    ("LG102", setup(out("sigmoid", 10), loss(BCE, logits=True), ONE_HOT)),
    ("LG103", setup(out("linear"), loss(SCCE))),
    ("LG103", setup(out("linear"), loss(CCE))),
    ("LG103", setup(out("linear", 1), loss(BCE))),
    ("LG103", setup(out("linear"), loss("kl_divergence", logits=None))),
    ("LG103", setup(out("linear"), loss("categorical_generalized_cross_entropy"))),
    ("LG103", LossCall(loss(CCE), ONE_HOT, out("linear"), "call")),
    ("LG104", setup(out("relu"), loss(CCE))),
    ("LG104", setup(out("tanh", 1), loss(BCE))),
    ("LG104", setup(out("elu"), loss(SCCE))),
    ("LG104", setup(out("elu", range=Range.UNKNOWN), loss(SCCE))),
    ("LG104", setup(out("leaky_relu"), loss(SCCE))),
    ("LG104", setup(out("log_softmax"), loss(SCCE))),
    ("LG104", setup(out("log_sigmoid", 1), loss(BCE))),
    ("LG104", setup(out("relu"), loss("kl_divergence", logits=None))),
    ("LG104", setup(out("relu"), loss(SCCE, logits=True))),
    ("LG104", setup(out("relu", 1), loss(BCE, logits=True))),
    ("LG104", setup(out("tanh", 1), loss(BCE, logits=True))),
    ("LG104", setup(out("tanh"), loss(SCCE, logits=True))),
    ("LG104", setup(out("tanh", SYMBOL), loss(CCE, logits=True))),
    ("LG104", setup(out("softplus", 1), loss(BCE))),
    ("LG104", setup(out("softplus"), loss(SCCE))),
    ("LG104", setup(out("softplus"), loss("kl_divergence", logits=None))),
    ("LG105", setup(out("softmax", 1), loss(BCE), BINARY)),
    ("LG105", setup(out("softmax", 1))),
    ("LG105", setup(out("softmax", 1), loss("my_loss"))),
    ("LG105", LossCall(loss(BCE), None, out("softmax", 1), "call")),
    ("LG106", setup(out("sigmoid", 1), loss(CCE))),
    ("LG106", setup(out("linear", 1), loss(CCE))),
    ("LG106", setup(out("relu", 1), loss("categorical_focal_crossentropy"))),
    ("LG106", setup(out("sigmoid", 1), loss(CCE), ONE_HOT)),
    ("LG106", setup(out("sigmoid", 1), loss(CCE), BINARY)),
    ("LG107", setup(out("sigmoid", 1), loss(SCCE))),
    ("LG107", setup(out("linear", 1), loss(SCCE, logits=True), INTEGER)),
    ("LG107", setup(out("linear", 1), loss(SCCE), BINARY)),
    ("LG108", setup(out("softmax", 3), loss(BCE))),
    ("LG108", setup(out("softmax", SYMBOL), loss(BCE), ONE_HOT)),
    ("LG108", setup(out("softmax", Width(low=3)), loss(BCE, logits=True))),
    ("LG108", setup(out("softmax"), loss(BCE), INTEGER)),
    ("LG109", setup(out("sigmoid"), loss(CCE), ONE_HOT)),
    ("LG109", setup(out("sigmoid", 2), loss(SCCE))),
    ("LG109", setup(out("sigmoid", SYMBOL), loss(SCCE, logits=True))),
    ("LG109", setup(out("hard_sigmoid", None), loss(CCE, logits=None))),
    ("LG109", setup(out("sigmoid"), loss("kl_divergence", logits=None), ONE_HOT)),
    ("LG109", setup(out("sigmoid", 1), loss("kl_divergence", logits=None), BINARY)),
    ("LG502", LossCall(loss(CCE, logits=True), ONE_HOT, out("sigmoid"), "call")),
    ("LG111", setup(out("sigmoid", 1), loss(BCE), PRICES)),
    ("LG111", setup(out("linear", 1), loss(BCE), PRICES)),
    ("LG111", setup(out("softmax"), loss(SCCE), RATES)),
    ("LG112", setup(out("sigmoid", 1), loss("hinge", logits=None))),
    ("LG112", setup(out("softmax", 2), loss("hinge", logits=None), columns(Encoding.ONE_HOT, 2))),
    ("LG113", setup(out("sigmoid", 1), loss("mean_squared_error", logits=None), PRICES)),
    ("LG113", setup(out("tanh", 1), loss("mean_squared_error", logits=None), PRICES)),
    ("LG113", setup(out("sigmoid", 1), loss("mean_squared_error", logits=None), INTEGER)),
    ("LG113", setup(out("sigmoid", 1), loss("mean_squared_error", logits=None), SIGNED)),
    ("LG114", setup(out("linear", 1), loss("poisson", logits=None), PRICES)),
    ("LG114", setup(out("leaky_relu", 4), loss("poisson", logits=None))),
    ("LG114", LossCall(loss("poisson", logits=None), None, out("tanh", 1), "call")),
    ("LG115", setup(out("linear", 1), loss("cosine_similarity", logits=None), PRICES)),
    ("LG115", setup(out("sigmoid", 1), loss("cosine_similarity", logits=None), BINARY)),
    ("LG115", LossCall(loss("cosine_similarity", logits=None), None, out("linear", 1), "call")),
    ("LG201", setup(out("softmax"), loss(CCE), INTEGER)),
    ("LG201", setup(out("softmax", 2), loss(CCE), replace(SIGNED, rank=None))),
    ("LG201", setup(out("softmax"), loss("kl_divergence", logits=None), INTEGER)),
    ("LG201", setup(out("softmax"), loss("mean_squared_error", logits=None), COLUMN)),
    ("LG201", setup(out("softmax", 2), loss("hinge", logits=None), BINARY)),
    ("LG201", setup(out("linear"), loss("categorical_hinge", logits=None), INTEGER)),
    ("LG201", setup(out("softmax", 2), loss(CCE), BINARY)),
    ("LG201", setup(out("linear"), loss("categorical_focal_crossentropy", logits=True), INTEGER)),
    ("LG202", setup(out("softmax"), loss(SCCE), ONE_HOT)),
    ("LG202", setup(out("softmax"), loss(SCCE), MULTI_HOT)),
    ("LG203", setup(out("sigmoid", 1), loss(BCE), INTEGER)),
    ("LG203", setup(out("linear", 1), loss(BCE), labels(Encoding.INTEGER, 2, low=1, high=2))),
    ("LG203", setup(out("sigmoid", 10), loss(BCE), labels(Encoding.INTEGER, 10))),
    ("LG204", setup(out("sigmoid", 1), loss(BCE), columns(Encoding.ONE_HOT, 2))),
    ("LG204", setup(out("linear", 1), loss("mean_squared_error", logits=None), ONE_HOT)),
    ("LG204", setup(out("sigmoid", 1), loss(BCE), MULTI_HOT)),
    ("LG205", setup(out("softmax"), loss(CCE), MULTI_HOT)),
    ("LG205", setup(out("softmax"), loss(BCE), MULTI_HOT)),
    ("LG205", setup(out("sigmoid"), loss(CCE), MULTI_HOT)),
    ("LG205", setup(out("linear"), loss(CCE, logits=True), MULTI_HOT)),
    ("LG206", setup(out("sigmoid", 1), loss(BCE), SIGNED)),
    ("LG206", setup(out("tanh", 1), loss(BCE), SIGNED)),
    ("LG207", setup(out("softmax", rank=2), loss(CCE), encoded_again(ONE_HOT))),
    ("LG207", setup(out("softmax", rank=2), None, encoded_again(MULTI_HOT))),
    ("LG207", setup(out("softmax", rank=2), loss(CCE), encoded_again(COLUMN))),
    ("LG207", setup(out("softmax", rank=2), loss("mean_squared_error", logits=None), encoded_again(COLUMN))),
    ("LG301", setup(out("softmax", 9), loss(SCCE), INTEGER)),
    ("LG301", setup(out("softmax", 9), loss(CCE), ONE_HOT)),
    ("LG301", setup(out("softmax", 11), loss(CCE), ONE_HOT)),
    ("LG301", setup(out("softmax", ONE_LESS), loss(CCE), columns(Encoding.ONE_HOT, SYMBOL))),
    ("LG301", setup(out("softmax", ONE_LESS), loss(SCCE), labels(Encoding.INTEGER, SYMBOL))),
    ("LG301", setup(out("softmax", 2), loss(BCE), BINARY)),
    ("LG301", setup(out("sigmoid", 2), loss(BCE), BINARY)),
    ("LG301", setup(out("linear", 2), loss(BCE, logits=True), BINARY)),
    ("LG301", setup(out("linear", 2, rank=2), loss("mean_squared_error", logits=None), PRICES)),
    ("LG301", setup(out("tanh", 2, rank=2), loss("hinge", logits=None), SIGNED)),
    ("LG301", setup(out("softplus", 3, rank=2), loss("poisson", logits=None), COLUMN)),
    ("LG302", setup(out("softmax"), loss(SCCE), labels(Encoding.INTEGER, 10, low=1, high=10))),
    ("LG302", setup(out("softmax", SYMBOL), loss(SCCE), labels(Encoding.INTEGER, SYMBOL, low=1))),
    ("LG302", setup(out("softmax", 2), loss(SCCE), SIGNED)),
    ("LG302", setup(out("softmax", 9), loss(SCCE), labels(Encoding.INTEGER, low=0, high=9))),
    ("LG303", setup(out("softmax", rank=3), loss(SCCE), INTEGER)),
    ("LG303", setup(out("linear", 1, rank=3), loss("mean_squared_error", logits=None), PRICES)),
    ("LG303", setup(out("softmax", rank=4), loss(CCE), ONE_HOT)),
    ("LG303", setup(out("sigmoid", 1, rank=3), loss(BCE), replace(BINARY, rank=2, width=Width(1)))),
    ("LG401", setup(out("linear", 1), loss(BCE, logits=True), None, metric("accuracy"))),
    ("LG401", setup(out("linear", 1), loss(BCE, logits=True), None, metric("BinaryAccuracy"))),
    ("LG401", setup(out("linear", 5), loss(BCE, logits=True), None, metric("Precision", threshold=0.5))),
    ("LG401", setup(out("linear", 1), loss(BCE, logits=True), None, metric("AUC"))),
    ("LG401", setup(out("linear"), loss(SCCE, logits=True), None, metric("SparseCategoricalCrossentropy"))),
    ("LG401", setup(out("tanh", 1), loss("hinge", logits=None), SIGNED, metric("accuracy"))),
    ("LG401", setup(out("tanh", 1), loss("hinge", logits=None), SIGNED, metric("Recall", threshold=0.0))),
    ("LG401", setup(out("tanh", 1), loss("hinge", logits=None), BINARY, metric("accuracy"))),
    ("LG401", setup(out("linear", 1), loss("hinge", logits=None), BINARY, metric("AUC"))),
    ("LG402", setup(out("softmax"), loss(CCE), None, metric("Accuracy"))),
    ("LG402", setup(out("linear", 1), None, None, metric("Accuracy"))),
    ("LG403", setup(out("softmax"), loss(SCCE), None, metric("CategoricalAccuracy"))),
    ("LG403", setup(out("softmax"), loss(SCCE), None, metric("TopKCategoricalAccuracy"))),
    ("LG403", setup(out("softmax"), loss(CCE), None, metric("SparseCategoricalAccuracy"))),
    ("LG403", setup(out("sigmoid", 1), loss(BCE), None, metric("CategoricalAccuracy"))),
    ("LG403", setup(out("sigmoid"), loss(BCE), ONE_HOT, metric("SparseCategoricalAccuracy"))),
    ("LG403", setup(out("sigmoid"), loss(BCE), MULTI_HOT, metric("SparseCategoricalAccuracy"))),
    ("LG403", setup(out("softmax"), loss(SCCE), None, metric("AUC"))),
    ("LG403", setup(out("softmax", SYMBOL), loss(SCCE), INTEGER, metric("Precision"))),
    ("LG403", setup(out("softmax"), loss(SCCE), INTEGER, metric("MeanSquaredError"))),
    ("LG403", setup(out("softmax"), loss(SCCE), COLUMN, metric("F1Score"))),
    ("LG404", setup(out("softmax"), loss(CCE), None, metric("BinaryAccuracy"))),
    ("LG404", setup(out("softmax", 2), loss(SCCE), None, metric("BinaryAccuracy"))),
    ("LG404", setup(out("linear"), loss(CCE, logits=True), None, metric("BinaryAccuracy"))),
    ("LG405", setup(out("linear", 1), loss("mean_squared_error", logits=None), PRICES, metric("accuracy"))),
    ("LG405", setup(out("linear", 1), loss("mean_squared_error", logits=None), RATES, metric("Accuracy"))),
    ("LG406", setup(out("sigmoid"), loss(BCE), MULTI_HOT, metric("accuracy"))),
    ("LG406", setup(out("linear"), loss(BCE, logits=True), MULTI_HOT, metric("CategoricalAccuracy"))),
    ("LG407", setup(out("sigmoid", 1), loss(BCE), BINARY, metric("BinaryAccuracy", threshold=0.0))),
    ("LG407", setup(out("softmax"), loss(CCE), None, metric("Recall", threshold=0.0))),
    ("LG407", setup(out("sigmoid", 1), loss(BCE), BINARY, metric("BinaryAccuracy", threshold=1e-7))),
    ("LG408", setup(out("sigmoid", 1), loss(BCE), None, metric("MeanIoU", class_ids=True))),
    ("LG408", setup(out("softmax"), loss(SCCE), INTEGER, metric("IoU", class_ids=True))),
    ("LG408", setup(out("linear"), loss(CCE, logits=True), None, metric("MeanIoU", class_ids=True))),
    ("LG501", LossCall(loss(CCE), out("softmax"), ONE_HOT, "call")),
    ("LG501", LossCall(loss(SCCE), out("softmax"), INTEGER, "call")),
    ("LG501", LossCall(loss("poisson", logits=None), out("linear", 1), PRICES, "call")),
    ("LG502", LossCall(loss(CCE, logits=True), ONE_HOT, out("softmax"), "call", raw=True)),
    ("LG502", LossCall(loss(BCE, logits=True), None, out("sigmoid", 1), "call")),
    ("LG503", LossCall(loss(CCE), INTEGER, out("softmax"), "call")),
    ("LG503", LossCall(loss(SCCE, logits=True), ONE_HOT, out("linear"), "call", raw=True)),
    ("LG503", LossCall(loss(BCE), SIGNED, out("sigmoid", 1), "call")),
    ("LG503", LossCall(loss(BCE), INTEGER, out("sigmoid", 1), "call")),
    ("LG504", NotInstantiated(Misuse.CALL, "binary_crossentropy(from_logits=True)", "argument")),
    ("LG504", NotInstantiated(Misuse.FACTORY, "make_loss", "argument", "def")),
    ("LG504", NotInstantiated(Misuse.CLASS, "losses.Huber", "argument")),
    ("LG505", UnknownName(Named.LOSS, "cce", "argument", "categorical_crossentropy")),
    ("LG505", UnknownName(Named.LOSS, "adam", "argument", names=Named.OPTIMIZER)),
    ("LG505", UnknownName(Named.METRIC, "quality", "argument")),
    ("LG505", UnknownName(Named.ACTIVATION, "Relu", "argument", "relu")),
    ("LG506", LossArgument("SparseCategoricalCrossentropy", "label_smoothing", "argument")),
    ("LG506", LossArgument("BinaryCrossentropy", "from_logit", "argument", meant="from_logits")),
    ("LG506", LossArgument("Huber", "from_logits", "argument")),
    ("LG506", LossArgument("BinaryCrossentropy", "from_logits", "argument", given="False")),
    ("LG506", LossArgument("BinaryFocalCrossentropy", "apply_class_balancing", "argument", given="no")),
    ("LG601", Decode("argmax", out("sigmoid", 1), "decode")),
    ("LG601", Decode("argmax", out("linear", 1), "decode")),
    ("LG602", Decode("threshold", out("linear", 1), "decode", 0.5, loss(BCE, logits=True))),
    ("LG602", Decode("round", out("linear", 1), "decode", None, loss(BCE, logits=True))),
    ("LG701", measured(failure="ValueError: the shapes differ.")),
    *[("LG702", measured(not_finite=f"the {what}")) for what in ("inputs", "labels", "outputs", "loss", "gradient")],
    ("LG703", measured(value=0.7, flow=Flow.NONE)),
    ("LG703", measured(out("relu", 1), value=0.7, flow=Flow.NONE, constant=True)),
    ("LG703", measured(out("linear", 1), value=0.7, flow=Flow.NONE)),
    ("LG704", measured(flow=Flow.LAST_BIAS, constant=True)),
    ("LG705", replace(measured(value=1.2, reference=1.5), loss=loss(CCE, logits=True))),
]

SILENT: list[tuple[str, Fact]] = [
    ("nothing known", setup(None)),
    ("no loss", setup(out("softmax"), None, INTEGER)),
    ("unknown range", setup(out(None), loss(SCCE))),
    ("no activation named", setup(out(None, range=Range.LOGITS), loss(SCCE))),
    ("unknown from_logits, softmax", setup(out("softmax"), loss(SCCE, logits=None))),
    ("unknown from_logits, sigmoid", setup(out("sigmoid", 1), loss(BCE, logits=None))),
    ("unknown from_logits, linear", setup(out("linear"), loss(SCCE, logits=None))),
    ("unknown from_logits, relu", setup(out("relu"), loss(SCCE, logits=None))),
    ("right: softmax", setup(out("softmax"), loss(SCCE), INTEGER, metric("accuracy"))),
    ("right: logits", setup(out("linear"), loss(SCCE, logits=True), INTEGER, metric("accuracy"))),
    ("right: sigmoid", setup(out("sigmoid", 1), loss(BCE), BINARY, metric("accuracy"), metric("AUC"))),
    ("right: one-hot", setup(out("softmax"), loss(CCE), ONE_HOT, metric("accuracy"))),
    ("right: multi-hot", setup(out("sigmoid"), loss(BCE), MULTI_HOT, metric("BinaryAccuracy"))),
    ("right: regression", setup(out("linear", 1), loss("mean_squared_error", logits=None), PRICES)),
    ("right: hinge", setup(out("tanh", 1), loss("hinge", logits=None), SIGNED)),
    ("log_softmax from logits", setup(out("log_softmax"), loss(SCCE, logits=True))),
    ("exponential is normalised", setup(out("exponential"), loss(CCE))),
    ("softplus is normalised", setup(out("softplus"), loss(CCE))),
    ("softplus is normalised, KL is not asked", setup(out("softplus"), loss("categorical_focal_crossentropy"))),
    ("elu with something after it", setup(out("elu", range=Range.UNKNOWN, after=("Rescaling",)), loss(SCCE))),
    ("a custom loss", setup(out("linear"), loss("my_loss"), INTEGER)),
    ("dice on raw scores", setup(out("linear"), loss("dice", logits=None))),
    ("softmax over two units, binary", setup(out("softmax", 2), loss(BCE), columns(Encoding.ONE_HOT, 2))),
    ("softmax over unknown units", setup(out("softmax", None), loss(BCE), UNKNOWN)),
    ("two sigmoids, one-hot", setup(out("sigmoid", 2), loss(BCE), columns(Encoding.ONE_HOT, 2))),
    ("one against the rest", setup(out("sigmoid"), loss(BCE), ONE_HOT)),
    ("images", setup(out("sigmoid", 1, rank=4), loss(BCE), labels(Encoding.CONTINUOUS, low=0, high=1, rank=4))),
    ("continuous, range unknown", setup(out("sigmoid", 1), loss(BCE), labels(Encoding.CONTINUOUS))),
    ("tanh within its range", setup(out("tanh", 1), loss("mean_squared_error", logits=None), RATES)),
    ("sigmoid on 0/1 by distance", setup(out("sigmoid", 1), loss("mean_squared_error", logits=None), BINARY)),
    ("tanh on -1/+1 by distance", setup(out("tanh", 1), loss("mean_squared_error", logits=None), SIGNED)),
    ("images by distance", setup(out("sigmoid", 3), loss("mean_squared_error", logits=None), replace(INTEGER, rank=4))),
    ("scores for actions", setup(out("linear", 4), loss("mean_squared_error", logits=None), replace(PRICES, rank=2))),
    (
        "rank of targets unknown",
        setup(out("linear", 2), loss("mean_squared_error", logits=None), replace(PRICES, rank=None)),
    ),
    (
        "a step a value",
        setup(out("linear", 4, rank=3), loss("mean_squared_error", logits=None), replace(RATES, rank=2)),
    ),
    ("categorical hinge on one unit", setup(out("linear", 1), loss("categorical_hinge", logits=None), BINARY)),
    ("categorical hinge on softmax", setup(out("softmax"), loss("categorical_hinge", logits=None), ONE_HOT)),
    ("brier score is opt-in", setup(out("softmax"), loss("mean_squared_error", logits=None), ONE_HOT)),
    ("unknown labels", setup(out("softmax"), loss(CCE), UNKNOWN)),
    ("numbers in columns", setup(out("softmax"), loss(CCE), replace(INTEGER, width=Width(10), rank=2))),
    ("one-hot of one column", setup(out("sigmoid", 1), loss(BCE), columns(Encoding.ONE_HOT, 1))),
    ("multi-hot of unknown width", setup(out("sigmoid", 1), loss(BCE), columns(Encoding.MULTI_HOT, SYMBOL))),
    ("one-hot, another rank", setup(out("softmax", rank=2), loss(SCCE), replace(ONE_HOT, rank=3))),
    ("integer labels, range unknown", setup(out("sigmoid", 1), loss(BCE), labels(Encoding.INTEGER))),
    ("integer labels of two classes", setup(out("sigmoid", 1), loss(BCE), labels(Encoding.INTEGER, 2))),
    ("a spare unit", setup(out("softmax", 11), loss(SCCE), INTEGER)),
    ("labels from 1, one unit more", setup(out("softmax", 11), loss(SCCE), replace(INTEGER, low=1, high=10))),
    ("labels from 1, unrelated width", setup(out("softmax", Width()), loss(SCCE), replace(INTEGER, low=1))),
    ("ignored class", setup(out("softmax"), loss(SCCE, ignores_class=True), replace(INTEGER, low=-1))),
    ("ignored class unknown", setup(out("softmax"), loss(SCCE, ignores_class=None), replace(INTEGER, high=255))),
    ("equal symbols", setup(out("softmax", SYMBOL), loss(CCE), columns(Encoding.ONE_HOT, SYMBOL))),
    ("two units and unknown rank", setup(out("sigmoid", 2), loss(BCE), replace(BINARY, rank=None))),
    ("rank unknown", setup(out("softmax", rank=3), loss(SCCE), replace(INTEGER, rank=None))),
    ("one label a step", setup(out("softmax", rank=3), loss(SCCE), replace(INTEGER, rank=2, width=Width(6)))),
    ("a mask", setup(out("sigmoid", 1, rank=4), loss(BCE), replace(BINARY, rank=3))),
    ("custom loss may pool", setup(out("softmax", rank=3), loss("my_loss"), INTEGER)),
    ("argmax accuracy", setup(out("linear", 2), loss(SCCE, logits=True), None, metric("accuracy"))),
    ("accuracy on unknown width", setup(out("linear", SYMBOL), loss(BCE, logits=True), None, metric("accuracy"))),
    ("threshold zero", setup(out("linear", 1), loss(BCE, logits=True), None, metric("BinaryAccuracy", threshold=0.0))),
    ("counts", setup(out("exponential", 1), loss("poisson", logits=None), PRICES)),
    ("counts cut at zero", setup(out("relu", 1), loss("poisson", logits=None), PRICES)),
    ("counts of nothing known", setup(out(None, 1), loss("poisson", logits=None), PRICES)),
    ("directions", setup(out("linear", 8), loss("cosine_similarity", logits=None))),
    ("directions along time", setup(out("linear", 1), loss("cosine_similarity", logits=None, axis=1))),
    ("directions along something", setup(out("linear", 1), loss("cosine_similarity", logits=None, axis=None))),
    ("nearly zero", setup(out("linear", 1), loss(BCE, logits=True), None, metric("BinaryAccuracy", threshold=1e-7))),
    ("a low threshold", setup(out("sigmoid", 1), loss(BCE), BINARY, metric("BinaryAccuracy", threshold=0.001))),
    ("unknown threshold", setup(out("linear", 1), loss(BCE, logits=True), None, metric("Recall", threshold=None))),
    ("top k", setup(out("linear"), loss(CCE, logits=True), None, metric("Recall", text="Recall(top_k=1)"))),
    ("unknown rank of labels", setup(out("linear", 1, rank=3), loss("hinge", logits=None), replace(BINARY, rank=2))),
    ("probabilities split at a half", setup(out("sigmoid", 1), loss(BCE), None, metric("Recall", threshold=0.5))),
    ("regression metric, one unit", setup(out("sigmoid", 1), loss(BCE), None, metric("MeanSquaredError"))),
    ("curve, one-hot", setup(out("softmax"), loss(CCE), ONE_HOT, metric("AUC"))),
    ("mean IoU of scores", setup(out("softmax"), loss(SCCE), None, metric("MeanIoU", class_ids=False))),
    ("mean IoU, unknown", setup(out("softmax"), loss(SCCE), None, metric("MeanIoU", class_ids=None))),
    ("mean IoU of class ids", setup(out(None), loss(SCCE), None, metric("MeanIoU", class_ids=True))),
    (
        "mean IoU of a regression",
        setup(out("softplus", 1), loss("poisson", logits=None), None, metric("IoU", class_ids=True)),
    ),
    ("accuracy of one-hot labels", setup(out("sigmoid"), loss(BCE), ONE_HOT, metric("accuracy"))),
    ("ranking", setup(out("sigmoid"), loss(BCE), MULTI_HOT, metric("TopKCategoricalAccuracy"))),
    ("one column, sparse", setup(out("softmax"), loss(SCCE), columns(Encoding.ONE_HOT, 1))),
    ("auc from logits", setup(out("linear", 1), loss(BCE, logits=True), None, metric("AUC", from_logits=True))),
    ("least squares gan", setup(out("linear", 1), loss("mean_squared_error", logits=None), None, metric("accuracy"))),
    ("hinge, labels unknown", setup(out("linear", 1), loss("hinge", logits=None), None, metric("accuracy"))),
    ("Accuracy on class ids", setup(out(None), loss("my_loss"), None, metric("Accuracy"))),
    ("the string 'Accuracy'", setup(out("softmax"), loss(CCE), None, Metric("Accuracy", Spelling.STRING, "metric"))),
    ("binary accuracy on two", setup(out("softmax", 2), loss(CCE), None, metric("BinaryAccuracy"))),
    ("categorical accuracy, one-hot", setup(out("sigmoid"), loss(BCE), ONE_HOT, metric("CategoricalAccuracy"))),
    ("symmetric loss", LossCall(loss("mean_squared_error", logits=None), out("linear", 1), PRICES, "call")),
    ("distillation", LossCall(loss("kl_divergence", logits=None), out("softmax"), out("softmax"), "call")),
    ("right call", LossCall(loss(SCCE), INTEGER, out("softmax"), "call")),
    ("right raw call", LossCall(loss(CCE, logits=True), ONE_HOT, out("linear"), "call", raw=True)),
    ("unknown call", LossCall(loss(CCE), None, None, "call")),
    ("one step more", setup(out("softmax", rank=3), loss(CCE), encoded_again(COLUMN))),
    ("encoded again, rank of the output unknown", setup(out("softmax"), loss(CCE), encoded_again(ONE_HOT))),
    ("argmax over classes", Decode("argmax", out("softmax"), "decode")),
    ("argmax over unknown units", Decode("argmax", out("softmax", SYMBOL), "decode")),
    ("probabilities split", Decode("threshold", out("sigmoid", 1), "decode", 0.5)),
    (
        "scores of a regression split at a half",
        Decode("threshold", out("linear", 1), "decode", 0.5, loss("mean_squared_error")),
    ),
    ("scores split at zero", Decode("threshold", out("linear", 1), "decode", 0.0)),
    ("healthy numbers", measured(value=1.1, flow=Flow.WEIGHTS)),
    ("a head that starts at zero", measured(value=1.1, flow=Flow.WEIGHTS, constant=True)),
    ("only the last bias, different answers", measured(value=1.1, flow=Flow.LAST_BIAS)),
    ("no number", measured(flow=Flow.NONE)),
    ("another number than expected, for no known reason", measured(value=1.2, reference=1.5)),
    ("a reference of a loss that is none of Keras", replace(measured(value=1.2, reference=1.5), loss=None)),
]


@pytest.mark.parametrize(("code", "fact"), FIRES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(FIRES)])
def test_fires_alone(code: str, fact: Fact) -> None:
    finding = only(fact)
    assert finding.code == code
    assert finding.evidence
    assert "None" not in finding.message + finding.effect + finding.remedy


@pytest.mark.parametrize("fact", [fact for _, fact in SILENT], ids=[name for name, _ in SILENT])
@pytest.mark.parametrize("target", [ANYWHERE, TENSORFLOW, JAX], ids=["anywhere", "tensorflow", "jax"])
def test_is_silent(fact: Fact, target: Target) -> None:
    assert codes(fact, target) == []


@pytest.mark.parametrize(("code", "fact"), FIRES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(FIRES)])
@pytest.mark.parametrize("target", [TENSORFLOW, JAX, TORCH, KERAS_3], ids=["tensorflow", "jax", "torch", "keras3"])
def test_message_and_severity_fit_the_target(code: str, fact: Fact, target: Target) -> None:
    worst = {module.RULE.code: module.RULE.severity for module in ALL}
    order = [Severity.INFO, Severity.WARNING, Severity.ERROR]
    for finding in judge(fact, target):
        assert order.index(finding.severity) <= order.index(worst[finding.code])
        for backend, word in (("jax", "JAX"), ("torch", "PyTorch"), ("tensorflow", "TensorFlow")):
            assert backend in target.backends or word not in finding.effect


@pytest.mark.parametrize(("code", "fact"), FIRES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(FIRES)])
def test_sentences(code: str, fact: Fact) -> None:
    finding = only(fact)
    assert not finding.message.endswith(".")
    assert finding.effect.endswith(".")
    assert finding.remedy.endswith(".")


def test_metrics_by_position_are_weights_in_keras_3() -> None:
    fact = PositionalMetrics("['accuracy']", "argument")
    assert only(fact, KERAS_3).code == "LG507"
    assert only(fact, KERAS_3).ways[0].safe
    assert only(replace(fact, last=False), KERAS_3).ways == ()
    assert codes(fact) == []


def test_every_rule_fires_somewhere() -> None:
    fired = {code for code, _ in FIRES} | {"LG507"}
    assert {module.RULE.code for module in ALL if not module.RULE.opt_in} - fired == {"LG901", "LG902"}


# What is said


def test_message_names_the_values() -> None:
    finding = only(setup(out("softmax"), loss(SCCE, logits=True)))
    assert finding.message == (
        "`'sparse_categorical_crossentropy'` expects raw scores, but gets the probabilities of a softmax over 10 units"
    )
    assert [evidence.origin for evidence in finding.evidence] == ["loss", "layer"]
    assert finding.evidence[1].label == "softmax over 10 units"
    assert finding.ways[0].repairs == (SetFromLogits(False),)


def test_place_of_the_activation_is_shown() -> None:
    finding = only(setup(out("softmax", activation_origin="activation"), loss(SCCE, logits=True)))
    assert finding.evidence[1].origin == "activation"


def test_symbolic_units_are_called_by_name() -> None:
    assert "sigmoid on `num_classes` units" in only(setup(out("sigmoid", SYMBOL), loss(CCE))).message


def test_source_of_the_labels_is_told() -> None:
    finding = only(setup(out("softmax"), loss(CCE), replace(INTEGER, source="mnist.load_data()")))
    assert finding.evidence[1].label == "integer labels 0 to 9 from mnist.load_data()"


# Backends


def test_repaired_softmax_is_said_to_train_on_tensorflow() -> None:
    effect = only(setup(out("softmax"), loss(SCCE, logits=True)), TENSORFLOW).effect
    assert "trains as intended" in effect
    assert "1.46" not in effect


@pytest.mark.parametrize(
    "output",
    [out("softmax", repair=LogitsRepair.LOST), out("softmax", repair=LogitsRepair.UNKNOWN)],
    ids=["lost", "unknown"],
)
def test_softmax_that_is_not_repaired_is_doubled(output: Output) -> None:
    assert "can't fall below 1.46" in only(setup(output, loss(SCCE, logits=True)), TENSORFLOW).effect


def test_focal_losses_are_never_repaired() -> None:
    effect = only(setup(out("softmax"), loss("categorical_focal_crossentropy", logits=True)), TENSORFLOW).effect
    assert "applies both" in effect


def test_graph_only_repair_is_told() -> None:
    effect = only(setup(out("softmax", repair=LogitsRepair.GRAPH_ONLY), loss(SCCE, logits=True)), TENSORFLOW).effect
    assert "graph mode" in effect


def test_double_softmax_on_jax_is_silent() -> None:
    effect = only(setup(out("softmax"), loss(SCCE, logits=True)), JAX).effect
    assert effect.startswith("On JAX both are applied, silently")


def test_double_sigmoid_of_exclusive_classes_cannot_learn_where_it_is_doubled() -> None:
    fact = setup(out("sigmoid"), loss(BCE, logits=True), ONE_HOT)
    assert only(fact, JAX).severity is Severity.ERROR
    assert only(fact, TENSORFLOW).severity is Severity.WARNING
    assert only(replace(fact, labels=None), JAX).severity is Severity.WARNING


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_sparse_loss_of_raw_values_learns_on_tensorflow(activation: str) -> None:
    fact = setup(out(activation), loss(SCCE))
    assert only(fact, ANYWHERE).severity is Severity.ERROR
    assert only(fact, TENSORFLOW).severity is Severity.WARNING
    assert only(fact, JAX).severity is Severity.ERROR


def test_log_softmax_is_an_error_on_tensorflow_too() -> None:
    assert only(setup(out("log_softmax"), loss(SCCE)), TENSORFLOW).severity is Severity.ERROR


def test_relu_is_said_to_end_in_nan() -> None:
    assert "NaN" in only(setup(out("relu"), loss(CCE))).effect


def test_binary_loss_of_raw_values_may_learn() -> None:
    assert only(setup(out("linear", 1), loss(BCE))).severity is Severity.WARNING


def test_signed_labels_raise_on_torch_only() -> None:
    fact = setup(out("sigmoid", 1), loss(BCE), SIGNED)
    assert only(fact, TORCH).severity is Severity.ERROR
    assert only(fact, TENSORFLOW).severity is Severity.WARNING
    assert only(setup(out("linear", 1), loss(BCE, logits=True), SIGNED), TORCH).severity is Severity.WARNING


def test_softmax_of_one_unit_does_not_promise_a_still_loss_on_tensorflow() -> None:
    fact = setup(out("softmax", 1), loss(BCE))
    assert "printed loss falls" in only(fact, TENSORFLOW).effect
    assert "printed loss falls" not in only(fact, JAX).effect


def test_missing_unit_is_told_by_backend() -> None:
    fact = setup(out("softmax", 9), loss(SCCE), INTEGER)
    assert only(fact, JAX).effect == "The last class has no unit: JAX silently leaves those samples out."
    assert "NaN" in only(fact, TENSORFLOW).effect


def test_broadcast_of_keras_2_is_told_where_it_may_run() -> None:
    fact = setup(out("sigmoid", 1), loss(BCE), columns(Encoding.ONE_HOT, 2))
    assert "Keras 2" in only(fact).effect
    assert "Keras 2" not in only(fact, KERAS_3).effect


# Repairs


ON_METRIC = "metric"


@pytest.mark.parametrize(
    ("fact", "ways"),
    [
        (setup(out("softmax", 1), loss(BCE), BINARY), {"activation": (SetActivation("sigmoid"),)}),
        (setup(out("softmax", 1), loss(BCE, logits=True), BINARY), {"activation": (SetActivation("linear"),)}),
        (setup(out("softmax", 1), loss(SCCE), INTEGER), {"units": (SetUnits(Width(10)),)}),
        (setup(out("softmax", 1), loss(CCE), INTEGER), {"units": (SetUnits(Width(10)), ReplaceLoss(SCCE))}),
        (setup(out("softmax", 1), loss(CCE), BINARY), {"loss": (SetActivation("sigmoid"), ReplaceLoss(BCE))}),
        (setup(out("softmax", 1), loss(CCE), columns(Encoding.ONE_HOT)), {}),
        (setup(out("softmax", 1), loss("my_loss")), {}),
        (setup(out("sigmoid", 1), loss(CCE)), {"loss": (ReplaceLoss(BCE),)}),
        (setup(out("linear", 1), loss(CCE)), {}),
        (setup(out("sigmoid", 1), loss(CCE), ONE_HOT), {"units": (SetUnits(Width(10)), SetActivation("softmax"))}),
        (
            setup(out("sigmoid", 1), loss(SCCE), BINARY),
            {"loss": (ReplaceLoss(BCE),), "units": (SetUnits(Width(2)), SetActivation("softmax"))},
        ),
        (setup(out("sigmoid", 1), loss(SCCE), INTEGER), {"units": (SetUnits(Width(10)), SetActivation("softmax"))}),
        (setup(out("linear", 1), loss(SCCE)), {}),
        (setup(out("softmax"), loss(BCE), INTEGER), {"loss": (ReplaceLoss(SCCE),)}),
        (setup(out("softmax"), loss(BCE)), {"loss": (ReplaceLoss(CCE),), "activation": (SetActivation("sigmoid"),)}),
        (
            setup(out("softmax"), loss(CCE), INTEGER),
            {"loss": (ReplaceLoss(SCCE),), "labels": (EncodeLabels(Encoding.ONE_HOT),)},
        ),
        (
            setup(out("softmax"), loss(SCCE), ONE_HOT),
            {"loss": (ReplaceLoss(CCE),), "labels": (EncodeLabels(Encoding.INTEGER),)},
        ),
        (setup(out("linear"), loss("kl_divergence", logits=None)), {"activation": (SetActivation("softmax"),)}),
        (setup(out("sigmoid", 1), loss(BCE), replace(INTEGER, low=1)), {}),
        (setup(out("sigmoid", 1), loss(BCE), MULTI_HOT), {"units": (SetUnits(Width(10)),)}),
        (
            setup(out("linear", 1), loss("mean_squared_error", logits=None), ONE_HOT),
            {"units": (SetUnits(Width(10)), SetActivation("softmax"), ReplaceLoss(CCE))},
        ),
        (setup(out("sigmoid", 1), loss(BCE), columns(Encoding.ONE_HOT)), {}),
        (setup(out("softmax", 9), loss(SCCE), INTEGER), {"units": (SetUnits(Width(10)),)}),
        (setup(out("softmax"), loss(SCCE), replace(INTEGER, low=1, high=10)), {"units": (SetUnits(Width(11)),)}),
        (
            setup(out("linear", 1), loss(BCE, logits=True), None, metric("accuracy")),
            {
                "threshold": (SetThreshold(0.0, ON_METRIC),),
                "activation": (SetActivation("sigmoid"), SetFromLogits(False)),
            },
        ),
        (
            setup(out("linear", 1), loss(BCE, logits=True), None, metric("PrecisionAtRecall")),
            {"activation": (SetActivation("sigmoid"), SetFromLogits(False))},
        ),
        (LossCall(loss(CCE), out("softmax"), ONE_HOT, "call"), {"arguments": (SwapArguments(),)}),
        (
            LossCall(loss(CCE, logits=True), ONE_HOT, out("softmax"), "call", raw=True),
            {"activation": (SetActivation("linear"),)},
        ),
    ],
)
def test_ways_out(fact: Fact, ways: dict[str, tuple[object, ...]]) -> None:
    assert {way.name: way.repairs for way in judge(fact, ANYWHERE)[0].ways} == ways


def test_metrics_that_fit_are_passed_over() -> None:
    wrong = setup(out("linear", 1), loss("mean_squared_error", logits=None), PRICES, metric("mae"), metric("accuracy"))
    assert codes(wrong) == ["LG405"]
    mixed = metric("CategoricalAccuracy"), metric("SparseCategoricalAccuracy")
    assert codes(setup(out("softmax"), loss(SCCE), None, *mixed)) == ["LG403"]


def test_multi_label_repair_keeps_a_sigmoid_that_is_there() -> None:
    finding = judge(setup(out("sigmoid"), loss(SCCE), MULTI_HOT), ANYWHERE, frozenset({"LG202"}))[0]
    assert [way.repairs for way in finding.ways] == [(ReplaceLoss(BCE),)]


def test_floor_of_a_double_softmax_of_unknown_width() -> None:
    output = out("softmax", SYMBOL, repair=LogitsRepair.LOST)
    assert "ln(1 + (K - 1) / e)" in only(setup(output, loss(SCCE, logits=True)), TENSORFLOW).effect


def test_metrics_that_are_misled_share_one_finding() -> None:
    misled = metric("Precision"), metric("AUC"), metric("BinaryCrossentropy")
    finding = only(setup(out("linear", 1), loss(BCE, logits=True), None, *misled, metric("AUC", from_logits=True)))
    assert len(finding.evidence) == 5
    assert finding.message.startswith("`Precision` and `AUC` and `BinaryCrossentropy` take")


# One mistake, one finding


def test_softmax_of_one_unit_explains_the_rest() -> None:
    finding = only(setup(out("softmax", 1), loss(CCE, logits=True), INTEGER))
    assert finding.code == "LG105"
    assert set(finding.also) == {"softmax-from-logits", "categorical-one-unit"}


@pytest.mark.parametrize(
    ("fact", "code", "also"),
    [
        (setup(out("linear", 1), loss(CCE)), "LG106", ("logits-as-probabilities",)),
        (setup(out("tanh", 1), loss(SCCE)), "LG107", ("activation-not-probabilities",)),
        (setup(out("softmax"), loss(BCE, logits=True)), "LG108", ("softmax-from-logits",)),
        (setup(out("softmax"), loss(BCE), INTEGER), "LG108", ("multiclass-labels-binary",)),
        (setup(out("sigmoid"), loss(CCE), MULTI_HOT), "LG205", ("categorical-on-independent-outputs",)),
        (setup(out("tanh", 1), loss(BCE), SIGNED), "LG206", ("activation-not-probabilities",)),
        (setup(out("linear", 1), loss(BCE), INTEGER), "LG203", ("logits-as-probabilities",)),
        (setup(out("softmax", 9), loss(SCCE), INTEGER), "LG301", ("labels-out-of-range",)),
        (setup(out("linear", 1), loss(BCE), PRICES), "LG111", ("logits-as-probabilities",)),
        (
            setup(out("softmax"), loss(CCE), INTEGER, metric("CategoricalAccuracy")),
            "LG201",
            ("metric-label-encoding",),
        ),
        (
            setup(out("linear"), loss(CCE, logits=True), None, metric("BinaryAccuracy")),
            "LG404",
            ("threshold-on-logits",),
        ),
    ],
)
def test_supersession(fact: Fact, code: str, also: tuple[str, ...]) -> None:
    finding = only(fact)
    assert (finding.code, finding.also) == (code, also)


def test_two_mistakes_two_findings() -> None:
    assert codes(setup(out("sigmoid"), loss(CCE), INTEGER)) == ["LG109", "LG201"]
    assert codes(setup(out("linear"), loss(SCCE), ONE_HOT)) == ["LG103", "LG202"]


def test_names_of_rules_that_are_dropped_in_turn_are_kept() -> None:
    finding = only(setup(out("softmax", 1), loss(CCE), ONE_HOT))
    assert finding.also == ("categorical-one-unit", "one-hot-labels-one-unit", "units-class-count")


# Which rules run


def test_only_enabled_rules_run() -> None:
    fact = setup(out("softmax", 1), loss(CCE, logits=True), INTEGER)
    assert [finding.code for finding in judge(fact, ANYWHERE, frozenset({"LG106"}))] == ["LG106"]
    assert judge(fact, ANYWHERE, frozenset()) == []


def test_opt_in_rules_run_when_selected() -> None:
    fact = setup(out("softmax"), loss("mean_squared_error", logits=None), ONE_HOT)
    (finding,) = judge(fact, ANYWHERE, frozenset({"LG110"}))
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.LIKELY)
    continuous = replace(fact, labels=RATES)
    assert judge(continuous, ANYWHERE, frozenset({"LG110"})) == []


def test_confidence_is_said() -> None:
    per_sample = replace(BINARY, rank=2, width=Width(1))
    assert only(setup(out("sigmoid", 1, rank=3), loss(BCE), per_sample)).confidence is Confidence.LIKELY
    assert only(setup(out("softmax", rank=3), loss(SCCE), INTEGER)).confidence is Confidence.CERTAIN
    assert only(setup(out("softmax"), loss(CCE), MULTI_HOT)).confidence is Confidence.LIKELY


def test_a_class_is_a_loss_in_keras_3() -> None:
    fact = NotInstantiated(Misuse.CLASS, "keras.losses.Huber", "argument")
    assert codes(fact, KERAS_3) == []
    assert only(fact).severity is Severity.WARNING
    assert only(fact, KERAS_2).severity is Severity.ERROR
    assert only(fact, keras_3(0, 2)).severity is Severity.ERROR
    assert only(fact, keras_3(2, None)).effect.startswith("In Keras 3.0 to 3.2 fit raises")
    assert codes(fact, keras_3(3, None)) == []


@pytest.mark.parametrize(
    ("target", "threshold", "words"),
    [
        (ANYWHERE, 0.0, "Use `BinaryAccuracy(threshold=0)` (1e-7 in Keras 3.0 to 3.4, which refuse 0), or"),
        (KERAS_3, 0.0, "Use `BinaryAccuracy(threshold=0)` (1e-7 in Keras 3.0 to 3.4, which refuse 0), or"),
        (KERAS_2, 0.0, "Use `BinaryAccuracy(threshold=0)`, or"),
        (keras_3(5, None), 0.0, "Use `BinaryAccuracy(threshold=0)`, or"),
        (keras_3(0, None), 1e-7, "Use `BinaryAccuracy(threshold=1e-7)` (Keras 3.0 to 3.4 refuse 0), or"),
        (keras_3(None, 4), 1e-7, "Use `BinaryAccuracy(threshold=1e-7)` (Keras 3.0 to 3.4 refuse 0), or"),
    ],
)
def test_the_middle_of_raw_scores_is_told_by_version(target: Target, threshold: float, words: str) -> None:
    finding = only(setup(out("linear", 1), loss(BCE, logits=True), None, metric("BinaryAccuracy")), target)
    assert finding.ways[0].repairs == (SetThreshold(threshold, ON_METRIC),)
    assert finding.remedy.startswith(words)
    recall = only(setup(out("linear", 1), loss(BCE, logits=True), None, metric("Recall")), target)
    assert recall.ways[0].repairs == (SetThreshold(0.0, ON_METRIC),)
    assert recall.remedy.startswith("Set the threshold to 0, or")


def test_a_threshold_that_early_versions_refuse_is_told() -> None:
    fact = setup(out("sigmoid", 1), loss(BCE), BINARY, metric("BinaryAccuracy", threshold=0.0))
    assert "Keras 3.0 to 3.4 raise" in only(fact, KERAS_3).effect
    assert "Keras 3" not in only(fact, keras_3(5, 15)).effect


def test_unknown_names_are_explained() -> None:
    assert only(UnknownName(Named.LOSS, "cce", "o", "categorical_crossentropy")).remedy == (
        "Write `'categorical_crossentropy'`."
    )
    assert "an optimizer" in only(UnknownName(Named.LOSS, "adam", "o", names=Named.OPTIMIZER)).remedy
    assert "a metric" in only(UnknownName(Named.METRIC, "quality", "o")).remedy


def test_names_that_one_version_knows_are_told_where_another_runs() -> None:
    fact = UnknownName(Named.METRIC, "f1_score", "o", "F1Score", known=frozenset({3}))
    assert codes(fact) == codes(fact, KERAS_3) == []
    assert only(fact, KERAS_2).message == "Keras 2 knows no metric named 'f1_score'"


def test_smoothing_of_a_sparse_loss_has_a_way_out() -> None:
    fact = LossArgument("SparseCategoricalCrossentropy", "label_smoothing", "o", meant="name")
    assert "one-hot" in only(fact).remedy
