"""Contract: every number at its day, zero shown, what is missing said, what happened named; the same course gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from carpet.report.trajectory import Event, Interval, Panel, Point, Trajectory, trajectory_figure, trajectory_svg

DAYS = (-34, -3, 7, 28, 91)
WIDE = Panel("TMTV", "mL", tuple(map(Point, DAYS, (512.3, 803.1, 12.4, None, 0.0), ("", "", "", "refused", ""))), 1, log=True)
NARROW = Panel("SUVmax", "g/mL", tuple(map(Point, DAYS, (22.3, 26.1, 20.0, None, None), ("", "", "", "refused", "no lesion"))), 1)
COURSE = Trajectory(
    (WIDE, NARROW, Panel("SPD by CT", "cm²", ())),
    tuple(zip(DAYS, ("TD", "TT", "D7", "M1", "M3"), strict=True)),
    (
        Event(-41, "decision", "decision"),
        Event(0, "infusion", "infusion"),
        Event(95, "progression", "progression"),
        Event(900, "death", "death"),
    ),
    (Interval(-41, -5, "bridging, in this time"), Interval(-5, 0, "lymphodepletion")),
)


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def panels(figure: Any) -> list[Any]:
    return [axes for axes in figure.axes if axes.axison]


def points(axes: Any) -> list[tuple[float, float]]:
    (line,) = [line for line in axes.lines if line.get_marker() == "o"]
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


def test_numbers_stand_at_their_days_and_missing_ones_are_told() -> None:
    figure = trajectory_figure(COURSE)
    tmtv, suv_max = panels(figure)
    assert points(tmtv) == [(-34, 512.3), (-3, 803.1), (7, 12.4), (91, 0.0)]
    assert points(suv_max) == [(-34, 22.3), (-3, 26.1), (7, 20.0)]
    told = texts(figure)
    assert {"803.1", "12.4", "0", "26.1", "no lesion", "TD", "M3", "days from infusion", "TMTV", "SUVmax", "g/mL"} <= set(told)
    assert told.count("refused") == 2
    assert "SPD by CT" not in told


def test_what_happened_is_named_with_its_day_and_what_is_far_points_out() -> None:
    told = texts(trajectory_figure(COURSE))
    assert {"infusion, day 0", "decision, day −41", "progression, day 95", "death, day 900 →"} <= set(told)
    assert {"bridging, in this time", "lymphodepletion"} <= set(told)
    assert panels(trajectory_figure(COURSE))[0].get_xlim()[1] < 120


def test_a_wide_range_is_logarithmic_with_zero_and_a_narrow_one_linear() -> None:
    tmtv, suv_max = panels(trajectory_figure(COURSE))
    assert (tmtv.get_yscale(), suv_max.get_yscale()) == ("symlog", "linear")
    assert tmtv.get_ylim()[0] == suv_max.get_ylim()[0] == 0
    assert 0.0 in tmtv.get_yticks()
    assert "mL, log axis" in texts(trajectory_figure(COURSE))
    narrow = replace(WIDE, points=(Point(-3, 40.0), Point(29, 10.0), Point(91, 0.0)))
    (axes,) = panels(trajectory_figure(Trajectory((narrow,), ((-3, "TT"),))))
    assert axes.get_yscale() == "linear"


def test_a_gap_in_the_numbers_is_dotted() -> None:
    tmtv = panels(trajectory_figure(COURSE))[0]
    styles = {
        tuple(line.get_xdata()): line.get_linestyle() for line in tmtv.lines if len(line.get_xdata()) == 2 and line.get_marker() != "o"
    }
    assert styles[-34, -3] == "-"
    assert styles[7, 91] != "-"


def test_no_two_words_of_the_lane_touch_and_none_leaves_the_sheet() -> None:
    close = tuple(Event(day, f"event {day}", "therapy") for day in range(80, 92, 2))
    figure = trajectory_figure(replace(COURSE, events=(*COURSE.events, *close)))
    figure.canvas.draw()
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [text.get_window_extent() for axes in figure.axes for text in axes.texts if ", day" in text.get_text()]
    assert len(boxes) == 10
    assert not [1 for n, one in enumerate(boxes) for other in boxes[n + 1 :] if one.overlaps(other)]
    assert all(box.x0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1 for box in boxes)


def test_the_same_bytes_without_date_and_text_as_it_is() -> None:
    svg = trajectory_svg(COURSE)
    assert svg is not None
    assert trajectory_svg(COURSE) == svg
    assert b"<dc:date>" not in svg
    assert b"<script" not in svg
    hostile = replace(COURSE, events=(Event(3, "<script>$\\frac{1}{2}$ & \u202e", "therapy"),))
    assert ET.fromstring(trajectory_svg(hostile) or b"").tag.endswith("svg")  # noqa: S314 our own bytes


@pytest.mark.parametrize("values", [(), (Point(-3, None, "refused"),)])
def test_nothing_to_show_is_no_picture(values: tuple[Point, ...]) -> None:
    assert trajectory_svg(Trajectory((Panel("TMTV", "mL", values),), ((-3, "TT"),), COURSE.events)) is None


def test_one_scan_alone_is_drawn() -> None:
    assert trajectory_svg(Trajectory((Panel("TMTV", "mL", (Point(-3, 0.0),)),), ((-3, "TT"),))) is not None
