"""Contract: squares and intervals hold exactly the data; slips stand below; what can't be drawn says so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.report.cohort_figures.forest import OWN, PUBLISHED, ForestData, ForestRow, effect_text, forest_figure, forest_rows


def test_effects_and_intervals_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["forest"].many
    figure = forest_figure(data)
    drawn = sorted(artists(figure, "effect-*"), key=lambda one: one.get_ydata()[0])
    rows = [one for one in data.rows if one.effect is not None]
    assert [one.get_xdata()[0] for one in drawn] == [one.effect for one in rows]
    assert [one.get_color() for one in drawn] == [OWN if one.own else PUBLISHED for one in rows]
    intervals = sorted(artists(figure, "interval-*"), key=lambda one: one.get_ydata()[0])
    assert [list(one.get_xdata()) for one in intervals[:-1]] == [[one.low, one.high] for one in rows[:-1]]
    (axes,) = [one for one in figure.axes if one.axison]
    assert axes.get_xscale() == "log"
    assert list(intervals[-1].get_xdata()) == [1.5, axes.get_xlim()[1]]  # 31 leaves the plot: cut, with an arrow
    assert [line.get_marker() for line in axes.lines if line.get_marker() in "<>"] == [">"]


def test_slips_are_numbered_and_stand_below(made: Mapping[str, Any], told: Any) -> None:
    words = told(forest_figure(made["forest"].many))
    assert "1 The review prints 147 mL; the paper's median is 147.5 mL." in words
    assert {"1", "2", "this cohort", "published", "Published", "events/n", "Hazard ratio (95% CI)", "← longer PFS"} <= set(words)


def test_texts_of_effects() -> None:
    assert effect_text(ForestRow("", 1.854, 1.1, 3.121), 2) == "1.85 (1.10–3.12)"
    assert effect_text(ForestRow("", 58.0), 0) == "58"
    assert effect_text(ForestRow("", 2.0, 0.5, math.inf), 1) == "2.0 (0.5–∞)"
    assert effect_text(ForestRow("", None, text="no event"), 2) == "no event"
    assert effect_text(ForestRow("", None), 2) == "not estimable"
    assert effect_text(ForestRow("", -1.5, -2.0, None), 1) == "\u22121.5 (\u22122.0–…)"


def test_percentages_stand_on_a_linear_axis(artists: Any, told: Any) -> None:
    rows = (ForestRow("This cohort", 71.0, 62.0, 79.0, counts="120"), ForestRow("ZUMA-1", 83.0, counts="101", own=False))
    figure = forest_figure(ForestData("", "Overall response (%)", rows, log=False, null=None, decimals=0))
    (axes,) = [one for one in figure.axes if one.axison]
    assert axes.get_xscale() == "linear"
    assert len(artists(figure, "interval-*")) == 1
    assert {"Overall response (%)", "83", "71 (62–79)", "n"} <= set(told(figure))


def test_an_effect_below_zero_has_no_place_on_a_log_axis() -> None:
    with pytest.raises(ProtocolError, match="above 0"):
        forest_figure(ForestData("", "Hazard ratio", (ForestRow("x", -0.5),)))


def test_nothing_estimable_is_still_a_figure(told: Any) -> None:
    assert "not estimable" in told(forest_figure(ForestData("", "Hazard ratio", (ForestRow("x", None), ForestRow("y", None)))))


def test_rows_follow_the_figure(made: Mapping[str, Any]) -> None:
    rows = forest_rows(made["forest"].many)
    assert [(row["label"], row["effect"], row["from"]) for row in rows][4:6] == [
        ("TMTV > 80 mL", 2.28, "own"),
        ("Dean 2020: TMTV ≤ 147.5 mL", 0.40, "published"),
    ]
