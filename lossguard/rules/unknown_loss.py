"""A string that stands for a loss, a metric or an activation, and that Keras does not know.

## What it does
Reports strings in `loss=` and `metrics=` of `compile`, and in `activation=` of layers, that neither Keras 3 nor
Keras 2 can resolve, or not the one that the project is known to run on, and says which name is meant where one is
close, or where the name belongs.

## Why it matters
For losses and metrics the mistake shows only when `fit` starts, after the data are loaded.

## What Keras does
- Losses: `ValueError: Could not interpret loss identifier: cce` in `fit`; `Unknown loss function` in Keras 2.
  Short names are `mse`, `mae`, `mape`, `msle`, `bce` and `kld`; there is no `cce`, `scce`, `rmse` or `log_loss`.
- Metrics: `ValueError` in `fit` (Keras 2: `TypeError: 'str' object is not callable`). There is no `f1` and no `rmse`;
  `F1Score` and `RootMeanSquaredError` work in both, `f1_score`, `auc`, `precision`, `recall` and
  `root_mean_squared_error` in Keras 3 only. `accuracy`, in any case, is picked by shape.
- Keras 3 dropped the losses `logcosh`, `huber_loss` and `kullback_leibler_divergence`; it alone knows `dice`,
  `tversky` and `crossentropy`.
- Activations: `ValueError` when the layer is made. Names are lower case.

## Bad
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="cce")
    model.fit(x, y, epochs=2)

## Good
    import keras
    import numpy as np

    x = np.random.rand(60, 4)
    y = keras.utils.to_categorical(np.random.randint(0, 3, 60), 3)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("adam", loss="categorical_crossentropy")
    model.fit(x, y, epochs=2)

## When it is fine
Keras 2 looks for strings among registered custom objects, too (Keras 3 does not): the rule is silent in programs
that register any. Names that only one version of Keras knows are not reported unless `keras-version`, or the
project's dependencies, say that another runs it.

## Fix safety
Unsafe: the closest name is a guess. There is no fix where no name comes close.

## References
- `keras.losses.get`, `keras.metrics.get`, `keras.activations.get`
- `keras.saving.register_keras_serializable`
"""

from __future__ import annotations

from collections.abc import Iterator

from lossguard.facts import Fact, Named, Target, UnknownName
from lossguard.findings import Evidence, Finding, Rename, Severity, Way
from lossguard.rules.rule import Rule

RULE = Rule(
    code="LG505",
    name="unknown-loss",
    severity=Severity.ERROR,
    summary="a string for a loss, a metric or an activation that Keras does not know",
    ways=("name",),
)

EFFECTS = {
    Named.LOSS: "fit raises ValueError: the loss can't be interpreted.",
    Named.METRIC: "fit raises: the metric can't be interpreted.",
    Named.ACTIVATION: "The layer raises ValueError when it is made.",
    Named.OPTIMIZER: "compile raises ValueError.",
}


def check(fact: Fact, target: Target) -> Iterator[Finding]:
    match fact:
        case UnknownName(kind=kind, text=text, origin=origin, meant=meant, names=names, known=known) if (
            not known & target.keras
        ):
            yield RULE.finding(
                f"Keras{_version(known, target)} knows no {kind.value} named {text!r}",
                Evidence(origin, _label(meant, names)),
                effect=EFFECTS[kind],
                remedy=_remedy(kind, meant, names),
                ways=(Way("name", (Rename(meant),) if meant is not None and names is None else ()),),
            )


def _version(known: frozenset[int], target: Target) -> str:
    """The version that runs the project, where another one does know the name."""
    return f" {min(target.keras)}" if known else ""


def _label(meant: str | None, names: Named | None) -> str:
    if names is not None:
        return f"the name of {_a(names)}"
    return f"did you mean {meant!r}?" if meant is not None else "not known to Keras"


def _remedy(kind: Named, meant: str | None, names: Named | None) -> str:
    if names is not None:
        return f"It names {_a(names)}: check the order of the arguments."
    if meant is not None:
        return f"Write `{meant!r}`."
    return f"Use the name of {_a(kind)} of Keras, or pass the function itself."


def _a(kind: Named) -> str:
    return f"{'an' if kind.value[0] in 'ao' else 'a'} {kind.value}"
