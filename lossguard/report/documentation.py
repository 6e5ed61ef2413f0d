"""The rules' own documentation: one page a rule, and the table of all."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lossguard.report.json import rule_url

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from lossguard.rules.rule import Rule

_CODE = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)
_BULLET = re.compile(r"([-*] |\d+\. )")
_READABLE = 100
_COLOURS = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}


def page(rule: Rule, documentation: str) -> str:
    """The documentation as Markdown."""
    return f"# {_title(rule)}\n\n{textwrap.dedent(documentation).strip()}\n"


def render_page(rule: Rule, documentation: str, console: Console) -> None:
    """The documentation as a person reads it in a terminal."""
    from rich.text import Text

    severity = rule.severity.value
    title = Text.assemble((rule.name, "bold"), "  ", (rule.code, _COLOURS[severity]), f"  {severity}")
    console.print(title.append("  opt-in" if rule.opt_in else "", "dim"), soft_wrap=True)
    previous = ""
    for block in _blocks(textwrap.dedent(documentation).strip()):
        in_list = bool(_BULLET.match(previous) and _BULLET.match(block))
        if not (in_list or previous.startswith("#")):
            console.print()
        for line in _drawn(block, min(console.width, _READABLE), console):
            console.print(line, soft_wrap=True)
        previous = block
    console.print()
    console.print(Text(rule_url(rule.name), "blue underline"), soft_wrap=True)


def _title(rule: Rule) -> str:
    return f"{rule.name} ({rule.code}, {rule.severity.value}{', opt-in' if rule.opt_in else ''})"


def _blocks(documentation: str) -> Iterator[str]:
    """Headings, paragraphs, bullets and stretches of code, which may hold blank lines."""
    block: list[str] = []
    for line in documentation.splitlines():
        code = bool(block) and block[0].startswith("    ")
        if code and (not line or line.startswith("    ")):
            block.append(line)
            continue
        if block and (not line or code or line.startswith("#") or block[0].startswith("#") or _BULLET.match(line)):
            yield "\n".join(block).rstrip()
            block = []
        if line:
            block.append(line)
    if block:
        yield "\n".join(block).rstrip()


def _drawn(block: str, width: int, console: Console) -> Iterator[Text]:
    from rich.text import Text

    if block.startswith("#"):
        yield Text(block.lstrip("# "), "bold")
        return
    if block.startswith("    "):
        yield from (Text(line) for line in block.splitlines())
        return
    bullet = _BULLET.match(block)
    first = "  " + (bullet[0] if bullet else "")
    text = Text()
    for number, part in enumerate(_CODE.split(" ".join(block[bullet.end() if bullet else 0 :].split()))):
        text.append(part.strip("`") if number % 2 else part, "cyan" if number % 2 else "")
    for number, line in enumerate(text.wrap(console, width - len(first))):
        line.rstrip()
        yield Text.assemble(" " * len(first) if number else first, line)


def render_table(rules: Iterable[Rule], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("code", "name", "severity"):
        table.add_column(title, no_wrap=True)
    table.add_column("summary", overflow="fold")
    for rule in rules:
        severity = rule.severity.value
        table.add_row(rule.code, Text(rule.name, "bold"), Text(severity, _COLOURS[severity]), Text(_summary(rule)))
    with console.capture() as captured:
        console.print(table)
    console.file.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))


def _summary(rule: Rule) -> str:
    return rule.summary + (" (opt-in)" if rule.opt_in else "")


def as_json(rules: Iterable[Rule]) -> str:
    keys = [
        {
            "code": rule.code,
            "name": rule.name,
            "severity": rule.severity.value,
            "summary": rule.summary,
            "opt_in": rule.opt_in,
            "ways": list(rule.ways),
            "url": rule_url(rule.name),
        }
        for rule in rules
    ]
    return json.dumps(keys, indent=2) + "\n"


def as_markdown(rules: Iterable[Rule]) -> str:
    rows = [
        f'| {rule.code} | <a id="{rule.name}"></a>{rule.name} | {rule.severity.value} | '
        f"{_summary(rule).replace('|', chr(92) + '|')} | {' or '.join(f'`{way}`' for way in rule.ways)} |"
        for rule in rules
    ]
    return (
        "\n".join(["| code | name | severity | what is wrong | fix |", "| --- | --- | --- | --- | --- |", *rows]) + "\n"
    )
