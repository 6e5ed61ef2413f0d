"""The fixed shape of a rule's documentation: its sections in order, and the programs in it."""

from __future__ import annotations

from textwrap import dedent

SECTIONS = (
    "What it does",
    "Why it matters",
    "What Keras does",
    "Bad",
    "Good",
    "When it is fine",
    "Fix safety",
    "References",
)


def sections(documentation: str) -> dict[str, str]:
    """The text under each heading, in the order written; what stands before the first is under ""."""
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for line in documentation.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
            found[heading] = []
        else:
            found[heading].append(line)
    return {heading: "\n".join(lines).strip("\n") for heading, lines in found.items()}


def program(section: str) -> str:
    """The program of a section: its indented lines."""
    lines = [line for line in section.splitlines() if line.startswith("    ") or not line.strip()]
    return dedent("\n".join(lines)).strip("\n") + "\n"
