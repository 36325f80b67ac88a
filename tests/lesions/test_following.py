"""Truth: closed form: balls planted on a grid, each with a known history, and a given alignment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from carpet.core.geometry import sphere_region
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Quantity, Volume
from carpet.lesions.alignment import Alignment, Confidence
from carpet.lesions.following import lesion_tracks
from carpet.lesions.residual import Above, NotKnown, Residual, blocks_of, scan_uptake
from carpet.lesions.track_corrections import Correction, override
from carpet.lesions.tracks import Event, Scan, Track
from carpet.testing.moved import placement
from carpet.testing.orientation import ORIENTATIONS, reoriented_grid, reoriented_region
from carpet.testing.voxels import upright_grid

Ball = tuple[float, float, float, float]  # L, P, S, radius (mm)
GRID = upright_grid((80, 60, 60), (4.0, 4.0, 4.0), first_centre_lps_mm=(-118.0, -118.0, -158.0), frame_uid="1.2.3")
SURE = Alignment(np.eye(4), 1.0, 1.0, 1.0, "bone", Confidence.HIGH, "given")


def lesion(name: str, ball: Ball, grid: Grid = GRID, status: Status = Status.DISEASE) -> Lesion:
    return Lesion(name, int(name[1:]), sphere_region(grid, np.array(ball[:3]), ball[3]), status, "test", "planted")


def scan(timepoint: str, balls: dict[str, Ball], alignment: Alignment | None = SURE, grid: Grid = GRID) -> Scan:
    lesions = tuple(lesion(name, ball, grid) for name, ball in balls.items())
    return Scan(timepoint, lesions, grid, None if timepoint == "TT" else alignment)


def told(tracks: tuple[Track, ...]) -> dict[str, list[tuple[str, ...]]]:
    """Per track: time point, event, confidence, then the lesions."""
    return {track.id: [(s.timepoint, s.event.value, s.confidence.value, *s.lesion_ids) for s in track.sightings] for track in tracks}


A, B, C = (-60.0, 0.0, 0.0, 16.0), (60.0, 0.0, 60.0, 12.0), (0.0, 60.0, -100.0, 9.0)


def test_present_gone_and_reappeared() -> None:
    course = [scan("TT", {"L01": A, "L02": B}), scan("M1", {"L05": A}), scan("M3", {"L01": B, "L02": A})]
    assert told(lesion_tracks(course)) == {
        "T01": [("TT", "present", "high", "L01"), ("M1", "present", "high", "L05"), ("M3", "present", "high", "L02")],
        "T02": [("TT", "present", "high", "L02"), ("M1", "gone", "high"), ("M3", "reappeared", "high", "L01")],
    }


def test_a_lesion_where_none_was_is_new() -> None:
    tracks = lesion_tracks([scan("TT", {"L01": A}), scan("M1", {"L01": C, "L02": A})])
    assert told(tracks)["T02"] == [("M1", "new", "high", "L01")]
    assert tracks[1].sightings[0].because == "T4: no disease at its place on TT"
    assert tracks[1].at("TT") is None


def test_a_split_stays_one_track_and_a_merger_ends_the_smaller() -> None:
    halves: dict[str, Ball] = {"L01": (-60.0, 0.0, -14.0, 7.0), "L02": (-60.0, 0.0, 14.0, 8.0)}
    split = lesion_tracks([scan("TT", {"L01": (-60.0, 0.0, 0.0, 24.0)}), scan("M1", halves)])
    assert told(split) == {"T01": [("TT", "present", "high", "L01"), ("M1", "split", "high", "L02", "L01")]}
    merged = lesion_tracks([scan("TT", halves), scan("M1", {"L07": (-60.0, 0.0, 0.0, 24.0)}), scan("M3", {"L07": A})])
    assert told(merged) == {
        "T01": [("TT", "present", "high", "L02"), ("M1", "merged", "high", "L07"), ("M3", "present", "high", "L07")],
        "T02": [("TT", "present", "high", "L01"), ("M1", "merged", "high", "L07")],
    }
    assert merged[1].sightings[-1].into == "T01"
    assert merged[1].sightings[-1].volume_ml == 0.0  # counted once


def test_outside_the_field_nothing_is_gone_and_nothing_new() -> None:
    k, j, i = GRID.shape_kji
    short = GRID.cropped((slice(30, k), slice(0, j), slice(0, i)))  # from S = −38 mm up: C lies below
    low = told(lesion_tracks([scan("TT", {"L01": A, "L02": C}), scan("M1", {"L01": A}, grid=short)]))
    assert low["T02"][1] == ("M1", "not in the field of view", "low")
    first = scan("TT", {"L01": A}, grid=short)
    assert told(lesion_tracks([first, scan("M1", {"L01": A, "L02": C})]))["T02"] == [("M1", "first seen", "low", "L02")]


def test_near_the_edge_of_the_field_nothing_is_gone() -> None:
    """Covered on paper, but the tolerance reaches beyond the edge."""
    edge = (0.0, 60.0, -156.0, 8.0)
    assert told(lesion_tracks([scan("TT", {"L01": edge}), scan("M1", {})]))["T01"][1][1] == "not in the field of view"


def test_an_undecided_region_at_the_place_makes_gone_and_new_doubtful() -> None:
    undecided = replace(scan("M1", {}), lesions=(lesion("L01", A, status=Status.UNDECIDED),))
    seen = lesion_tracks([scan("TT", {"L01": A}), undecided])[0].sightings[1]
    assert (seen.event, seen.confidence) == (Event.GONE, Confidence.LOW)
    assert "L01 (undecided) lies there" in seen.because
    before = replace(scan("TT", {}), lesions=undecided.lesions)
    assert told(lesion_tracks([before, scan("M1", {"L01": A})])) == {"T01": [("M1", "new", "low", "L01")]}


def test_disease_further_off_than_can_be_followed_is_said() -> None:
    moved = (-60.0, 0.0, 34.0, 16.0)
    tracks = told(lesion_tracks([scan("TT", {"L01": A}), scan("M1", {"L01": moved})]))
    assert tracks == {"T01": [("TT", "present", "high", "L01"), ("M1", "gone", "low")], "T02": [("M1", "new", "low", "L01")]}


def test_a_scan_without_alignment_tells_nothing() -> None:
    course = [scan("TT", {"L01": A}), scan("M1", {"L01": A}, None), scan("M3", {"L01": A})]
    assert told(lesion_tracks(course)) == {
        "T01": [("TT", "present", "high", "L01"), ("M1", "not aligned", "low"), ("M3", "present", "high", "L01")],
        "T02": [("M1", "first seen", "low", "L01"), ("M3", "not aligned", "low")],
    }


def test_an_alignment_of_low_confidence_makes_all_doubtful() -> None:
    tracks = lesion_tracks([scan("TT", {"L01": A, "L02": C}), scan("M1", {"L01": A, "L02": B}, replace(SURE, confidence=Confidence.LOW))])
    assert [track.sightings[-1].confidence for track in tracks] == [Confidence.LOW] * 3
    assert "T5" in tracks[0].sightings[1].because


def test_half_of_a_split_that_hid_for_a_while_is_not_new() -> None:
    """One half is missed at M1 and seen again at M3, where the whole lay at baseline."""
    low, high = (-60.0, 0.0, -20.0, 8.0), (-60.0, 0.0, 20.0, 8.0)
    course = [scan("TT", {"L01": (-60.0, 0.0, 0.0, 32.0)}), scan("M1", {"L01": low}), scan("M3", {"L01": low, "L02": high})]
    assert told(lesion_tracks(course)) == {
        "T01": [("TT", "present", "high", "L01"), ("M1", "present", "high", "L01"), ("M3", "split", "low", "L01", "L02")]
    }


def shown(timepoint: str, balls: dict[str, Ball], faint: dict[Ball, float], *, field: Grid = GRID) -> Scan:
    """A scan with its uptake: muscle, disease at SUV 9, and fainter or smaller balls that are no region."""
    one = scan(timepoint, balls, grid=field)
    values = np.full(field.shape_kji, 0.7, dtype=np.float32)
    for ball, suv in {**dict.fromkeys(balls.values(), 9.0), **faint}.items():
        region = sphere_region(field, np.array(ball[:3]), ball[3])
        values[region.box][region.mask] = suv
    blocks = blocks_of(Volume(field, values, Quantity.SUV_BW))
    uptake = scan_uptake(blocks, [each.region for each in one.lesions], (), liver_suv_max=2.7, candidate_suv=4.0)
    return replace(one, uptake=uptake)


def test_what_is_left_of_a_lesion_goes_with_its_sighting() -> None:
    course = [shown("TT", {"L01": A, "L02": B}, {}), shown("M1", {"L01": B}, {(*A[:3], 8.0): 3.4}), shown("M3", {"L01": B}, {})]
    first, second = lesion_tracks(course)
    faint, clear = first.sightings[1:]
    assert (faint.event, faint.confidence, faint.residual) == (Event.GONE, Confidence.LOW, Residual(pytest.approx(3.4), Above.YES))
    assert faint.because == "T3: no region at its place; SUVmax 3.4 there, above its surroundings"
    assert (clear.event, clear.confidence, clear.residual) == (Event.GONE, Confidence.HIGH, Residual(pytest.approx(0.7), Above.NO))
    assert all(seen.residual is None for seen in second.sightings)


def test_a_remnant_too_small_for_a_region_has_not_gone() -> None:
    balls = [{"L01": A}, {}, {"L01": A}]
    faint: list[dict[Ball, float]] = [{}, {(*A[:3], 5.0): 7.0}, {}]
    course = [shown(name, *one) for name, *one in zip(("TT", "M1", "M3"), balls, faint, strict=True)]
    assert told(lesion_tracks(course)) == {
        "T01": [("TT", "present", "high", "L01"), ("M1", "remnant", "high"), ("M3", "present", "high", "L01")]
    }


def test_a_region_where_uptake_lay_before_is_not_surely_new() -> None:
    for faint, before in (
        ({}, ""),
        ({(*C[:3], 6.0): 2.2}, "SUVmax 2.2 there, above its surroundings"),
        ({(*C[:3], 4.5): 6.0}, "SUVmax 6.0"),
    ):
        tracks = lesion_tracks([shown("TT", {"L01": A}, faint), shown("M1", {"L01": A}, {}), shown("M3", {"L01": A, "L02": C}, {})])
        seen = tracks[1].sightings[0]
        assert (seen.event, seen.confidence) == (Event.NEW, Confidence.LOW if faint else Confidence.HIGH)
        assert (f"but on TT {before}" in seen.because) == bool(faint)


def test_what_nobody_can_tell_is_said_with_the_reason() -> None:
    k, j, i = GRID.shape_kji
    short = GRID.cropped((slice(30, k), slice(0, j), slice(0, i)))
    tracks = lesion_tracks([shown("TT", {"L01": A, "L02": C}, {}), shown("M1", {"L01": A}, {}, field=short)])
    assert tracks[1].sightings[1].residual == Residual.unknown(NotKnown.OUT_OF_FIELD)
    lost = replace(shown("M1", {}, {}), alignment=None)
    assert lesion_tracks([shown("TT", {"L01": A}, {}), lost])[0].sightings[1].residual == Residual.unknown(NotKnown.NOT_ALIGNED)
    over = replace(shown("M1", {"L01": A}, {}), lesions=(lesion("L01", A, status=Status.PHYSIOLOGIC),))
    hidden = lesion_tracks([shown("TT", {"L01": A}, {}), over])[0].sightings[1]
    assert (hidden.event, hidden.confidence, hidden.residual) == (Event.GONE, Confidence.LOW, Residual.unknown(NotKnown.TAKEN_OUT))


def test_the_places_of_what_merged_are_looked_at_too() -> None:
    halves: dict[str, Ball] = {"L01": (-60.0, 0.0, -14.0, 7.0), "L02": (-60.0, 0.0, 14.0, 8.0)}
    whole: dict[str, Ball] = {"L07": (-60.0, 0.0, 0.0, 24.0)}
    course = [shown("TT", halves, {}), shown("M1", whole, {}), shown("M3", {}, {(-60.0, 0.0, -18.0, 4.0): 3.4})]
    tracks = lesion_tracks(course)
    assert tracks[1].sightings[-1].into == "T01"
    assert tracks[0].sightings[-1].residual == Residual(pytest.approx(3.4), Above.YES)


def test_a_reader_stands_above_what_lay_there_before() -> None:
    course = [shown("TT", {"L01": A}, {(*C[:3], 6.0): 2.2}), shown("M1", {"L01": A, "L02": C}, {})]
    seen = override(course, [Correction("M1", "L02", "Dr R", new=True)])[1].sightings[0]
    assert (seen.event, seen.confidence) == (Event.NEW, Confidence.HIGH)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_storage_and_the_order_of_lesions_change_nothing(orientation: str) -> None:
    matrix = placement(shift_mm=(30.0, -20.0, 15.0), turn_deg=(4.0, -6.0, 5.0))
    back = replace(SURE, matrix_lps=np.asarray(np.linalg.inv(matrix), dtype=np.float64))
    balls = {"L01": A, "L02": B, "L03": C, "L04": (-60.0, 0.0, 40.0, 10.0)}
    there = {name: (*(matrix[:3, :3] @ ball[:3] + matrix[:3, 3]), ball[3]) for name, ball in balls.items() if name != "L02"}
    first, second = scan("TT", balls), scan("M1", there, back)
    grid = reoriented_grid(GRID, orientation)
    turned = tuple(replace(one, region=reoriented_region(one.region, orientation, grid)) for one in reversed(second.lesions))
    tracks = lesion_tracks([first, second])
    assert [track.sightings[1].lesion_ids for track in tracks] == [("L01",), (), ("L04",), ("L03",)]
    assert lesion_tracks([replace(first, lesions=first.lesions[::-1]), replace(second, lesions=turned, field=grid)]) == tracks


def test_no_disease_no_track() -> None:
    assert lesion_tracks([]) == lesion_tracks([scan("TT", {}), scan("M1", {})]) == ()


@pytest.fixture(scope="module")
def script(from_checkout: Callable[[str], ModuleType]) -> ModuleType:
    return from_checkout("validation/lesion_tracks.py")


@pytest.mark.parametrize(("own_mm", "sure"), [(0.0, 1.0), (4.0, 0.95), (8.0, 0.85)])
def test_in_a_crowd_that_moves_no_wrong_word_is_sure(script: ModuleType, own_mm: float, sure: float) -> None:
    """30 balls in a trunk, a fifth gone and a fifth new, each moved on its own; the whole is validation/lesion_tracks.py."""
    courses = [script.balls(seed, own_mm) for seed in (1, 2)]
    told = [word for one in courses for word in script.judged(lesion_tracks(one.scans), one)]
    assert len(told) >= 72
    assert all(right for _, _, right, confidence in told if confidence == "high")
    assert sum(confidence == "high" for *_, confidence in told) >= sure * len(told)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "circumstance"), [(2, "PET alone, arms down"), (3, "PET/CT, other scanner and storage order")])
def test_on_images_lesions_of_every_fate_are_followed(script: ModuleType, seed: int, circumstance: str) -> None:
    one = script.course(seed, circumstance)
    tracks = lesion_tracks(one.scans)
    told = list(script.judged(tracks, one))
    assert one.refused == 0
    assert {kind for kind, *_ in told} >= {"same", "new", "gone"}
    assert all(right for _, _, right, _ in told)
    assert not any("not told" in word for word in script.changes(tracks, one))
