"""Contract: lines and bars hold exactly the data, models side by side; the axis goes as low as they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from carpet.report.cohort_figures.auc_over_time import AucCurve, AucData, auc_over_time_figure, auc_over_time_rows
from carpet.report.cohort_figures.style import on_axis


def test_lines_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["auc_over_time"].many
    figure = auc_over_time_figure(data)
    for one in data.curves:
        (line,) = artists(figure, f"auc-{one.name.replace(' ', '-')}")
        places = np.array([on_axis(day, "months") for day in one.days])
        assert np.ptp(line.get_xdata() - places) < 1e-9
        assert np.abs(line.get_xdata() - places).max() < 0.05 * places.max()
        assert list(line.get_ydata()) == list(one.auc)
        (bars,) = artists(figure, f"limits-{one.name.replace(' ', '-')}")
        drawn = [(float(x), float(low), float(high)) for (x, low), (_, high) in bars.get_segments()]
        assert drawn == list(zip(line.get_xdata(), one.low, one.high, strict=True))
    firsts = {float(artists(figure, f"auc-{one.name.replace(' ', '-')}")[0].get_xdata()[0]) for one in data.curves}
    assert len(firsts) == len(data.curves)


def test_a_low_auc_is_not_cut(artists: Any, told: Any) -> None:
    figure = auc_over_time_figure(AucData("", "death", (AucCurve("m", (10, 20), (0.3, 0.6), (0.12, None), (0.5, None)),), time="days"))
    (axes,) = [one for one in figure.axes if one.axison]
    assert axes.get_ylim() == (0.1, 1.0)
    assert {"AUC for death", "Days from infusion", "no better than chance", "m"} <= set(told(figure))


def test_rows_hold_every_point(made: Mapping[str, Any]) -> None:
    data = made["auc_over_time"].many
    rows = auc_over_time_rows(data)
    assert [row["auc"] for row in rows] == [value for one in data.curves for value in one.auc]
    assert rows[0]["model"] == "IPI and TMTV"
