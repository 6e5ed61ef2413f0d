"""What all text formats share: harmless characters, counts in words, the closing line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossguard.levels import Severity

if TYPE_CHECKING:
    from lossguard.check import Checked
    from lossguard.findings import Diagnostic

_HARMFUL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_HARMFUL |= {code: f"\\u{code:04x}" for code in (0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F), 0xFEFF)}
_HARMFUL |= {code: f"\\u{code:04x}" for code in range(0x2060, 0x2070)}
_HARMFUL |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def clean(text: str) -> str:
    """The text with control, direction-changing and invisible characters written as escapes.

    They would move the cursor, recolour the terminal or show code in another order than it runs.
    """
    if text.isascii() and text.isprintable():
        return text
    escaped = text.translate(_HARMFUL)
    return escaped.encode("utf-8", "backslashreplace").decode()


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def summary(checked: Checked) -> str:
    """The closing line: what was found, and what was looked at, also when nothing was found."""
    looked = (
        f"Checked {counted(checked.files, 'file')}: {checked.keras_files:,} with Keras, "
        f"{counted(checked.models, 'model')} understood."
    )
    looked += _hidden(checked) + _fixable(checked)
    if not checked.diagnostics:
        return f"No findings. {looked}"
    severities = [(one, sum(found.severity is one for found in checked.diagnostics)) for one in Severity]
    kinds = ", ".join(_kind(severity, number) for severity, number in severities if number)
    files = len({found.place.filename for found in checked.diagnostics})
    total = counted(len(checked.diagnostics), "finding")
    return f"{total} ({kinds}) in {counted(files, 'file')}. {looked}"


def _hidden(checked: Checked) -> str:
    hidden = checked.hidden
    reasons = [
        (hidden.suppressed, "suppressed"),
        (hidden.baseline, "in the baseline"),
        (hidden.below, "below the thresholds"),
        (hidden.unchanged, "outside of the change"),
    ]
    named = ", ".join(f"{number:,} {reason}" for number, reason in reasons if number)
    return f" Hidden: {named}." if named else ""


def _fixable(checked: Checked) -> str:
    safe = sum(found.fix is not None and found.fix.safe for found in checked.diagnostics)
    unsafe = sum(found.fix is not None and not found.fix.safe for found in checked.diagnostics)
    if not safe:
        return f" Fixable: {unsafe:,} with --fix --unsafe-fixes." if unsafe else ""
    return f" Fixable: {safe:,} with --fix" + (f", {unsafe:,} more with --unsafe-fixes." if unsafe else ".")


def told(found: Diagnostic) -> str:
    """A finding in sentences: what is wrong, when, what happens, the way out."""
    when = f" (when {found.when})" if found.when else ""
    first = f"{found.message}{when}"
    sentence = first[:1].upper() + first[1:] + ("" if first.endswith((".", "?", "!")) else ".")
    return clean(" ".join(part for part in (sentence, found.effect, found.remedy) if part))


def _kind(severity: Severity, number: int) -> str:
    return f"{number:,} info" if severity is Severity.INFO else counted(number, severity.value)
