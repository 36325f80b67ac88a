"""The numbers of a case after each edit, by the same methods as `carpet measure`: only what an edit changes is computed again.

What is kept of a region is found by its voxels, and by those of its neighbours where these bound it, whatever edit came first.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from carpet.biomarkers import biomarkers, measure
from carpet.core.errors import Notice, NotMeasurable
from carpet.core.lesion import Kind, Lesion, Status
from carpet.core.record import Measurement, Missing
from carpet.core.space import Region
from carpet.review.edits import Add, Brush, Merge, SetStatus, SphereThreshold, Split, Standing
from carpet.run.document import lesion_row
from carpet.run.pipeline import LESION_BIOMARKERS, Result, Surveyed, delineated, is_reviewed
from carpet.run.review.applied import made_by

SHOWN = ("tmtv", "tlg", "suv_max", "suv_peak", "suv_mean", "lesion_count", "mbv", "nodal_regions", "extranodal_sites", "dmax", "sdmax")
SLOW = "suv_peak"  # means over a sphere at every voxel; the patient's is that of one lesion
KEPT = 5_000  # regions whose numbers are kept for one scan [P]
REACTIVE = (Kind.SPLEEN, Kind.MARROW)
STEPS = {
    "TMTV1": "preselected uptake, what is physiologic taken out",
    "TMTV2": "without reactive marrow and spleen",
    "TMTV3": "after edits by hand",
    "TMTV4": "with small lesions added by click",
}


@dataclass(frozen=True, slots=True)
class BenchmarkStep:
    """One step of the benchmark workflow (Boellaard 2024): its volume in mL, and how many edits of the reading belong to it."""

    name: str
    volume_ml: float
    clicks: int
    says: str


@dataclass(frozen=True)
class Numbers:
    """surveyed: the scan after the edits; lesions: every region as the main method draws it, labels 1, 2, … in their order.

    values: of the patient by that method, then five of each region.
    """

    surveyed: Surveyed
    lesions: tuple[Lesion, ...]
    values: tuple[Measurement | Missing, ...]
    steps: tuple[BenchmarkStep, ...]
    notices: tuple[Notice, ...]

    def value(self, name: str) -> Measurement | Missing | None:
        """A number of the patient; None where it was not asked for."""
        return next((one for one in self.values if one.of == "patient" and one.name == name), None)

    @property
    def result(self) -> Result:
        """As `carpet measure` has it, with the numbers that are shown."""
        one = self.surveyed
        reviewed = is_reviewed(one)
        return Result(
            one.study,
            one.quantification,
            one.protocol,
            one.suv,
            one.anatomy,
            self.lesions,
            one.segmenter,
            self.values,
            one.flags,
            reviewed,
            one.small,
        )

    @cached_property
    def lesion_rows(self) -> list[dict[str, Any]]:
        """The rows of the lesion table."""
        of = defaultdict[str, list[Measurement | Missing]](list)
        for value in self.values:
            of[value.of].append(value)
        whole = self.result
        return [lesion_row(one, replace(whole, values=tuple(of[one.id]))) for one in self.lesions]

    @property
    def biomarker_rows(self) -> list[dict[str, Any]]:
        """The rows of the table biomarkers that are shown."""
        rows = []
        for value in (one for one in self.values if one.of == "patient"):
            method = biomarkers()[value.name]
            known = isinstance(value, Measurement)
            rows.append(
                {
                    "name": value.name,
                    "value": value.value if isinstance(value, Measurement) else None,
                    "unit": value.unit,
                    "method": f"{method.name}@{method.version}",
                    "segmenter": value.segmenter,
                    "reason_missing": None if known else getattr(value, "reason", ""),
                    "flags": list(value.flags),
                }
            )
        return rows


@dataclass(frozen=True, eq=False)
class Meter:
    """Measures one scan again and again. start: the machine's own result, before any edit."""

    start: Surveyed
    _digests: dict[int, tuple[Region, str]] = field(default_factory=dict, repr=False)
    _drawn: OrderedDict[tuple[str, ...], tuple[Region | None, tuple[Notice, ...]]] = field(default_factory=OrderedDict, repr=False)
    _values: OrderedDict[tuple[str, str], tuple[Measurement | Missing, ...]] = field(default_factory=OrderedDict, repr=False)

    def numbers(self, one: Surveyed, standing: Standing = ()) -> Numbers:
        """All numbers of the scan with these regions; raises Refused or NotMeasurable where the main method cannot work on this scan."""
        after, one = one, replace(one, lesions=tuple(replace(lesion, label=n) for n, lesion in enumerate(one.lesions, start=1)))
        drawn, notices = self._delineated(one)
        each = {lesion.id: self._of_lesion(lesion, one) for lesion in drawn}
        whole = self._of_patient(drawn, one, each)
        values = (*whole, *(value for lesion in drawn for value in each[lesion.id]))
        return Numbers(after, drawn, values, self._steps(drawn, standing), notices)

    def _digest(self, region: Region) -> str:
        """Regions that no edit has touched stay the same objects, so that they are read through once."""
        known = self._digests.get(id(region))
        if known is None:
            said = f"{region.origin_kji} {region.mask.shape} ".encode() + region.mask.tobytes()
            known = self._digests[id(region)] = (region, hashlib.sha256(said).hexdigest())
        return known[1]

    def _delineated(self, one: Surveyed) -> tuple[tuple[Lesion, ...], tuple[Notice, ...]]:
        by_method = [lesion for lesion in one.lesions if lesion.status is Status.DISEASE and lesion.id not in one.by_hand]
        found: list[Lesion] = []
        notices: list[Notice] = []
        neighbours = _Neighbours(one.lesions, one.protocol.segment.margin_mm)
        references = sorted(self._digest(region) for region in one.anatomy.references.values())
        for lesion in by_method:
            region, said = self._region(lesion, neighbours.of(lesion), references, one)
            found += [replace(lesion, region=region)] if region is not None else []
            notices += said
        named = {lesion.id for lesion in by_method}
        others = [lesion for lesion in one.lesions if lesion.id not in named]
        return tuple(sorted((*found, *others), key=lambda lesion: lesion.label)), tuple(notices)

    def _region(
        self, lesion: Lesion, near: Sequence[Lesion], references: Sequence[str], one: Surveyed
    ) -> tuple[Region | None, tuple[Notice, ...]]:
        """The lesion's outline by the main method; it depends on the regions near by, whatever they are called, and on the references."""
        key = (self._digest(lesion.region), lesion.id, *sorted(self._digest(other.region) for other in near), "references", *references)
        if key not in self._drawn:
            around = tuple(replace(other, status=Status.PHYSIOLOGIC) for other in near)
            drawn, said = delineated(one.segmenter, replace(one, lesions=(lesion, *around)))
            _keep(self._drawn, key, (next((part.region for part in drawn if part.id == lesion.id), None), said))
        return self._drawn[key]

    def _of_lesion(self, lesion: Lesion, one: Surveyed) -> tuple[Measurement | Missing, ...]:
        key = (self._digest(lesion.region), lesion.id)
        if key not in self._values:
            alone = (replace(lesion, status=Status.DISEASE),)
            protocol = one.protocol.biomarkers.model_copy(update={"names": LESION_BIOMARKERS})
            body, anatomy = one.quantification.body, one.anatomy
            _keep(self._values, key, measure(alone, one.suv, protocol, body=body, anatomy=anatomy, segmenter=one.segmenter, of=lesion.id))
        return self._values[key]

    def _of_patient(
        self, drawn: Sequence[Lesion], one: Surveyed, each: Mapping[str, Sequence[Measurement | Missing]]
    ) -> tuple[Measurement | Missing, ...]:
        wanted = [name for name in SHOWN if name in (one.protocol.biomarkers.names or SHOWN) or name in LESION_BIOMARKERS]
        protocol = one.protocol.biomarkers.model_copy(update={"names": tuple(name for name in wanted if name != SLOW)})
        body, anatomy = one.quantification.body, one.anatomy
        found = {value.name: value for value in measure(drawn, one.suv, protocol, body=body, anatomy=anatomy, segmenter=one.segmenter)}
        found[SLOW] = self._peak([lesion for lesion in drawn if lesion.status is Status.DISEASE], one, each)
        return tuple(found[name] for name in wanted)

    def _peak(self, disease: Sequence[Lesion], one: Surveyed, each: Mapping[str, Sequence[Measurement | Missing]]) -> Measurement | Missing:
        """The highest of all lesions, or that of the lesion with the hottest voxel: as the protocol has it."""
        of = {lesion.id: {value.name: value for value in each[lesion.id]} for lesion in disease}
        known = [(one_id, values[SLOW]) for one_id, values in of.items()]
        if not known:
            return Missing(SLOW, "g/mL", "patient", one.segmenter, "NO_LESION")
        by = "suv_max" if one.protocol.biomarkers.suv_peak == "VJGA" else SLOW
        best = max(known, key=lambda row: _number(of[row[0]][by]))[1]
        flags = tuple(dict.fromkeys(flag for _, value in known for flag in value.flags))
        return replace(best, of="patient", flags=flags)

    def _steps(self, drawn: Sequence[Lesion], standing: Standing) -> tuple[BenchmarkStep, ...]:
        machine = {one.id: one for one in self.start.lesions}
        status = {lesion_id: one.status for lesion_id, one in machine.items()}
        clicks = dict.fromkeys(STEPS, 0)
        small = {made_by(self.start, one) for one in standing if isinstance(one.edit, Add)}
        for one in standing:
            if isinstance(one.edit, SetStatus) and one.edit.lesion in machine:
                status[one.edit.lesion] = Status(one.edit.status)
            if (step := _step_of(one.edit, machine, small)) is not None:
                clicks[step] += 1
        before, _ = self._delineated(replace(self.start, lesions=tuple(replace(one, status=status[one.id]) for one in self.start.lesions)))
        volumes = _volumes(before, drawn, small)
        return tuple(BenchmarkStep(name, volumes[name], clicks[name], says) for name, says in STEPS.items())


def _volumes(before: Sequence[Lesion], drawn: Sequence[Lesion], small: set[str]) -> dict[str, float]:
    found = [one for one in before if one.status is Status.DISEASE]
    removed = [one for one in before if one.status is Status.PHYSIOLOGIC and one.kind in REACTIVE]
    final = [one for one in drawn if one.status is Status.DISEASE]
    sets = {"TMTV1": (*found, *removed), "TMTV2": found, "TMTV3": [one for one in final if one.id not in small], "TMTV4": final}
    return {name: sum(one.region.volume_ml for one in lesions) for name, lesions in sets.items()}


def _step_of(edit: object, machine: Mapping[str, Lesion], small: set[str]) -> str | None:
    """The step of the workflow to which an edit belongs; None where to none."""
    if isinstance(edit, SetStatus):
        known = machine.get(edit.lesion)
        if known is None:
            return "TMTV4" if edit.lesion in small else "TMTV3"
        return "TMTV2" if known.kind in REACTIVE else "TMTV1"
    if isinstance(edit, (Brush, Split, Merge, SphereThreshold)):
        return "TMTV3"
    return "TMTV4" if isinstance(edit, Add) else None


class _Neighbours:
    """Which regions may bound one's outline: those whose box reaches into two margins and a voxel around its own."""

    def __init__(self, lesions: Sequence[Lesion], margin_mm: float) -> None:
        self.lesions = lesions
        self.starts = np.array([one.region.origin_kji for one in lesions]).reshape(-1, 3)
        self.stops = self.starts + np.array([one.region.mask.shape for one in lesions]).reshape(-1, 3)
        spacing = lesions[0].region.grid.spacing_mm_kji if lesions else (1.0, 1.0, 1.0)
        self.reach = np.array([math.ceil(2.0 * margin_mm / mm) + 2 for mm in spacing])

    def of(self, lesion: Lesion) -> list[Lesion]:
        start = np.array(lesion.region.origin_kji)
        stop = start + lesion.region.mask.shape + self.reach
        reached = ((self.starts < stop) & (self.stops > start - self.reach)).all(axis=1)
        return [self.lesions[n] for n in np.flatnonzero(reached).tolist() if self.lesions[n].id != lesion.id]


def _number(value: Measurement | Missing) -> float:
    if isinstance(value, Missing):
        raise NotMeasurable(value.reason)
    return value.value


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    while len(kept) > KEPT:
        kept.popitem(last=False)
