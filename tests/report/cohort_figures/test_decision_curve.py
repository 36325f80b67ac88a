"""Contract: lines hold exactly the data; a stretch without an estimate stays open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from carpet.report.cohort_figures.decision_curve import decision_curve_figure, decision_curve_rows


def test_lines_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["decision_curve"].many
    figure = decision_curve_figure(data)
    (line,) = artists(figure, "net-benefit-IPI-and-TMTV")
    assert list(line.get_xdata()) == [100 * one for one in data.thresholds]
    assert list(line.get_ydata()) == list(data.models[0].net_benefit)
    (everybody,) = artists(figure, "net-benefit-act-on-everybody")
    assert list(everybody.get_ydata()) == list(data.treat_all)


def test_a_missing_estimate_leaves_the_line_open(made: Mapping[str, Any], artists: Any) -> None:
    data = made["decision_curve"].many
    (line,) = artists(decision_curve_figure(data), "net-benefit-IPI-alone")
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [n for n, one in enumerate(data.models[1].net_benefit) if one is None]


def test_the_axis_shows_zero_and_what_lies_below(made: Mapping[str, Any], told: Any) -> None:
    figure = decision_curve_figure(made["decision_curve"].many)
    (axes,) = [one for one in figure.axes if one.axison]
    low, high = axes.get_ylim()
    assert low < 0 < 0.44 < high
    assert {"act on nobody", "act on everybody", "Net benefit"} <= set(told(figure))


def test_one_threshold_is_a_dot(made: Mapping[str, Any], artists: Any) -> None:
    (line,) = artists(decision_curve_figure(made["decision_curve"].one), "net-benefit-m")
    assert line.get_marker() == "o"


def test_rows_hold_every_strategy(made: Mapping[str, Any]) -> None:
    data = made["decision_curve"].many
    rows = decision_curve_rows(data)
    assert len(rows) == 4 * len(data.thresholds)
    assert [row["net_benefit"] for row in rows[-2:]] == [0.0, 0.0]
