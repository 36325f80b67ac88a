"""A reader's corrections of the tracks: a lesion belongs to another track, is the same as another lesion, or is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carpet.core.errors import NoticeKind, ProtocolError, Refused, Severity
from carpet.core.lesion import Status
from carpet.lesions.following import grow, lesion_tracks, named
from carpet.lesions.growing import Forced, Key
from carpet.lesions.tracks import Scan, Track

UNKNOWN = NoticeKind(
    "TRACK_UNKNOWN",
    Severity.ERROR,
    "a correction names what is not there",
    "lesions called disease, and tracks of lesion_tracks",
    "correct the row",
)
NOT_EARLIER = NoticeKind(
    "TRACK_NOT_EARLIER",
    Severity.ERROR,
    "a lesion can only be the same as one of an earlier scan",
    "an earlier time point, or a track that begins on one",
    "turn the two around, or say new",
)
CONTRADICTS = NoticeKind(
    "TRACK_CONTRADICTS", Severity.ERROR, "two corrections of one lesion", "one correction for each lesion", "remove one of them"
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a reader says of one lesion of one scan: exactly one of `track`, `same_as` (time point, lesion id) and `new`."""

    timepoint: str
    lesion_id: str
    reader: str
    track: str = ""
    same_as: Key | None = None
    new: bool = False
    comment: str = ""

    def __post_init__(self) -> None:
        if [bool(self.track), self.same_as is not None, self.new].count(True) != 1:
            raise ProtocolError("a correction says one of track, same_as and new")

    @property
    def words(self) -> str:
        what = "new" if self.new else f"{self.track}" if self.track else "the same as {} of {}".format(*reversed(self.same_as or ("", "")))
        return f"T7: the reader {self.reader} said {what}" + (f" ({self.comment})" if self.comment else "")


def override(scans: Sequence[Scan], corrections: Sequence[Correction]) -> tuple[Track, ...]:
    """The tracks as the reader wants them: his word holds, and what follows it is linked anew from there.

    Track ids are those of `lesion_tracks(scans)`; a track that the correction makes has the next number. Raises Refused:
    TRACK_UNKNOWN, TRACK_NOT_EARLIER, TRACK_CONTRADICTS.
    """
    automatic = lesion_tracks(scans)
    forced: dict[Key, Forced] = {}
    for correction in corrections:
        key = correction.timepoint, correction.lesion_id
        _check(scans, key, key)
        if key in forced:
            raise Refused(CONTRADICTS.at(" ".join(key), correction.words))
        forced[key] = Forced(_meant(scans, automatic, correction), correction.words)
    grown = grow(scans, forced)
    ids = {(track.sightings[0].timepoint, track.sightings[0].lesion_ids[0]): track.id for track in automatic}
    number = len(ids)
    for track in grown:
        if track.founder not in ids:
            number += 1
            ids[track.founder] = f"T{number:02d}"
    return tuple(sorted(named(grown, ids), key=lambda track: int(track.id[1:])))


def _meant(scans: Sequence[Scan], automatic: Sequence[Track], correction: Correction) -> Key | None:
    """The earlier lesion that a correction points to; None for new."""
    if correction.new:
        return None
    where = f"{correction.timepoint} {correction.lesion_id}"
    if correction.track:
        track = next((one for one in automatic if one.id == correction.track), None)
        if track is None:
            raise Refused(UNKNOWN.at(where, correction.track))
        same = track.sightings[0].timepoint, track.sightings[0].lesion_ids[0]
    else:
        assert correction.same_as is not None
        same = correction.same_as
    _check(scans, same, (correction.timepoint, correction.lesion_id))
    order = [scan.timepoint for scan in scans]
    if order.index(same[0]) >= order.index(correction.timepoint):
        raise Refused(NOT_EARLIER.at(where, " ".join(same)))
    return same


def _check(scans: Sequence[Scan], key: Key, where: Key) -> None:
    known = {(scan.timepoint, lesion.id) for scan in scans for lesion in scan.lesions if lesion.status is Status.DISEASE}
    if key not in known:
        raise Refused(UNKNOWN.at(" ".join(where), " ".join(key)))
