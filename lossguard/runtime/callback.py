"""`lossguard.LossGuard`: a callback that looks at the model once, before the first step of `fit`."""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from lossguard.findings import Diagnostic
from lossguard.runtime.library import NotProbed, require_keras
from lossguard.runtime.probe import Probed
from lossguard.runtime.words import told

OnFinding = Callable[[tuple[Diagnostic, ...]], object]


class LossMisuse(Exception):  # noqa: N818  the word for what was found
    """A model whose output, loss, labels and metrics do not fit each other."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(told(diagnostics))
        self.diagnostics = diagnostics


class LossMisuseWarning(UserWarning):
    """The same, where the training goes on."""


class LossGuard:
    """Pass it to `fit(callbacks=[LossGuard()])`, of Keras 3 or of `tf_keras`.

    It looks at the first samples that `fit` was given, before the first step; what raises in Keras before
    callbacks are called, on JAX for instance labels of another shape, it can't see. `on_finding` says what
    becomes of findings: "warn", "raise" or a function that takes them. `x` and `y` are looked at in place
    of what `fit` was given. `probed` holds what was found.

    It is no subclass of Keras's `Callback`, so that it needs neither package, and has nothing to do in a
    step.
    """

    async_safe = True
    _supports_tf_logs = True

    def __init__(
        self,
        on_finding: str | OnFinding = "warn",
        *,
        x: Any = None,
        y: Any = None,
        select: Iterable[str] | None = None,
    ) -> None:
        if not callable(on_finding) and on_finding not in {"warn", "raise"}:
            raise ValueError(f"on_finding is 'warn', 'raise' or a function, not {on_finding!r}")
        try:
            require_keras()
        except NotProbed as missing:
            raise ImportError(str(missing)) from None
        self.on_finding = on_finding
        self.probed: Probed | None = None
        self.model: Any = None
        self.params: dict[str, Any] = {}
        self._given = x, y
        self._select = None if select is None else frozenset(select)

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: object = None) -> None:  # noqa: ARG002  as Keras calls it
        x, y = self._given if self._given[0] is not None else _fed(self.model)
        try:
            self.probed = _probed(self.model, x, y, self._select)
        except NotProbed as why:
            warnings.warn(f"lossguard: {why}", LossMisuseWarning, stacklevel=2)
            return
        found = self.probed.diagnostics
        if not found:
            return
        if callable(self.on_finding):
            self.on_finding(found)
        elif self.on_finding == "raise":
            raise LossMisuse(found)
        else:
            warnings.warn(told(found), LossMisuseWarning, stacklevel=2)

    def _nothing(self, *_: object, **__: object) -> None:
        """The other hooks."""

    on_batch_begin = on_batch_end = on_epoch_begin = on_epoch_end = on_train_end = _nothing
    on_train_batch_begin = on_train_batch_end = on_test_batch_begin = on_test_batch_end = _nothing
    on_predict_batch_begin = on_predict_batch_end = on_test_begin = on_test_end = _nothing
    on_predict_begin = on_predict_end = _nothing

    def _none(self) -> bool:
        """`tf_keras` asks whether hooks must be called in every step."""
        return False

    _implements_train_batch_hooks = _implements_test_batch_hooks = _implements_predict_batch_hooks = _none


def _probed(model: Any, x: Any, y: Any, select: frozenset[str] | None) -> Probed:
    """A look at the model whose findings point at the user's call of `fit`, where that is in a file."""
    from lossguard.runtime.probe import looked
    from lossguard.runtime.spots import InProgram, Program, here

    spot = here()
    program = Program()
    source = program.source(spot.filename) if spot is not None else None
    if spot is None or source is None:
        return looked(model, x, y, select=select)
    places = InProgram(program, {}, None, spot)
    return looked(model, x, y, select=select, places=places, sources={source.filename: source})


def _fed(model: Any) -> tuple[Any, Any]:
    """What the running `fit` of this model was given: callbacks are not told, but its frame knows."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None:
        variables = frame.f_locals
        if frame.f_code.co_name == "fit" and variables.get("self") is model and "x" in variables:
            first = _taken_already(variables)
            return first if first is not None else (variables["x"], variables.get("y"))
        frame = frame.f_back
    return None, None


def _taken_already(variables: dict[str, Any]) -> tuple[Any, Any] | None:
    """The first batch of a generator, which Keras 3 has taken and will give back; made-up inputs in `tf_keras`."""
    if not hasattr(variables["x"], "__next__") or hasattr(variables["x"], "shape"):
        return None
    adapter = getattr(variables.get("epoch_iterator"), "data_adapter", None)
    batches = getattr(adapter, "_first_batches", None)
    if not batches:
        return None, None
    batch = batches[0]
    return batch[0], batch[1] if len(batch) > 1 else None
