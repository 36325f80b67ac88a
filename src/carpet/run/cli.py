"""The command `carpet`: parses the call, shows progress, prints results, and turns every error into words and an exit status."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from carpet.core.errors import CarpetError, ContractError, ProtocolError, Refused

DONE, REFUSED, WRONG_CALL, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130

app = typer.Typer(
    name="carpet",
    help="CAR T-cell PET: from PET/CT scans of lymphoma patients to traceable measurements and reports. Research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Paths = Annotated[list[Path], typer.Argument(help="Folders, DICOM files or zips.", show_default=False)]
OnePath = Annotated[Path, typer.Argument(help="Folder, DICOM file or zip of one PET/CT study.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ProtocolName = Annotated[str, typer.Option("--protocol", "-p", help="A built-in protocol's name, or a TOML file of your own.")]
Weight = Annotated[float | None, typer.Option("--weight-kg", help="Body weight where the scan has none; the result says so.", min=2, max=400)]


@contextmanager
def progress_on(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A function that shows the current step on standard error, if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda step: status.update(step)


def _refused(error: Refused, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"schema": 1, "refusals": [notice.as_dict() for notice in error.notices]}, indent=1, ensure_ascii=False))
    else:
        print("refused: no number is given, because\n", file=sys.stderr)
        print("\n".join(str(notice) for notice in error.notices), file=sys.stderr)
    return REFUSED


@app.command()
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
        print(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print(scan_text(document))
    refused = document["unreadable"] or any(series["refusals"] for study in document["studies"] for series in study["series"])
    return REFUSED if refused or not document["studies"] else DONE


@app.command()
def measure(
    path: OnePath,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.", show_default=False)],
    protocol: ProtocolName = "cart-lymphoma",
    mask: Annotated[Path | None, typer.Option(help="Regions made elsewhere: DICOM SEG, RTSTRUCT, NIfTI or NRRD.", exists=True, dir_okay=False)] = None,
    decisions: Annotated[Path | None, typer.Option(help="A reader's decisions (CSV).", exists=True, dir_okay=False)] = None,
    reader: Annotated[str | None, typer.Option(help="Who answers for the mask.")] = None,
    series: Annotated[str | None, typer.Option(help="UID of the PET series, where there are several.")] = None,
    also: Annotated[list[str] | None, typer.Option(help="A further delineation, side by side; may be repeated.")] = None,
    weight_kg: Weight = None,
    tables_only: Annotated[bool, typer.Option("--tables-only", help="Only measurements.json, lesions.csv and biomarkers.csv.")] = False,
    as_json: Json = False,
) -> int:
    """Measure one PET/CT study: numbers, masks, pictures and the report."""
    from carpet.run.document import document as document_of
    from carpet.run.measuring import measured
    from carpet.run.outputs import write_result
    from carpet.run.pipeline import Wishes
    from carpet.run.protocols import load_protocol
    from carpet.run.summary import summary

    chosen = load_protocol(protocol, also=tuple(also or ()))
    wishes = Wishes(mask, decisions, reader)
    with progress_on(as_json) as say, measured(path, chosen, wishes, series_uid=series, weight_kg=weight_kg, say=say) as result:
        document = document_of(result)
        written = write_result(result, document, out, tables_only=tables_only, when=dt.datetime.now().replace(microsecond=0), say=say)
    print(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) if as_json else summary(document, out, written))
    return DONE


@app.command()
def methods(
    kind: Annotated[str | None, typer.Argument(help="segmenter, biomarker or rule.", show_default=False)] = None,
    as_json: Json = False,
) -> int:
    """List every method: what it does, its unit, its source, its version."""
    from carpet.run.methods_list import methods_list, methods_table

    rows = methods_list(kind)
    print(json.dumps({"schema": 1, "methods": rows}, indent=1, ensure_ascii=False) if as_json else methods_table(rows))
    return DONE


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the demonstration.")] = Path("carpet-demo"),
    seed: Annotated[int, typer.Option(help="Another seed makes another patient.")] = 1,
) -> int:
    """Make a synthetic PET/CT as real DICOM, measure it, and say where the report is."""
    from carpet.run.demo import run_demo

    with progress_on(False) as say:
        text = run_demo(folder, seed=seed, say=say)
    print(text)
    return DONE


def main() -> None:
    """The entry point of the command `carpet`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one call and return its exit status; no exception leaves but SystemExit of nothing."""
    as_json = "--json" in arguments
    try:
        status: Any = app(args=arguments, standalone_mode=False)
        return status if isinstance(status, int) else DONE
    except Refused as error:
        return _refused(error, as_json=as_json)
    except (ProtocolError, ContractError) as error:
        print(f"wrong call: {error}", file=sys.stderr)
        return WRONG_CALL
    except CarpetError as error:
        print(f"refused: {error}", file=sys.stderr)
        return REFUSED
    except (KeyboardInterrupt, typer.Abort):
        print("stopped; nothing was half-written, the same command starts again", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        return _explained(error)


def _explained(error: Exception) -> int:
    """Errors of the command line itself, of the file system, and our own bugs."""
    if hasattr(error, "format_message"):
        print(f"wrong call: {error.format_message()}\nTry `carpet --help`.", file=sys.stderr)
        return WRONG_CALL
    if isinstance(error, OSError) and error.filename is not None:
        print(f"cannot read or write {str(error.filename)!r}: {error.strerror}. Check the disk and the rights.", file=sys.stderr)
        return WRONG_CALL
    with tempfile.NamedTemporaryFile("w", prefix="carpet-bug-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    print(f"internal error ({type(error).__name__}): this is a bug in carpet. The log is in {log.name}", file=sys.stderr)
    return INTERNAL
