"""What all commands share: the application itself, its exit statuses, how progress is shown and results are printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer

from carpet.run.terminal import json_text, printable

DONE, REFUSED, WRONG_CALL, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130
LOST_STOPS: list[bool] = []

HELP = """CARPET, CAR T-cell PET: from PET/CT scans of lymphoma patients to traceable measurements and reports. Research use only."""
EPILOG = """\b
First steps
  carpet demo                          try it on a made-up trial
  carpet scan FOLDER                   which PET can be measured, and why
  carpet measure FOLDER -o RESULTS     numbers, masks, pictures, report

\b
From and to the hospital
  carpet fetch, carpet send            DICOMweb archive
  carpet receive                       C-STORE, only while it runs
  carpet deid IN OUT                   files without patients

\b
Exit status
  0  done
  1  something was refused; it is listed
  2  the call or the protocol is wrong
  3  a bug in carpet; the message names the log
"""

app = typer.Typer(
    name="carpet",
    help=HELP,
    epilog=EPILOG,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    invoke_without_command=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@contextmanager
def progress_on(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A function that is told each step: it shows it on standard error, if that is a terminal, and stops where a stop was asked for."""
    if quiet or not sys.stderr.isatty():
        yield _stop_if_asked
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:

        def say(step: str) -> None:
            _stop_if_asked(step)
            status.update(step)

        yield say


def _stop_if_asked(step: str) -> None:
    if LOST_STOPS:
        LOST_STOPS.clear()
        raise KeyboardInterrupt(step)


def keep_stop(lost: sys.UnraisableHookArgs) -> None:
    """Python drops exceptions inside its own callbacks (weak references, imports). A Ctrl-C that falls there is not forgotten."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        LOST_STOPS.append(True)
    else:
        sys.__unraisablehook__(lost)


def say(text: str) -> None:
    """A message to the person, apart from results."""
    print(printable(text), file=sys.stderr)


def print_json(document: Any) -> None:
    print(json_text(document, ascii_only=True))


@app.callback()
def carpet(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> int:
    """What `carpet` does without a command."""
    if version:
        print(f"carpet {version_of('carpet')}")
    elif context.invoked_subcommand is None:
        print(context.get_help())
        return WRONG_CALL
    return DONE
