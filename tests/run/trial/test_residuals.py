"""Truth: rows of tracks made up for it; the hottest place, what is open and what does not count, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.run.trial.residuals import NO_PLACE, NOT_FOLLOWED, Left, left_on
from carpet.run.trial.tracks import CourseTracks

ScanAt = Callable[..., Any]


def row(day: int, track: str, *lesions: str, suv_max: float | None = None, above: str = "", reason: str = "", into: str = "") -> Any:
    said = {"study_uid": f"1.2.{day}", "day": day, "track": track, "lesion_ids": list(lesions), "into": into}
    return said | {"residual_suv_max": suv_max, "residual_above": above, "residual_reason_missing": reason}


BEFORE = tuple(row(-2, f"T0{n}", f"L0{n}") for n in range(1, 7))
NOW = (
    row(29, "T01", suv_max=1.8, above="yes"),
    row(29, "T02", suv_max=3.1, above="yes"),
    row(29, "T03", suv_max=2.6, above="no"),
    row(29, "T04", "L07"),
    row(29, "T05", into="T04"),
)


def test_the_hottest_that_stands_above_its_surroundings(scan_at: ScanAt) -> None:
    found = left_on(scan_at(29), CourseTracks((*BEFORE, *NOW), step="made"))
    assert found == Left(hottest=3.1, unsure=0.0, level=2.6, unknown="", places=3, told="SUVmax 3.1, T02")
    assert found.words == "at the places of 3 earlier lesions: SUVmax 3.1, T02"
    assert left_on(scan_at(90), CourseTracks((*BEFORE, *NOW), step="made")).places == 0


def test_what_is_not_known_is_named(scan_at: ScanAt) -> None:
    lost = (row(29, "T05", reason="OUT_OF_FIELD"), row(29, "T06", reason="PLACE_TAKEN_OUT"))
    found = left_on(scan_at(29), CourseTracks((*BEFORE, *NOW, *lost), step="made"))
    assert found.unknown == found.open == "not known at the place of T05 (OUT_OF_FIELD), T06 (PLACE_TAKEN_OUT)"
    assert found.hottest == 3.1


def test_without_tracks_or_earlier_disease_there_is_no_place(scan_at: ScanAt) -> None:
    assert left_on(scan_at(29), CourseTracks((*BEFORE, *NOW))) == NOT_FOLLOWED
    assert left_on(scan_at(29), CourseTracks(step="made")) == NO_PLACE
    assert left_on(scan_at(-2), CourseTracks(BEFORE, step="made")) == NO_PLACE


@pytest.mark.parametrize(
    ("unsure", "hottest", "expected"),
    [
        (1.5, 0.0, Left(level=1.5)),
        (1.8, 0.0, Left(hottest=1.8, told="SUVmax 1.8, which goes on beyond its place")),
        (2.0, 0.0, Left(hottest=2.0, told="SUVmax 2.0, which goes on beyond its place")),
        (2.1, 0.0, Left(unsure=2.1)),
        (1.8, 3.0, Left(hottest=3.0, level=1.8)),
    ],
)
def test_what_is_unsure_against_blood_pool_and_liver(unsure: float, hottest: float, expected: Left) -> None:
    assert Left(hottest=hottest, unsure=unsure).against(liver=2.0, blood_pool=1.5) == expected


def test_unsure_uptake_is_weighed_with_the_scans_own_references(scan_at: ScanAt) -> None:
    tracks = CourseTracks((*BEFORE, row(29, "T01", suv_max=1.8, above="unsure")), step="made")
    assert left_on(scan_at(29, liver=2.0, blood_pool=1.5), tracks).hottest == 1.8
    cold = left_on(scan_at(29, liver=1.7, blood_pool=1.5), tracks)
    assert (cold.hottest, cold.unsure) == (0.0, 1.8)
    assert cold.open == "SUVmax 1.8 there cannot be told from what goes on beyond it"
    scan = scan_at(29)
    without = replace(scan, study=replace(scan.study, payload={**scan.study.payload, "reference_suv_max": {}}))
    assert left_on(without, tracks).unsure == 1.8


def test_the_words_without_a_residual() -> None:
    assert Left(places=1).words == "nothing stands above its surroundings at the place of 1 earlier lesion"
