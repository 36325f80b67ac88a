"""Contract: effects stand in order with their intervals, and each has a dot in the row of every choice it made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.report.cohort_figures.specification_curve import (
    Specification,
    SpecificationData,
    specification_curve_figure,
    specification_curve_rows,
)


def test_effects_and_intervals_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["specification_curve"].many
    figure = specification_curve_figure(data)
    ordered = sorted((one for one in data.specifications if one.effect is not None), key=lambda one: one.effect)
    assert len(ordered) == 36
    for n, one in enumerate(ordered):
        (point,) = artists(figure, f"effect-{n}")
        (interval,) = artists(figure, f"interval-{n}")
        assert (list(point.get_xdata()), list(point.get_ydata())) == ([n], [one.effect])
        assert list(interval.get_ydata()) == [one.low, one.high]
        assert (point.get_marker() == "D") == one.main


def test_a_dot_for_every_choice(made: Mapping[str, Any], artists: Any) -> None:
    data = made["specification_curve"].many
    figure = specification_curve_figure(data)
    for dimension, option in ((0, "max41"), (1, "PFS, new therapy ignored"), (2, "with IPI")):
        (dots,) = artists(figure, f"chosen-{option.replace(', ', '-').replace(' ', '-')}")
        assert [int(x) for x, _ in dots.get_offsets()] == [n for n, one in enumerate(data.drawn) if one.choices[dimension] == option]
    every = sum(len(one.get_offsets()) for one in artists(figure, "chosen-*"))
    assert every == 36 * 3


def test_the_summary_counts(made: Mapping[str, Any], told: Any) -> None:
    data = made["specification_curve"].many
    words = told(specification_curve_figure(data))
    sure = sum(one.low > 1 or one.high < 1 for one in data.drawn)
    ends = f"effect from {data.drawn[0].effect:.2f} to {data.drawn[-1].effect:.2f}"
    assert f"36 specifications; {ends}; the interval excludes 1 in {sure}. 1 more could not be estimated." in words
    assert {"Segmenter", "suv4.0", "watershed", "main analysis", "Endpoint rule"} <= set(words)


def test_wrong_data_are_refused() -> None:
    with pytest.raises(ProtocolError, match="2 choices"):
        specification_curve_figure(SpecificationData("", "HR", ("a", "b"), (Specification(("x",), 1.0),)))
    with pytest.raises(ProtocolError, match="above 0"):
        specification_curve_figure(SpecificationData("", "HR", ("a",), (Specification(("x",), -1.0),)))


def test_differences_stand_on_a_linear_axis(artists: Any) -> None:
    found = (Specification(("x",), -1.0, -3.0, 1.0), Specification(("y",), 2.0))
    data = SpecificationData("", "Difference (months)", ("a",), found, null=0.0, log=False)
    figure = specification_curve_figure(data)
    assert figure.axes[1].get_yscale() == "linear"
    assert list(artists(figure, "effect-0")[0].get_ydata()) == [-1.0]


def test_an_interval_without_an_end_reaches_the_edge(artists: Any) -> None:
    found = (Specification(("x",), 2.0, 0.0, math.inf), Specification(("y",), 1.5, 1.2, 3.0))
    figure = specification_curve_figure(SpecificationData("", "HR", ("a",), found))
    assert list(artists(figure, "interval-1")[0].get_ydata()) == list(figure.axes[1].get_ylim())


def test_rows_are_in_order_and_keep_the_failed(made: Mapping[str, Any]) -> None:
    rows = specification_curve_rows(made["specification_curve"].many)
    assert [row["place"] for row in rows] == [*range(1, 37), None]
    assert (rows[-1]["Segmenter"], rows[-1]["because"]) == ("watershed", "no convergence")
    assert sum(row["main"] == "yes" for row in rows) == 1
