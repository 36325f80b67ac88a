"""What is left at the places of earlier disease on one scan, by its tracks: the hottest of it, what may be hotter, what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carpet.lesions.residual import Above
from carpet.run.trial.course import Scan
from carpet.run.trial.tracks import CourseTracks

Row = Mapping[str, Any]
REFERENCES = ("liver", "blood_pool")


@dataclass(frozen=True)
class Left:
    """SUVmax (g/mL) of what is left at the places where no region stands any more, each 0 for none.

    hottest: of what stands above its surroundings; unsure: of what may; level: of what does not. unknown: the places of which nobody
    can tell, and why, in words; empty where all are known. places: how many were looked at. told: the hottest in words.
    """

    hottest: float = 0.0
    unsure: float = 0.0
    level: float = 0.0
    unknown: str = ""
    places: int = 0
    told: str = ""

    def against(self, *, liver: float, blood_pool: float) -> Left:
        """What is unsure is no residual up to the blood pool, whose vessels run everywhere, and one up to the liver: neither changes a
        response. Above the liver it stays open."""
        if self.unsure > liver:
            return self
        if self.unsure > max(blood_pool, self.hottest):
            return replace(self, hottest=self.unsure, unsure=0.0, told=f"SUVmax {self.unsure:.1f}, which goes on beyond its place")
        return replace(self, unsure=0.0, level=max(self.level, self.unsure))

    @property
    def words(self) -> str:
        """What was found at the places, for a reader."""
        lesions = f"{self.places} earlier lesion{'' if self.places == 1 else 's'}"
        if self.told:
            return f"at the place{'' if self.places == 1 else 's'} of {lesions}: {self.told}"
        return f"nothing stands above its surroundings at the place{'' if self.places == 1 else 's'} of {lesions}"

    @property
    def open(self) -> str:
        """What would have to be known, in words; empty where everything is."""
        unsure = f"SUVmax {self.unsure:.1f} there cannot be told from what goes on beyond it" if self.unsure else ""
        return "; ".join(one for one in (unsure, self.unknown) if one)


NOT_FOLLOWED = Left(unknown="the lesions could not be followed from scan to scan")
NO_PLACE = Left(unknown="no earlier scan shows disease, so there is no place to look at")


def left_on(scan: Scan, tracks: CourseTracks) -> Left:
    """What the tracks of a patient say of one measured scan, against its own liver and blood pool where it has them."""
    if not tracks.step:
        return NOT_FOLLOWED
    if not any(row["lesion_ids"] and row["day"] < scan.day for row in tracks.rows):
        return NO_PLACE
    found = _seen(scan, tracks)
    assert scan.study is not None
    references = scan.study.payload["reference_suv_max"]
    known = {name: references.get(name, 0.0) for name in REFERENCES}
    return found.against(**known) if all(value > 0.0 for value in known.values()) else found


def _seen(scan: Scan, tracks: CourseTracks) -> Left:
    asked = [row for row in tracks.rows if row["study_uid"] == scan.study_uid and not row["lesion_ids"] and not row["into"]]
    above = max((row for row in asked if row["residual_above"] == Above.YES), key=_suv_max, default=None)
    lost = [f"{row['track']} ({row['residual_reason_missing'] or 'NOT_KEPT'})" for row in asked if row["residual_suv_max"] is None]
    return Left(
        hottest=_suv_max(above) if above else 0.0,
        unsure=_hottest(asked, Above.UNSURE),
        level=_hottest(asked, Above.NO),
        unknown=f"not known at the place of {', '.join(lost)}" if lost else "",
        places=len(asked),
        told=f"SUVmax {_suv_max(above):.1f}, {above['track']}" if above else "",
    )


def _suv_max(row: Row) -> float:
    return float(row["residual_suv_max"])


def _hottest(rows: Sequence[Row], above: Above) -> float:
    return max((_suv_max(row) for row in rows if row["residual_above"] == above), default=0.0)
