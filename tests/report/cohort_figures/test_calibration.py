"""Contract: groups, intervals, the smoothed line and the spread hold exactly the data, in percent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from carpet.report.cohort_figures.calibration import calibration_figure, calibration_rows


def test_groups_and_line_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["calibration"].many
    figure = calibration_figure(data)
    (groups,) = artists(figure, "groups")
    assert list(groups.get_xdata()) == [100 * one.predicted for one in data.groups]
    assert list(groups.get_ydata()) == [100 * one.observed for one in data.groups]
    (interval,) = artists(figure, "interval-2")
    assert list(interval.get_ydata()) == [100 * data.groups[2].low, 100 * data.groups[2].high]
    (line,) = artists(figure, "smoothed")
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == [(100 * x, 100 * y) for x, y in data.smooth]


def test_the_spread_counts_every_prediction(made: Mapping[str, Any]) -> None:
    data = made["calibration"].many
    figure = calibration_figure(data)
    (bars,) = [one for axes in figure.axes for one in axes.containers]
    assert sum(bar.get_height() for bar in bars) == 120
    assert [bar.get_height() for bar in bars][7] == sum(0.28 <= one < 0.32 for one in data.predictions)
    assert sum(row["patients"] for row in calibration_rows(data) if row["what"] == "spread") == 120


def test_without_predictions_the_axis_is_named_below_the_square(made: Mapping[str, Any], told: Any) -> None:
    data = replace(made["calibration"].many, predictions=())
    figure = calibration_figure(data)
    assert sum(axes.axison for axes in figure.axes) == 1
    words = told(figure)
    assert {"Predicted risk by 12 months (%)", "Observed risk by 12 months (%)", "Risk of progression or death."} <= set(words)
    assert not [row for row in calibration_rows(data) if row["what"] == "spread"]


def test_rows_hold_risks_from_0_to_1(made: Mapping[str, Any]) -> None:
    data = made["calibration"].many
    rows = calibration_rows(data)
    assert [row["observed"] for row in rows if row["what"] == "group"] == [one.observed for one in data.groups]
    assert np.allclose([row["predicted"] for row in rows if row["what"] == "smoothed"], [x for x, _ in data.smooth])
