"""Contract: results go beside their scan, under the archive's own patient, and come back equal, or nothing is sent and it is said why."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pydicom
import pytest

import carpet.run.commands_network  # noqa: F401 registers its commands
from carpet.core.errors import ProtocolError, Refused
from carpet.dicom.network.http import Credentials, Server
from carpet.run.cli import run
from carpet.run.sending import results_in, send, send_text
from carpet.testing import Visit, WrittenStudy, simple_phantom, write_study

SEG, SR = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.34"
NAME, RECORD = "Zauberberg^Klawdia", "MRN-4711-0815"
OF_THE_PATIENT = {"PatientID", "PatientName", "StudyID", "StudyDescription"}
Call = Callable[..., Any]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> WrittenStudy:
    visit = Visit(patient_id=RECORD, patient_name=NAME)
    return write_study(simple_phantom(spacing_mm=10.0), tmp_path_factory.mktemp("sent"), visit=visit)


@pytest.fixture(scope="session")
def out(written: WrittenStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    assert run(["measure", str(written.path), "-o", str(folder)]) == 0
    return folder


@pytest.fixture
def archive(faulty: ModuleType, written: WrittenStudy) -> Iterator[Any]:
    with faulty.archive_of([*written.pet_files, *written.ct_files]) as running:
        yield running


def sent(archive: Any, folder: Path) -> dict[str, Any]:
    with Server(archive.url, Credentials()) as server:
        return send(server, folder, lambda step: None)


def refused_codes(archive: Any, folder: Path) -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        sent(archive, folder)
    assert RECORD not in str(refused.value)
    assert "Zauberberg" not in str(refused.value)
    return refused.value.codes


def different(one: pydicom.Dataset, other: pydicom.Dataset) -> set[str]:
    """Keywords of what is not the same in both; pixels, segments and the tree of numbers are attributes too."""
    return {
        pydicom.datadict.keyword_for_tag(tag)
        for tag in one.keys() | other.keys()
        if tag not in one or tag not in other or one[tag].value != other[tag].value
    }


def test_results_carry_the_archive_s_patient_and_their_own_numbers(archive: Any, out: Path) -> None:
    document = sent(archive, out)
    assert document["unreviewed"] is True
    assert [one["sop_class_uid"] for one in document["stored"]] == [SEG, SR]
    assert "UNREVIEWED" in send_text(document)
    local = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, sorted(out.glob("*.dcm")))}
    came = {data.SOPInstanceUID: data for data in (pydicom.dcmread(io.BytesIO(content)) for content in archive.stored)}
    assert len(local) == len(came) == 2
    for uid, data in came.items():
        assert (data.PatientID, str(data.PatientName)) == (RECORD, NAME)
        assert data.StudyDescription == "PET^WholeBody FDG (phantom)"
        assert different(data, local[uid]) <= OF_THE_PATIENT


def test_nothing_identified_is_written_here(archive: Any, out: Path) -> None:
    sent(archive, out)
    assert not any(RECORD.encode() in path.read_bytes() or b"Zauberberg" in path.read_bytes() for path in out.iterdir())


def test_sending_twice_changes_nothing(archive: Any, out: Path) -> None:
    assert sent(archive, out) == sent(archive, out)


def test_names_in_any_script_arrive(archive: Any, out: Path) -> None:
    def edited(content: bytes) -> bytes:
        data = pydicom.dcmread(io.BytesIO(content))
        data.SpecificCharacterSet, data.PatientName, data.IssuerOfPatientID = "ISO_IR 192", "Ōe^Kenzaburō=大江^健三郎", "KLINIK"
        buffer = io.BytesIO()
        data.save_as(buffer)
        return buffer.getvalue()

    archive.files = [edited(content) for content in archive.files]
    sent(archive, out)
    for content in archive.stored:
        data = pydicom.dcmread(io.BytesIO(content))
        assert str(data.PatientName) == "Ōe^Kenzaburō=大江^健三郎"
        assert data.IssuerOfPatientID == "KLINIK"


def test_no_study_no_sending(archive: Any, out: Path) -> None:
    archive.files = []
    assert refused_codes(archive, out) == ("STUDY_NOT_ON_SERVER",)
    assert archive.stored == []


def test_every_image_must_be_there(archive: Any, written: WrittenStudy, out: Path) -> None:
    del archive.files[len(written.pet_files) // 2]
    with pytest.raises(Refused, match=f"1 of {len(written.pet_files)} images"):
        sent(archive, out)
    assert archive.stored == []


def test_another_patient_is_refused(archive: Any, out: Path) -> None:
    archive.files = [content.replace(RECORD.encode(), b"MRN-4711-0816") for content in archive.files]
    assert refused_codes(archive, out) == ("PATIENT_DIFFERS",)
    assert archive.stored == []


def test_what_comes_back_other_than_sent_is_said(archive: Any, faulty: ModuleType, out: Path) -> None:
    def change(asked: Any) -> bool:
        if not archive.stored or "/instances/" not in asked.path:
            return False
        return bool(faulty.damaged(lambda content: content.replace(b"CARPET lesions", b"CARPET lesion.").replace(b"7002", b"7003"))(asked))

    archive.fault = change
    with pytest.raises(Refused, match="SeriesDescription") as refused:
        sent(archive, out)
    assert refused.value.codes == ("READ_BACK_DIFFERS",)


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [(500, b"", "SERVER_REFUSED"), (200, b"<html>", "SERVER_ANSWER_UNUSABLE"), (409, b"{}", "NOT_STORED"), (200, b"{}", "NOT_STORED")],
)
def test_what_is_not_stored_is_said(archive: Any, faulty: ModuleType, out: Path, status: int, content: bytes, code: str) -> None:
    archive.fault = lambda asked: asked.command == "POST" and faulty.wrong_body(content, "application/json", status=status)(asked)
    assert refused_codes(archive, out) == (code,)


@pytest.mark.parametrize("header", [[], [{}, {}], [{"00100020": {"vr": "SQ", "Value": [5]}}], [{"00100020": {"vr": "??", "Value": ["x"]}}]])
def test_a_header_that_is_none_is_refused(archive: Any, faulty: ModuleType, out: Path, header: list[Any]) -> None:
    body = faulty.wrong_body(json.dumps(header).encode(), "application/dicom+json")
    archive.fault = lambda asked: asked.path.endswith("/metadata") and body(asked)
    assert refused_codes(archive, out)[0] in ("SERVER_ANSWER_UNUSABLE", "PATIENT_DIFFERS")
    assert archive.stored == []


def test_what_is_no_result_is_not_sent(archive: Any, written: WrittenStudy, out: Path, tmp_path: Path) -> None:
    assert refused_codes(archive, tmp_path) == ("NOTHING_TO_SEND",)
    (tmp_path / "scan.dcm").write_bytes(written.pet_files[0].read_bytes())
    assert refused_codes(archive, tmp_path) == ("NOTHING_TO_SEND",)
    (tmp_path / "a.dcm").write_bytes((out / "lesions.seg.dcm").read_bytes())
    assert [one.name for one in results_in(tmp_path)] == ["a.dcm"]
    other = pydicom.dcmread(out / "measurements.sr.dcm")
    other.PatientID = "P-0000000000"
    other.save_as(tmp_path / "b.dcm")
    assert refused_codes(archive, tmp_path) == ("NOTHING_TO_SEND",)
    (tmp_path / "b.dcm").write_bytes(b"not DICOM")
    assert refused_codes(archive, tmp_path) == ("FILE_MALFORMED",)
    with pytest.raises(ProtocolError, match="no folder"):
        results_in(tmp_path / "absent")
    assert archive.stored == []


@pytest.mark.orthanc
@pytest.mark.dciodvfy
def test_orthanc_to_carpet_to_orthanc(
    orthanc: Any, written: WrittenStudy, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way: fetched, measured, sent, fetched again, equal."""
    monkeypatch.setenv("CARPET_DICOMWEB_PASSWORD", orthanc.password)
    orthanc.take([*written.pet_files, *written.ct_files])
    access = [orthanc.dicomweb, "--user", orthanc.user]
    assert call("fetch", *access, "-o", tmp_path / "scan", "--patient", RECORD).status == 0
    assert call("measure", tmp_path / "scan", "-o", tmp_path / "out").status == 0
    said = call("send", tmp_path / "out", *access)
    assert said.status == 0
    assert said.out.startswith("stored and read back equal: lesions.seg.dcm, measurements.sr.dcm")
    assert len(orthanc.rest("GET", "/patients")) == 1
    modalities = [orthanc.rest("GET", f"/series/{one}")["MainDicomTags"]["Modality"] for one in orthanc.rest("GET", "/series")]
    assert sorted(modalities) == ["CT", "PT", "SEG", "SR"]
    assert (
        call("fetch", *access, "-o", tmp_path / "back", "--study", written.study_uid, "--modality", "SEG", "--modality", "SR").status == 0
    )
    came = {data.SOPInstanceUID: data for data in map(pydicom.dcmread, (tmp_path / "back").rglob("*.dcm"))}
    assert len(came) == 2
    for path in (tmp_path / "out").glob("*.dcm"):
        local = pydicom.dcmread(path)
        back = came[local.SOPInstanceUID]
        assert (back.PatientID, str(back.PatientName)) == (RECORD, NAME)
        assert different(back, local) <= OF_THE_PATIENT
    for path in (tmp_path / "back").rglob("*.dcm"):
        told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")] == []
