"""Contract: every step, exclusion and group stands in the figure, and numbers that do not add up are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.report.cohort_figures.flow import FlowData, FlowStep, flow_figure, flow_rows


def test_every_box_is_written(made: Mapping[str, Any], told: Any) -> None:
    words = told(flow_figure(made["flow"].many))
    assert [word for word in words if word.startswith("n = ")] == [f"n = {n}" for n in (138, 127, 122, 120, 40, 40, 40)]
    assert {"Excluded (n = 11)", "• no infusion (n = 9)", "Excluded (n = 2)", "1 factor", "Analysed"} <= set(words)
    assert any(word.startswith("• PET can't be quantified") for word in words)


def test_boxes_do_not_touch(made: Mapping[str, Any]) -> None:
    from matplotlib.patches import Rectangle

    figure = flow_figure(made["flow"].many)
    boxes = [one.get_bbox() for one in figure.axes[0].patches if isinstance(one, Rectangle)]
    assert len(boxes) == 10
    height, width = figure.get_size_inches()[1], figure.get_size_inches()[0]
    assert all(0 < box.x0 < box.x1 < width and 0 < box.y0 < box.y1 < height for box in boxes)
    assert not any(a.overlaps(b) for n, a in enumerate(boxes) for b in boxes[:n])


def test_a_lost_patient_is_refused(made: Mapping[str, Any]) -> None:
    data = made["flow"].many
    with pytest.raises(ProtocolError, match="138 − 11 excluded is not 126"):
        flow_figure(replace(data, steps=(data.steps[0], FlowStep("Infused", 126))))
    with pytest.raises(ProtocolError, match="the groups hold 119 patients, not 120"):
        flow_figure(replace(data, groups=(("all", 119),)))


@pytest.mark.parametrize("groups", [(), (("a", 7), ("b", 1))])
def test_exclusions_after_the_last_step_are_drawn(groups: tuple[tuple[str, int], ...], told: Any) -> None:
    figure = flow_figure(FlowData("", (FlowStep("Measured", 10, (("died", 2),)),), groups))
    assert {"Excluded (n = 2)", "• died (n = 2)"} <= set(told(figure))
    assert all(box.get_bbox().y0 > 0 for box in figure.axes[0].patches[:2])


def test_rows_follow_the_figure(made: Mapping[str, Any]) -> None:
    rows = flow_rows(made["flow"].many)
    assert rows[0] == {"box": "step", "says": "Patients in the trial folder", "patients": 138}
    assert [row["patients"] for row in rows if row["box"] == "excluded"] == [9, 2, 3, 2, 2]
    assert [row["patients"] for row in rows if row["box"] == "group"] == [40, 40, 40]
