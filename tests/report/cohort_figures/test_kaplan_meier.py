"""Contract: the drawn curves and the table of those at risk hold exactly the data, by the estimator of `cohort`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from carpet.report.cohort_figures.kaplan_meier import KaplanMeierData, SurvivalGroup, kaplan_meier_figure, kaplan_meier_rows
from carpet.report.cohort_figures.style import on_axis

# Four patients: events on days 10 and 30, censored on 20 and 40.
SMALL = SurvivalGroup(
    name="a",
    days=(10, 20, 30, 40),
    at_risk=(4, 3, 2, 1),
    events=(1, 0, 1, 0),
    censored=(0, 1, 0, 1),
    survival=(0.75, 0.75, 0.375, 0.375),
    low=(None, None, 0.1, 0.1),
    high=(0.9, 0.9, 0.8, 0.8),
    median="30",
)


def test_curves_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["kaplan_meier"].many
    figure = kaplan_meier_figure(data)
    for group, name in zip(data.groups, ("0-factors", "1-factor", "2-factors"), strict=True):
        (line,) = artists(figure, f"curve-{name}")
        assert line.get_xdata().tolist() == [on_axis(day, "months") for day in (0, *group.days, group.days[-1])]
        assert np.array_equal(line.get_ydata(), 100.0 * np.array([1.0, *group.survival, group.survival[-1]]))
        (strokes,) = artists(figure, f"censored-{name}") or [None]
        censored = [on_axis(day, "months") for day, n in zip(group.days, group.censored, strict=True) if n]
        assert (list(strokes.get_xdata()) if strokes else []) == censored


def test_the_table_counts_those_followed_so_long(artists: Any, made: Mapping[str, Any]) -> None:
    assert [SMALL.at_risk_on(day) for day in (0, 10, 10.5, 20, 21, 40, 41)] == [4, 4, 3, 3, 2, 1, 0]
    data = made["kaplan_meier"].many
    figure, rows = kaplan_meier_figure(data), kaplan_meier_rows(data)
    shown = [int(one.get_text()) for one in artists(figure, "at-risk-0-factors")]
    assert shown == [row["at_risk"] for row in rows if row["what"] == "risk table" and row["group"] == "0 factors"]
    assert shown[0] == 40


def test_the_band_has_no_width_before_the_first_event_and_none_without_limits(artists: Any) -> None:
    many = replace(SMALL, at_risk=(8, 7, 6, 5))
    early = replace(many, events=(0, 0, 1, 0), survival=(1.0, 1.0, 0.5, 0.5), low=(None, None, 0.1, 0.1), high=(None, None, 0.9, 0.9))
    figure = kaplan_meier_figure(KaplanMeierData("", "PFS", (early,), time="days"))
    (band,) = artists(figure, "band-a")
    assert [float(path.vertices[:, 0].min()) for path in band.get_paths()] == [0.0]
    broken = kaplan_meier_figure(KaplanMeierData("", "PFS", (many,), time="days"))
    assert sorted(float(path.vertices[:, 0].min()) for path in artists(broken, "band-a")[0].get_paths()) == [0.0, 30.0]


def test_a_group_of_four_has_no_band(artists: Any) -> None:
    data = KaplanMeierData("", "PFS", (SMALL,), time="days")
    assert not artists(kaplan_meier_figure(data), "band-a")
    assert [row["high"] for row in kaplan_meier_rows(data) if row["what"] == "curve"] == list(SMALL.high)  # the limits are still told


def test_medians_tests_and_counts_are_written(made: Mapping[str, Any], told: Any) -> None:
    data = made["kaplan_meier"].many
    words = told(kaplan_meier_figure(data))
    assert {group.median for group in data.groups} | {"median, months (95% CI)", "events", "patients", "No. at risk"} <= set(words)
    assert any(word.startswith("Log-rank P < 0.001.") for word in words)
    assert words.count("40") >= 6


def test_an_axis_that_ends_early_cuts_and_nothing_stands_beside_it(artists: Any) -> None:
    data = KaplanMeierData("", "PFS", (SMALL,), time="days", last_day=25)
    figure = kaplan_meier_figure(data)
    (axes,) = [one for one in figure.axes if one.axison]
    assert axes.get_xlim() == (0, 25 * 1.02)
    assert artists(figure, "curve-a")[0].get_xdata().tolist() == [0, 10, 20, 30, 40, 40]
    assert all(one.get_clip_on() for one in artists(figure, "c*"))
    assert [one.get_text() for one in artists(figure, "at-risk-a")] == ["4", "4", "3", "2"]


def test_a_group_without_patients_is_left_out(told: Any) -> None:
    empty = SurvivalGroup("nobody", (), (), (), (), (), (), (), "")
    assert "nobody" not in told(kaplan_meier_figure(KaplanMeierData("", "OS", (SMALL, empty))))


def test_rows_hold_every_step() -> None:
    rows = kaplan_meier_rows(KaplanMeierData("", "PFS", (SMALL,), ("P = 1",), time="days"))
    assert [row["survival"] for row in rows if row["what"] == "curve"] == list(SMALL.survival)
    assert rows[1] == {
        "what": "curve", "group": "a", "day": 20, "at_risk": 3, "events": 0, "censored": 1, "survival": 0.75, "low": None, "high": 0.9,
    }  # fmt: skip
    table = [(row["day"], row["at_risk"]) for row in rows if row["what"] == "risk table"]
    assert table == [(0, 4), (7, 4), (14, 3), (21, 2), (28, 2), (35, 1)]
    assert rows[-2:] == [{"what": "median", "group": "a", "text": "30"}, {"what": "text", "text": "P = 1"}]
