"""A reading as other commands take it: a table of decisions for `carpet measure --decisions`, a label image, the whole measurement."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from carpet.anatomy.sites import site_of
from carpet.core.errors import Refused
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Box, Grid, Labels, Region
from carpet.dicom.nifti import write_volume
from carpet.lesions.decisions import ALL, COLUMNS, Decision
from carpet.review.cases import ReadingState
from carpet.review.edits import Add, Point, Reference, SetSite, SetStatus
from carpet.run.document import biomarker_rows, lesion_row
from carpet.run.outputs import FORMULA_STARTS
from carpet.run.pipeline import measured_study
from carpet.run.review.applied import OF_VOXELS, accepted
from carpet.run.review.exported import ExportedReading, reading_json
from carpet.run.review.room import Seen
from carpet.run.review.server_notices import NOT_A_TABLE

READER = "reader "  # so begins `decided_by`, where a person has decided


def decisions_csv(seen: Seen, earlier: Sequence[Decision] = ()) -> str:
    """The rows that `carpet measure --decisions` takes, and which give the same numbers; a signed reading accepts the rest.

    earlier: the rows of clinical/decisions.csv on which the reading rests: what they say is said here too, since nobody else will.
    Raises Refused (REVIEW_NOT_A_TABLE) for edits that such a table cannot say.
    """
    table = _Table(seen, earlier)
    faults = list(table.unsayable())
    if faults:
        raise Refused(NOT_A_TABLE.at(seen.case.id, ", ".join(faults)))
    out = io.StringIO(newline="")
    rows = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    rows.writeheader()
    rows.writerows(table.rows())
    return out.getvalue()


@dataclass(frozen=True, eq=False)
class _Table:
    """A reading as rows: a row for each region that the reader, or somebody in the table before, has said something of."""

    seen: Seen
    earlier: Sequence[Decision]

    @cached_property
    def machine(self) -> Mapping[str, Lesion]:
        return {one.id: one for one in self.seen.scan.surveyed.lesions}

    @cached_property
    def touched(self) -> set[str]:
        return {one.edit.lesion for one in self.seen.standing if isinstance(one.edit, (SetStatus, SetSite))}

    @cached_property
    def points(self) -> Mapping[str, Point]:
        """Region → the point that adds it, or by which the table before has named it."""
        grid = self.seen.scan.surveyed.suv.grid
        named: dict[str, Point] = {}
        for one in self.earlier:
            voxel = None if one.point_lps_mm is None else grid.nearest_kji(one.point_lps_mm)
            holding = () if voxel is None else (lesion.id for lesion in self.machine.values() if lesion.region.mask_in(_at(voxel)).any())
            named |= {lesion_id: one.point_lps_mm for lesion_id in holding if one.point_lps_mm is not None}
        added = {self.seen.id_of(one): one.edit.point_lps_mm for one in self.seen.standing if isinstance(one.edit, Add)}
        return named | added

    def said(self, lesion: Lesion) -> bool:
        first = self.machine.get(lesion.id)
        return lesion.id in self.touched or first is None or first.decided_by.startswith(READER)

    def site(self, lesion: Lesion) -> str:
        """The code, where it is not the one that the machine suggests."""
        first = self.machine.get(lesion.id)
        as_suggested = not any(one.site for one in self.earlier)
        as_suggested = as_suggested and first is not None and (lesion.site, lesion.kind) == (first.site, first.kind)
        placed_anew = first is None and lesion.id not in self.touched
        return "" if lesion.site is None or as_suggested or placed_anew else lesion.site.value

    def unsayable(self) -> Iterator[str]:
        for one in self.seen.standing:
            edit = one.edit
            if isinstance(edit, (*OF_VOXELS, Reference)) and not isinstance(edit, Add):
                yield f"edit {one.number}: {edit.kind}"
        for lesion in self.seen.numbers.surveyed.lesions:
            if not self.said(lesion):
                continue
            if lesion.status is Status.UNDECIDED:
                yield f"{lesion.id} is undecided"
            code = self.site(lesion)
            if code and (site := site_of(code)) and site.kind is not lesion.kind:
                yield f"{lesion.id}: {site.code.meaning} counted as {lesion.kind}"
            if lesion.site is None and any(one.site for one in self.earlier):
                yield f"{lesion.id} has no site"

    def rows(self) -> Iterator[Mapping[str, Any]]:
        signed = self.seen.reading is not None and self.seen.reading.state is ReadingState.SIGNED
        reader = self.seen.whose or "carpet"
        for lesion in self.seen.numbers.surveyed.lesions:
            if not self.said(lesion):
                continue
            said = signed or lesion.id in self.touched or lesion.id not in self.machine
            who = reader if said else lesion.decided_by.removeprefix(READER)
            about = _point(self.points[lesion.id]) if lesion.id in self.points else {"lesion_id": lesion.id}
            yield about | {"status": lesion.status.value, "site": self.site(lesion), "reader": _cell(who)}
        if signed:
            yield {"lesion_id": ALL, "status": "accept", "reader": _cell(reader)}


def _at(voxel: tuple[int, int, int]) -> Box:
    k, j, i = voxel
    return slice(k, k + 1), slice(j, j + 1), slice(i, i + 1)


def _point(point_lps_mm: Point) -> dict[str, str]:
    return {name: repr(float(mm)) for name, mm in zip(("l_mm", "p_mm", "s_mm"), point_lps_mm, strict=True)}


def _cell(text: str) -> str:
    """A name that a spreadsheet would take for a formula is one no account has."""
    return text.lstrip("".join(FORMULA_STARTS)) or "reader"


def exported(seen: Seen, earlier: tuple[Decision, ...] = ()) -> str:
    """The whole reading with every edit, as `carpet measure --decisions` takes it too. earlier: as for `decisions_csv`."""
    signed = seen.reading is not None and seen.reading.state is ReadingState.SIGNED
    of = (seen.reading.of if seen.reading is not None else "") or seen.scan.regions_digest
    return reading_json(ExportedReading(seen.whose or "carpet", seen.standing, of, signed, earlier))


def labels_nifti(seen: Seen, *, cropped: bool = False) -> bytes:
    """The regions as drawn, uint16 labels as in the table of lesions; what `carpet measure --mask` takes.

    cropped: only the box that holds them all, which a screen draws in a tenth of the time.
    """
    regions = {one.label: one.region for one in seen.numbers.lesions if one.region.voxels}
    grid = seen.numbers.surveyed.suv.grid
    labels = _cropped(grid, regions) if cropped else Labels(grid, regions)
    return write_volume(labels.to_values(), labels.grid)


def _cropped(grid: Grid, regions: Mapping[int, Region]) -> Labels:
    """The labels on the part of the grid that they take; on its first voxel where there are none."""
    boxes = [one.box for one in regions.values()] or [(slice(0, 1),) * 3]
    first = [min(box[axis].start for box in boxes) for axis in range(3)]
    k, j, i = (slice(first[axis], max(box[axis].stop for box in boxes)) for axis in range(3))
    part = grid.cropped((k, j, i))
    moved = {label: one.origin_kji for label, one in regions.items()}
    at = {label: (a - first[0], b - first[1], c - first[2]) for label, (a, b, c) in moved.items()}
    return Labels(part, {label: Region(part, at[label], one.mask) for label, one in regions.items()})


def measurements(seen: Seen) -> dict[str, Any]:
    """All lesions and biomarkers of the reading by the whole pipeline, every delineation asked for; a signed reading accepts the rest."""
    now = seen.numbers.surveyed
    if seen.reading is not None and seen.reading.state is ReadingState.SIGNED:
        now = accepted(now, reader=seen.whose or "")
    result = measured_study(now)
    return {
        "status": "REVIEWED" if result.reviewed else "UNREVIEWED",
        "segmenter": result.segmenter,
        "lesions": [lesion_row(one, result) for one in result.lesions],
        "biomarkers": biomarker_rows(result),
        "flags": [one.as_dict() for one in result.flags],
    }
