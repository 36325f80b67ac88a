"""Contract: bars and signs hold exactly the days given; 60, 120 and 400 patients stay readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carpet.report.cohort_figures.style import on_axis, response_colour
from carpet.report.cohort_figures.swimmer import BEFORE, SwimmerData, SwimmerPatient, swimmer_figure, swimmer_rows

ONE = SwimmerPatient("P7", 400, ((91, "CR"), (30, "PR"), (500, "PD")), ((130, "hsct"), (400, "death")))


def test_a_response_is_valid_until_the_next() -> None:
    assert ONE.stretches == [(0, 30, ""), (30, 91, "PR"), (91, 400, "CR")]
    assert SwimmerPatient("x", 9).stretches == [(0, 9, "")]
    assert SwimmerPatient("x", 0).stretches == []


def test_bars_hold_the_days(artists: Any) -> None:
    figure = swimmer_figure(SwimmerData("", (ONE,), time="days"))
    bars = artists(figure, "bar-P7")
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 30), (30, 61), (91, 309)]
    from matplotlib.colors import to_hex

    assert [to_hex(bar.get_facecolor()).upper() for bar in bars] == [BEFORE[0], response_colour("PR"), response_colour("CR")]
    assert list(artists(figure, "hsct-P7")[0].get_xdata()) == [130]
    assert list(artists(figure, "death-P7")[0].get_xdata()) == [400]
    assert not artists(figure, "ongoing-P7")


def test_all_of_120_patients_are_drawn_in_two_columns_with_their_ids(made: Mapping[str, Any], artists: Any, told: Any) -> None:
    data = made["swimmer"].many
    figure = swimmer_figure(data)
    shown = [one for one in figure.axes if one.axison]
    assert [len(one.get_yticklabels()) for one in shown] == [60, 60]
    ids = [label for one in shown for label in one.get_yticklabels()]
    assert {label.get_text() for label in ids} == {one.patient_id for one in data.patients}
    assert min(label.get_fontsize() for label in ids) >= 5
    for one in data.patients:
        ends = [bar.get_x() + bar.get_width() for bar in artists(figure, f"bar-{one.patient_id}")]
        assert max(ends) == pytest.approx(on_axis(one.last_day, "months"))
        assert len(artists(figure, f"ongoing-{one.patient_id}")) == one.ongoing


@pytest.mark.parametrize(("patients", "columns", "named"), [(60, 1, True), (61, 2, True), (400, 2, False)])
def test_the_page_is_never_outgrown(patients: int, columns: int, named: bool) -> None:
    many = tuple(SwimmerPatient(f"P{n}", 100 + n) for n in range(patients))
    figure = swimmer_figure(SwimmerData("", many))
    shown = [one for one in figure.axes if one.axison]
    assert len(shown) == columns
    assert bool(shown[0].get_yticklabels()) == named
    assert figure.get_size_inches()[1] < 9.2


def test_long_ids_are_shortened(told: Any) -> None:
    words = told(swimmer_figure(SwimmerData("", (SwimmerPatient("CENTRE-0012-PATIENT-000345", 50),))))
    assert "CENTRE-0012…" in words


def test_rows_follow_the_figure() -> None:
    rows = swimmer_rows(SwimmerData("", (SwimmerPatient("a", 20, ongoing=True), ONE)))
    assert [row["patient_id"] for row in rows] == ["P7"] * 6 + ["a"] * 2
    assert rows[1] == {"patient_id": "P7", "what": "PR", "day": 30, "to_day": 91}
    assert rows[-1] == {"patient_id": "a", "what": "ongoing", "day": 20}
