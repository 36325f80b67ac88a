"""Truth: counted by hand, boxes as high as their patients are many, ribbons that add up on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.report.cohort_figures.alluvial import AlluvialData, alluvial_figure, alluvial_rows

SMALL = AlluvialData("", "Lugano", ("M1", "M3"), (("PR", "CR"), ("PR", "CR"), ("PR", "PD"), ("CR", "CR"), ("PD", "dead"), ("NE", "PD")))


def heights(artists: list[Any]) -> dict[str, float]:
    return {one.get_gid(): one.get_height() for one in artists}


def test_boxes_are_as_high_as_their_patients_are_many(artists: Any) -> None:
    found = heights(artists(alluvial_figure(SMALL), "node-*"))
    assert found == {"node-0-CR": 1, "node-0-PR": 3, "node-0-PD": 1, "node-0-NE": 1, "node-1-CR": 3, "node-1-PD": 2, "node-1-dead": 1}


def test_every_stage_holds_every_patient(made: Mapping[str, Any], artists: Any) -> None:
    data = made["alluvial"].many
    found = heights(artists(alluvial_figure(data), "node-*"))
    for n in range(4):
        assert sum(height for name, height in found.items() if name.startswith(f"node-{n}-")) == 120
        by_hand = Counter(path[n] for path in data.paths)
        assert {name.split("-")[2]: height for name, height in found.items() if name.startswith(f"node-{n}-")} == by_hand


def test_ribbons_leave_and_arrive_in_full(artists: Any) -> None:
    ribbons = artists(alluvial_figure(SMALL), "flow-*")
    assert [one.get_gid() for one in ribbons] == ["flow-0-CR-CR", "flow-0-PR-CR", "flow-0-PR-PD", "flow-0-PD-dead", "flow-0-NE-PD"]
    for one, patients in zip(ribbons, (1, 2, 1, 1, 1), strict=True):
        y = one.get_path().vertices[:, 1]
        assert (y[0] - y[7], y[3] - y[4]) == pytest.approx((patients, patients))


def test_ribbons_lie_side_by_side(artists: Any) -> None:
    ribbons = {one.get_gid(): one.get_path().vertices[:, 1] for one in artists(alluvial_figure(SMALL), "flow-*")}
    assert ribbons["flow-0-PR-CR"][7] == pytest.approx(ribbons["flow-0-PR-PD"][0])
    assert ribbons["flow-0-CR-CR"][4] == pytest.approx(ribbons["flow-0-PR-CR"][3])


def test_words(told: Any) -> None:
    assert {"M1", "M3", "PR 3", "dead 1", "NE 1", "Lugano; n = 6 at every time point"} <= set(told(alluvial_figure(SMALL)))


def test_one_time_point_is_drawn_alone(artists: Any) -> None:
    assert heights(artists(alluvial_figure(AlluvialData("", "x", ("M1",), (("CR",),))), "node-*")) == {"node-0-CR": 1}


def test_a_short_path_is_refused() -> None:
    with pytest.raises(ProtocolError, match="M1, M3"):
        alluvial_figure(AlluvialData("", "x", ("M1", "M3"), (("CR",),)))


def test_rows_hold_boxes_and_ribbons() -> None:
    rows = alluvial_rows(SMALL)
    assert sum(row["patients"] for row in rows if "to_stage" not in row) == 12
    assert rows[-1] == {"stage": "M1", "category": "NE", "to_stage": "M3", "to_category": "PD", "patients": 1}
    assert sum(row["patients"] for row in rows if "to_stage" in row) == 6
