"""Strings that stand for losses, metrics and activations: whether any Keras knows them, and what is meant."""

from __future__ import annotations

import re
from difflib import get_close_matches

from lossguard.catalog import activations, losses, metrics
from lossguard.catalog._words import words
from lossguard.facts import Named

OPTIMIZERS = frozenset(words("adadelta adafactor adagrad adam adamax adamw ftrl lamb lion muon nadam rmsprop sgd"))

_ELSEWHERE = frozenset(words("auto auto_with_warning passthrough"))
"""What `compile` of KerasHub and of `transformers` takes for any of its arguments."""

_OLD_LOSSES = frozenset(words("cosine cosine_proximity"))
_OLD_METRICS = frozenset(words("fmeasure fbeta_score matthews_correlation"))
"""Known to Keras 1 or to the first releases of Keras 2."""

_LOSSES = frozenset(losses.STRINGS[2]) | frozenset(losses.STRINGS[3]) | _OLD_LOSSES
_METRICS = frozenset(metrics.STRINGS[2]) | frozenset(metrics.STRINGS[3]) | _OLD_METRICS
_ACTIVATIONS = activations.STRINGS[2] | activations.STRINGS[3]

_NEVER_MEANT = frozenset(words("Loss Metric metric Mean mean Sum sum"))
_MEANT: dict[Named, dict[str, str]] = {
    Named.LOSS: losses.MISSPELT,
    Named.METRIC: {
        **dict.fromkeys(("f1", "f1-score", "f1score", "f1_macro", "f1_micro"), "f1_score"),
        **dict.fromkeys(("rmse", "RMSE"), "root_mean_squared_error"),
        **dict.fromkeys(("r2", "r_squared", "r_square"), "r2_score"),
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


def is_known(kind: Named, text: str) -> bool:
    """Whether some version of Keras takes this string; also true of what is no attempt at a name."""
    if _A_NAME.fullmatch(text) is None or _BLANK.search(text) or text in _ELSEWHERE:
        return True
    match kind:
        case Named.LOSS:
            return text in _LOSSES or text.lower() in losses.BY_SHAPE
        case Named.METRIC:
            return text in _METRICS or text in _LOSSES or text.lower() in metrics.BY_SHAPE
        case Named.ACTIVATION:
            return text in _ACTIVATIONS
        case Named.OPTIMIZER:
            return text.lower() in OPTIMIZERS


def closest(kind: Named, text: str) -> str | None:
    """The known name that is meant by an unknown one."""
    names = {
        Named.LOSS: _LOSSES,
        Named.METRIC: _METRICS | metrics.BY_SHAPE,
        Named.ACTIVATION: _ACTIVATIONS,
        Named.OPTIMIZER: OPTIMIZERS,
    }[kind]
    said = _MEANT.get(kind, {})
    if (found := said.get(text) or said.get(text.lower())) is not None:
        return found
    by_letters = {
        _letters(name): name for name in sorted(names - _NEVER_MEANT, key=lambda name: (name.islower(), name))
    }
    close = get_close_matches(_letters(text), by_letters, n=1, cutoff=0.8)
    return by_letters[close[0]] if close else None


def named(kind: Named, text: str) -> Named | None:
    """What else the string is the name of."""
    others = (Named.OPTIMIZER, Named.LOSS, Named.METRIC, Named.ACTIVATION)
    return next((other for other in others if other is not kind and is_known(other, text)), None)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
