"""lossguard finds Keras models whose output layer, loss, labels and metrics do not fit each other."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes as long as Python's own start
if TYPE_CHECKING:
    from lossguard.check import Checked as Checked
    from lossguard.check import Options as Options
    from lossguard.check import check_paths as check_paths
    from lossguard.check import check_source as check_source
    from lossguard.config import Misconfigured as Misconfigured
    from lossguard.config import configured as configured
    from lossguard.findings import Diagnostic as Diagnostic
    from lossguard.runtime.callback import LossGuard as LossGuard
    from lossguard.runtime.probe import probe as probe

__version__ = "0.1.0"

_PUBLIC = {
    "Checked": "lossguard.check",
    "Options": "lossguard.check",
    "check_paths": "lossguard.check",
    "check_source": "lossguard.check",
    "Diagnostic": "lossguard.findings",
    "Misconfigured": "lossguard.config",
    "configured": "lossguard.config",
    "LossGuard": "lossguard.runtime.callback",
    "probe": "lossguard.runtime.probe",
}
__all__ = [
    "Checked",
    "Diagnostic",
    "LossGuard",
    "Misconfigured",
    "Options",
    "__version__",
    "check_paths",
    "check_source",
    "configured",
    "probe",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)
