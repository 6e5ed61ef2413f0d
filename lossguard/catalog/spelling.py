"""Strings that stand for losses, metrics and activations: whether any Keras knows them, and what is meant."""

from __future__ import annotations

import re

from lossguard.catalog import activations, losses, metrics
from lossguard.catalog._words import words
from lossguard.facts import Named

OPTIMIZERS = frozenset(words("adadelta adafactor adagrad adam adamax adamw ftrl lamb lion muon nadam rmsprop sgd"))

_ELSEWHERE = frozenset(words("auto auto_with_warning passthrough"))
"""What `compile` of KerasHub and of `transformers` takes for any of its arguments."""

_OLD_LOSSES = frozenset(words("cosine cosine_proximity"))
_OLD_METRICS = frozenset(words("fmeasure fbeta_score matthews_correlation"))
"""Known to Keras 1 or to the first releases of Keras 2."""

_LOSSES = {2: frozenset(losses.STRINGS[2]) | _OLD_LOSSES, 3: frozenset(losses.STRINGS[3])}
_METRICS = {2: frozenset(metrics.STRINGS[2]) | _OLD_METRICS, 3: frozenset(metrics.STRINGS[3])}
_ONLY_KERAS_2 = frozenset(words("crossentropy ce"))
"""Metrics by shape that Keras 3 refuses; losses by shape it alone takes."""

EVERY = frozenset({2, 3})
"""The major versions of Keras."""

_NAMES: dict[Named, dict[int, frozenset[str]]] = {
    Named.LOSS: _LOSSES,
    Named.METRIC: {2: _METRICS[2] | _LOSSES[2], 3: _METRICS[3]},  # early Keras 2 took any function of its module
    Named.ACTIVATION: activations.STRINGS,
}

_NEVER_MEANT = frozenset(words("Loss Metric metric Mean mean Sum sum"))
_MEANT: dict[Named, dict[str, str]] = {
    Named.LOSS: losses.MISSPELT
    | {"kullback_leibler_divergence": "kl_divergence", "huber_loss": "huber", "logcosh": "log_cosh"},
    Named.METRIC: {
        **dict.fromkeys(("f1", "f1-score", "f1score", "f1_macro", "f1_micro"), "F1Score"),
        **dict.fromkeys(("rmse", "RMSE"), "RootMeanSquaredError"),
        **dict.fromkeys(("r2", "r_squared", "r_square"), "R2Score"),
        **dict.fromkeys(("kullback_leibler_divergence", "kld", "KLD"), "KLDivergence"),
        **dict.fromkeys(("logcosh", "log_cosh"), "LogCoshError"),
        **dict.fromkeys(("val_accuracy", "val_acc", "train_accuracy", "acuracy", "accurary"), "accuracy"),
        **dict.fromkeys(("roc_auc", "auc_roc", "roc"), "AUC"),
    },
    Named.ACTIVATION: {
        **dict.fromkeys(("none", "None", "identity", "lineal"), "linear"),
        **dict.fromkeys(("logistic", "sigm"), "sigmoid"),
        **dict.fromkeys(("leakyrelu", "lrelu", "leaky-relu"), "leaky_relu"),
    },
}
_A_NAME = re.compile(r"[A-Za-z][\w .-]*")
_BLANK = re.compile(r"__|todo|fixme|your|fill|xxx", re.IGNORECASE)


def known_in(kind: Named, text: str) -> frozenset[int]:
    """The major versions of Keras that take this string; all of them, where it is no attempt at a name."""
    if _A_NAME.fullmatch(text) is None or _BLANK.search(text) or text in _ELSEWHERE:
        return EVERY
    match kind:
        case Named.LOSS if text.lower() in losses.BY_SHAPE:
            return frozenset({3})
        case Named.METRIC if text.lower() in metrics.BY_SHAPE:
            return frozenset({2}) if text.lower() in _ONLY_KERAS_2 else EVERY
        case Named.OPTIMIZER:
            return EVERY if text.lower() in OPTIMIZERS else frozenset()
        case _:
            return frozenset(version for version, names in _NAMES[kind].items() if text in names)


def is_known(kind: Named, text: str) -> bool:
    """Whether some version of Keras takes this string; also true of what is no attempt at a name."""
    return bool(known_in(kind, text))


def closest(kind: Named, text: str) -> str | None:
    """The known name that is meant by an unknown one, where one comes close; rather one that all versions know."""
    if text.lower() in losses.BY_SHAPE:  # any of three
        return None
    said = _MEANT.get(kind, {})
    if (found := said.get(text) or said.get(text.lower())) is not None:
        return found
    names = OPTIMIZERS if kind is Named.OPTIMIZER else _NAMES[kind][2] | _NAMES[kind][3]
    if kind is Named.METRIC:
        names |= metrics.BY_SHAPE
    by_letters = {_letters(name): name for name in sorted(names - _NEVER_MEANT, key=lambda name: _choice(kind, name))}
    from difflib import get_close_matches  # rarely wanted

    close = get_close_matches(_letters(text), by_letters, n=1, cutoff=0.8)
    return by_letters[close[0]] if close and by_letters[close[0]] != text else None


def _choice(kind: Named, name: str) -> tuple[bool, bool, str]:
    """What is best comes last: names that all versions know, lower-case ones first among them."""
    return known_in(kind, name) == EVERY, name.islower(), name


def named(kind: Named, text: str) -> Named | None:
    """What else the string is the name of."""
    others = (Named.OPTIMIZER, Named.LOSS, Named.METRIC, Named.ACTIVATION)
    return next((other for other in others if other is not kind and is_known(other, text)), None)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
