"""Truth: closed form. Two suggested balls and one small unsuggested one; what each decision must leave is known."""

from __future__ import annotations

from collections.abc import Sequence

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
OTHER_SITE = Code("53074004", "SCT", "Hilar lymph node")


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
    adjudicates: bool = False,
) -> Decision:
    return Decision(f"d.csv:{line}", lesion_id, point, status, site, None if site is None else Kind.NODAL, reader, comment, adjudicates)


def decided(lesions: Sequence[Lesion], rows: Sequence[Decision]) -> tuple[Lesion, ...]:
    """Where nobody contradicts another."""
    made = decide(lesions, rows, SUV, threshold=4.0)
    assert (made.flags, made.site_open) == ((), frozenset())
    return made.lesions


def disputed(*rows: Decision) -> tuple[tuple[Lesion, ...], str]:
    """The lesions, and what readers contradict each other on."""
    made = decide(BOTH, rows, SUV, threshold=4.0)
    (flag,) = made.flags
    assert (flag.code, flag.where) == ("READERS_DISAGREE_ON_REGIONS", "decisions")
    return made.lesions, flag.found


def test_a_decision_overrides_and_keeps_what_the_rule_said() -> None:
    first, second = decided(BOTH, [row("L01", Status.PHYSIOLOGIC, comment="colon")])
    assert (first.status, first.decided_by, first.reviewed) == (Status.PHYSIOLOGIC, "reader RB", True)
    assert first.because == "the reader said physiologic (colon); rule DIS-DEFAULT@1 had said disease: no organ"
    assert second is SECOND


def test_no_decision_changes_nothing() -> None:
    assert decided(BOTH, []) == BOTH


def test_star_accepts_what_no_other_row_decides_and_leaves_the_undecided() -> None:
    first, second = decided(BOTH, [row("*")])
    assert (first.status, first.reviewed) == (Status.DISEASE, True)
    assert second is SECOND
    first, second = decided(BOTH, [row("*"), row("L02", Status.DISEASE), row("L01", Status.PHYSIOLOGIC)])
    assert (first.status, second.status) == (Status.PHYSIOLOGIC, Status.DISEASE)


def test_a_site_is_set_or_kept() -> None:
    first, second = decided(BOTH, [row("L01", Status.DISEASE, site=SITE), row("L02", Status.DISEASE)])
    assert (first.site, first.kind) == (SITE, Kind.NODAL)
    assert (second.site, second.kind) == (SITE, Kind.NODAL)


def test_a_point_inside_a_lesion_addresses_it() -> None:
    assert decided(BOTH, [row(point=(52.0, 3.0, -4.0), status=Status.DISEASE)])[1].status is Status.DISEASE


def test_a_point_on_other_uptake_adds_its_component_however_small() -> None:
    assert SMALL.volume_ml < 3.0
    *_, added = decided(BOTH, [row(point=(1.0, 51.0, 0.0), status=Status.DISEASE)])
    assert (added.id, added.label, added.status, added.reviewed) == ("L03", 3, Status.DISEASE, True)
    assert np.array_equal(added.region.indices_kji, SMALL.indices_kji)
    assert added.because == "the reader said disease; added at point 1, 51, 0 mm: SUV 4.00, threshold 4, " + f"{SMALL.volume_ml:.1f} mL"


def test_two_points_on_one_component_are_one_lesion() -> None:
    rows = [row(point=(2.0, 50.0, 0.0), status=Status.DISEASE), row(point=(-2.0, 50.0, 0.0), status=Status.DISEASE, line=3)]
    assert len(decided(BOTH, rows)) == 3


def test_an_added_region_takes_no_voxel_of_another_lesion() -> None:
    part = Lesion("L01", 1, sphere_region(GRID, np.array([-50.0, 0, 0]), 12), Status.DISEASE, "rule", "core only")
    _, added = decided([part], [row(point=(-50.0, 0.0, 17.0), status=Status.DISEASE)])
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
    rows = [row("L01", line=3, reader="XY", comment="sure"), row("L01", Status.DISEASE)]
    for order in (rows, rows[::-1]):
        first, _ = decided(BOTH, order)
        assert (first.status, first.decided_by, first.reviewed) == (Status.DISEASE, "reader RB; reader XY", True)
        assert first.because == "reader RB said disease; reader XY accepted (sure); rule DIS-DEFAULT@1 had said disease: no organ"


CALLS = {"L01": (Status.DISEASE, Status.PHYSIOLOGIC), "L02": (Status.DISEASE, Status.PHYSIOLOGIC)}


@pytest.mark.parametrize("lesion_id", CALLS)
def test_a_region_on_which_readers_contradict_each_other_is_undecided_and_the_other_stands(lesion_id: str) -> None:
    other = next(name for name in CALLS if name != lesion_id)
    rows = [row(lesion_id, Status.DISEASE, reader="A"), row(lesion_id, Status.PHYSIOLOGIC, reader="B"), row(other, Status.DISEASE)]
    lesions, found = disputed(*rows)
    by = {one.id: one for one in lesions}
    assert found == f"{lesion_id} (reader A disease, reader B physiologic)"
    left = by[lesion_id]
    assert (left.status, left.decided_by, left.reviewed) == (Status.UNDECIDED, "reader A; reader B", False)
    assert left.because.startswith("readers disagree: reader A said disease; reader B said physiologic; rule ")
    assert (by[other].status, by[other].reviewed) == (Status.DISEASE, True)


def test_a_star_speaks_for_its_own_reader_alone() -> None:
    (first, second), found = disputed(row("*", reader="A"), row("L01", Status.PHYSIOLOGIC, reader="B"))
    assert found == "L01 (reader A disease, reader B physiologic)"
    assert (first.status, second) == (Status.UNDECIDED, SECOND)
    rows = [row("*", reader="A"), row("*", reader="B"), row("L02", Status.DISEASE, reader="B")]
    first, second = decided(BOTH, rows)  # of what is undecided `*` says nothing
    assert (first.decided_by, second.decided_by, second.status) == ("reader A; reader B", "reader B", Status.DISEASE)


def test_an_added_region_contradicts_nobody_who_did_not_see_it_but_who_calls_it_otherwise() -> None:
    at = (0.0, 50.0, 0.0)
    seen = row(point=at, status=Status.DISEASE, reader="A")
    assert decided(BOTH, [seen, row("*", reader="B")])[-1].status is Status.DISEASE
    lesions, found = disputed(seen, row(point=at, status=Status.PHYSIOLOGIC, reader="B"))
    assert found == "L03 (reader A disease, reader B physiologic)"
    assert (lesions[-1].status, lesions[-1].reviewed) == (Status.UNDECIDED, False)
    assert "had said" not in lesions[-1].because


@pytest.mark.parametrize(
    ("word", "status"), [(Status.PHYSIOLOGIC, Status.PHYSIOLOGIC), (Status.DISEASE, Status.DISEASE), (None, Status.DISEASE)]
)
def test_who_adjudicates_stands_above_readers(word: Status | None, status: Status) -> None:
    rows = [row("L01", Status.DISEASE, reader="A"), row("L01", Status.PHYSIOLOGIC, reader="B", comment="colon")]
    rows.append(row("L01", word, reader="C", adjudicates=True))
    first, _ = decided(BOTH, rows)
    assert (first.status, first.decided_by, first.reviewed) == (status, "reader C", True)
    said = "accepted" if word is None else f"said {word}"
    assert first.because == (
        f"reader C, adjudicating, {said}; reader A said disease; reader B said physiologic (colon);"
        " rule DIS-DEFAULT@1 had said disease: no organ"
    )


def test_two_who_adjudicate_and_differ_leave_it_open() -> None:
    calls = ((Status.DISEASE, False), (Status.PHYSIOLOGIC, False), (Status.DISEASE, True), (Status.PHYSIOLOGIC, True))
    rows = [row("L01", status, reader=who, adjudicates=third) for who, (status, third) in zip("ABCD", calls, strict=True)]
    (first, _), found = disputed(*rows)
    assert (first.status, found) == (Status.UNDECIDED, "L01 (reader C disease, reader D physiologic)")


def test_no_reader_of_a_scan_adjudicates_it() -> None:
    rows = [row("*", reader="A"), row("*", reader="B"), row("L02", Status.DISEASE, line=4, reader="A", adjudicates=True)]
    with pytest.raises(Refused) as refused:
        decide(BOTH, rows, SUV, threshold=4.0)
    (notice,) = refused.value.notices
    assert (notice.code, notice.where, notice.found) == ("DECISION_ADJUDICATES_OWN", "d.csv:4", "reader A")


def test_another_site_leaves_the_disease_and_no_site() -> None:
    rows = [row("L01", Status.DISEASE, site=SITE, reader="A"), row("L01", Status.DISEASE, site=OTHER_SITE, reader="B")]
    (first, _), found = disputed(*rows)
    assert (first.status, first.site, first.kind, first.reviewed) == (Status.DISEASE, None, None, True)
    assert found == "site of L01 (reader A Mediastinal lymph node, reader B Hilar lymph node)"
    assert decide(BOTH, rows, SUV, threshold=4.0).site_open == {"L01"}
    first, _ = decided(BOTH, [*rows, row("L01", site=SITE, reader="C", adjudicates=True)])
    assert (first.site, first.kind) == (SITE, Kind.NODAL)
    first, _ = decided(BOTH, [rows[0], row("L01", reader="B")])  # who names no site contradicts none
    assert first.site == SITE


def test_the_site_is_that_of_the_readers_whose_word_stands() -> None:
    rows = [row("L02", Status.DISEASE, site=OTHER_SITE, reader="A"), row("L02", Status.PHYSIOLOGIC, site=SITE, reader="B")]
    _, second = decided(BOTH, [*rows, row("L02", Status.DISEASE, reader="C", adjudicates=True)])
    assert second.site == OTHER_SITE
