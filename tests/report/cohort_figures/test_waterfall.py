"""Contract: bar heights are the data, from the largest growth to the largest decrease; who has no bar is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carpet.report.cohort_figures.style import response_colour
from carpet.report.cohort_figures.waterfall import Change, WaterfallData, waterfall_figure, waterfall_rows

MISSING = (Change("d", None, "NE", "died before M1"), Change("e", None, "NE"))
FEW = WaterfallData("", "SPD", (Change("b", -100.0, "CR"), Change("a", 340.4, "PD"), Change("c", 0.0, "SD"), *MISSING))


def heights(figure: Any) -> list[float]:
    (container,) = [one for axes in figure.axes for one in axes.containers]
    return [bar.get_height() for bar in container]


def test_heights_and_colours_are_the_data(made: Mapping[str, Any]) -> None:
    from matplotlib.colors import to_hex

    data = made["waterfall"].many
    figure = waterfall_figure(data)
    assert heights(figure) == sorted((one.percent for one in data.changes if one.percent is not None), reverse=True)
    (container,) = [one for axes in figure.axes for one in axes.containers]
    assert [to_hex(bar.get_facecolor()).upper() for bar in container] == [response_colour(response) for _, _, response in data.bars]


def test_a_cut_bar_keeps_its_height_and_shows_its_number(told: Any) -> None:
    figure = waterfall_figure(FEW)
    assert heights(figure) == [340.4, 0.0, -100.0]
    assert {"+340", "a", "b", "c", "Best change of SPD (%)"} <= set(told(figure))
    (axes,) = [one for one in figure.axes if one.axison]
    assert axes.get_ylim() == (-105.0, 105.0)
    assert sorted(float(line.get_ydata()[0]) for line in axes.lines if list(line.get_xdata()) == [0, 1]) == [-50.0, 0.0, 50.0]


def test_patients_without_a_bar_are_counted(told: Any) -> None:
    assert "No bar for 2 of 5 patients: died before M1 1; no reason given 1." in told(waterfall_figure(FEW))
    nobody = WaterfallData("", "SPD", MISSING)
    assert any("died before M1 1" in word for word in told(waterfall_figure(nobody)))


def test_many_cut_bars_share_one_line(made: Mapping[str, Any], told: Any) -> None:
    data = made["waterfall"].many
    cut = [one.percent for one in data.changes if one.percent is not None and one.percent > 100]
    assert f"{len(cut)} cut at +100%: up to +{max(cut):.0f}%" in told(waterfall_figure(data))


def test_rows_hold_bars_then_the_missing() -> None:
    rows = waterfall_rows(FEW)
    assert [(row["patient_id"], row.get("percent")) for row in rows] == [("a", 340.4), ("c", 0.0), ("b", -100.0), ("d", None), ("e", None)]
    assert rows[3]["because"] == "died before M1"
