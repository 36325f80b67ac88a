"""Truth: the pictures drawn without a memory. Contract: drawn once, anew after an edit, within bounds, and ahead of the next case."""

from __future__ import annotations

import pytest

from carpet.review.edits import SetStatus
from carpet.review.roles import Person, Role
from carpet.run.review import export
from carpet.run.review.pictures import Pictures, draw_ahead
from carpet.run.review.spin import ids_png

from .conftest import Opened

REA = Person("Rea", Role.READER)


def test_a_picture_is_drawn_once_and_anew_after_an_edit(single: Opened) -> None:
    room, pictures = single.room, Pictures()
    seen = room.of(room.case("A/TT"), "Rea")
    first = pictures.labels(seen, cropped=False)
    assert first == export.labels_nifti(seen)
    assert pictures.labels(room.of(room.case("A/TT"), None), cropped=False) is first  # the machine's regions are the same
    assert pictures.labels(seen, cropped=True) == export.labels_nifti(seen, cropped=True)
    assert pictures.spin_ids(seen) == ids_png(seen.scan.spin, seen.numbers.lesions, seen.numbers.surveyed.suv.grid)
    disease = next(one.id for one in seen.numbers.lesions if one.status == "disease")
    after = room.edit(room.case("A/TT"), SetStatus(lesion=disease, status="physiologic"), REA, if_match=0)
    assert pictures.labels(after, cropped=False) == export.labels_nifti(after)


def test_memory_is_bounded(single: Opened) -> None:
    room, pictures = single.room, Pictures(largest_bytes=1)
    seen = room.of(room.case("A/TT"), None)
    first, second = pictures.labels(seen, cropped=True), pictures.spin_ids(seen)
    assert pictures.spin_ids(seen) is second
    assert pictures.labels(seen, cropped=True) is not first


def test_the_next_case_is_ready_before_it_is_asked_for(single: Opened) -> None:
    room, pictures = single.room, Pictures()
    draw_ahead(room, pictures, room.case("A/TT"), REA)

    def fails() -> bytes:
        pytest.fail("drawn only now")

    following = room.of(room.case("A/M1"), "Rea")
    assert pictures.of("labels True", following, fails) == export.labels_nifti(following, cropped=True)
    assert pictures.of("spin", following, fails)
