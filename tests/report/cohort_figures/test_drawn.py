"""Contract: every kind of figure of this folder has its door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carpet.report.cohort_figures.drawn import KINDS, drawn
from carpet.report.cohort_figures.figure_files import svg_bytes


def test_every_kind_is_drawn_as_by_its_own_function(made: Mapping[str, Any]) -> None:
    assert {type(one.one) for one in made.values()} == set(KINDS)
    for one in made.values():
        figure, rows = drawn(one.one)
        assert svg_bytes(figure) == svg_bytes(one.figure(one.one))
        assert rows == one.rows(one.one)
