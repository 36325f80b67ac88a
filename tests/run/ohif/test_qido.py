"""Truth: other program: what dicomweb-client finds is what pydicom reads in the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from carpet.core.errors import Refused
from carpet.run.ohif.archive import Archive
from carpet.run.ohif.qido import Level, found, matched, query_of, series_row, study_row, tag_of
from carpet.run.ohif.shelf import Shelf

from .conftest import NAME, Served, Shown

Uids = Callable[[Path], tuple[str, str, str]]
STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"


def values(rows: list[dict[str, Any]], tag: str) -> list[Any]:
    return [row[tag]["Value"][0] for row in rows]


def test_studies_are_told_with_their_counts(client: Any, shown: Shown) -> None:
    rows = {row[STUDY]["Value"][0]: row for row in client.search_for_studies()}
    assert set(rows) == {shown.first.study_uid, shown.second.study_uid}
    row = rows[shown.first.study_uid]
    there = pydicom.dcmread(shown.first.pet_files[0])
    assert row["00100020"]["Value"] == ["MRN-1"]
    assert row["00100010"]["Value"] == [{"Alphabetic": NAME}]
    assert row["00080020"]["Value"] == [there.StudyDate]
    assert row["00080061"]["Value"] == ["CT", "PT", "SEG"]
    assert row["00201206"]["Value"] == [3]
    assert row["00201208"]["Value"] == [len(shown.first.pet_files) + len(shown.first.ct_files) + 1]
    assert row["00081190"]["Value"][0].endswith(f"/dicomweb/studies/{shown.first.study_uid}")


@pytest.mark.parametrize(
    ("asked", "first", "second"),
    [
        ({"PatientID": "MRN-1"}, True, False),
        ({"00100020": "MRN-10"}, False, True),
        ({"PatientID": "MRN-1*"}, True, True),
        ({"PatientID": "MRN-?"}, True, False),
        ({"PatientID": "[MRN-1]"}, False, False),
        ({"PatientName": "zauberberg*"}, True, False),
        ({"ModalitiesInStudy": "SEG"}, True, False),
        ({"Modality": "PT"}, True, True),
        ({"StudyDate": "19000101-20991231"}, True, True),
        ({"StudyDate": "-19000101"}, False, False),
        ({"StudyDate": "20990101-"}, False, False),
        ({"StudyDescription": ""}, True, True),
        ({"AccessionNumber": "7"}, False, False),
        ({"PatientID": "MRN-1", "Modality": "SEG"}, True, False),
        ({"PatientID": "MRN-10", "Modality": "SEG"}, False, False),
    ],
)
def test_studies_are_found_by_what_they_say(asked: dict[str, str], first: bool, second: bool, client: Any, shown: Shown) -> None:
    there = {shown.first.study_uid: first, shown.second.study_uid: second}
    assert set(values(client.search_for_studies(search_filters=asked), STUDY)) == {uid for uid, is_there in there.items() if is_there}


def test_uids_are_found_one_or_several(served: Served, shown: Shown) -> None:
    both = [shown.first.study_uid, shown.second.study_uid]
    for text in (",".join(both), "\\".join(both)):
        assert len(served.get("/dicomweb/studies?StudyInstanceUID=" + text.replace("\\", "%5C")).json()) == 2
    assert len(served.get(f"/dicomweb/studies?0020000d={both[0]}").json()) == 1
    assert served.get("/dicomweb/studies?StudyInstanceUID=1.2").status_code == 204


def test_series_by_study_and_modality(client: Any, shown: Shown, uids: Uids) -> None:
    rows = client.search_for_series(shown.first.study_uid)
    assert values(rows, "00080060") == ["PT", "CT", "SEG"]
    assert values(rows, "00201209") == [len(shown.first.pet_files), len(shown.first.ct_files), 1]
    (row,) = client.search_for_series(search_filters={"Modality": "SEG"})
    assert (row[STUDY]["Value"][0], row[SERIES]["Value"][0]) == uids(shown.seg)[:2]
    assert client.search_for_series(shown.second.study_uid, search_filters={"Modality": "SEG"}) == []


def test_instances_in_the_order_of_their_numbers(client: Any, shown: Shown, uids: Uids) -> None:
    study, series, _ = uids(shown.first.pet_files[0])
    rows = client.search_for_instances(study, series)
    numbers = {str(data.SOPInstanceUID): int(data.InstanceNumber) for data in map(pydicom.dcmread, shown.first.pet_files)}
    assert values(rows, INSTANCE) == sorted(numbers, key=lambda uid: numbers[uid])
    (row,) = client.search_for_instances(study, series, search_filters={"InstanceNumber": "3"})
    assert numbers[row[INSTANCE]["Value"][0]] == 3
    everything = client.search_for_instances(search_filters={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"})
    assert values(everything, INSTANCE) == [uids(shown.seg)[2]]
    of_study = client.search_for_instances(study, search_filters={"Modality": "SEG"})
    assert values(of_study, INSTANCE) == [uids(shown.seg)[2]]


def test_limit_and_offset_page_through_all(client: Any, shown: Shown, uids: Uids) -> None:
    study, series, _ = uids(shown.first.pet_files[0])
    everything = values(client.search_for_instances(study, series), INSTANCE)
    pages = [values(client.search_for_instances(study, series, limit=7, offset=at), INSTANCE) for at in range(0, len(everything) + 7, 7)]
    assert [uid for page in pages for uid in page] == everything
    assert pages[-1] == []
    assert {len(page) for page in pages[:-2]} == {7}


def test_more_is_told_where_it_is_asked_for(client: Any, shown: Shown, uids: Uids) -> None:
    study, series, _ = uids(shown.first.pet_files[0])
    plain, more, all_of_it = (
        client.search_for_instances(study, series, fields=fields)[0] for fields in (None, ["SliceThickness", "00180050"], ["all"])
    )
    there = pydicom.dcmread(shown.first.pet_files[0])
    assert "00180050" not in plain
    assert more["00180050"]["Value"] == [there.SliceThickness]
    assert "00541300" in all_of_it  # FrameReferenceTime
    (row,) = client.search_for_studies(fields=["PatientWeight", "SliceThickness"], search_filters={"PatientID": "MRN-1"})
    assert row["00101030"]["Value"] == [there.PatientWeight]
    assert "00180050" not in row, "what differs between instances is not told of a study"


@pytest.mark.parametrize(
    "asked",
    [
        "SliceThickness=3",
        "Nonsense=3",
        "PatientID=1&PatientID=2",
        "PatientID=1&00100020=1",
        "limit=-1",
        "offset=x",
        "includefield=Nonsense",
    ],
)
def test_what_cannot_be_answered_is_refused(asked: str, served: Served) -> None:
    answer = served.get(f"/dicomweb/studies?{asked}")
    assert (answer.status_code, answer.json()["notices"][0]["code"]) == (400, "DICOMWEB_QUERY_MALFORMED")


def test_fuzzy_matching_is_said_not_to_be_there(served: Served) -> None:
    assert "fuzzymatching" in served.get("/dicomweb/studies?fuzzymatching=true").headers["warning"]
    assert "warning" not in served.get("/dicomweb/studies?fuzzymatching=false").headers


def test_rows_and_tags(archive: Archive, shown: Shown) -> None:
    shelf = Shelf(archive)
    by_series = archive.series_of(shown.first.study_uid)
    row = study_row(shelf, shown.first.study_uid, by_series, "http://here")
    assert row["00081190"]["Value"] == [f"http://here/studies/{shown.first.study_uid}"]
    uid, members = next(iter(by_series.items()))
    assert series_row(shelf, uid, members, "http://here")["00201209"]["Value"] == [len(members)]
    assert (tag_of("PatientID"), tag_of("0020000d")) == ("00100020", STUDY)
    with pytest.raises(Refused):
        tag_of("patient id")
    assert len(found(shelf, query_of(Level.STUDY, []), "")) == 2
    assert matched({"00080030": {"vr": "TM", "Value": ["093000"]}}, {"00080030": "0900-1000"})


def test_no_value_is_no_word() -> None:
    row = {"00080050": {"vr": "SH", "Value": [None, "7"]}}
    assert matched(row, {"00080050": "7"})
    assert not matched(row, {"00080050": "None"})
