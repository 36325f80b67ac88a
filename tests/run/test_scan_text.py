"""Truth: the scan document that the text is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom import Dataset

from carpet.core.protocol import SuvProtocol
from carpet.run.opening import found_under
from carpet.run.scan_text import scan_text
from carpet.run.scanning import scan_document
from carpet.testing import Storage, simple_phantom, write_study

SCAN = simple_phantom(spacing_mm=20.0)


def text_of(folder: Path, *, values: bool = False) -> tuple[str, dict[str, Any]]:
    with found_under([folder], SuvProtocol()) as found:
        document = scan_document(found, values=values)
    return scan_text(document), document


def test_a_good_study(tmp_path: Path) -> None:
    written = write_study(SCAN, tmp_path, storage=Storage(with_nac=True))
    text, document = text_of(tmp_path, values=True)
    suv = next(series["suv"] for series in document["studies"][0]["series"] if series.get("quantifiable"))
    assert f"{suv['factor_bw_per_bqml']:.8e}" in text
    assert written.pet_series_uid in text
    assert f"by {suv['reference_rule']}, uptake 60.0 min" in text
    assert "chosen" in text
    assert "max 20" in text
    for fact in suv["facts"]:
        assert f"{fact['name']} " in text
        assert f"from {fact['read_from']}" in text
    assert "REFUSED" in text
    assert "E NAC_SERIES" in text
    assert "do: " in text


def test_a_description_cannot_write_a_line_or_steer(tmp_path: Path) -> None:
    hostile = "x\x1b[2J\nPT  fine  quantifiable\u202e"

    def edit(dataset: Dataset, index: int) -> None:
        dataset.SpecificCharacterSet, dataset.SeriesDescription = "ISO_IR 192", hostile

    write_study(SCAN, tmp_path, edit=edit)
    text, _ = text_of(tmp_path)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "‹U+001B›" in text
    assert not any(line.strip().startswith("PT  fine") for line in text.splitlines())


def test_each_slice_with_its_own_factor(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path, storage=Storage(decay="NONE"))
    assert "slice by slice" in text_of(tmp_path)[0]


def test_stored_suv(tmp_path: Path) -> None:
    write_study(SCAN, tmp_path, storage=Storage(units="GML"))
    assert "SUV from stored values in GML" in text_of(tmp_path)[0]


def test_nothing_here(tmp_path: Path) -> None:
    assert text_of(tmp_path)[0] == "no DICOM series here"
    (tmp_path / "a.txt").write_text("x")
    assert text_of(tmp_path)[0] == "no DICOM series here\n1 file not DICOM"


def test_a_broken_file_is_listed(tmp_path: Path) -> None:
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 40)
    assert "broken.dcm: FILE_MALFORMED" in text_of(tmp_path)[0]
