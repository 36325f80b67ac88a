"""Truth: counted by hand, parts of a bar are percent of those assessed; scales stay apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carpet.report.cohort_figures.toxicity import ToxicityBar, ToxicityData, toxicity_figure, toxicity_rows


def test_parts_are_percent_of_those_assessed(artists: Any) -> None:
    bar = ToxicityBar("CRS", "ASTCT 2019", (10, 5, 0, 4, 0, 1), not_assessed=3)
    parts = artists(toxicity_figure(ToxicityData("", (bar,))), "CRS-ASTCT-2019-*")
    assert [(one.get_x(), one.get_width()) for one in parts] == [(0, 50), (50, 25), (75, 20), (95, 5)]


def test_bars_fill_their_row(made: Mapping[str, Any], artists: Any) -> None:
    data = made["toxicity"].many
    parts = artists(toxicity_figure(data), "*")
    parts = [one for one in parts if hasattr(one, "get_width")]
    assert sum(one.get_width() for one in parts) == pytest.approx(100 * len(data.bars))


def test_each_scale_has_its_own_heading_and_the_reader_is_warned(made: Mapping[str, Any], told: Any) -> None:
    words = told(toxicity_figure(made["toxicity"].many))
    assert {"CRS, ASTCT 2019", "CRS, Lee 2014", "ICANS, ASTCT 2019", "grade 5", "no event"} <= set(words)
    assert "Grades of different scales can't be compared (CRS)." in words
    assert "Not assessed: CRS, ASTCT 2019, TMTV > 80 mL: 1." in words
    assert [word for word in words if word.startswith("n = ")] == ["n = 59", "n = 54", "n = 7", "n = 59", "n = 55"]


def test_numbers_of_patients_stand_in_the_bars(told: Any) -> None:
    words = told(toxicity_figure(ToxicityData("", (ToxicityBar("CRS", "Penn", (90, 0, 0, 7, 0, 2)),))))
    assert {"90", "7", "2"} <= set(words)


def test_a_bar_of_nobody_is_empty(artists: Any, told: Any) -> None:
    bars = (ToxicityBar("CRS", "Penn", (1, 0, 0, 0, 0, 0)), ToxicityBar("ICANS", "ASTCT 2019", (0,) * 6, not_assessed=1))
    figure = toxicity_figure(ToxicityData("", bars))
    assert not artists(figure, "ICANS*")
    assert "n = 0" in told(figure)
    assert toxicity_rows(ToxicityData("", bars))[-1]["percent"] is None


def test_rows_hold_every_part(made: Mapping[str, Any]) -> None:
    rows = toxicity_rows(made["toxicity"].many)
    assert len(rows) == 30
    assert rows[1] == {
        "event": "CRS", "scale": "ASTCT 2019", "group": "TMTV ≤ 80 mL", "grade": 1, "patients": 25, "percent": 2500 / 59, "assessed": 59,
        "not_assessed": 0,
    }  # fmt: skip
