"""The files of `carpet measure`: made in a hidden folder beside their place and moved there whole, so that nothing is half-written."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carpet.core.errors import ProtocolError
from carpet.core.record import Measurement
from carpet.core.space import Labels
from carpet.dicom.files import UNFINISHED
from carpet.run.document import delineation_provenance
from carpet.run.pipeline import Result
from carpet.run.stopping import hidden_folder, uninterrupted
from carpet.run.terminal import json_text

if TYPE_CHECKING:
    from pydicom import Dataset

    from carpet.dicom.seg import Form

LESION_COLUMNS = (
    *("lesion_id", "status", "decided_by", "kind", "site", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g"),
    *("centroid_l_mm", "centroid_p_mm", "centroid_s_mm", "voxels", "flags"),
)
BIOMARKER_COLUMNS = ("name", "value", "unit", "method", "segmenter", "reason_missing", "flags")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
DICOM_FILES = ("lesions.seg.dcm", "measurements.sr.dcm")
FILES = (
    *("measurements.json", "lesions.csv", "biomarkers.csv", "mip.png", "report.html", "report.pdf"),
    *(*DICOM_FILES, "lesions.nii.gz"),
)
ALSO_WRITTEN = {  # only where `--also-write` asks for it: the lesions in further formats
    "labelmap": "lesions.labelmap.dcm",
    "rtstruct": "lesions.rtstruct.dcm",
    "nrrd": "lesions.seg.nrrd",
}
Make = Callable[[], bytes | None]


@contextmanager
def new_files(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """A hidden folder to write into. When the block ends well its files replace those in `folder`, and those of `names` that were
    not written are gone from there: they belong to an earlier run. Otherwise nothing has changed."""
    made_here = _made(folder)
    try:
        with hidden_folder(UNFINISHED, folder) as part:
            yield part
            ready = sorted(part.iterdir())
            for file in ready:
                _to_disk(file)
            with uninterrupted():
                for file in ready:
                    os.replace(file, folder / file.name)
                for stale in set(names) - {file.name for file in ready}:
                    (folder / stale).unlink(missing_ok=True)
    finally:
        with uninterrupted():
            for empty in made_here:
                with suppress(OSError):  # it holds the results
                    empty.rmdir()


def _made(folder: Path) -> list[Path]:
    """Make the folder; returns the folders that were not there before, innermost first."""
    absent = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return absent


def _to_disk(file: Path) -> None:
    """After a power cut there is the old file or the new one, not an empty one."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def write_result(
    result: Result,
    document: Mapping[str, Any],
    folder: Path,
    *,
    tables_only: bool,
    when: dt.datetime,
    say: Callable[[str], None],
    also_write: Sequence[str] = (),
    tracks: Mapping[str, str] | None = None,
    pages: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Write all files into `folder`; returns their names. What does not exist for this result (a SEG without a region) is left out.

    also_write: names of ALSO_WRITTEN. tracks: lesion id → TrackingUID that the lesion already has, see `tracks_of_mask`.
    pages: the document as the pages tell it, where they tell it otherwise.
    """
    makers: dict[str, Make] = {
        "measurements.json": lambda: document_bytes(document),
        "lesions.csv": lambda: lesions_csv(document),
        "biomarkers.csv": lambda: biomarkers_csv(document),
    }
    if not tables_only:
        dicom = _dicom(result, when, dict(tracks or {}))
        wanted = [*DICOM_FILES, *(ALSO_WRITTEN[name] for name in also_write)]
        makers |= _pictures_and_pages(result, pages or document) | {"lesions.nii.gz": lambda: _nifti(result)}
        makers |= {name: dicom[name] for name in wanted}
    written = []
    with new_files(folder, (*FILES, *ALSO_WRITTEN.values())) as part:
        for name, make in makers.items():
            say(name)
            content = make()
            if content is not None:
                (part / name).write_bytes(content)
                written.append(name)
    return tuple(written)


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """What measurements.json holds."""
    return (json_text(document) + "\n").encode()


def check_also_write(names: Sequence[str], *, tables_only: bool) -> tuple[str, ...]:
    """The further formats asked for, each once. Raises ProtocolError for a format that there is not, and where only tables are wanted."""
    unknown = [name for name in names if name not in ALSO_WRITTEN]
    if unknown:
        raise ProtocolError(f"--also-write {unknown[0]!r} unknown; there are: {', '.join(ALSO_WRITTEN)}")
    if names and tables_only:
        raise ProtocolError("--tables-only writes no masks; leave out --also-write")
    return tuple(dict.fromkeys(names))


def tracks_of_mask(mask: Path | None, result: Result) -> dict[str, str]:
    """Lesion id → TrackingUID, for lesions of a mask whose segments have one: they stay the same lesions in what is written."""
    if mask is None:
        return {}
    from carpet.dicom.mask import kept_tracks, read_mask

    return kept_tracks(read_mask(mask, result.suv.grid), result.lesions)


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
    marked = f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
    return marked.replace("\r", " ")  # Python before 3.13 writes it unquoted


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


def _dicom(result: Result, when: dt.datetime, tracks: Mapping[str, str]) -> dict[str, Make]:
    """All that refers to the PET's slices. SEG first: the SR refers to it."""
    patient, method, software = result.study.pseudonym, delineation_provenance(result), f"carpet {version('carpet')}"
    made: list[bytes] = []

    @cache
    def headers() -> tuple[Dataset, ...]:
        from carpet.dicom.pixels import ordered_headers

        return tuple(ordered_headers(result.study.pet))

    def seg(form: Form) -> bytes | None:
        from carpet.dicom.seg import write_seg

        return write_seg(result.lesions, headers(), patient=patient, method=method, software=software, when=when, tracks=tracks, form=form)

    def binary() -> bytes | None:
        content = seg("BINARY")
        made.extend(() if content is None else (content,))
        return content

    def sr() -> bytes:
        import pydicom

        from carpet.dicom.sr import write_sr

        return write_sr(
            result.lesions,
            [value for value in result.values if isinstance(value, Measurement)],
            source=headers(),
            seg=pydicom.dcmread(io.BytesIO(made[0])) if made else None,
            patient=patient,
            method=method,
            software=software,
            when=when,
            flags=result.flags,
        )

    def rtstruct() -> bytes | None:
        from carpet.dicom.rtstruct_writing import write_rtstruct

        return write_rtstruct(result.lesions, headers(), patient=patient, method=method, software=software, when=when, tracks=tracks)

    def nrrd() -> bytes:
        from carpet.dicom.nrrd import write_nrrd
        from carpet.dicom.seg import tracking_uids

        uids = tracking_uids(result.lesions, headers()[0], patient=patient, tracks=tracks)
        return write_nrrd(result.lesions, result.suv.grid, tracks=uids)

    further: dict[str, Make] = {"labelmap": lambda: seg("LABELMAP"), "rtstruct": rtstruct, "nrrd": nrrd}
    return dict(zip(DICOM_FILES, (binary, sr), strict=True)) | {ALSO_WRITTEN[name]: make for name, make in further.items()}


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
