"""Contract: what a screen is told: sites by name, what the machine suggested, diameters by their ends, acts with old and new."""

from __future__ import annotations

import json

import pytest

from carpet.review.edits import Caliper, Deauville, Reference, SetSite
from carpet.review.roles import Person, Role
from carpet.run.review.views import act_view, case_view, changeable, queue_view

from .conftest import Opened

REA = Person("Rea", Role.READER)


def test_the_case_tells_what_was_suggested_beside_what_is_said(single: Opened) -> None:
    room = single.room
    first = next(one for one in room.base(room.case("A/TT")).lesions if one.status == "disease")
    seen = room.edit(room.case("A/TT"), SetSite(lesion=first.id, site="Bone"), REA, if_match=0)
    view = case_view(room, seen, REA)
    row = next(one for one in view["lesions"] if one["id"] == first.id)
    assert (row["site"], row["kind"]) == ("bone", "extranodal")
    assert row["suggested_site"] in {one["name"] for one in view["sites"]}
    assert view["may"] == {"edit": True, "sign": True, "unlock": False, "start_again": True, "adjudicate": False}
    assert (view["baseline"], view["whose"], view["has_ct"]) == (None, "Rea", True)
    old = json.loads(act_view(room.history.events("A/TT")[-1])["old"])
    assert old["site"] == (first.site.meaning if first.site else None)


def test_diameters_are_measured_by_their_ends(single: Opened) -> None:
    room = single.room
    name = room.base(room.case("A/TT")).lesions[0].id
    ends = {"ldi_lps_mm": ((0.0, 0.0, 0.0), (30.0, 40.0, 0.0)), "sdi_lps_mm": ((0.0, 0.0, 0.0), (-9.6, 7.2, 0.0))}
    told = changeable(room, room.edit(room.case("A/TT"), Caliper(lesion=name, **ends), REA, if_match=0))  # type: ignore[arg-type]
    (caliper,) = told["calipers"]
    assert (caliper["ldi_mm"], caliper["sdi_mm"]) == (pytest.approx(50.0), pytest.approx(12.0))
    assert next(row for row in told["lesions"] if row["id"] == name)["ldi_mm"] == pytest.approx(50.0)


def test_a_moved_reference_says_so(single: Opened) -> None:
    room = single.room
    before = {row["name"]: row for row in changeable(room, room.seen(room.case("A/TT"), REA))["references"]}
    at = [mm + 5.0 for mm in before["liver"]["centre_lps_mm"]]
    edit = Reference(which="liver", centre_lps_mm=tuple(at))  # type: ignore[arg-type]
    after = {row["name"]: row for row in changeable(room, room.edit(room.case("A/TT"), edit, REA, if_match=0))["references"]}
    assert (before["liver"]["moved"], after["liver"]["moved"], after["blood_pool"]["moved"]) == (False, True, False)
    assert after["liver"]["centre_lps_mm"] == pytest.approx(at, abs=4.0)  # half a voxel


def test_what_the_reader_has_not_said_is_said_by_the_numbers(single: Opened) -> None:
    room = single.room
    room.sign(room.case("A/TT"), REA, if_match=0)
    before = {row["criterion"]: row for row in changeable(room, room.seen(room.case("A/M1"), REA))["response"]}
    assert {row["by"] for row in before.values()} == {"carpet"}
    told = changeable(room, room.edit(room.case("A/M1"), Deauville(score="5"), REA, if_match=0))["response"]
    after = {row["criterion"]: row for row in told}
    assert list(after) == list(before)
    by_numbers = {name for name, row in after.items() if row["by"] == "carpet"}
    assert {name.partition("@")[0] for name in by_numbers} == {"percist", "qpet", "delta_suv_max"}
    assert {after[name]["by"] for name in after.keys() - by_numbers} == {"reader Rea"}
    assert all(after[name] == before[name] for name in by_numbers)
    assert next(row["category"] for name, row in after.items() if name.startswith("deauville@")) == "5"


def test_whoever_looks_at_anothers_reading_is_told_the_version_of_the_own_one(many: Opened) -> None:
    room = many.room
    for name in ("Rea", "Ron"):
        room.edit(room.case("A/TT"), Deauville(score="4" if name == "Rea" else "1"), Person(name, Role.READER), if_match=0)
        case = room.case("A/TT")
        room.sign(case, Person(name, Role.READER), if_match=case.version_of(name))
    ada, case = Person("Ada", Role.ADJUDICATOR), room.case("A/TT")
    view = case_view(room, room.seen(case, ada, asked="Rea"), ada)
    assert (view["whose"], view["version"], view["own_version"]) == ("Rea", case.version_of("Rea"), case.version_of("Ada"))
    assert view["version"] != view["own_version"]


def test_whose_reading_was_not_blind_is_shown_to_who_chooses(many: Opened) -> None:
    room = many.room
    rea, ron = Person("Rea", Role.READER), Person("Ron", Role.READER)
    anna, ada = Person("Anna", Role.ADMINISTRATOR), Person("Ada", Role.ADJUDICATOR)
    room.edit(room.case("A/TT"), Deauville(score="1"), ron, if_match=0)
    for one in (ron, rea):
        case = room.sign(room.case("A/TT"), one, if_match=room.case("A/TT").version_of(one.name))
    room.unlock(case, anna, "Rea", "wrong patient", if_match=case.version_of("Rea"))
    seen = room.edit(room.case("A/TT"), Deauville(score="5"), rea, if_match=room.case("A/TT").version_of("Rea"))
    case = room.sign(seen.case, rea, if_match=seen.version)
    told = {one["who"]: one["not_blind"] for one in case_view(room, room.seen(case, ada), ada)["readings"]}
    assert (told["Rea"], told["Ron"]) == (["after sight of the other reading"], [])


def test_the_queue_says_what_waits_and_for_what(single: Opened) -> None:
    rows = {row["case"]: row for row in queue_view(single.room, REA)["cases"]}
    assert rows["A/M3"]["waits_for"] == ["A/TT", "A/M1"]
    assert (rows["A/TT"]["due"], rows["A/TT"]["waits_for"]) == (True, [])


def test_a_refused_scan_is_told_with_what_to_do(single: Opened, many: Opened) -> None:
    refused = queue_view(single.room, Person("Rea", Role.READER))["refusals"]
    assert [(one["code"], one["where"].partition(":")[0]) for one in refused] == [("WEIGHT_MISSING", "C, day 28")]
    assert refused[0]["remedy"]
    assert queue_view(many.room, Person("Rea", Role.READER))["refusals"] == []  # C is none of hers
