"""`lossguard completion SHELL`: a script that completes commands, options, their values and names of rules."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lossguard.cli.arguments import Parser, rule_parser, rules_parser
from lossguard.cli.caching import clean_parser
from lossguard.cli.check_arguments import check_parser
from lossguard.cli.commands import ALIASES, COMMANDS
from lossguard.cli.configure import config_parser
from lossguard.cli.probe import probe_parser
from lossguard.cli.run import run_parser
from lossguard.cli.selection import known_rules

SHELLS = ("bash", "zsh", "fish")
_TAKING_RULES = frozenset({"--select", "--extend-select", "--ignore"})


@dataclass(frozen=True, slots=True)
class Option:
    """An option, and what may follow it: None where that is not known."""

    flag: str
    about: str
    takes_value: bool
    values: tuple[str, ...] | None


def completion_parser() -> Parser:
    parser = Parser(
        prog="lossguard completion",
        description='Prints a completion script: eval "$(lossguard completion bash)".',
        allow_abbrev=False,
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    return parser


def completion(arguments: Sequence[str]) -> int:
    """Print the script for a shell."""
    shell = completion_parser().parse_args(list(arguments)).shell
    lines = _fish() if shell == "fish" else _bash(zsh=shell == "zsh")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def options() -> dict[str, list[Option]]:
    """The options of each command."""
    parsers = {
        "check": check_parser(),
        "rule": rule_parser(),
        "rules": rules_parser(),
        "probe": probe_parser(),
        "run": run_parser(),
        "config": config_parser(),
        "clean": clean_parser(),
        "completion": completion_parser(),
    }
    return {name: [_option(action) for action in _actions(parser)] for name, parser in parsers.items()}


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in parser._actions if action.option_strings)  # noqa: SLF001  no other way to ask


def _option(action: argparse.Action) -> Option:
    flag = action.option_strings[-1]
    values = tuple(map(str, action.choices)) if action.choices else None
    if flag in _TAKING_RULES:
        values = _rules()
    takes_value = action.nargs != 0 and flag != "--add-ignore"
    about = re.split(r":| \(", action.help or "")[0].replace("'", "")
    return Option(flag, about, takes_value, values)


def _rules() -> tuple[str, ...]:
    return tuple(known_rules().values())


def _words(command: str) -> tuple[str, ...]:
    """What a command takes besides options and files."""
    return {"rule": _rules(), "completion": SHELLS}.get(command, ())


def _bash(*, zsh: bool) -> Iterator[str]:
    if zsh:
        yield "autoload -U +X compinit && compinit"
        yield "autoload -U +X bashcompinit && bashcompinit"
    names = [*COMMANDS, *ALIASES]
    yield "_lossguard() {"
    yield '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command=check'
    yield "  COMPREPLY=()"
    yield '  if [ "$COMP_CWORD" -gt 1 ]; then'
    yield f'    case "${{COMP_WORDS[1]}}" in {"|".join(names)}) command="${{COMP_WORDS[1]}}" ;; esac'
    yield "  fi"
    for alias, name in ALIASES.items():
        yield f'  if [ "$command" = {alias} ]; then command={name}; fi'
    yield '  case "$command $prev" in'
    for command, found in options().items():
        for option in found:
            if option.values is not None:
                yield f'    "{command} {option.flag}") COMPREPLY=( {_compgen(option.values)} ); return ;;'
            elif option.takes_value:
                yield f'    "{command} {option.flag}") COMPREPLY=( $(compgen -f -- "$cur") ); return ;;'
    yield "  esac"
    yield '  case "$command $cur" in'
    for command, found in options().items():
        yield f'    "{command} -"*) COMPREPLY=( {_compgen([option.flag for option in found])} ); return ;;'
        if _words(command):
            yield f'    "{command} "*) COMPREPLY=( {_compgen(_words(command))} ); return ;;'
    yield "  esac"
    yield f'  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=( {_compgen(names)} ); fi'
    yield '  COMPREPLY+=( $(compgen -f -- "$cur") )'
    yield "}"
    yield "complete -o filenames -F _lossguard lossguard"


def _compgen(words: Sequence[str]) -> str:
    return f'$(compgen -W "{" ".join(words)}" -- "$cur")'


def _fish() -> Iterator[str]:
    names = " ".join([*COMMANDS, *ALIASES])
    for name, command in COMMANDS.items():
        yield f"complete -c lossguard -n 'not __fish_seen_subcommand_from {names}' -a {name} -d '{command.about}'"
    others = " ".join(name for name in [*COMMANDS, *ALIASES] if name != "check")
    for name, found in options().items():
        called = " ".join([name, *(alias for alias, meant in ALIASES.items() if meant == name)])
        seen = (
            f"not __fish_seen_subcommand_from {others}" if name == "check" else f"__fish_seen_subcommand_from {called}"
        )
        for word in _words(name):
            yield f"complete -c lossguard -n '{seen}' -f -a {word}"
        for option in found:
            values = "" if option.values is None else f" -x -a '{' '.join(option.values)}'"
            required = " -r" if option.takes_value and option.values is None else ""
            flag = option.flag.removeprefix("--")
            yield f"complete -c lossguard -n '{seen}' -l {flag}{values}{required} -d '{option.about}'"
