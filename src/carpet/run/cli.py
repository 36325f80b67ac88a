"""The command `carpet`: parses the call, shows progress, prints results, and turns every error into words and an exit status."""

from __future__ import annotations

import datetime as dt
import errno
import io
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any

import typer

from carpet.core.errors import CarpetError, ContractError, ProtocolError, Refused
from carpet.run.terminal import json_text, notices_text, printable

DONE, REFUSED, WRONG_CALL, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130
LOST_STOPS: list[bool] = []

HELP = """CARPET, CAR T-cell PET: from PET/CT scans of lymphoma patients to traceable measurements and reports. Research use only."""
EPILOG = """\b
First steps
  carpet demo                          try it on a made-up patient
  carpet scan FOLDER                   which PET can be measured, and why
  carpet measure FOLDER -o RESULTS     numbers, masks, pictures, report

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

Paths = Annotated[list[Path], typer.Argument(help="Folders, DICOM files or zips.", show_default=False, metavar="PATH")]
OnePath = Annotated[Path, typer.Argument(help="Folder, DICOM file or zip of one PET/CT study.", show_default=False, metavar="PATH")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ProtocolName = Annotated[
    str, typer.Option("--protocol", "-p", metavar="NAME|FILE", help="A built-in protocol's name, or a TOML file of your own.")
]
Weight = Annotated[
    float | None,
    typer.Option("--weight-kg", metavar="KG", help="Body weight (2–400 kg) in place of the scan's; the result says so.", min=2, max=400),
]
Reader = Annotated[str | None, typer.Option(metavar="NAME", help="Who answers for the mask; without a reader the result is UNREVIEWED.")]
Mask = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Regions made elsewhere: DICOM SEG, RTSTRUCT, NIfTI or NRRD.", exists=True, dir_okay=False),
]
Decisions = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A reader's decisions: CSV with lesion_id (or l_mm,p_mm,s_mm), status, site, reader.",
        exists=True,
        dir_okay=False,
    ),
]
Also = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="A further delineation, side by side (see `carpet methods segmenter`); repeatable.")
]


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


def _keep_stop(lost: sys.UnraisableHookArgs) -> None:
    """Python drops exceptions inside its own callbacks (weak references, imports). A Ctrl-C that falls there is not forgotten."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        LOST_STOPS.append(True)
    else:
        sys.__unraisablehook__(lost)


def _say(text: str) -> None:
    """A message to the person, apart from results."""
    print(printable(text), file=sys.stderr)


def _print_json(document: Any) -> None:
    print(json_text(document, ascii_only=True))


def _refused(error: Refused, *, as_json: bool) -> int:
    if as_json:
        _print_json({"schema": 1, "refusals": [notice.as_dict() for notice in error.notices]})
    else:
        _say(f"refused: no number is given.\n\n{notices_text(error.notices)}")
    return REFUSED


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


@app.command(short_help="What is in these files; which PET can be measured, and why.")
def scan(
    paths: Paths,
    as_json: Json = False,
    values: Annotated[bool, typer.Option("--values", help="Also print minimum, median and maximum SUVbw (reads the pixels).")] = False,
    protocol: ProtocolName = "cart-lymphoma",
) -> int:
    """Say what is in these files, which PET can be quantified, and why the others can't."""
    from carpet.run.opening import found_under
    from carpet.run.protocols import load_protocol
    from carpet.run.scan_text import scan_text
    from carpet.run.scanning import scan_document

    with progress_on(as_json) as say:
        say("reading headers")
        with found_under(paths, load_protocol(protocol).suv) as found:
            document = scan_document(found, values=values)
    if as_json:
        _print_json(document)
    else:
        print(printable(scan_text(document)))
    refused = document["unreadable"] or any(series["refusals"] for study in document["studies"] for series in study["series"])
    return REFUSED if refused or not document["studies"] else DONE


@app.command(short_help="One PET/CT study to numbers, masks, pictures and a report.")
def measure(
    path: OnePath,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the results.", show_default=False)],
    protocol: ProtocolName = "cart-lymphoma",
    mask: Mask = None,
    decisions: Decisions = None,
    reader: Reader = None,
    series: Annotated[str | None, typer.Option(metavar="UID", help="Which PET series, where there are several.")] = None,
    also: Also = None,
    weight_kg: Weight = None,
    tables_only: Annotated[bool, typer.Option("--tables-only", help="Only measurements.json, lesions.csv and biomarkers.csv.")] = False,
    as_json: Json = False,
) -> int:
    """Measure one PET/CT study: numbers, masks, pictures and the report.

    Results of an earlier run in the same folder are replaced when all is done, not before.
    """
    from carpet.run.document import document as document_of
    from carpet.run.measuring import measured
    from carpet.run.outputs import write_result
    from carpet.run.pipeline import Wishes
    from carpet.run.protocols import load_protocol
    from carpet.run.summary import summary

    chosen = load_protocol(protocol, also=tuple(also or ()))
    wishes = Wishes(mask, decisions, _named(reader, mask))
    if out.exists() and not out.is_dir():
        raise ProtocolError(f"--out {str(out)!r} is a file; name a folder")
    with progress_on(as_json) as say, measured(path, chosen, wishes, series_uid=series, weight_kg=weight_kg, say=say) as result:
        document = document_of(result)
        written = write_result(result, document, out, tables_only=tables_only, when=dt.datetime.now().replace(microsecond=0), say=say)
    if as_json:
        _print_json(document)
    else:
        print(printable(summary(document, out, written)))
    return DONE


def _named(reader: str | None, mask: Path | None) -> str | None:
    """The reader's name, if it is one and answers for something."""
    if reader is None:
        return None
    if mask is None:
        raise ProtocolError("--reader answers for a --mask; in a decisions file each row names its reader")
    if not reader.strip() or not reader.isprintable():
        raise ProtocolError("--reader needs a name in printable characters")
    return reader.strip()


@app.command(short_help="Every segmenter, biomarker and rule, with unit and source.")
def methods(
    kind: Annotated[str | None, typer.Argument(help="segmenter, biomarker or rule.", show_default=False, metavar="KIND")] = None,
    as_json: Json = False,
) -> int:
    """List every method: what it does, its unit, its source, its version."""
    from carpet.run.methods_list import methods_list, methods_table

    rows = methods_list(kind)
    if as_json:
        _print_json({"schema": 1, "methods": rows})
    else:
        print(methods_table(rows))
    return DONE


@app.command(short_help="A made-up patient as real DICOM, measured.")
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the demonstration.", metavar="FOLDER")] = Path("carpet-demo"),
    seed: Annotated[int, typer.Option(metavar="NUMBER", min=0, help="Another seed makes another patient.")] = 1,
) -> int:
    """Make a synthetic PET/CT as real DICOM, measure it, and say where the report is."""
    from carpet.run.demo import run_demo

    with progress_on(False) as say:
        text = run_demo(folder, seed=seed, say=say)
    print(printable(text))
    return DONE


def main() -> None:
    """The entry point of the command `carpet`."""
    sys.unraisablehook = _keep_stop
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's stop leaves as little behind as Ctrl-C
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character must not cost the result
    status = run(sys.argv[1:])
    with suppress(OSError):
        sys.stdout.flush()
        sys.exit(status)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of the pipe has gone: nothing more to say
    sys.exit(status)


def run(arguments: list[str]) -> int:
    """Run one call and return its exit status; every error becomes words."""
    as_json = "--json" in arguments
    try:
        status: Any = app(args=arguments, prog_name="carpet", standalone_mode=False)
        if status == INTERRUPTED:  # typer has caught it
            raise KeyboardInterrupt
        return status if isinstance(status, int) else DONE
    except Refused as error:
        return _refused(error, as_json=as_json)
    except (ProtocolError, ContractError) as error:
        _say(f"wrong call: {error}")
        return WRONG_CALL
    except CarpetError as error:
        _say(f"refused: {error}")
        return REFUSED
    except (KeyboardInterrupt, typer.Abort):
        _say("stopped; nothing was half-written, the same command starts again")
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the reader of our output has gone; typer exits then
        return DONE
    except MemoryError:
        _say("not enough memory for this study; close other programs or use a larger machine")
        return WRONG_CALL
    except Exception as error:
        return _explained(error)


def _explained(error: Exception) -> int:
    """Errors of the command line itself, of the file system, and our own bugs."""
    if hasattr(error, "format_message"):
        _say(f"wrong call: {error.format_message()}\nTry `carpet --help`.")
        return WRONG_CALL
    if isinstance(error, OSError):
        _say(f"cannot read or write{_place(error)}: {error.strerror or error}. {_way_out(error)}")
        return WRONG_CALL
    _say(f"internal error ({type(error).__name__}): this is a bug in carpet. {_logged()}")
    return INTERNAL


def _place(error: OSError) -> str:
    """The file, but not one of our own hidden part files, whose name says nothing."""
    if not isinstance(error.filename, str):
        return ""
    path = Path(error.filename)
    known = next((parent.parent for parent in path.parents if parent.name.startswith(".carpet-")), path)
    return f" {str(known)!r}"


def _way_out(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "Earlier results are as they were. Make room and run the same command again."
    return "Check the path, the disk and your rights."


def _logged() -> str:
    """Write the traceback of the current error where a report of the bug can take it from."""
    try:
        with tempfile.NamedTemporaryFile("w", prefix="carpet-bug-", suffix=".log", delete=False, encoding="utf-8", errors="replace") as log:
            traceback.print_exc(file=log)
    except OSError:
        return f"No log could be written:\n{traceback.format_exc()}"
    return f"The log is in {log.name}"
