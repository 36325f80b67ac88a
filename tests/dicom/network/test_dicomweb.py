"""Contract: PS3.18 searches page by page, one instance as a stream, storing with the reasons of what failed; nothing half-understood."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from carpet.core.errors import Refused
from carpet.dicom.network import dicomweb
from carpet.dicom.network.dicomweb import first, header_of, instance_blocks, instances_of, series_of, store, studies_of
from carpet.dicom.network.http import Credentials, Server
from carpet.testing import PhantomScan, Visit, WrittenStudy, write_study

DICOM_JSON = "application/dicom+json"


@pytest.fixture
def written(small_scan: PhantomScan, tmp_path: Path) -> WrittenStudy:
    return write_study(small_scan, tmp_path / "study", visit=Visit(patient_id="MRN-1"))


@pytest.fixture
def archive(faulty: ModuleType, written: WrittenStudy, small_scan: PhantomScan, tmp_path: Path) -> Iterator[Any]:
    other = write_study(small_scan, tmp_path / "other", visit=Visit(patient_id="MRN-10"))
    with faulty.archive_of([*written.pet_files, *written.ct_files, *other.pet_files]) as running:
        yield running


@pytest.fixture
def server(archive: Any) -> Iterator[Server]:
    with Server(archive.url, Credentials()) as connected:
        yield connected


def code(error: pytest.ExceptionInfo[Refused]) -> tuple[str, ...]:
    return error.value.codes


def test_studies_by_uid_and_by_the_whole_record_number(server: Server, written: WrittenStudy) -> None:
    assert studies_of(server, study=written.study_uid) == (written.study_uid,)
    assert studies_of(server, patient="MRN-1") == (written.study_uid,)
    assert studies_of(server, study="1.2.3") == ()


def test_an_archive_that_ignores_the_question_brings_no_other_patient(archive: Any, server: Server, written: WrittenStudy) -> None:
    def everything(asked: Any) -> bool:
        asked.path = asked.path.partition("?")[0]
        return False

    archive.fault = everything
    assert studies_of(server, patient="MRN-1") == (written.study_uid,)
    assert studies_of(server, patient="MRN") == ()


def test_series_with_their_instances(server: Server, written: WrittenStudy) -> None:
    pet, ct = written.pet_series_uid, written.ct_series_uid
    both = series_of(server, written.study_uid, frozenset())
    assert {one.series_uid: (one.modality, one.said, len(one.instances)) for one in both} == {pet: ("PT", 6, 6), ct: ("CT", 9, 9)}
    assert [one.series_uid for one in series_of(server, written.study_uid, frozenset({"PT"}))] == [pet]
    assert series_of(server, written.study_uid, frozenset({"MR"})) == ()


def test_pages_are_turned_until_nothing_comes(archive: Any, server: Server, written: WrittenStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicomweb, "PAGE_ROWS", 4)
    assert len(instances_of(server, written.study_uid, written.pet_series_uid)) == 6
    assert [path.rpartition("=")[2] for path in archive.asked] == ["0", "4", "6"]


def test_a_search_without_end_is_refused(server: Server, written: WrittenStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicomweb, "ROWS_CAP", 3)
    monkeypatch.setattr(dicomweb, "PAGE_ROWS", 4)
    with pytest.raises(Refused) as refused:
        instances_of(server, written.study_uid, written.pet_series_uid)
    assert code(refused) == ("SERVER_ANSWER_UNUSABLE",)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"[", b"[" * 100_000, b"[1]", b"[{}]", b'[{"0020000D": 5}]', b'[{"0020000D": {"Value": "1.2"}}]', b"null",
     b'[{"0020000D": {"vr": "UI", "Value": ["../../etc"]}}]', b"\xff\xfe"],
)  # fmt: skip
def test_rows_that_are_none_are_refused(archive: Any, faulty: ModuleType, server: Server, content: bytes) -> None:
    archive.fault = faulty.wrong_body(content, DICOM_JSON)
    with pytest.raises(Refused) as refused:
        studies_of(server, study="1.2.3")
    assert code(refused) == ("SERVER_ANSWER_UNUSABLE",)


def test_the_header_of_one_instance(server: Server, written: WrittenStudy) -> None:
    one = instances_of(server, written.study_uid, written.pet_series_uid)[0]
    assert first(header_of(server, written.study_uid, written.pet_series_uid, one), "00100020") == "MRN-1"


def test_an_instance_comes_byte_for_byte(archive: Any, server: Server, written: WrittenStudy) -> None:
    came = {
        b"".join(instance_blocks(server, written.study_uid, written.pet_series_uid, one))
        for one in instances_of(server, written.study_uid, written.pet_series_uid)
    }
    assert came == {file.read_bytes() for file in written.pet_files}


def test_an_instance_larger_than_the_cap_is_refused(server: Server, written: WrittenStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicomweb, "INSTANCE_CAP_BYTES", 1000)
    one = instances_of(server, written.study_uid, written.pet_series_uid)[0]
    with pytest.raises(Refused) as refused:
        list(instance_blocks(server, written.study_uid, written.pet_series_uid, one))
    assert code(refused) == ("SERVER_ANSWER_UNUSABLE",)


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (200, {"00081199": {"Value": [{"00081155": {"Value": ["1.2"]}}]}}, ""),
        (202, {"00081198": {"Value": [{"00081155": {"Value": ["1.2"]}, "00081197": {"Value": [0xA700]}}]}}, "failure A700"),
        (409, {"00081198": {"Value": [{"00081155": {"Value": ["1.2"]}}]}}, "no reason given"),
        (200, {}, "no reason given"),
        (200, {"00081199": {"Value": [{"00081155": {"Value": ["9.9"]}}]}}, "1 of 1 instances"),
        (200, {"00081199": {"Value": [7]}, "00081198": 3}, "1 of 1 instances"),
    ],
)
def test_what_is_not_stored_is_said_with_its_reason(
    archive: Any, faulty: ModuleType, server: Server, status: int, answer: dict[str, Any], said: str
) -> None:
    reply = faulty.wrong_body(json.dumps(answer).encode(), DICOM_JSON, status=status)

    archive.fault = reply
    if not said:
        store(server, "1", [b"content"], ["1.2"])
        return
    with pytest.raises(Refused, match=said) as refused:
        store(server, "1", [b"content"], ["1.2"])
    assert code(refused) == ("NOT_STORED",)


def test_first_value_of_an_attribute() -> None:
    row = {"00080060": {"vr": "CS", "Value": ["PT", "CT"]}, "00080061": {"vr": "CS"}, "00100020": None}
    assert [first(row, tag) for tag in ("00080060", "00080061", "00100020", "00080050")] == ["PT", None, None, None]
