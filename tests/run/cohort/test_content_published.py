"""Truth: rates counted in the fixture; published ones as `published_cohorts` has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carpet.cohort.kaplan_meier import kaplan_meier
from carpet.cohort.survival import Survival
from carpet.report.cohort_content import Picture, Table
from carpet.report.cohort_figures.forest import ForestData
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_published import published


def _rows(analysed: Analysed, number: int) -> dict[str, list[ForestData]]:
    picture = published(analysed).blocks[number]
    assert isinstance(picture, Picture)
    assert isinstance(picture.data, ForestData)
    found: dict[str, list[ForestData]] = {}
    for row in picture.data.rows:
        found.setdefault(row.heading, []).append(row)  # type: ignore[arg-type]
    return found


def test_own_rates_stand_first(analysed: Analysed) -> None:
    rows = _rows(analysed, 1)
    own, *others = rows["Overall response"]
    assert (own.own, own.counts, own.effect) == (True, "24/47", pytest.approx(100 * 24 / 47))  # type: ignore[attr-defined]
    assert others
    assert not any(one.own for one in others)  # type: ignore[attr-defined]
    survival = analysed.survival[0].curves[0].at[-1].survival
    assert survival is not None
    assert rows["PFS at 12 months"][0].effect == pytest.approx(100 * survival)
    assert rows["OS at 12 months"][0].text == "no value in this cohort"  # type: ignore[attr-defined]


def test_another_scale_is_marked(analysed: Analysed) -> None:
    own, *others = _rows(analysed, 2)["CRS, grade ≥ 3"]
    assert own.counts == "11/47"  # type: ignore[attr-defined]
    assert all("not comparable" in one.note for one in others)  # type: ignore[attr-defined]


def test_every_source_is_named(analysed: Analysed) -> None:
    table = published(analysed).blocks[3]
    assert isinstance(table, Table)
    named = {row.cells[0] for row in table.rows}
    shown = {one.label.partition(" (")[0] for number in (1, 2) for rows in _rows(analysed, number).values() for one in rows if not one.own}  # type: ignore[attr-defined]
    assert shown == named


def test_nobody(analysed: Analysed) -> None:
    assert published(replace(analysed, cohort=replace(analysed.cohort, rows=()))).empty


def test_survival_stands_with_patients_and_without_the_events_of_all_follow_up(analysed: Analysed) -> None:
    own = _rows(analysed, 1)["PFS at 12 months"][0]
    assert own.counts == "47"  # type: ignore[attr-defined]
    short = replace(analysed.survival[0].curves[0], curve=kaplan_meier(Survival.of([100, 200], [1, 0])))
    later = replace(analysed.survival[0], endpoint="OS", curves=(short,))
    late = _rows(replace(analysed, survival=(later,)), 1)["OS at 3 years"][0]
    assert (late.effect, late.text) == (None, "not followed so long")  # type: ignore[attr-defined]


def test_a_response_that_ended_before_the_third_month_was_not_completed(analysed: Analysed) -> None:
    """Of 12 with PR at M1 eight have CR at M3, and of four nothing is known; one of these was treated anew."""
    heading = "Partial response at month 1, complete at month 3"
    assert _rows(analysed, 2)[heading][0].counts == "8/8"  # type: ignore[attr-defined]
    (who, *_) = (row["patient_id"] for row in analysed.cohort.rows if row["lugano_m1"] == "PR" and row["lugano_m3"] is None)
    assert _rows(replace(analysed, new_therapy_days={str(who): 60}), 2)[heading][0].counts == "8/9"  # type: ignore[attr-defined]


def test_scales_have_their_names(analysed: Analysed) -> None:
    labels = [one.label for rows in _rows(analysed, 2).values() for one in rows]  # type: ignore[attr-defined]
    assert {"JULIET (Penn)", "ZUMA-1, 2 years (Lee 2014)", "JULIET (scale not named)"} <= set(labels)
    notes = " ".join(one.note for rows in _rows(analysed, 2).values() for one in rows)  # type: ignore[attr-defined]
    assert "graded by Penn, here by ASTCT 2019: not comparable" in notes
    assert "lee2014" not in notes
