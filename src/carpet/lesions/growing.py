"""A track while it is built, scan by scan; and what a reader said of one lesion. The rules are following.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from carpet.core.lesion import Kind, Lesion
from carpet.lesions.linking import Placed
from carpet.lesions.tracks import Event, Sighting

DIFFUSE = (Kind.SPLEEN, Kind.MARROW)  # organs that are taken whole
NOT_GONE = (Event.OUT_OF_FIELD, Event.NOT_ALIGNED, Event.REMNANT)  # without a region, but not known to be gone

Key = tuple[str, str]  # time point, lesion id


@dataclass(frozen=True, slots=True)
class Forced:
    """What a reader said of a lesion: the lesion (time point, id) it is the same as, or None for new; and the words."""

    same_as: Key | None
    because: str


@dataclass(eq=False)
class Growing:
    """A track while it is built. places: everywhere it has lain, and what merged into it; diffuse: in spleen or marrow only."""

    founder: Key
    sightings: list[Sighting] = field(default_factory=list)
    last: Placed | None = None
    past: list[Placed] = field(default_factory=list)
    ended: bool = False
    places: list[Placed] = field(default_factory=list)
    diffuse: bool = True

    @property
    def size_ml(self) -> float:
        return 0.0 if self.last is None else self.last.volume_ml

    @property
    def present(self) -> bool:
        """Not known to be gone."""
        return bool(self.sightings[-1].lesion_ids) or self.sightings[-1].event in NOT_GONE

    def lies(self, at: Placed | None, lesions: Sequence[Lesion]) -> None:
        """Remembers a place; None: on a scan that was not aligned."""
        if at is not None:
            self.places.append(at)
            self.diffuse = self.diffuse and all(lesion.kind in DIFFUSE for lesion in lesions)

    def takes_over(self, other: Growing) -> None:
        """The places of a track that merged into this one."""
        self.places += other.places
        self.diffuse = self.diffuse and other.diffuse

    def holds(self, key: Key) -> bool:
        return any(key[0] == seen.timepoint and key[1] in seen.lesion_ids and not seen.into for seen in self.sightings)
