"""Truth: rows of the table scores written down here: numbers, groups, and where a score is asked instead."""

from __future__ import annotations

from typing import Any

from carpet.run.cohort.columns import SCORE_COLUMNS, Cell
from carpet.run.cohort.score_cells import score_cells
from carpet.run.cohort.stand_in import StandIn

TT = StandIn("TT", "TT", None)


def row(
    score: str, value: float | None, group: str = "", timepoint: str = "TT", reason: str = "", flags: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"score": score, "timepoint": timepoint, "value": value, "group": group, "reason_missing": reason, "flags": list(flags)}


def test_a_number_for_numbers_and_the_group_for_categories() -> None:
    rows = [row("ipi", 3, "high-intermediate"), row("r_ipi", 3, "poor"), row("easix", 2.5), row("ipi", 1, "low", "TD")]
    found = score_cells(rows, TT)
    assert set(found) == {one.name for one in SCORE_COLUMNS}
    assert [found[name].value for name in ("ipi", "ipi_group", "r_ipi", "easix")] == [3, "high-intermediate", "poor", 2.5]
    assert found["nccn_ipi"].reason == "NOT_ASKED_FOR"


def test_car_hematotox_is_that_before_lymphodepletion() -> None:
    assert score_cells([row("car_hematotox", 2, "high", "LD")], TT)["car_hematotox"].value == "high"


def test_a_score_without_a_number_says_why() -> None:
    found = score_cells([row("two_factor", None, reason="CUTOFF_OTHER_DELINEATION", flags=("UNREVIEWED",))], TT)
    assert found["two_factor"] == Cell(None, "CUTOFF_OTHER_DELINEATION", ("UNREVIEWED",))


def test_an_earlier_baseline_gives_its_own_scores_and_is_told() -> None:
    earlier = StandIn("TT", "TD", None, flags=("BASELINE_EARLIER",))
    found = score_cells([row("ipi", 1, "low", "TD"), row("ipi", None, reason="X"), row("car_hematotox", 0, "low", "LD")], earlier)
    assert found["ipi"] == Cell(1, "", ("BASELINE_EARLIER",))
    assert found["car_hematotox"].flags == ()
