"""Contract: the reading that stands, whole; of readings that differ only what both say alike, every other region open, no voxel in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from carpet.core.errors import Refused
from carpet.core.lesion import Lesion, Status
from carpet.review.edits import Edit, Numbered, Reference, SetSite, SetStatus
from carpet.run.pipeline import Surveyed, is_reviewed
from carpet.run.review.applied import Review, base_digest
from carpet.run.review.room import Room
from carpet.run.review.signed import CaseReview, read_by, read_together

from .test_applied import ball_at


@pytest.fixture(scope="module")
def base(first_room: Room) -> Surveyed:
    return first_room.scans.opened(first_room.study(first_room.history.case("A/TT"))).surveyed


def reading(base: Surveyed, reader: str, *edits: Edit) -> Review:
    return Review(reader, tuple(Numbered(n, edit) for n, edit in enumerate(edits, start=1)), base_digest(base))


def of(base: Surveyed, *readings: Review, stands: str = "", settled_by: str = "", third: Review | None = None) -> CaseReview:
    return CaseReview(readings, stands, third, settled_by, "10.0 and 40.0 mL")


def codes(one: Surveyed) -> list[str]:
    return [notice.code for notice in one.flags if notice.code.startswith(("REVIEW_", "READERS_"))]


def status(lesions: Sequence[Lesion]) -> dict[str, Status]:
    return {one.id: one.status for one in lesions}


def said(base: Surveyed, what: str) -> SetStatus:
    """The first region called the other way."""
    return SetStatus(lesion=base.lesions[0].id, status="physiologic" if what == "physiologic" else "disease")


def test_who_reads_alone_stands(base: Surveyed) -> None:
    now = read_together(base, of(base, reading(base, "Rea", said(base, "disease")), stands="Rea"))
    assert is_reviewed(now)
    assert codes(now) == []
    assert read_by(base, of(base, reading(base, "Rea"), stands="Rea")) == {}


def test_where_they_differ_a_region_is_open_and_the_rest_stands(base: Surveyed) -> None:
    rea, ron = reading(base, "Rea", said(base, "disease")), reading(base, "Ron", said(base, "physiologic"))
    now = read_together(base, of(base, rea, ron))
    first = base.lesions[0].id
    assert status(now.lesions) == {one.id: Status.UNDECIDED if one.id == first else one.status for one in base.lesions}
    assert [one.id for one in now.lesions if not one.reviewed] == [first]
    assert codes(now) == ["REVIEW_DISPUTED", "READERS_DISAGREE_ON_REGIONS"]
    assert now.flags[-1].found == f"{first} (reader Rea disease, reader Ron physiologic)"
    assert not is_reviewed(now)
    both = read_by(base, of(base, rea, ron))
    assert len(both["Rea"]) == len(both["Ron"]) + 1


def test_a_reading_that_was_not_blind_is_told_with_the_scan(base: Surveyed) -> None:
    rea = replace(of(base, reading(base, "Rea"), stands="Rea"), not_blind=("reader Rea: after sight of the other reading",))
    assert codes(read_together(base, rea)) == ["REVIEW_NOT_BLIND"]
    assert rea.as_parameters()["not_blind"] == ["reader Rea: after sight of the other reading"]
    both = of(base, reading(base, "Rea", said(base, "disease")), reading(base, "Ron", said(base, "physiologic")))
    assert codes(read_together(base, replace(both, not_blind=rea.not_blind)))[:2] == ["REVIEW_DISPUTED", "REVIEW_NOT_BLIND"]


def test_what_one_has_drawn_is_open_and_no_voxel_lies_twice(base: Surveyed) -> None:
    rea = reading(base, "Rea", ball_at(base, "liver", 14.0))
    ron = reading(base, "Ron", ball_at(base, "liver", 10.0), ball_at(base, "blood_pool", 8.0))
    now = read_together(base, of(base, rea, ron))
    new = [one for one in now.lesions if one.id not in status(base.lesions)]
    assert {one.status for one in new} == {Status.UNDECIDED}
    assert len({one.id for one in now.lesions}) == len({one.label for one in now.lesions}) == len(now.lesions)
    count = np.zeros(base.suv.grid.shape_kji, dtype=int)
    for one in now.lesions:
        count[one.region.box] += one.region.mask
    assert count.max() == 1
    assert len(new) == 2  # Ron's smaller ball lies within Rea's
    alike = read_together(base, of(base, rea, reading(base, "Ron", ball_at(base, "liver", 14.0))))
    assert [one.status for one in alike.lesions][-1] is Status.DISEASE
    assert codes(alike) == ["REVIEW_DISPUTED"]  # by their scores
    assert is_reviewed(alike)


def test_a_site_that_is_disputed_is_open_and_a_reference_that_one_moved_is_the_machines(base: Surveyed) -> None:
    disease = next(one for one in base.lesions if one.status is Status.DISEASE)
    at = tuple(map(float, base.anatomy.references["spleen"].centroid_lps_mm))
    moved = Reference(which="liver", centre_lps_mm=at)  # type: ignore[arg-type]
    sites = [SetSite(lesion=disease.id, site=site) for site in ("hilar", "axillary")]
    now = read_together(base, of(base, reading(base, "Rea", sites[0], moved), reading(base, "Ron", sites[1])))
    open_site = next(one for one in now.lesions if one.id == disease.id)
    assert (open_site.status, open_site.site, open_site.kind) == (Status.DISEASE, None, None)
    assert now.anatomy.references["liver"] is base.anatomy.references["liver"]


def test_what_was_settled_says_by_whom(base: Surveyed) -> None:
    rea, ron = reading(base, "Rea", said(base, "disease")), reading(base, "Ron", said(base, "physiologic"))
    chosen = read_together(base, of(base, rea, ron, stands="Ron", settled_by="Ada"))
    assert (codes(chosen), chosen.lesions[0].decided_by) == (["REVIEW_ADJUDICATED"], "reader Ron")
    assert chosen.flags[-1].found == "10.0 and 40.0 mL; adjudicated by reader Ada: reader Ron stands"
    third = read_together(base, of(base, rea, ron, stands="Ada", settled_by="Ada", third=reading(base, "Ada", said(base, "disease"))))
    assert third.lesions[0].decided_by == "reader Ada"
    small = read_together(base, of(base, rea, ron, stands="Rea"))
    assert (codes(small), is_reviewed(small)) == (["REVIEW_READERS_DIFFER"], True)


def test_one_reading_of_other_regions_refuses_the_scan(base: Surveyed) -> None:
    with pytest.raises(Refused, match="REVIEW_READING_OUTDATED"):
        read_together(base, of(base, reading(base, "Rea"), Review("Ron", (), "0" * 64), stands="Rea"))
