"""The same lesion over time: what a track is, what may happen to it, and which lesions of a scan are new. Rules: following.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from carpet.core.lesion import Lesion
from carpet.core.space import Grid
from carpet.lesions.alignment import Alignment, Confidence
from carpet.lesions.residual import Residual, ScanUptake

SMALL_ML = 1.0  # [P] below this, partial volume and noise make a new region doubtful


class Event(StrEnum):
    PRESENT = "present"
    GONE = "gone"
    REMNANT = "remnant"
    NEW = "new"
    SPLIT = "split"
    MERGED = "merged"
    REAPPEARED = "reappeared"
    FIRST_SEEN = "first seen"
    OUT_OF_FIELD = "not in the field of view"
    NOT_ALIGNED = "not aligned"


@dataclass(frozen=True, eq=False)
class Scan:
    """One time point: its name, every region found (disease or not), the PET grid, the alignment to the baseline, and its uptake.

    The first scan is the baseline and has no alignment; None on a later one means that it could not be aligned. uptake: None where
    nobody asks what is left at the places of lesions.
    """

    timepoint: str
    lesions: tuple[Lesion, ...]
    field: Grid
    alignment: Alignment | None = None
    uptake: ScanUptake | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A track on one scan: the lesions that belong to it (none when gone), what happened, how sure, and why. volume_ml: their sum.

    into: the track that a merged one ended in; empty for the one that goes on. residual: what is left at its place where no region of
    it stands, None where it was not asked.
    """

    timepoint: str
    lesion_ids: tuple[str, ...]
    event: Event
    confidence: Confidence
    because: str
    volume_ml: float = 0.0
    into: str = ""
    residual: Residual | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One lesion over time, from the scan that first shows it."""

    id: str
    sightings: tuple[Sighting, ...]

    @property
    def members(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return tuple((seen.timepoint, seen.lesion_ids) for seen in self.sightings)

    @property
    def confidence(self) -> Confidence:
        """Low when any sighting's is."""
        low = any(seen.confidence is Confidence.LOW for seen in self.sightings)
        return Confidence.LOW if low else Confidence.HIGH

    def at(self, timepoint: str) -> Sighting | None:
        """None before the track's first scan and after it merged into another."""
        return next((seen for seen in self.sightings if seen.timepoint == timepoint), None)


@dataclass(frozen=True, slots=True)
class Appeared:
    """A track that begins or comes back on a scan: `new` or `reappeared`. small: less than 1 mL."""

    track: str
    lesion_ids: tuple[str, ...]
    event: Event
    volume_ml: float
    small: bool
    confidence: Confidence
    because: str


def new_lesions(tracks: Iterable[Track], timepoint: str) -> tuple[Appeared, ...]:
    """What response asks: the tracks that are new, or reappeared, on this scan; a person looks at those that are small or unsure."""
    return tuple(
        Appeared(track.id, seen.lesion_ids, seen.event, seen.volume_ml, seen.volume_ml < SMALL_ML, seen.confidence, seen.because)
        for track in tracks
        if (seen := track.at(timepoint)) is not None and seen.event in (Event.NEW, Event.REAPPEARED)
    )
