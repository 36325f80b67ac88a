"""Contract: a lesion of an earlier CT is asked about on the next one until it is measured, gone or too small; its kind stays."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.core.errors import Refused
from carpet.review.edits import Caliper, CtSeen
from carpet.review.roles import Person, Role
from carpet.run.review.room import Room, Seen

from .conftest import Opened

REA = Person("Rea", Role.READER)


def drawn(room: Room, case: str, **said: Any) -> Caliper:
    """30 × 20 mm in the liver of this scan."""
    x, y, z = (float(mm) for mm in room.base(room.case(case)).surveyed.anatomy.references["liver"].centroid_lps_mm)
    long, short = ((x - 15.0, y, z), (x + 15.0, y, z)), ((x, y - 10.0, z), (x, y + 10.0, z))
    return Caliper(ldi_lps_mm=long, sdi_lps_mm=short, **said)


def edited(room: Room, case: str, *edits: Any) -> Seen:
    for one in edits:
        now = room.case(case)
        seen = room.edit(now, one, REA, if_match=now.version_of("Rea"))
    return seen


def told(room: Room, seen: Seen) -> dict[str, tuple[Any, ...]]:
    def size(one: Any) -> Any:
        return one and (one["seen"], one["ldi_mm"], one["sdi_mm"])

    return {one["name"]: (one["kind"], one["region"], size(one["before"]), size(one["now"])) for one in room.on_ct(seen)}


def test_what_was_measured_at_baseline_is_asked_about_at_month_1(single: Opened) -> None:
    room = single.room
    nodal = next(one.id for one in room.base(room.case("A/TT")).lesions if one.kind == "nodal")
    seen = edited(room, "A/TT", drawn(room, "A/TT", lesion=nodal), drawn(room, "A/TT", name="mesenteric", counts_as="node"))
    ((track, first), *_) = [(name, one) for name, one in told(room, seen).items() if name != "mesenteric"]
    assert first == ("node", nodal, None, ("present", 30.0, 20.0))
    assert told(room, seen)["mesenteric"] == ("node", None, None, ("present", 30.0, 20.0))
    room.sign(room.case("A/TT"), REA, if_match=seen.version)
    later = room.seen(room.case("A/M1"), REA)
    assert told(room, later)["mesenteric"] == ("node", None, ("present", 30.0, 20.0), None)
    kind, region, before, now = told(room, later)[track]
    assert (kind, before, now) == ("node", ("present", 30.0, 20.0), None)
    assert region is None or region in later.ids
    gone = CtSeen(name="mesenteric", counts_as="node", seen="absent")
    seen = edited(room, "A/M1", gone)
    assert told(room, seen)["mesenteric"] == ("node", None, ("present", 30.0, 20.0), ("absent", None, None))
    assert {one["name"]: one["edit"] for one in room.on_ct(seen)}["mesenteric"] == seen.standing[-1].number


def test_the_last_word_on_a_lesion_counts_however_it_is_said(single: Opened) -> None:
    room = single.room
    nodal = next(one.id for one in room.base(room.case("A/TT")).lesions if one.kind == "nodal")
    by_region, by_name = drawn(room, "A/TT", lesion=nodal, name="n1"), CtSeen(name="n1", counts_as="node", seen="too_small")
    assert told(room, edited(room, "A/TT", by_region, by_name))["n1"] == ("node", None, None, ("too_small", None, None))
    assert told(room, edited(room, "A/TT", by_region))["n1"] == ("node", nodal, None, ("present", 30.0, 20.0))


def test_two_regions_are_never_one_lesion_on_ct(single: Opened) -> None:
    room = single.room
    first, second = [one.id for one in room.base(room.case("A/TT")).lesions if one.kind == "nodal"][:2]
    seen = edited(room, "A/TT", drawn(room, "A/TT", lesion=first, name="n1"))
    with pytest.raises(Refused) as refused:
        edited(room, "A/TT", drawn(room, "A/TT", lesion=second, name="n1"))
    assert (refused.value.codes, refused.value.notices[0].found) == (("REVIEW_NAME_TAKEN",), f"{first} and {second}")
    assert told(room, seen)["n1"][1] == first
    assert {"n1", "n2"} <= set(told(room, edited(room, "A/TT", drawn(room, "A/TT", lesion=second, name="n2"))))


def test_a_lesion_is_not_another_kind_than_it_was(single: Opened) -> None:
    room = single.room
    seen = edited(room, "A/TT", drawn(room, "A/TT", name="n1", counts_as="node"))
    room.sign(seen.case, REA, if_match=seen.version)
    with pytest.raises(Refused) as refused:
        edited(room, "A/M1", CtSeen(name="n1", counts_as="extranodal", seen="absent"))
    assert refused.value.codes == ("CT_KIND_VARIES",)
    assert refused.value.notices[0].found == "extranodal, first node"
    reading = room.case("A/M1").reading_of("Rea")
    assert reading is not None
    assert reading.standing == ()
