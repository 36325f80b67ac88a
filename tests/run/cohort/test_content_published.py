"""Truth: rates counted in the fixture; published ones as `published_cohorts` has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

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
