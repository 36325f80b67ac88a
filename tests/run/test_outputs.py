"""Contract: all files or none, the names and columns of INTERFACE, and in no file a name, a formula or an unmarked number."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from carpet.core.errors import ProtocolError
from carpet.core.geometry import whole
from carpet.dicom.mask import read_mask
from carpet.report.mip import mip_png
from carpet.run.cli import run
from carpet.run.document import document
from carpet.run.outputs import (
    ALSO_WRITTEN,
    FILES,
    biomarkers_csv,
    check_also_write,
    csv_bytes,
    lesions_csv,
    new_files,
    tracks_of_mask,
    write_result,
)
from carpet.run.pipeline import Result, Wishes
from carpet.testing import write_reference_object

NINE = {
    *("measurements.json", "lesions.csv", "biomarkers.csv", "lesions.seg.dcm", "measurements.sr.dcm", "lesions.nii.gz"),
    *("mip.png", "report.html", "report.pdf"),
}
FURTHER = {"lesions.labelmap.dcm", "lesions.rtstruct.dcm", "lesions.seg.nrrd"}
TABLES = {"measurements.json", "lesions.csv", "biomarkers.csv"}
LESIONS = "lesion_id,status,decided_by,kind,site,volume_ml,suv_max,suv_mean,suv_peak,tlg_g,centroid_l_mm,centroid_p_mm,centroid_s_mm,voxels"
BIOMARKERS = "name,value,unit,method,segmenter,reason_missing,flags"
SECRETS = ("zauberberg", "klawdia", "mrn-4711", "4711-0815")
COMMAND = "from carpet.run.cli import main; main()"
poppler = pytest.mark.dciodvfy  # poppler-utils is installed with the other Debian tools that this mark stands for


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def texts(folder: Path) -> dict[str, str]:
    """What each file says, as a reader of its format sees it; pictures and label volumes as their bytes."""
    said = {}
    for path in folder.iterdir():
        if path.suffix == ".dcm":
            said[path.name] = str(pydicom.dcmread(path))
        elif path.suffix == ".gz":
            said[path.name] = gzip.decompress(path.read_bytes()).decode("latin-1")
        else:
            said[path.name] = path.read_bytes().decode("latin-1" if path.suffix in (".png", ".pdf") else "utf-8")
    return said


def pdf_text(path: Path) -> str:
    return subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True).stdout


def test_old_files_stay_until_all_are_made(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").write_text("old")
    (tmp_path / "mine").write_text("not carpet's")
    with new_files(tmp_path, ("a", "b")) as part:
        (part / "a").write_text("new")
        assert (tmp_path / "a").read_text() == "old"
        assert (tmp_path / "b").exists()
    assert names_in(tmp_path) == {"a", "mine"}  # b belonged to the run before
    assert (tmp_path / "a").read_text() == "new"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_stop_leaves_everything_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(error), new_files(tmp_path, ("a", "b")) as part:  # noqa: PT012 (half written, then stopped)
        (part / "a").write_text("half")
        raise error
    assert names_in(tmp_path) == {"a"}
    assert (tmp_path / "a").read_text() == "old"


def test_folders_made_for_nothing_are_taken_away(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk"), new_files(tmp_path / "x" / "y", ()):
        raise OSError("disk")
    assert names_in(tmp_path) == set()


def rows_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode())))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    assert rows_of(csv_bytes(["x"], [{"x": f"{start}cmd|' /C calc'!A0"}]))[0]["x"][0] == "'"


def test_a_carriage_return_breaks_no_row() -> None:
    assert rows_of(csv_bytes(["x", "y"], [{"x": "a\rb", "y": "c"}])) == [{"x": "a b", "y": "c"}]


def test_numbers_keep_every_digit_and_their_sign() -> None:
    row = rows_of(csv_bytes(["a", "b", "c", "d"], [{"a": -0.1, "b": 1 / 3, "c": None, "d": ["X", "Y"]}]))[0]
    assert row == {"a": "-0.1", "b": repr(1 / 3), "c": "", "d": "X;Y"}


def test_awkward_text_comes_back() -> None:
    text = 'a,"b";\nMünchen 頭'
    assert rows_of(csv_bytes(["x"], [{"x": text}]))[0]["x"] == text


def test_the_lesion_table(reviewed: Result) -> None:
    told = document(reviewed)
    table = lesions_csv(told)
    assert table.decode().splitlines()[0] == LESIONS + ",flags"
    rows = rows_of(table)
    assert [row["lesion_id"] for row in rows] == ["L01", "L02", "L03", "L04"]
    for row, lesion in zip(rows, told["lesions"], strict=True):
        assert float(row["volume_ml"]) == lesion["volume_ml"]
        assert [float(row[f"centroid_{axis}_mm"]) for axis in "lps"] == lesion["centroid_lps_mm"]
        assert row["flags"] == ""


def test_the_biomarker_table(told: dict[str, Any]) -> None:
    table = biomarkers_csv(told)
    assert table.decode().splitlines()[0] == BIOMARKERS
    rows = rows_of(table)
    assert len(rows) == len(told["biomarkers"])
    assert all((row["value"] == "") == (row["reason_missing"] != "") for row in rows)
    assert all("UNREVIEWED" in row["flags"].split(";") for row in rows)


def test_all_nine_are_written(results: dict[str, Path]) -> None:
    assert set(FILES) == NINE
    assert names_in(results["UNREVIEWED"]) == names_in(results["REVIEWED"]) == NINE


def test_every_file_with_numbers_carries_the_mark(results: dict[str, Path], unreviewed: Result) -> None:
    said = texts(results["UNREVIEWED"])
    for name in ("measurements.json", "lesions.csv", "biomarkers.csv", "report.html", "measurements.sr.dcm"):
        assert "UNREVIEWED" in said[name], name
    marked, plain = (mip_png(unreviewed.suv, unreviewed.lesions, unreviewed.anatomy, status_text=text) for text in ("UNREVIEWED", ""))
    assert (results["UNREVIEWED"] / "mip.png").read_bytes() == marked != plain


def test_a_readers_review_takes_the_mark_away(results: dict[str, Path], reviewed: Result) -> None:
    said = texts(results["REVIEWED"])
    assert [name for name, text in said.items() if "UNREVIEWED" in text] == []
    assert json.loads(said["measurements.json"])["status"] == "REVIEWED"
    assert "REVIEWED" in said["report.html"]
    plain = mip_png(reviewed.suv, reviewed.lesions, reviewed.anatomy, status_text="")
    assert (results["REVIEWED"] / "mip.png").read_bytes() == plain


@poppler
def test_the_pdf_carries_the_mark_too(results: dict[str, Path]) -> None:
    assert "UNREVIEWED" in pdf_text(results["UNREVIEWED"] / "report.pdf")
    reviewed = pdf_text(results["REVIEWED"] / "report.pdf")
    assert "UNREVIEWED" not in reviewed
    assert "REVIEWED" in reviewed


def test_no_file_holds_the_patients_name_or_number(results: dict[str, Path]) -> None:
    for folder in results.values():
        for name, text in texts(folder).items():
            raw = (folder / name).read_bytes().decode("latin-1").lower()
            assert [secret for secret in SECRETS if secret in text.lower() or secret in raw] == [], name


@poppler
def test_nor_does_the_pdf(results: dict[str, Path]) -> None:
    for folder in results.values():
        text = pdf_text(folder / "report.pdf").lower()
        assert "tmtv" in text
        assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.dciodvfy
def test_the_dicom_files_are_valid(results: dict[str, Path]) -> None:
    for name in ("lesions.seg.dcm", "measurements.sr.dcm"):
        told = subprocess.run(["dciodvfy", results["REVIEWED"] / name], capture_output=True, text=True, check=False)
        assert [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize("name", ["lesions.seg.dcm", "lesions.nii.gz"])
def test_the_masks_come_back_voxel_by_voxel(results: dict[str, Path], reviewed: Result, name: str) -> None:
    back = read_mask(results["REVIEWED"] / name, reviewed.suv.grid).labels.to_values()
    assert len(reviewed.lesions) == len(set(np.unique(back)) - {0})
    for lesion in reviewed.lesions:
        assert np.array_equal(back == lesion.label, lesion.region.mask_in(whole(reviewed.suv.grid)))


def written(result: Result, folder: Path, *, tables_only: bool, **more: Any) -> tuple[str, ...]:
    when = dt.datetime(2026, 1, 2, 3, 4, 5)
    return write_result(result, document(result), folder, tables_only=tables_only, when=when, say=lambda step: None, **more)


@pytest.fixture(scope="module")
def all_formats(ready: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of the command with every further format."""
    out = tmp_path_factory.mktemp("formats")
    more = [word for name in ALSO_WRITTEN for word in ("--also-write", name)]
    assert run(["measure", str(ready.folder), "-o", str(out), "--decisions", str(ready.decisions), *more]) == 0
    return out


def test_further_formats_are_written_where_asked_for(all_formats: Path, reviewed: Result) -> None:
    assert set(ALSO_WRITTEN.values()) == FURTHER
    assert names_in(all_formats) == NINE | FURTHER
    for name in FURTHER:
        back = read_mask(all_formats / name, reviewed.suv.grid)
        assert len(back.names) == len(reviewed.lesions)
        for lesion in reviewed.lesions:
            (label,) = (number for number, text in back.names.items() if text.startswith(lesion.id))
            assert np.array_equal(
                back.labels.regions[label].mask_in(whole(reviewed.suv.grid)), lesion.region.mask_in(whole(reviewed.suv.grid))
            )


def test_no_further_format_holds_the_patients_name_or_number(all_formats: Path) -> None:
    for name in FURTHER:
        raw = (all_formats / name).read_bytes()
        head = raw if name.endswith(".dcm") else raw.partition(b"\n\n")[0]
        assert [secret for secret in SECRETS if secret in head.decode("latin-1").lower()] == []


@pytest.mark.dciodvfy
def test_the_structure_set_is_valid(all_formats: Path) -> None:
    told = subprocess.run(["dciodvfy", all_formats / "lesions.rtstruct.dcm"], capture_output=True, text=True, check=False)
    assert "RTStructureSet" in told.stderr
    assert [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize("name", ["lesions.seg.dcm", *sorted(FURTHER)])
def test_lesions_given_back_as_a_mask_are_the_same_lesions(all_formats: Path, measured_with: Any, name: str, tmp_path: Path) -> None:
    """The same voxels and numbers in the table, and the same tracking UIDs in the SEG that is written next."""
    mask = all_formats / name
    again = measured_with(Wishes(mask=mask, reader="Dr B"))
    columns = ("voxels", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g", "centroid_l_mm", "centroid_p_mm", "centroid_s_mm")
    first, second = (
        sorted(tuple(row[column] for column in columns) for row in rows_of(table))
        for table in ((all_formats / "lesions.csv").read_bytes(), lesions_csv(document(again)))
    )
    assert first == second
    tracks = tracks_of_mask(mask, again)
    written(again, tmp_path, tables_only=False, tracks=tracks)
    before, after = (
        {item.TrackingUID: voxels_of(folder / "lesions.seg.dcm", again, item.SegmentNumber) for item in segments_of(folder)}
        for folder in (all_formats, tmp_path)
    )
    assert before == after


def test_lesions_of_an_enhanced_pet_are_written_and_given_back(tmp_path: Path) -> None:
    """One multi-frame file in; every format refers to its frames, and is the same regions again as a mask."""
    (path,) = write_reference_object("DRO_7_0_0", tmp_path / "in").files
    out, again = tmp_path / "out", tmp_path / "again"
    more = [word for name in ALSO_WRITTEN for word in ("--also-write", name)]
    assert run(["measure", str(path), "-o", str(out), *more]) == 0
    (contour, *_) = pydicom.dcmread(out / "lesions.rtstruct.dcm").ROIContourSequence[0].ContourSequence
    assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID == pydicom.dcmread(path).SOPInstanceUID
    assert contour.ContourImageSequence[0].ReferencedFrameNumber > 0
    (study,) = pydicom.dcmread(out / "measurements.sr.dcm").CurrentRequestedProcedureEvidenceSequence
    assert [len(series.ReferencedSOPSequence) for series in study.ReferencedSeriesSequence] == [1, 1]
    numbers = ("voxels", "suv_max", "tlg_g", "centroid_s_mm")
    for name in ("lesions.seg.dcm", "lesions.nii.gz", *FURTHER):
        assert run(["measure", str(path), "-o", str(again), "--tables-only", "--mask", str(out / name)]) == 0
        tables = [rows_of((folder / "lesions.csv").read_bytes()) for folder in (out, again)]
        first, second = ([[row[column] for column in numbers] for row in rows] for rows in tables)
        assert first == second, name


def segments_of(folder: Path) -> list[pydicom.Dataset]:
    return list(pydicom.dcmread(folder / "lesions.seg.dcm").SegmentSequence)


def voxels_of(path: Path, result: Result, number: int) -> bytes:
    return read_mask(path, result.suv.grid).labels.regions[number].indices_kji.tobytes()


def test_without_a_mask_there_is_no_earlier_identity(reviewed: Result, by_mask: Result, ready: Any) -> None:
    assert tracks_of_mask(None, reviewed) == {}
    assert tracks_of_mask(ready.truth, by_mask) == {}  # a NIfTI image knows no identity


def test_a_format_that_there_is_not_is_a_wrong_call(call: Any, ready: Any, tmp_path: Path) -> None:
    said = call("measure", ready.folder, "-o", tmp_path / "out", "--also-write", "nrrd", "--also-write", "rtss")
    assert (said.status, said.out) == (2, "")
    assert "'rtss'" in said.err
    assert "labelmap, rtstruct, nrrd" in said.err
    assert not (tmp_path / "out").exists()
    assert check_also_write(("nrrd", "nrrd", "rtstruct"), tables_only=False) == ("nrrd", "rtstruct")
    assert check_also_write((), tables_only=True) == ()
    with pytest.raises(ProtocolError, match="tables-only"):
        check_also_write(("nrrd",), tables_only=True)


def test_further_formats_of_an_earlier_run_do_not_stay(unreviewed: Result, tmp_path: Path) -> None:
    assert set(written(unreviewed, tmp_path, tables_only=False, also_write=("nrrd", "labelmap"))) == NINE | FURTHER - {
        "lesions.rtstruct.dcm"
    }
    written(unreviewed, tmp_path, tables_only=False, also_write=("rtstruct",))
    assert names_in(tmp_path) == NINE | {"lesions.rtstruct.dcm"}
    written(unreviewed, tmp_path, tables_only=True)
    assert names_in(tmp_path) == TABLES


def test_nothing_of_an_earlier_run_stays_beside_other_numbers(unreviewed: Result, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_text("of an earlier run")
    (tmp_path / "notes.txt").write_text("the user's own")
    assert set(written(unreviewed, tmp_path, tables_only=True)) == TABLES
    assert names_in(tmp_path) == TABLES | {"notes.txt"}


def test_without_a_region_there_is_no_seg(measured_with: Any, tmp_path: Path) -> None:
    from carpet.core.protocol import Protocol, SegmentProtocol

    nothing = measured_with(Wishes(), Protocol(segment=SegmentProtocol(preselect_suv=1000.0)))
    left = NINE - {"lesions.seg.dcm"} | {"lesions.seg.nrrd"}  # an image without a label, like the NIfTI
    assert set(written(nothing, tmp_path, tables_only=False, also_write=tuple(ALSO_WRITTEN))) == left
    assert names_in(tmp_path) == left
    assert lesions_csv(document(nothing)).decode().splitlines() == [LESIONS + ",flags"]


def test_the_same_tables_from_another_place_time_zone_locale_and_file_order(ready: Any, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for file in ready.folder.rglob("*.dcm"):
        shutil.copy(file, shuffled / hashlib.sha256(file.read_bytes()).hexdigest()[:12])
    tables = []
    for n, (folder, more) in enumerate(
        [
            (ready.folder, {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
            (shuffled, {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "2"}),
        ]
    ):
        out, place = tmp_path / f"out{n}", tmp_path / f"place{n}"
        place.mkdir()
        arguments = ["measure", folder, "-o", out, "--tables-only", "--also", "mv2", "--also", "watershed"]
        subprocess.run([sys.executable, "-c", COMMAND, *arguments], cwd=place, env=os.environ | more, check=True, capture_output=True)
        tables.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert tables[0] == tables[1]
    assert set(tables[0]) == TABLES


def test_no_clock_time_in_the_tables(results: dict[str, Path]) -> None:
    year = dt.date.today().year
    for name in TABLES:
        assert not re.search(rf"{year}-\d\d-\d\dT", (results["UNREVIEWED"] / name).read_text()), name
