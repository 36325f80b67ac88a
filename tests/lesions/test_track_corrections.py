"""Contract: a reader's word stands above the rules, is written down, and what follows it is linked anew."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.errors import ProtocolError, Refused
from carpet.core.geometry import sphere_region
from carpet.core.lesion import Lesion, Status
from carpet.lesions.alignment import Alignment, Confidence
from carpet.lesions.following import lesion_tracks
from carpet.lesions.track_corrections import Correction, override
from carpet.lesions.tracks import Scan, Track, new_lesions
from carpet.testing.voxels import upright_grid

Ball = tuple[float, float, float, float]  # L, P, S, radius (mm)
GRID = upright_grid((80, 60, 60), (4.0, 4.0, 4.0), first_centre_lps_mm=(-118.0, -118.0, -158.0), frame_uid="1.2.3")
SURE = Alignment(np.eye(4), 1.0, 1.0, 1.0, "bone", Confidence.HIGH, "given")
A, MOVED, B = (-60.0, 0.0, 0.0, 16.0), (-60.0, 0.0, 60.0, 14.0), (60.0, 0.0, 60.0, 12.0)


def scan(timepoint: str, balls: dict[str, Ball], alignment: Alignment | None = SURE) -> Scan:
    lesions = tuple(
        Lesion(name, int(name[1:]), sphere_region(GRID, np.array(ball[:3]), ball[3]), Status.DISEASE, "test", "planted")
        for name, ball in balls.items()
    )
    return Scan(timepoint, lesions, GRID, None if timepoint == "TT" else alignment)


COURSE = (scan("TT", {"L01": A, "L02": B}), scan("M1", {"L01": MOVED, "L02": B}), scan("M3", {"L01": MOVED}))


def members(tracks: tuple[Track, ...]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {track.id: dict(track.members) for track in tracks}


def test_without_a_word_nothing_changes() -> None:
    assert override(COURSE, ()) == lesion_tracks(COURSE)
    assert members(lesion_tracks(COURSE)) == {
        "T01": {"TT": ("L01",), "M1": (), "M3": ()},
        "T02": {"TT": ("L02",), "M1": ("L02",), "M3": ()},
        "T03": {"M1": ("L01",), "M3": ("L01",)},
    }


@pytest.mark.parametrize("how", [{"track": "T01"}, {"same_as": ("TT", "L01")}])
def test_a_lesion_that_moved_too_far_is_given_back_and_followed_from_there(how: dict[str, object]) -> None:
    tracks = override(COURSE, [Correction("M1", "L01", "R1", comment="bowel", **how)])  # type: ignore[arg-type]
    assert members(tracks) == {"T01": {"TT": ("L01",), "M1": ("L01",), "M3": ("L01",)}, "T02": members(tracks)["T02"]}
    seen = tracks[0].sightings[1]
    assert seen.confidence is Confidence.HIGH
    assert "T7: the reader R1 said" in seen.because
    assert "(bowel)" in seen.because
    assert new_lesions(tracks, "M1") == ()


def test_a_lesion_called_new_leaves_its_track_and_gets_the_next_number() -> None:
    tracks = override(COURSE, [Correction("M1", "L02", "R1", new=True)])
    assert members(tracks)["T02"] == {"TT": ("L02",), "M1": (), "M3": ()}
    assert members(tracks)["T04"] == {"M1": ("L02",), "M3": ()}
    assert [(one.track, one.confidence.value) for one in new_lesions(tracks, "M1")] == [("T03", "high"), ("T04", "high")]


def test_a_reader_can_say_what_a_scan_without_alignment_shows() -> None:
    course = (COURSE[0], scan("M1", {"L05": A}, None), scan("M3", {"L01": A}))
    assert members(override(course, [Correction("M1", "L05", "R1", track="T01")]))["T01"] == {
        "TT": ("L01",),
        "M1": ("L05",),
        "M3": ("L01",),
    }


def test_a_merged_track_is_reached_through_its_heir() -> None:
    halves: dict[str, Ball] = {"L01": (-60.0, 0.0, -14.0, 7.0), "L02": (-60.0, 0.0, 14.0, 8.0)}
    course = (scan("TT", halves), scan("M1", {"L01": (-60.0, 0.0, 0.0, 24.0)}), scan("M3", {"L09": B}))
    tracks = override(course, [Correction("M3", "L09", "R1", same_as=("TT", "L01"))])
    assert members(tracks) == {"T01": {"TT": ("L02",), "M1": ("L01",), "M3": ("L09",)}, "T02": {"TT": ("L01",), "M1": ("L01",)}}


@pytest.mark.parametrize(
    ("correction", "code"),
    [
        (Correction("M1", "L09", "R1", new=True), "TRACK_UNKNOWN"),
        (Correction("M2", "L01", "R1", new=True), "TRACK_UNKNOWN"),
        (Correction("M1", "L01", "R1", track="T09"), "TRACK_UNKNOWN"),
        (Correction("M1", "L01", "R1", same_as=("TT", "L09")), "TRACK_UNKNOWN"),
        (Correction("M1", "L02", "R1", track="T03"), "TRACK_NOT_EARLIER"),
        (Correction("M1", "L01", "R1", same_as=("M3", "L01")), "TRACK_NOT_EARLIER"),
    ],
)
def test_a_word_about_nothing_is_refused(correction: Correction, code: str) -> None:
    with pytest.raises(Refused) as told:
        override(COURSE, [correction])
    assert told.value.codes == (code,)


def test_two_words_on_one_lesion_are_refused() -> None:
    with pytest.raises(Refused) as told:
        override(COURSE, [Correction("M1", "L01", "R1", new=True), Correction("M1", "L01", "R2", track="T01")])
    assert told.value.codes == ("TRACK_CONTRADICTS",)


@pytest.mark.parametrize("how", [{}, {"track": "T01", "new": True}, {"same_as": ("TT", "L01"), "track": "T01"}])
def test_a_correction_says_one_thing(how: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        Correction("M1", "L01", "R1", **how)  # type: ignore[arg-type]
