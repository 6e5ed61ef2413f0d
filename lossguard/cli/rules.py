"""`lossguard rule NAME` and `lossguard rules`: the documentation of the rules."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lossguard.cli.arguments import rule_arguments, rules_arguments
from lossguard.cli.failure import Failure
from lossguard.cli.selection import unknown_rule
from lossguard.cli.terminal import coloured, console, show
from lossguard.report.documentation import as_json, as_markdown, page, render_page, render_table
from lossguard.rules import ALL, find

_UNWRAPPED = 1000


def explain(arguments: Sequence[str]) -> int:
    """Show the documentation of each named rule."""
    asked = rule_arguments(arguments)
    modules = []
    for name in asked.names:
        module = find(name)
        if module is None:
            raise Failure(unknown_rule(name))
        modules.append(module)
    for number, module in enumerate(modules):
        text = module.__doc__ or ""
        if number:
            sys.stdout.write("\n")
        if sys.stdout.isatty() or coloured(asked.color):
            screen = console(asked.color)
            render_page(module.RULE, text, screen)
            show(screen)
        else:
            sys.stdout.write(page(module.RULE, text))
    return 0


def list_rules(arguments: Sequence[str]) -> int:
    """Show code, name, severity and summary of every rule."""
    asked = rules_arguments(arguments)
    rules = [module.RULE for module in ALL]
    if asked.output_format == "json":
        sys.stdout.write(as_json(rules))
    elif asked.output_format == "markdown":
        sys.stdout.write(as_markdown(rules))
    else:
        screen = console(asked.color, width=None if sys.stdout.isatty() else _UNWRAPPED)
        render_table(rules, screen)
        show(screen)
    return 0
