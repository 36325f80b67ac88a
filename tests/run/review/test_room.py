"""Contract: refused edits leave memory as it was, later rooms begin where earlier ones ended."""

from __future__ import annotations

import pytest

from carpet.core.errors import Refused
from carpet.core.lesion import Kind
from carpet.review.cases import Assigned, CaseState
from carpet.review.edits import Caliper, Deauville, Merge, NewLesions, RemoveEdit, SetStatus
from carpet.review.roles import Person, Role
from carpet.run.review.history import CARPET, Conflict

from .conftest import PASSWORD, Browser, Opened, OtherRegions, Rooms

REA = Person("Rea", Role.READER)
URL = "/api/cases/A/TT"


def test_numbers_are_those_of_the_history_whoever_asked_before(single: Opened) -> None:
    room = single.room
    case = room.case("A/TT")
    name = room.base(case).lesions[2].id
    with pytest.raises(Refused):
        room.edit(case, SetStatus(lesion="L99", status="disease"), REA, if_match=0)
    seen = room.edit(case, SetStatus(lesion=name, status="undecided"), REA, if_match=0)
    with pytest.raises(Refused, match="REVIEW_UNDECIDED_LEFT"):
        room.sign(seen.case, REA, if_match=seen.version)
    assert room.history.case("A/TT").version_of("Rea") == seen.version
    again = room.of(room.history.case("A/TT"), "Rea")
    assert again.numbers.values == seen.numbers.values


def test_an_edit_is_never_kept_before_it_was_made(single: Opened) -> None:
    """The page of a request may know a version that the request's own look at the case did not."""
    room = single.room
    stale = room.case("A/TT")
    now = room.edit(stale, Deauville(score="4"), REA, if_match=0).case
    head = room.history.head()
    with pytest.raises(Refused, match="EDIT_UNKNOWN_LESION"):
        room.edit(stale, SetStatus(lesion="L999", status="disease"), REA, if_match=now.version_of("Rea"))
    with pytest.raises(Conflict):
        room.edit(stale, SetStatus(lesion="L999", status="disease"), REA, if_match=now.version_of("Rea") + 1)
    assert room.history.head() == head
    assert room.sign(stale, REA, if_match=now.version_of("Rea")).readings[0].conclusion.deauville == "4"  # type: ignore[union-attr]


def test_no_measured_and_no_new_region_is_lost_without_a_word(single: Opened) -> None:
    room = single.room
    surveyed = room.of(room.case("A/TT"), "Rea").scan.surveyed
    kept, gone = [one.id for one in surveyed.lesions if one.kind is Kind.NODAL][:2]
    x, y, z = (float(mm) for mm in surveyed.anatomy.references["liver"].centroid_lps_mm)
    caliper = Caliper(lesion=gone, ldi_lps_mm=((x - 15, y, z), (x + 15, y, z)), sdi_lps_mm=((x, y - 9, z), (x, y + 9, z)))
    version = room.edit(room.case("A/TT"), caliper, REA, if_match=0).version
    for edit in (Merge(lesions=(kept, gone)), NewLesions(present=True, lesions=("L999",))):
        with pytest.raises(Refused, match="REVIEW_REGION_NAMED"):
            room.edit(room.case("A/TT"), edit, REA, if_match=version)
    version = room.edit(room.case("A/TT"), NewLesions(present=True, lesions=(gone,)), REA, if_match=version).version
    version = room.edit(room.case("A/TT"), RemoveEdit(edit=1), REA, if_match=version).version
    with pytest.raises(Refused, match="REVIEW_REGION_NAMED"):
        room.edit(room.case("A/TT"), Merge(lesions=(kept, gone)), REA, if_match=version)
    ids = room.edit(room.case("A/TT"), Merge(lesions=(gone, kept)), REA, if_match=version).ids
    assert (gone in ids, kept in ids) == (True, False)


def test_a_later_scan_is_seen_beside_one_that_may_be_opened_only(rooms: Rooms) -> None:
    room = rooms(readers=1).room
    for name, who in (("A/TT", "Rea"), ("A/M1", "Ron"), ("A/M3", "Rea")):
        act = Assigned(readers=(who,), adjudicator="")
        room.history.append(name, act, room.stamp(CARPET), if_match=room.history.case(name).version)
    with pytest.raises(Refused, match="REVIEW_BLINDED"):
        room.looked_at(room.case("A/M1"), REA)
    room.sign(room.case("A/TT"), REA, if_match=0)
    room.looked_at(room.case("A/M1"), REA)


def test_clinical_data_are_hidden_where_the_protocol_says(rooms: Rooms) -> None:
    hidden, shown = (rooms(only="Rea", clinical=one).room for one in ("hidden", "shown"))
    measured = [name for name, one in shown.patients.items() if one.course.ct_targets]
    assert measured
    for room, there in ((hidden, False), (shown, True)):
        seen = room.of(room.case(f"{measured[0]}/M1"), "Rea")
        assert bool(room.on_ct(seen)) is there
        said = {row["criterion"].split("@")[0]: row["because"] for row in room.responses(seen)}
        assert ("no CT was measured" in said["lugano_ct"]) is not there


def test_who_signs_says_what_the_reading_says(single: Opened) -> None:
    room = single.room
    seen = room.edit(room.case("A/TT"), Deauville(score="4"), REA, if_match=0)
    done = room.sign(seen.case, REA, if_match=seen.version)
    said = done.readings[0].conclusion
    assert said is not None
    tmtv = seen.numbers.value("tmtv")
    assert (said.deauville, said.category, said.tmtv_ml) == ("4", None, getattr(tmtv, "value", None))
    assert done.state is CaseState.SETTLED
    later = room.edit(room.case("A/M1"), Deauville(score="2"), REA, if_match=0)
    told = room.conclusion(later)
    assert (told.category, told.progression_day, told.no_progression) == ("CR", None, True)


def test_an_unlocked_reading_goes_on_where_it_was(single: Opened) -> None:
    room = single.room
    done = room.sign(room.case("A/TT"), REA, if_match=0)
    opened = room.unlock(done, REA, None, "wrong patient", if_match=done.version_of("Rea"))
    assert opened.state is CaseState.READING
    assert opened.readings[0].voided[0].reason == "wrong patient"


@pytest.fixture
def changed(single: Opened, other_regions: OtherRegions) -> tuple[Opened, Browser, int]:
    """Rea has called a region physiologic and scored; now there are other regions."""
    one = single.browser().arrive()
    name = next(row["id"] for row in one.get(URL).json()["lesions"] if row["status"] == "disease")
    version = one.post(f"{URL}/edits", {"kind": "status", "lesion": name, "status": "physiologic"}, version=0).json()["version"]
    version = one.post(f"{URL}/edits", {"kind": "deauville", "score": "4"}, version=version).json()["version"]
    other_regions(single.room)
    return single, one, version


def test_no_edit_is_applied_to_other_regions(changed: tuple[Opened, Browser, int]) -> None:
    _, one, version = changed
    answers = [one.get(URL + what) for what in ("", "/measurements", "/reading.json", "/decisions.csv")]
    answers.append(one.post(f"{URL}/edits", {"kind": "deauville", "score": "5"}, version=version))
    answers.append(one.post(f"{URL}/undo", {}, version=version))
    answers.append(one.post(f"{URL}/sign", {}, version=version))
    assert [(one.status_code, one.json()["notices"][0]["code"]) for one in answers] == [(422, "REVIEW_READING_OUTDATED")] * 7


def test_a_reading_is_started_again_on_the_regions_that_there_are_now(changed: tuple[Opened, Browser, int]) -> None:
    opened, one, version = changed
    assert one.post(f"{URL}/start-again", {"reason": " "}, version=version).status_code == 422
    assert one.post(f"{URL}/start-again", {"reason": "other regions"}, version=version - 1).status_code == 409
    assert one.post(f"{URL}/start-again", {"reason": "other regions"}, version=version).json()["reading"] == "open"
    view = one.get(URL).json()
    assert (view["standing"], view["deauville"]["score"], view["version"]) == ([], None, version + 1)
    acts = one.get(f"{URL}/history").json()["acts"]
    assert [act["what"] for act in acts if act["who"] == "Rea"] == ["opened", "status", "deauville", "started_again"]
    assert [act["reason"] for act in acts if act["what"] == "started_again"] == ["other regions"]
    name = view["lesions"][0]["id"]
    now = one.post(f"{URL}/edits", {"kind": "status", "lesion": name, "status": "physiologic"}, version=view["version"]).json()
    assert [row["number"] for row in now["standing"]] == [3]
    digest = opened.room._meters["A/TT"][0].regions_digest
    assert one.get(f"{URL}/reading.json").json()["of"] == digest
    assert one.post(f"{URL}/sign", {}, version=now["version"]).status_code == 200
    assert opened.room.case("A/TT").readings[0].of == digest


def test_a_signed_reading_of_other_regions_is_unlocked_and_started_again(single: Opened, other_regions: OtherRegions) -> None:
    one = single.browser().arrive()
    version = one.post(f"{URL}/sign", {}, version=0).json()["version"]
    other_regions(single.room)
    assert one.post(f"{URL}/start-again", {"reason": "other regions"}, version=version).status_code == 423
    version = one.post(f"{URL}/unlock", {"reason": "other regions"}, version=version).json()["version"]
    assert one.get(URL).json()["notices"][0]["code"] == "REVIEW_READING_OUTDATED"
    row = next(row for row in one.get("/api/queue").json()["cases"] if row["case"] == "A/TT")
    assert (row["version"], row["may"]) == (version, {"unlock": [], "start_again": True})
    assert one.post(f"{URL}/start-again", {"reason": "other regions"}, version=version).status_code == 200
    assert one.get(URL).status_code == 200


def test_who_administrates_unlocks_what_both_have_signed(many: Opened) -> None:
    for name in ("Rea", "Ron"):
        assert many.browser(name).post(f"{URL}/sign", {"password": PASSWORD}, version=0).status_code == 200
    anna = many.browser("Anna")
    row = next(row for row in anna.get("/api/queue").json()["cases"] if row["case"] == "A/TT")
    assert row["may"] == {"unlock": [{"who": "Rea", "version": 2}, {"who": "Ron", "version": 2}], "start_again": False}
    assert anna.post(f"{URL}/unlock", {"reason": "other regions", "whose": "Rea"}, version=2).status_code == 200


def test_nobody_starts_what_is_anothers_or_was_never_begun(many: Opened) -> None:
    rea, zoe = many.browser("Rea"), many.browser("Zoe")
    assert rea.post(f"{URL}/start-again", {"reason": "why not"}, version=0).json()["notices"][0]["code"] == "REVIEW_STEP_UNFIT"
    assert zoe.post(f"{URL}/start-again", {"reason": "why not"}, version=0).status_code == 403
    assert many.browser("Anna").post(f"{URL}/start-again", {"reason": "why not"}, version=0).status_code == 403
