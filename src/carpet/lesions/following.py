"""Lesions followed from scan to scan, by numbered rules.

T1  Only disease is followed. Every region is carried into the baseline's frame; the tolerance is 4 mm and 1.5 residuals of both scans,
    5 to 12 mm. A scan is compared with the last known region of every track (linking.py: L1–L3), so what had gone can reappear.
T2  A region linked to several tracks is their merger: the track with the largest volume goes on, the others end in it. A track that had
    gone takes no part where another is present. A region that meets no last region but an earlier one of a track belongs to it, unsure.
T3  A track without a region has gone where the scan covers at least 80 % of its last place, the tolerance away from the field's edge;
    else it is out of the field of view, which is never gone. Where uptake of candidate level is left at its place (residual.py), in a
    region too small to be one, it has not gone: a remnant.
T4  A region without a track is new where an earlier scan covers its place; else it is first seen.
T5  Confidence is low for an alignment of low confidence; for a link that linking.py calls unsure; for gone and new where a region that
    is not called disease lies at the place in the other scan, or disease that is not surely another track's within 1.5 times the reach
    of L3; for gone where what is left is above its surroundings or cannot be told; for new where any earlier scan shows such uptake, or
    uptake of candidate level, at the place.
T6  A scan that could not be aligned tells nothing of the other scans' lesions, nor they of its.
T7  A reader's correction stands above all rules; what follows it is linked anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from carpet.core.lesion import Lesion, Status
from carpet.lesions.alignment import Confidence
from carpet.lesions.growing import Forced, Growing, Key
from carpet.lesions.linking import Link, Placed, by_centres, joined, meeting, reach_mm
from carpet.lesions.placing import covers, is_candidate, left_at, placed
from carpet.lesions.residual import Above, NotKnown, Residual
from carpet.lesions.tracks import Event, Scan, Sighting, Track

LEAST_TOLERANCE_MM, MOST_TOLERANCE_MM = 5.0, 12.0  # [P]
BASE_TOLERANCE_MM, RESIDUALS = 4.0, 1.5  # [P]
DOUBT = 1.5  # [P] of the reach: a lesion may have moved further than it can be followed


def lesion_tracks(scans: Sequence[Scan]) -> tuple[Track, ...]:
    """Tracks T01, T02, … in order of first appearance, then falling volume; () without disease. The order of lesions does not matter."""
    grown = grow(scans, {})
    return named(grown, {track.founder: f"T{n:02d}" for n, track in enumerate(grown, start=1)})


def named(grown: Sequence[Growing], ids: Mapping[Key, str]) -> tuple[Track, ...]:
    """The tracks under their ids, by founder: (time point, lesion) that each began with."""
    names = {f"{time} {lesion}": name for (time, lesion), name in ids.items()}
    return tuple(
        Track(ids[track.founder], tuple(replace(seen, into=names[seen.into]) if seen.into else seen for seen in track.sightings))
        for track in grown
    )


def grow(scans: Sequence[Scan], forced: Mapping[Key, Forced]) -> list[Growing]:
    """Tracks scan by scan; `forced` by (time point, lesion id)."""
    tracks: list[Growing] = []
    for n, scan in enumerate(scans):
        disease = sorted((one for one in scan.lesions if one.status is Status.DISEASE), key=_by_size)
        if n == 0:
            for lesion in disease:
                _begin(tracks, scan, lesion, Event.PRESENT, Confidence.HIGH, "baseline")
        elif scan.alignment is None:
            _without_alignment(tracks, scan, disease, forced)
        else:
            _Step(tracks, scans[:n], scan, disease, forced).take()
    return tracks


def _by_size(lesion: Lesion) -> tuple[float, ...]:
    return (-round(lesion.region.volume_ml, 6), *(round(float(at), 3) for at in lesion.region.centroid_lps_mm))


def _begin(tracks: list[Growing], scan: Scan, lesion: Lesion, event: Event, confidence: Confidence, because: str) -> None:
    seen = Sighting(scan.timepoint, (lesion.id,), event, confidence, because, lesion.region.volume_ml)
    last = None if scan.alignment is None and event is not Event.PRESENT else placed(scan, lesion)
    track = Growing((scan.timepoint, lesion.id), [seen], last)
    track.lies(last, [lesion])
    tracks.append(track)


def _holder(tracks: Sequence[Growing], said: Forced) -> Growing | None:
    """The track that goes on with the lesion a reader named, through mergers; None for new."""
    if said.same_as is None:
        return None
    holder = next(track for track in tracks if track.holds(said.same_as))
    while holder.ended:
        into = holder.sightings[-1].into
        holder = next(track for track in tracks if " ".join(track.founder) == into)
    return holder


def _without_alignment(tracks: list[Growing], scan: Scan, disease: Sequence[Lesion], forced: Mapping[Key, Forced]) -> None:
    """T6; only a reader can say which lesion this is."""
    why = "T6: the scan could not be aligned with the baseline"
    said = {lesion.id: forced[key] for lesion in disease if (key := (scan.timepoint, lesion.id)) in forced}
    known: set[str] = set()
    for track in tracks:
        mine = [one for one in disease if one.id in said and _holder(tracks, said[one.id]) is track]
        known |= {one.id for one in mine}
        if mine:
            words, volume = "; ".join(said[one.id].because for one in mine), sum(one.region.volume_ml for one in mine)
            event = Event.PRESENT if track.present else Event.REAPPEARED
            track.sightings.append(Sighting(scan.timepoint, tuple(one.id for one in mine), event, Confidence.HIGH, words, volume))
        elif not track.ended:
            track.sightings.append(_not_aligned(scan, why))
    for lesion in disease:
        if lesion.id in said and lesion.id not in known:
            _begin(tracks, scan, lesion, Event.NEW, Confidence.HIGH, said[lesion.id].because)
        elif lesion.id not in said:
            _begin(tracks, scan, lesion, Event.FIRST_SEEN, Confidence.LOW, why)


def _not_aligned(scan: Scan, why: str) -> Sighting:
    return Sighting(scan.timepoint, (), Event.NOT_ALIGNED, Confidence.LOW, why, residual=Residual.unknown(NotKnown.NOT_ALIGNED))


class _Step:
    """One aligned scan laid upon the tracks so far."""

    def __init__(
        self,
        tracks: list[Growing],
        before: Sequence[Scan],
        scan: Scan,
        disease: Sequence[Lesion],
        forced: Mapping[Key, Forced],
    ) -> None:
        self.tracks, self.scan, self.disease = tracks, scan, disease
        self.before = [past for past in before if past is before[0] or past.alignment is not None]
        residuals = [one.alignment.residual_mm for one in (*self.before, scan) if one.alignment is not None]
        both = residuals[-1] + max(residuals[:-1], default=0.0)
        self.tolerance_mm = float(np.clip(BASE_TOLERANCE_MM + RESIDUALS * both, LEAST_TOLERANCE_MM, MOST_TOLERANCE_MM))
        self._others: dict[str, list[tuple[Lesion, Placed]]] = {}
        self.regions = [placed(scan, lesion) for lesion in disease]
        self.open = [track for track in tracks if not track.ended]
        self.forced = {n: forced[key] for n, lesion in enumerate(disease) if (key := (scan.timepoint, lesion.id)) in forced}

    def take(self) -> None:
        """Appends a sighting to every track that goes on, and the tracks that begin."""
        found = self._linked()
        heir = {n: self._heir([link.earlier for link in found if link.later == n]) for n in {link.later for link in found}}
        sure = {link.later for link in found if link.confidence is Confidence.HIGH}
        loose = [region for n, region in enumerate(self.regions) if n not in sure]
        for a, track in enumerate(self.open):
            mine = [link for link in found if link.earlier == a]
            kept = [link for link in mine if heir[link.later] == a]
            if kept:
                track.sightings.append(self._seen(track, kept, low=len(kept) < len(mine), shared=self._shared(found, kept)))
                track.past += [] if track.last is None else [track.last]
                track.last = joined([self.regions[link.later] for link in kept])
                track.lies(track.last, [self.disease[link.later] for link in kept])
            elif mine:
                track.sightings.append(self._merged(mine, self.open[heir[mine[0].later]]))
                track.ended = True
                self.open[heir[mine[0].later]].takes_over(track)
            else:
                track.sightings.append(self._missing(track, loose))
        doubtful = [track.last for track in self.open if track.last is not None and not self._clear(track)]
        for n, lesion in enumerate(self.disease):
            if n not in heir:
                _begin(self.tracks, self.scan, lesion, *self._begun(n, doubtful))

    @staticmethod
    def _shared(found: Sequence[Link], kept: Sequence[Link]) -> bool:
        own = {link.later for link in kept}
        return any(link.later in own and link.earlier != kept[0].earlier for link in found)

    def _clear(self, track: Growing) -> bool:
        """Whether a track is surely somewhere on this scan, so that nothing else there can be it."""
        return bool(track.sightings[-1].lesion_ids) and track.sightings[-1].confidence is Confidence.HIGH

    def _heir(self, linked: Sequence[int]) -> int:
        """T2: the largest of the tracks that a region is linked to, the first of equals."""
        return max(linked, key=lambda a: (self.open[a].size_ml, -a))

    def _linked(self) -> list[Link]:
        """Links by what meets the last known regions, then the earlier ones, then by centres; and the reader's."""
        known = {a: track.last for a, track in enumerate(self.open) if track.last is not None}
        past = {a: joined(track.past) for a, track in enumerate(self.open) if track.past}
        free = {n: region for n, region in enumerate(self.regions) if n not in self.forced}
        found: list[Link] = []
        for among, rule in ((known, meeting), (past, meeting), (known, by_centres)):
            taken = {link.earlier for link in found} if rule is by_centres else set()
            rows = [a for a in among if a not in taken]
            columns = [n for n in free if all(link.later != n for link in found)]
            new = rule([among[a] for a in rows], [free[n] for n in columns], tolerance_mm=self.tolerance_mm)
            found += [
                replace(
                    link,
                    earlier=rows[link.earlier],
                    later=columns[link.later],
                    confidence=link.confidence if among is known else Confidence.LOW,
                    because=link.because if among is known else f"T2: the track lay there before, {link.because}",
                )
                for link in new
            ]
        for n, said in self.forced.items():
            holder = _holder(self.tracks, said)
            found += [Link(a, n, Confidence.HIGH, said.because) for a, track in enumerate(self.open) if track is holder]
        held = {link.later for link in found if self.open[link.earlier].present}  # T2: what had gone gives way
        kept = [link for link in found if self.open[link.earlier].present or link.later not in held or link.later in self.forced]
        return sorted(kept, key=lambda link: (link.earlier, link.later))

    def _seen(self, track: Growing, kept: Sequence[Link], *, low: bool, shared: bool) -> Sighting:
        before = len(track.sightings[-1].lesion_ids)
        event = Event.SPLIT if len(kept) > max(before, 1) else Event.PRESENT
        event = Event.MERGED if shared else event
        event = event if track.present else Event.REAPPEARED
        volume = sum(self.disease[link.later].region.volume_ml for link in kept)
        return self._sighting(kept, event, low=low, volume_ml=volume)

    def _merged(self, mine: Sequence[Link], heir: Growing) -> Sighting:
        return replace(self._sighting(mine, Event.MERGED, low=len(mine) > 1, volume_ml=0.0), into=" ".join(heir.founder))

    def _sighting(self, of: Sequence[Link], event: Event, *, low: bool, volume_ml: float) -> Sighting:
        low = low or any(link.confidence is Confidence.LOW for link in of)
        ids = tuple(self.disease[link.later].id for link in of)
        because = "; ".join(f"{self.disease[link.later].id} by {link.because}" for link in of)
        return Sighting(self.scan.timepoint, ids, event, *self._sure(low, because), volume_ml)

    def _sure(self, low: bool, because: str) -> tuple[Confidence, str]:
        alignment = self.scan.alignment
        if alignment is not None and alignment.confidence is Confidence.LOW:
            return Confidence.LOW, f"{because}; T5: aligned {alignment.because}"
        return (Confidence.LOW if low else Confidence.HIGH), because

    def _missing(self, track: Growing, loose: Sequence[Placed]) -> Sighting:
        """T3, T5: gone, or out of the field of view. loose: regions of this scan that are not surely another track's."""
        if track.last is None:
            return _not_aligned(self.scan, "T6: first seen on a scan that was not aligned")
        if not covers(self.scan, track.last, self.tolerance_mm):
            why, left = "T3: the scan does not cover its place", Residual.unknown(NotKnown.OUT_OF_FIELD)
            return Sighting(self.scan.timepoint, (), Event.OUT_OF_FIELD, Confidence.LOW, why, residual=left)
        doubt = self._doubt(track.last, self.scan, loose)
        found = left_at(self.scan, joined(track.places), tolerance_mm=self.tolerance_mm, diffuse=track.diffuse)
        if found is None:
            return Sighting(self.scan.timepoint, (), Event.GONE, *self._sure(bool(doubt), f"T3: no disease at its place{doubt}"))
        event = Event.REMNANT if found.above is not Above.NO and is_candidate(self.scan, found) else Event.GONE
        low = found.above is not Above.YES if event is Event.REMNANT else found.above is not Above.NO
        told = self._sure(bool(doubt) or low, f"T3: no region at its place{doubt}; {found.words}")
        return Sighting(self.scan.timepoint, (), event, *told, residual=found)

    def _begun(self, n: int, doubtful: Sequence[Placed]) -> tuple[Event, Confidence, str]:
        """T4, T5, T7: a new lesion, or one first seen."""
        if n in self.forced:
            return Event.NEW, Confidence.HIGH, self.forced[n].because
        seen_by = [past for past in self.before if covers(past, self.regions[n], self.tolerance_mm)]
        if not seen_by:
            return Event.FIRST_SEEN, Confidence.LOW, "T4: no earlier scan covers its place"
        doubt = self._doubt(self.regions[n], seen_by[-1], doubtful) + self._lay_there(self.regions[n], seen_by)
        return Event.NEW, *self._sure(bool(doubt), f"T4: no disease at its place on {seen_by[-1].timepoint}{doubt}")

    def _lay_there(self, region: Placed, seen_by: Sequence[Scan]) -> str:
        """T5: the latest earlier scan with uptake at the place that a new lesion may not have, in words; empty where none has."""
        for past in reversed(seen_by):
            found = left_at(past, region, tolerance_mm=self.tolerance_mm)
            if found is not None and (found.suv_max is None or found.above is Above.YES or is_candidate(past, found)):
                return f", but on {past.timepoint} {found.words}"
        return ""

    def _not_disease(self, scan: Scan) -> list[tuple[Lesion, Placed]]:
        """Physiologic and undecided regions of a scan, placed once: there are many."""
        if scan.timepoint not in self._others:
            rest = [lesion for lesion in scan.lesions if lesion.status is not Status.DISEASE]
            self._others[scan.timepoint] = [(lesion, placed(scan, lesion)) for lesion in rest]
        return self._others[scan.timepoint]

    def _doubt(self, region: Placed, other: Scan, around: Sequence[Placed]) -> str:
        """T5: what lies at a region's place in the other scan, in words; empty where nothing does."""
        for lesion, there in self._not_disease(other):
            if not there.far_from(region, self.tolerance_mm) and meeting([region], [there], tolerance_mm=self.tolerance_mm):
                return f", but {lesion.id} ({lesion.status.value}) lies there"
        for one in around:
            apart_mm = float(np.linalg.norm(region.centre_lps_mm - one.centre_lps_mm))
            if apart_mm <= DOUBT * reach_mm(region, one, self.tolerance_mm):
                return f", but disease that is not surely another's lies {apart_mm:.0f} mm away"
        return ""
