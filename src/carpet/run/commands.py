"""The commands about scans: what is there, its numbers, the methods, and a demonstration."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from carpet.core.errors import ProtocolError
from carpet.run.calls import DONE, REFUSED, Json, app, print_json, progress_on
from carpet.run.terminal import printable

Paths = Annotated[list[Path], typer.Argument(help="Folders, DICOM files or zips.", show_default=False, metavar="PATH")]
OnePath = Annotated[Path, typer.Argument(help="Folder, DICOM file or zip of one PET/CT study.", show_default=False, metavar="PATH")]
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
        help="A reader's decisions: CSV with lesion_id (or l_mm,p_mm,s_mm), status, site, reader; or reading.json of `carpet review`.",
        exists=True,
        dir_okay=False,
    ),
]
Also = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="A further delineation, side by side (see `carpet methods segmenter`); repeatable.")
]

AlsoWrite = Annotated[
    list[str] | None,
    typer.Option(
        "--also-write",
        metavar="FORMAT",
        help="The lesions in a further format: labelmap (DICOM SEG as one label map), rtstruct (DICOM RTSTRUCT), nrrd (3D Slicer's "
        ".seg.nrrd); repeatable.",
    ),
]


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
        print_json(document)
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
    also_write: AlsoWrite = None,
    tables_only: Annotated[bool, typer.Option("--tables-only", help="Only measurements.json, lesions.csv and biomarkers.csv.")] = False,
    as_json: Json = False,
) -> int:
    """Measure one PET/CT study: numbers, masks, pictures and the report.

    Results of an earlier run in the same folder are replaced when all is done, not before.
    """
    from carpet.run.document import document as document_of
    from carpet.run.measuring import measured
    from carpet.run.outputs import check_also_write, tracks_of_mask, write_result
    from carpet.run.pipeline import Wishes
    from carpet.run.protocols import load_protocol
    from carpet.run.summary import summary

    chosen = load_protocol(protocol, also=tuple(also or ()))
    formats = check_also_write(also_write or (), tables_only=tables_only)
    wishes = Wishes(mask, decisions or (), _named(reader, mask))
    if out.exists() and not out.is_dir():
        raise ProtocolError(f"--out {str(out)!r} is a file; name a folder")
    with progress_on(as_json) as say, measured(path, chosen, wishes, series_uid=series, weight_kg=weight_kg, say=say) as result:
        document = document_of(result)
        written = write_result(
            result,
            document,
            out,
            tables_only=tables_only,
            when=dt.datetime.now().replace(microsecond=0),
            say=say,
            also_write=formats,
            tracks=None if tables_only else tracks_of_mask(mask, result),
        )
    if as_json:
        print_json(document)
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


@app.command(short_help="Every segmenter, biomarker, criterion, score and rule, with source.")
def methods(
    kind: Annotated[
        str | None, typer.Argument(help="segmenter, biomarker, criterion, score or rule.", show_default=False, metavar="KIND")
    ] = None,
    as_json: Json = False,
) -> int:
    """List every method: what it does, its unit, its source, its version."""
    from carpet.run.methods_list import methods_list, methods_table

    rows = methods_list(kind)
    if as_json:
        print_json({"schema": 1, "methods": rows})
    else:
        print(methods_table(rows))
    return DONE


@app.command(short_help="A made-up trial as real DICOM, run like a real one.")
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the demonstration.", metavar="FOLDER")] = Path("carpet-demo"),
    patients: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first N patients.", show_default=False)] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Processes. Default: one a core, at most 8.", show_default=False),
    ] = None,
) -> int:
    """Make a synthetic trial: phantom patients as real DICOM, clinical tables. Run it, and say where its pages are.

    The patients were made to respond in certain ways; the responses that come out are held against them. A call that was stopped
    goes on when it is repeated.
    """
    from carpet.run.demo import run_demo
    from carpet.run.store import Stamp
    from carpet.run.workers import usual_workers

    at = dt.datetime.now(dt.UTC)
    stamp = Stamp(run=at.strftime("%Y%m%dT%H%M%S.%fZ"), who="carpet", at=at)
    with progress_on(False) as say:
        text, missed = run_demo(folder, patients=patients, workers=workers or usual_workers(), stamp=stamp, say=say)
    print(printable(text))
    return REFUSED if missed else DONE
