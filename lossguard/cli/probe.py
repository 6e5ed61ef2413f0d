"""`lossguard probe TARGET`: look at a saved model, or at one that a function builds."""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from lossguard.cli.arguments import Formatter, Parser
from lossguard.cli.failure import Failure
from lossguard.cli.live import add_options, report, settings

_DESCRIPTION = """\
Builds or loads a compiled Keras model, runs it on one batch and checks that its output,
loss, metrics and labels fit each other. Needs Keras: pip install 'lossguard[runtime]'."""
_EPILOG = """\
targets:
  model.keras, model.h5, folder/     a saved model
  package.module:build_model         a function that returns a compiled model, or the model
  path/file.py:build_model           the same in a file

exit status: 0 nothing found, 1 findings, 2 the model could not be looked at"""
_PATIENCE = 1.0


def probe(arguments: Sequence[str]) -> int:
    """Look at what the arguments name, report, and give the exit status."""
    asked = probe_parser().parse_args(list(arguments))
    how = settings(asked)
    options = how.options(_path(asked.target))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from lossguard.check import Checked
    from lossguard.report.words import counted
    from lossguard.runtime.intercept import makers_watched
    from lossguard.runtime.library import NotProbed, require_keras
    from lossguard.runtime.load import UserError, is_saved, labels, load
    from lossguard.runtime.probe import looked
    from lossguard.runtime.script import has_own_frames, user_traceback
    from lossguard.runtime.spots import InProgram, Made, Program

    try:
        require_keras()
        with contextlib.redirect_stdout(sys.stderr), _patience(f"loading {asked.target}"):
            made, program = Made(), Program()
            with makers_watched(made):
                model = load(asked.target, dict(asked.arg), allow_code=asked.allow_code)
            y = labels(asked.labels) if asked.labels is not None else None
            x = labels(asked.inputs) if asked.inputs is not None else None
            compiled = None if is_saved(asked.target) else made.compiled_at(model)
            found = looked(
                model,
                x,
                y,
                select=options.codes(),
                places=None if compiled is None else InProgram(program, made.spots, compiled, None),
                sources=None if compiled is None else made.sources(program),
            )
    except UserError as failed:
        if failed.__cause__ is not None:
            sys.stderr.write(user_traceback(failed.__cause__))
        raise Failure(f"{failed} failed") from failed
    except NotProbed as why:
        if why.__cause__ is not None and has_own_frames(why.__cause__):
            sys.stderr.write(user_traceback(why.__cause__))
        raise Failure(str(why)) from why
    if asked.verbose:
        sys.stderr.write(found.portrait)
    left, hidden = how.sifted(found.diagnostics, found.sources, options)
    checked = Checked(tuple(left.diagnostics), 1, 1, 1, sources=found.sources, notes=found.notes)
    closing = f"Looked at 1 model with {counted(found.outputs, 'output')}.{hidden}"
    return report(checked, how, closing)


def _path(target: str) -> Path:
    """Where the target is, as the project's configuration is found from there; a module is looked for here."""
    place = target.rpartition(":")[0]
    return (Path.cwd() / (place if place.endswith(".py") else target)).absolute()


def probe_parser() -> Parser:
    parser = Parser(
        prog="lossguard probe",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="TARGET", help="a saved model, module:function or file.py:function")
    parser.add_argument(
        "--arg", action="append", default=[], type=_argument, metavar="NAME=VALUE", help="an argument of the function"
    )
    parser.add_argument("--labels", metavar="FILE", help="labels: .npy, or .npz with one array for each output")
    parser.add_argument("--inputs", metavar="FILE", help="inputs that go with them, in the same form")
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="run Python code that is stored in a saved model (Lambda layers): it can do anything that you can",
    )
    add_options(parser)
    return parser


def _argument(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"not NAME=VALUE: {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value


@contextlib.contextmanager
def _patience(doing: str) -> Iterator[None]:
    """Say on a terminal what takes so long, if it does."""
    if not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(_PATIENCE, lambda: sys.stderr.write(f"lossguard: {doing} ...\n"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
