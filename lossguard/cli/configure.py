"""`lossguard config`: what can be configured, and the JSON schema of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from lossguard.cli.arguments import Parser
from lossguard.cli.selection import known_rules
from lossguard.settings import KEYS, schema


def config_parser() -> Parser:
    parser = Parser(prog="lossguard config", description="Lists the keys of the configuration.", allow_abbrev=False)
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of the configuration instead")
    return parser


def configure(arguments: Sequence[str]) -> int:
    """Show the keys of the configuration."""
    if config_parser().parse_args(list(arguments)).schema:
        sys.stdout.write(schema_text())
        return 0
    for number, key in enumerate(KEYS.values()):
        choices = f" ({', '.join(key.choices)})" if key.choices else ""
        sys.stdout.write(("\n" if number else "") + f"{key.name}: {key.kind.value}{choices}\n  {key.help}\n")
    return 0


def schema_text() -> str:
    """The schema as it is shipped, in `lossguard/lossguard.schema.json`."""
    return json.dumps(schema(known_rules()), indent=2) + "\n"
