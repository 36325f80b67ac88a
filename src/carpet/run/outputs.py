"""The files of `carpet measure`: made in a hidden folder beside their place and moved there whole, so that nothing is half-written."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from carpet.core.record import Measurement
from carpet.core.space import Labels
from carpet.run.document import delineation_provenance
from carpet.run.pipeline import Result

LESION_COLUMNS = (
    "lesion_id status decided_by kind site volume_ml suv_max suv_mean suv_peak tlg_g centroid_l_mm centroid_p_mm centroid_s_mm voxels flags"
).split()
BIOMARKER_COLUMNS = "name value unit method segmenter reason_missing flags".split()
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TABLES = frozenset({"measurements.json", "lesions.csv", "biomarkers.csv"})
Make = Callable[[], bytes | None]


@contextmanager
def new_files(folder: Path) -> Iterator[Path]:
    """A hidden folder to write into; when the block ends well its files replace those in `folder`, else nothing has changed."""
    folder.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".carpet-", dir=folder))
    try:
        yield part
        for made in sorted(part.iterdir()):
            os.replace(made, folder / made.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_result(result: Result, document: Mapping[str, Any], folder: Path, *, tables_only: bool, when: dt.datetime, say: Callable[[str], None]) -> tuple[str, ...]:
    """Write all files into `folder`; returns their names. A file that does not exist for this result (a SEG without a region) is left out."""
    makers: dict[str, Make] = {
        "measurements.json": lambda: (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode(),
        "lesions.csv": lambda: lesions_csv(document),
        "biomarkers.csv": lambda: biomarkers_csv(document),
    }
    if not tables_only:
        makers |= _pictures_and_pages(result, document) | _dicom(result, when) | {"lesions.nii.gz": lambda: _nifti(result)}
    written = []
    with new_files(folder) as part:
        for name, make in makers.items():
            say(name)
            content = make()
            if content is not None:
                (part / name).write_bytes(content)
                written.append(name)
    for stale in set(makers) - set(written):
        (folder / stale).unlink(missing_ok=True)
    return tuple(written)


def csv_bytes(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """RFC 4180, UTF-8, numbers in full precision; text that a spreadsheet would run as a formula gets a leading apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(columns)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = ";".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text


def lesions_csv(document: Mapping[str, Any]) -> bytes:
    """A row a region, disease or not."""
    rows = []
    for lesion in document["lesions"]:
        left, posterior, superior = lesion["centroid_lps_mm"]
        site = lesion["site"]["meaning"] if lesion["site"] else None
        rows.append(lesion | {"site": site, "centroid_l_mm": left, "centroid_p_mm": posterior, "centroid_s_mm": superior})
    return csv_bytes(LESION_COLUMNS, rows)


def biomarkers_csv(document: Mapping[str, Any]) -> bytes:
    """Long form: a row a biomarker and segmenter."""
    return csv_bytes(BIOMARKER_COLUMNS, document["biomarkers"])


def _nifti(result: Result) -> bytes:
    from carpet.dicom.nifti import write_nifti

    labels = Labels(result.suv.grid, {lesion.label: lesion.region for lesion in result.lesions})
    return write_nifti(labels.to_values(), result.suv.grid)


def _dicom(result: Result, when: dt.datetime) -> dict[str, Make]:
    """SEG first: the SR refers to it."""
    made: dict[str, Any] = {}

    def headers() -> Any:
        from carpet.dicom.pixels import ordered_headers

        if "headers" not in made:
            made["headers"] = list(ordered_headers(result.study.pet))
        return made["headers"]

    common = {"patient": result.study.pseudonym, "method": delineation_provenance(result), "software": f"carpet {version('carpet')}", "when": when}

    def seg() -> bytes | None:
        from carpet.dicom.seg import write_seg

        made["seg"] = write_seg(result.lesions, headers(), **common)
        return made["seg"]

    def sr() -> bytes:
        import pydicom

        from carpet.dicom.sr import write_sr

        segmentation = pydicom.dcmread(io.BytesIO(made["seg"])) if made["seg"] else None
        values = [value for value in result.values if isinstance(value, Measurement)]
        return write_sr(result.lesions, values, source=headers(), seg=segmentation, flags=result.flags, **common)

    return {"lesions.seg.dcm": seg, "measurements.sr.dcm": sr}


def _pictures_and_pages(result: Result, document: Mapping[str, Any]) -> dict[str, Make]:
    pictures: dict[str, bytes] = {}
    status = "" if result.reviewed else "UNREVIEWED"

    def mip() -> bytes:
        from carpet.report.mip import mip_png

        pictures["mip"] = mip_png(result.suv, result.lesions, result.anatomy, status_text=status)
        return pictures["mip"]

    def page() -> bytes:
        from carpet.report.page import page_html
        from carpet.report.slices import references_png, slices_png

        pictures["lesions"] = slices_png(result.suv, result.study.ct, result.lesions, status_text=status)
        pictures["references"] = references_png(result.suv, result.study.ct, result.anatomy, status_text=status)
        return page_html(document, pictures).encode()

    def pdf() -> bytes:
        from carpet.report.pdf import page_pdf

        return page_pdf(document, pictures)

    return {"mip.png": mip, "report.html": page, "report.pdf": pdf}
