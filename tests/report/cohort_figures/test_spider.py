"""Contract: each line holds exactly the patient's days and changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carpet.report.cohort_figures.spider import SpiderData, SpiderPatient, spider_figure, spider_rows
from carpet.report.cohort_figures.style import on_axis, response_colour


def test_lines_hold_the_data(made: Mapping[str, Any], artists: Any) -> None:
    data = made["spider"].many
    figure = spider_figure(data)
    assert len(artists(figure, "line-*")) == len(data.drawn) > 100
    for one in data.drawn:
        (line,) = artists(figure, f"line-{one.patient_id}")
        assert list(line.get_xdata()) == [on_axis(day, "months") for day, _ in one.changes]
        assert list(line.get_ydata()) == [percent for _, percent in one.changes]
        assert line.get_color() == response_colour(one.response)


def test_points_are_in_order_of_time_and_a_line_beyond_the_edge_has_a_tip(artists: Any, told: Any) -> None:
    one = SpiderPatient("P1", ((90, 400.0), (-7, 0.0), (30, -20.0)), "SD")
    figure = spider_figure(SpiderData("", "SPD", (one, SpiderPatient("alone", ((0, 0.0),), "NE")), time="days"))
    (line,) = artists(figure, "line-P1")
    assert list(line.get_ydata()) == [0.0, -20.0, 400.0]
    (axes,) = [axes for axes in figure.axes if axes.axison]
    tips = [line for line in axes.lines if line.get_marker() == "^"]
    assert [list(tip.get_xdata()) for tip in tips] == [[90]]
    words = told(figure)
    assert {"P1", "Change of SPD from baseline (%)", "Days from infusion (n = 1)"} <= set(words)
    assert "alone" not in words


def test_ids_at_the_ends_do_not_touch() -> None:
    same = tuple(SpiderPatient(f"P{n}", ((0, 0.0), (30, -100.0)), "CR") for n in range(8))
    figure = spider_figure(SpiderData("", "TMTV", same))
    figure.canvas.draw()
    (axes,) = [axes for axes in figure.axes if axes.axison]
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text().startswith("P")]
    assert len(boxes) == 8
    assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])


def test_rows_hold_every_point(made: Mapping[str, Any]) -> None:
    data = made["spider"].many
    rows = spider_rows(data)
    assert [(row["day"], row["percent"]) for row in rows] == [point for one in data.drawn for point in one.changes]
