"""Truth: closed form. Two suggested balls and one small unsuggested one; what each decision must leave is known."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.errors import Refused
from carpet.core.geometry import sphere_region
from carpet.core.lesion import Code, Kind, Lesion, Status
from carpet.core.space import Grid, Quantity, Volume
from carpet.lesions.decide import decide
from carpet.lesions.decisions import Decision

GRID = Grid((50, 50, 50), np.array([[0, 0, 4.0, -98], [0, 4.0, 0, -98], [4.0, 0, 0, -98], [0, 0, 0, 1]]), "1.2")
A, B, SMALL = (
    sphere_region(GRID, np.array(centre), radius) for centre, radius in (((-50.0, 0, 0), 20), ((50.0, 0, 0), 14), ((0.0, 50, 0), 5.7))
)
SITE = Code("62683002", "SCT", "Mediastinal lymph node")


def scan() -> Volume:
    values = np.full(GRID.shape_kji, 0.5, dtype=np.float32)
    for region, level in ((A, 10.0), (B, 6.0), (SMALL, 4.0)):
        values[region.box][region.mask] = level
    return Volume(GRID, values, Quantity.SUV_BW)


SUV = scan()
FIRST = Lesion("L01", 1, A, Status.DISEASE, "rule DIS-DEFAULT@1", "no organ")
SECOND = Lesion("L02", 2, B, Status.UNDECIDED, "rule UND-BOWEL@1", "bowel?", SITE, Kind.NODAL)
BOTH = (FIRST, SECOND)


def row(
    lesion_id: str | None = None,
    status: Status | None = None,
    *,
    point: tuple[float, float, float] | None = None,
    site: Code | None = None,
    line: int = 2,
    reader: str = "RB",
    comment: str = "",
) -> Decision:
    return Decision(f"d.csv:{line}", lesion_id, point, status, site, None if site is None else Kind.NODAL, reader, comment)


def test_a_decision_overrides_and_keeps_what_the_rule_said() -> None:
    first, second = decide(BOTH, [row("L01", Status.PHYSIOLOGIC, comment="colon")], SUV, threshold=4.0)
    assert (first.status, first.decided_by, first.reviewed) == (Status.PHYSIOLOGIC, "reader RB", True)
    assert first.because == "the reader said physiologic (colon); rule DIS-DEFAULT@1 had said disease: no organ"
    assert second is SECOND


def test_no_decision_changes_nothing() -> None:
    assert decide(BOTH, [], SUV, threshold=4.0) == BOTH


def test_star_accepts_what_no_other_row_decides_and_leaves_the_undecided() -> None:
    first, second = decide(BOTH, [row("*")], SUV, threshold=4.0)
    assert (first.status, first.reviewed) == (Status.DISEASE, True)
    assert second is SECOND
    first, second = decide(BOTH, [row("*"), row("L02", Status.DISEASE), row("L01", Status.PHYSIOLOGIC)], SUV, threshold=4.0)
    assert (first.status, second.status) == (Status.PHYSIOLOGIC, Status.DISEASE)


def test_a_site_is_set_or_kept() -> None:
    first, second = decide(BOTH, [row("L01", Status.DISEASE, site=SITE), row("L02", Status.DISEASE)], SUV, threshold=4.0)
    assert (first.site, first.kind) == (SITE, Kind.NODAL)
    assert (second.site, second.kind) == (SITE, Kind.NODAL)


def test_a_point_inside_a_lesion_addresses_it() -> None:
    assert decide(BOTH, [row(point=(52.0, 3.0, -4.0), status=Status.DISEASE)], SUV, threshold=4.0)[1].status is Status.DISEASE


def test_a_point_on_other_uptake_adds_its_component_however_small() -> None:
    assert SMALL.volume_ml < 3.0
    *_, added = decide(BOTH, [row(point=(1.0, 51.0, 0.0), status=Status.DISEASE)], SUV, threshold=4.0)
    assert (added.id, added.label, added.status, added.reviewed) == ("L03", 3, Status.DISEASE, True)
    assert np.array_equal(added.region.indices_kji, SMALL.indices_kji)
    assert added.because == "the reader said disease; added at point 1, 51, 0 mm: SUV 4.00, threshold 4, " + f"{SMALL.volume_ml:.1f} mL"


def test_two_points_on_one_component_are_one_lesion() -> None:
    rows = [row(point=(2.0, 50.0, 0.0), status=Status.DISEASE), row(point=(-2.0, 50.0, 0.0), status=Status.DISEASE, line=3)]
    assert len(decide(BOTH, rows, SUV, threshold=4.0)) == 3


def test_an_added_region_takes_no_voxel_of_another_lesion() -> None:
    part = Lesion("L01", 1, sphere_region(GRID, np.array([-50.0, 0, 0]), 12), Status.DISEASE, "rule", "core only")
    _, added = decide([part], [row(point=(-50.0, 0.0, 17.0), status=Status.DISEASE)], SUV, threshold=4.0)
    assert added.region.voxels == A.voxels - part.region.voxels
    assert not (added.region.mask & part.region.mask_in(added.region.box)).any()


@pytest.mark.parametrize(
    ("rows", "code", "found"),
    [
        ([row("L09", Status.DISEASE)], "DECISION_UNKNOWN_LESION", "L09"),
        ([row(point=(0.0, -50.0, 0.0), status=Status.DISEASE)], "DECISION_MISSES_UPTAKE", "SUV 0.50"),
        ([row(point=(900.0, 0.0, 0.0), status=Status.DISEASE)], "DECISION_MISSES_UPTAKE", "outside the scan"),
        ([row("L01", Status.DISEASE), row("L01", Status.PHYSIOLOGIC, line=3)], "DECISION_CONTRADICTS", "L01 is decided in d.csv:2 too"),
        (
            [row("L01", Status.DISEASE), row(point=(-50.0, 0.0, 0.0), status=Status.PHYSIOLOGIC, line=3)],
            "DECISION_CONTRADICTS",
            "L01 is decided in d.csv:2 too",
        ),
        ([row("L01", Status.DISEASE, site=SITE), row("L01", line=3)], "DECISION_CONTRADICTS", "L01 is decided in d.csv:2 too"),
        ([row("L02")], "DECISION_NOTHING_TO_ACCEPT", "L02 is undecided"),
        ([row(point=(0.0, 50.0, 0.0))], "DECISION_NOTHING_TO_ACCEPT", "L03 is undecided"),
    ],
)
def test_what_cannot_be_done_is_refused(rows: list[Decision], code: str, found: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(BOTH, rows, SUV, threshold=4.0)
    (notice,) = refused.value.notices
    assert (notice.code, notice.found, notice.where) == (code, found, rows[-1].where)


def test_the_ids_that_exist_are_named() -> None:
    with pytest.raises(Refused, match="L01, L02"):
        decide(BOTH, [row("L1", Status.DISEASE)], SUV, threshold=4.0)


def test_rows_that_agree_are_one_decision() -> None:
    first, _ = decide(BOTH, [row("L01", Status.DISEASE), row("L01", line=3, reader="XY")], SUV, threshold=4.0)
    assert first.decided_by == "reader RB"
