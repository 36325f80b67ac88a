"""Truth: closed form. Each kind of edit in JSON as issue 6 has it; what is one step beyond what is allowed is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from carpet.core.errors import Refused
from carpet.review.edits import (
    AnyEdit,
    Comment,
    Data,
    Deauville,
    Edit,
    Numbered,
    RemoveEdit,
    SetStatus,
    Standing,
    edit_json,
    edit_of,
    edits_json,
    faults_of,
    replaced,
    undo_of,
    with_edit,
)

AT = [10.0, -20.5, 300.0]
RIGHT: dict[str, dict[str, Any]] = {
    "status": {"lesion": "L01", "status": "physiologic"},
    "site": {"lesion": "L01", "site": "mediastinal", "counts_as": "nodal"},
    "add": {"point_lps_mm": AT},
    "brush": {"points_lps_mm": [AT, [0, 0, 0]], "radius_mm": 5, "lesion": "L02", "erase": True},
    "split": {"lesion": "L03", "seeds_lps_mm": [AT, [1, 2, 3]]},
    "merge": {"lesions": ["L01", "L02"]},
    "sphere_threshold": {"centre_lps_mm": AT, "radius_mm": 20.0, "suv": 2.5},
    "remove_edit": {"edit": 1},
    "deauville": {"score": "X"},
    "new_lesions": {"present": True, "lesions": ["L09"]},
    "caliper": {"lesion": "L01", "ldi_lps_mm": [[0, 0, 0], [30, 0, 0]], "sdi_lps_mm": [[15, -10, 0], [15, 10, 0]]},
    "ct_seen": {"name": "n1", "counts_as": "node", "seen": "absent"},
    "reference": {"which": "liver", "centre_lps_mm": AT},
    "comment": {"text": "Brennt links.\n\tSiehe CT – 12 mm"},
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"status": None}, "edit.status.status"),
    ("status", {"status": "tumour"}, "edit.status.status"),
    ("status", {"lesion": "01"}, "edit.status.lesion"),
    ("status", {"lesion": 1}, "edit.status.lesion"),
    ("status", {"lesion": "L01\n"}, "edit.status.lesion"),
    ("status", {"colour": "red"}, "edit.status.colour"),
    ("site", {"site": "<b>liver</b>"}, "edit.site.site"),
    ("site", {"counts_as": "head"}, "edit.site.counts_as"),
    ("add", {"point_lps_mm": [1, 2]}, "edit.add.point_lps_mm.2"),
    ("add", {"point_lps_mm": [1, 2, 10_001]}, "edit.add.point_lps_mm.2"),
    ("add", {"point_lps_mm": [1, 2, math.nan]}, "edit.add.point_lps_mm.2"),
    ("add", {"point_lps_mm": [1, 2, True]}, "edit.add.point_lps_mm.2"),
    ("add", {"point_lps_mm": [1, 2, "3"]}, "edit.add.point_lps_mm.2"),
    ("brush", {"points_lps_mm": []}, "edit.brush.points_lps_mm"),
    ("brush", {"points_lps_mm": [AT] * 5_001}, "edit.brush.points_lps_mm"),
    ("brush", {"radius_mm": 0}, "edit.brush.radius_mm"),
    ("brush", {"radius_mm": 51}, "edit.brush.radius_mm"),
    ("brush", {"erase": 1}, "edit.brush.erase"),
    ("brush", {"lesion": None}, "edit.brush"),
    ("split", {"seeds_lps_mm": [AT]}, "edit.split.seeds_lps_mm"),
    ("merge", {"lesions": ["L01"]}, "edit.merge.lesions"),
    ("merge", {"lesions": ["L01", "L01"]}, "edit.merge"),
    ("sphere_threshold", {"suv": 0}, "edit.sphere_threshold.suv"),
    ("sphere_threshold", {"suv": math.inf}, "edit.sphere_threshold.suv"),
    ("sphere_threshold", {"radius_mm": 301}, "edit.sphere_threshold.radius_mm"),
    ("remove_edit", {"edit": 0}, "edit.remove_edit.edit"),
    ("remove_edit", {"edit": 1.5}, "edit.remove_edit.edit"),
    ("deauville", {"score": 4}, "edit.deauville.score"),
    ("deauville", {"score": "6"}, "edit.deauville.score"),
    ("new_lesions", {"present": False}, "edit.new_lesions"),
    ("caliper", {"sdi_lps_mm": [[0, 0, 0], [30.6, 0, 0]]}, "edit.caliper"),
    ("caliper", {"sdi_lps_mm": [[0, 0, 0], [0, 0, 0]]}, "edit.caliper"),
    ("caliper", {"lesion": None}, "edit.caliper"),
    ("caliper", {"lesion": None, "name": "n1"}, "edit.caliper"),
    ("caliper", {"name": "=n1"}, "edit.caliper.name"),
    ("ct_seen", {"name": ""}, "edit.ct_seen.name"),
    ("ct_seen", {"seen": "present"}, "edit.ct_seen.seen"),
    ("reference", {"which": "spleen"}, "edit.reference.which"),
    ("comment", {"text": "   "}, "edit.comment.text"),
    ("comment", {"text": "a\x00b"}, "edit.comment.text"),
    ("comment", {"text": "a\ud800b"}, "edit.comment.text"),
    ("comment", {"text": "a" * 2_001}, "edit.comment.text"),
]


def test_there_is_an_example_of_every_kind() -> None:
    mapping = TypeAdapter(AnyEdit).json_schema()["discriminator"]["mapping"]
    assert set(mapping) == set(RIGHT)


@pytest.mark.parametrize("kind", RIGHT)
def test_json_goes_in_and_comes_out_the_same(kind: str) -> None:
    edit = edit_of({"kind": kind, **RIGHT[kind]})
    said = edit_json(edit)
    assert {name: said[name] for name in RIGHT[kind]} == RIGHT[kind]
    assert edit_of(json.loads(json.dumps(said))) == edit
    with pytest.raises(ValidationError):
        edit.kind = "other"  # type: ignore[assignment]


@pytest.mark.parametrize(("kind", "change", "where"), WRONG, ids=lambda value: value if isinstance(value, str) else None)
def test_what_cannot_be_is_refused_at_its_place(kind: str, change: dict[str, Any], where: str) -> None:
    with pytest.raises(Refused) as caught:
        edit_of({"kind": kind, **RIGHT[kind], **change})
    assert {notice.code for notice in caught.value.notices} == {"REVIEW_EDIT_MALFORMED"}
    assert where in {notice.where for notice in caught.value.notices}


@pytest.mark.parametrize("value", [None, 3, "status", [], {}, {"kind": "paint"}, {"kind": 3}])
def test_what_is_no_edit_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        edit_of(value)


def test_a_refusal_repeats_little_of_what_was_sent() -> None:
    with pytest.raises(Refused) as caught:
        edit_of({"kind": "comment", "text": "x" * 5_000})
    assert len(caught.value.notices[0].found) < 100


def test_other_data_name_their_faults_too() -> None:
    class Pair(Data):
        one: int
        two: int

    with pytest.raises(ValidationError) as caught:
        Pair.model_validate({"one": "a", "three": 3})
    assert [notice.where for notice in faults_of(caught.value, "pair")] == ["pair.one", "pair.two", "pair.three"]


def status(lesion: str, said: str) -> Edit:
    return edit_of({"kind": "status", "lesion": lesion, "status": said})


def test_edits_stand_in_their_order_until_they_are_taken_back() -> None:
    first, second, note = status("L01", "disease"), status("L01", "physiologic"), Comment(text="colon")
    standing: Standing = ()
    for number, edit in enumerate((first, second, note), start=1):
        standing = with_edit(standing, edit, number=number)
    assert standing == (Numbered(1, first), Numbered(2, second), Numbered(3, note))
    assert undo_of(standing) == RemoveEdit(edit=3)
    left = with_edit(standing, RemoveEdit(edit=2), number=4)
    assert left == (Numbered(1, first), Numbered(3, note))
    assert edits_json(left)[1] == {"number": 3, "edit": {"kind": "comment", "text": "colon"}}
    for number in (2, 4, 9):
        with pytest.raises(Refused) as caught:
            with_edit(left, RemoveEdit(edit=number), number=5)
        assert caught.value.codes == ("REVIEW_EDIT_NOT_STANDING",)
    with pytest.raises(Refused):
        undo_of(())


def test_what_an_edit_replaces() -> None:
    standing = tuple(
        Numbered(n, edit) for n, edit in enumerate((status("L01", "disease"), Deauville(score="3"), status("L02", "disease")), 1)
    )
    assert replaced(standing, SetStatus(lesion="L01", status="physiologic")) == status("L01", "disease")
    assert replaced(standing, Deauville(score="4")) == Deauville(score="3")
    assert replaced(standing, RemoveEdit(edit=2)) == Deauville(score="3")
    assert replaced(standing, status("L03", "disease")) is None
    assert replaced(standing, Comment(text="a")) is None
    assert replaced((), Deauville(score="4")) is None


def test_a_reason_is_no_part_of_the_edit() -> None:
    one = edit_of({"kind": "status", "lesion": "L01", "status": "disease", "reason": "  biopsy "})
    assert one.reason == "biopsy"
    assert edit_json(one) == {"kind": "status", "lesion": "L01", "status": "disease"}
