"""Contract: edits build on each other, names stay when others are taken back, the rest is accepted, other regions are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.core.errors import Refused
from carpet.core.lesion import Kind, Status
from carpet.core.space import Region
from carpet.review.edits import Brush, Comment, Edit, Numbered, Reference, RemoveEdit, SetSite, SetStatus, Split, Standing, with_edit
from carpet.run.pipeline import Surveyed
from carpet.run.review.applied import RADIUS_MM, Review, accepted, after_edit, base_digest, edited, made_by, reviewed
from carpet.run.review.room import Room


@pytest.fixture(scope="module")
def base(first_room: Room) -> Surveyed:
    return first_room.scans.opened(first_room.study(first_room.history.case("A/TT"))).surveyed


def numbered(*edits: Edit) -> Standing:
    return tuple(Numbered(n, edit) for n, edit in enumerate(edits, start=1))


def ball_at(base: Surveyed, where: str, radius_mm: float = 10.0) -> Brush:
    centre = base.anatomy.references[where].centroid_lps_mm
    return Brush(points_lps_mm=(tuple(map(float, centre)),), radius_mm=radius_mm)  # type: ignore[arg-type]


def test_a_region_keeps_its_name_when_another_is_taken_back(base: Surveyed) -> None:
    first, second = ball_at(base, "liver"), ball_at(base, "blood_pool", 8.0)
    both = numbered(first, second)
    name = made_by(base, both[1])
    left = with_edit(both, RemoveEdit(edit=1), number=3)
    assert [one.id for one in edited(base, both, reader="Rea").lesions][-2:] == [made_by(base, both[0]), name]
    now = edited(base, (*left, Numbered(4, SetStatus(lesion=name, status="physiologic"))), reader="Rea")
    assert (now.lesions[-1].id, now.lesions[-1].status) == (name, Status.PHYSIOLOGIC)
    assert now.lesions[-1].site is not None or now.lesions[-1].kind is None


def test_a_split_names_its_parts_apart_from_all_later_regions(base: Surveyed) -> None:
    lesion = max(base.lesions, key=lambda one: one.region.voxels)
    centres = lesion.region.centres_lps_mm()
    seeds = tuple(tuple(map(float, centres[n])) for n in (0, len(centres) // 2, -1))
    now = edited(base, numbered(Split(lesion=lesion.id, seeds_lps_mm=seeds), ball_at(base, "liver")), reader="Rea")  # type: ignore[arg-type]
    assert len({one.id for one in now.lesions}) == len({one.label for one in now.lesions}) == len(now.lesions) == len(base.lesions) + 3
    assert sum(one.region.voxels for one in now.lesions[:-1]) == sum(one.region.voxels for one in base.lesions)


def test_an_edit_about_no_region_changes_none(base: Surveyed) -> None:
    assert after_edit(base, base, Numbered(1, Comment(text="clear")), reader="Rea") is base


def test_who_said_what_is_kept_once(base: Surveyed) -> None:
    name = next(one.id for one in base.lesions if one.status is Status.DISEASE)
    twice = numbered(SetStatus(lesion=name, status="physiologic"), SetStatus(lesion=name, status="disease"))
    one = next(one for one in edited(base, twice, reader="Rea").lesions if one.id == name)
    assert one.decided_by == "reader Rea"
    assert one.because.startswith("the reader said disease; rule ")
    assert one.because.count("the reader said") == 1


def test_a_site_counts_as_it_does_or_as_the_reader_says(base: Surveyed) -> None:
    name = base.lesions[0].id
    edits = [SetSite(lesion=name, site="hilar", counts_as=kind) for kind in (None, Kind.MARROW)]
    kinds = [edited(base, numbered(edit), reader="Rea").lesions[0].kind for edit in edits]
    assert kinds == ["nodal", "marrow"]


def test_a_moved_reference_is_a_sphere_of_the_usual_size(base: Surveyed) -> None:
    at = tuple(map(float, base.anatomy.references["spleen"].centroid_lps_mm))
    moved = edited(base, numbered(Reference(which="liver", centre_lps_mm=at)), reader="Rea").anatomy  # type: ignore[arg-type]
    region = moved.references["liver"]
    assert np.linalg.norm(region.centres_lps_mm() - np.array(at), axis=1).max() <= RADIUS_MM["liver"]
    assert moved.references["blood_pool"] is base.anatomy.references["blood_pool"]


def test_what_nobody_touched_is_accepted_but_not_what_is_undecided(base: Surveyed) -> None:
    first = replace(base.lesions[0], status=Status.UNDECIDED)
    done = accepted(replace(base, lesions=(first, *base.lesions[1:])), reader="Rea")
    assert done.accepted
    assert [one.reviewed for one in done.lesions] == [False] + [True] * (len(base.lesions) - 1)
    assert {one.status for one in done.lesions[1:]} == {one.status for one in base.lesions[1:]}


def test_a_reading_of_other_regions_is_refused(base: Surveyed) -> None:
    review = Review("Rea", (), base_digest(base))
    assert all(one.reviewed or one.status is Status.UNDECIDED for one in reviewed(base, review).lesions)
    assert review.as_parameters()["edits"] == []
    lesion = base.lesions[0]
    mask = lesion.region.mask.copy()
    mask[tuple(np.argwhere(mask)[0])] = False
    other = replace(base, lesions=(replace(lesion, region=Region(lesion.region.grid, lesion.region.origin_kji, mask)), *base.lesions[1:]))
    with pytest.raises(Refused, match="REVIEW_READING_OUTDATED"):
        reviewed(other, review)


def test_strokes_are_of_the_outline_that_was_seen_and_a_decision_is_not(base: Surveyed) -> None:
    lesion = max((one for one in base.lesions if one.status is Status.DISEASE), key=lambda one: one.region.voxels)
    stroke = erased_at(lesion.region.centres_lps_mm()[0], lesion.id)
    margin = base.protocol.segment.margin_mm + 1.0
    wider = base.protocol.model_copy(update={"segment": base.protocol.segment.model_copy(update={"margin_mm": margin})})
    for other in (replace(base, segmenter="max41"), replace(base, protocol=wider)):
        reviewed(other, Review("Rea", numbered(SetStatus(lesion=lesion.id, status="physiologic")), base_digest(base)))
        with pytest.raises(Refused, match="REVIEW_READING_OUTDATED"):
            reviewed(other, Review("Rea", numbered(stroke), base_digest(base)))
    assert reviewed(base, Review("Rea", numbered(stroke), base_digest(base))).accepted


def erased_at(place: NDArray[np.float64], lesion: str) -> Brush:
    """A stroke of the eraser."""
    return Brush(points_lps_mm=(tuple(map(float, place)),), radius_mm=3.0, lesion=lesion, erase=True)  # type: ignore[arg-type]
