"""Contract: the drawn curves of causes and the table of those at risk hold exactly the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from carpet.report.cohort_figures.cumulative_incidence import cumulative_incidence_figure, cumulative_incidence_rows
from carpet.report.cohort_figures.style import on_axis


def test_curves_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["cumulative_incidence"].many
    figure = cumulative_incidence_figure(data)
    for group, name in zip(data.groups, ("TMTV-80-mL-relapse",) * 2, strict=True):
        lines = artists(figure, f"curve-{name}")
        assert len(lines) == 2
        line = lines[data.groups.index(group)]
        relapse = group.causes[0]
        assert line.get_xdata().tolist() == [on_axis(day, "months") for day in (0, *relapse.days, max(group.follow_up))]
        assert np.array_equal(line.get_ydata(), 100.0 * np.array([0.0, *relapse.incidence, relapse.incidence[-1]]))


def test_groups_differ_by_colour_and_causes_by_line(made: Mapping[str, Any], artists: Any) -> None:
    lines = artists(cumulative_incidence_figure(made["cumulative_incidence"].many), "curve-*")
    assert len({line.get_color() for line in lines}) == 2
    assert len({str(line._dash_pattern) for line in lines}) == 2


def test_of_a_single_group_causes_differ_by_colour(made: Mapping[str, Any], artists: Any) -> None:
    data = made["cumulative_incidence"].many
    figure = cumulative_incidence_figure(replace(data, groups=data.groups[:1]))
    assert len({line.get_color() for line in artists(figure, "curve-*")}) == 2
    assert {line.get_gid() for line in artists(figure, "curve-*")} == {"curve-relapse", "curve-death-without-relapse"}


def test_the_table_counts_those_followed_so_long(made: Mapping[str, Any], artists: Any, told: Any) -> None:
    data = made["cumulative_incidence"].many
    figure = cumulative_incidence_figure(data)
    shown = [int(one.get_text()) for one in artists(figure, "at-risk-TMTV-80-mL")]
    months = range(0, 31, 6)
    by_hand = [sum(day >= month * 365.25 / 12 for day in group.follow_up) for group in data.groups for month in months]
    assert shown == by_hand
    assert {"TMTV ≤ 80 mL: relapse", "Gray's test: relapse P < 0.001, death without relapse P = 0.64."} <= set(told(figure))


def test_rows_hold_every_step(made: Mapping[str, Any]) -> None:
    data = made["cumulative_incidence"].many
    rows = cumulative_incidence_rows(data)
    drawn = [row["incidence"] for row in rows if row["what"] == "curve"]
    assert drawn == [value for group in data.groups for cause in group.causes for value in cause.incidence]
    assert sum(row["what"] == "risk table" for row in rows) == 12
