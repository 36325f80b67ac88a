"""Truth: closed form, the corners of a step curve and of its band, counts below the ticks."""

from __future__ import annotations

from typing import Any

import numpy as np

from carpet.report.cohort_figures.step_curves import Frame, RiskRow, StepCurve, day_ticks, step_figure

FRAME = Frame("", "Survival", ("", "n"), ("P = 0.5",), "days", "infusion", 40)


def curve(**change: Any) -> StepCurve:
    given: dict[str, Any] = {
        "name": "all",
        "days": (10, 20, 40),
        "values": (0.75, 0.5, 0.5),
        "low": (0.4, None, None),
        "high": (0.9, 0.8, None),
        "censored": (20, 40),
        "cells": ("4",),
        "colour": "#0072B2",
        "line": "-",
        "end": 40,
        "patients": 8,
    }
    return StepCurve(**(given | change))


def test_the_line_holds_the_steps(artists: Any) -> None:
    figure = step_figure([curve()], [], FRAME)
    (line,) = artists(figure, "curve-all")
    assert line.get_drawstyle() == "steps-post"
    assert line.get_xdata().tolist() == [0, 10, 20, 40, 40]
    assert line.get_ydata().tolist() == [100, 75, 50, 50, 50]


def test_a_censoring_stands_on_the_curve(artists: Any) -> None:
    (strokes,) = artists(step_figure([curve()], [], FRAME), "censored-all")
    assert list(strokes.get_xdata()) == [20, 40]
    assert strokes.get_ydata().tolist() == [50, 50]


def test_the_band_ends_where_a_limit_is_missing(artists: Any) -> None:
    (band,) = artists(step_figure([curve()], [], FRAME), "band-all")
    (path,) = band.get_paths()
    corners = {(float(x), float(y)) for x, y in path.vertices}
    assert corners == {(0.0, 100.0), (10.0, 100.0), (10.0, 40.0), (10.0, 90.0), (20.0, 40.0), (20.0, 90.0)}
    assert not artists(step_figure([curve(banded=False)], [], FRAME), "band-all")
    assert artists(step_figure([curve(patients=5)], [], FRAME), "band-all")
    assert not artists(step_figure([curve(patients=4)], [], FRAME), "band-all")


def test_a_curve_that_starts_at_zero_rises(artists: Any) -> None:
    (line,) = artists(step_figure([curve(before=0.0, values=(0.1, 0.2, 0.3), censored=())], [], FRAME), "curve-all")
    assert np.allclose(line.get_ydata(), [0, 10, 20, 30, 30])


def test_the_table_counts_below_the_ticks(artists: Any, told: Any) -> None:
    figure = step_figure([curve()], [RiskRow("all", "#0072B2", lambda day: 100 - int(day))], FRAME)
    ticks = day_ticks(40, "days")
    assert [one.get_text() for one in artists(figure, "at-risk-all")] == [str(100 - int(day)) for day in ticks]
    (shown,) = [one for one in figure.axes if one.axison]
    inches = [one.get_position()[0] for one in artists(figure, "at-risk-all")]
    box = shown.get_position()
    width = figure.get_size_inches()[0]
    places = [width * (box.x0 + box.width * day / shown.get_xlim()[1]) for day in ticks]
    assert np.allclose(inches, places)
    assert {"P = 0.5", "No. at risk", "Survival (%)", "Days from infusion"} <= set(told(figure))


def test_ticks_in_months_are_days_again() -> None:
    assert np.allclose(day_ticks(365, "months"), [n * 365.25 / 12 for n in (0, 2, 4, 6, 8, 10, 12)])
