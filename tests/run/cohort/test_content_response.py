"""Truth: calls and changes written down in the fixture, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carpet.report.cohort_content import Picture, Table
from carpet.report.cohort_figures.alluvial import AlluvialData
from carpet.report.cohort_figures.spider import SpiderData
from carpet.report.cohort_figures.swimmer import SwimmerData
from carpet.report.cohort_figures.waterfall import WaterfallData
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_response import rate_text, response


@pytest.fixture(scope="module")
def blocks(analysed: Analysed) -> dict[str, Picture | Table]:
    return {one.name: one for one in response(analysed).blocks if isinstance(one, Picture | Table)}


def test_rates_of_all_infused_and_of_those_called(blocks: dict[str, Picture | Table]) -> None:
    table = blocks["rates"]
    assert isinstance(table, Table)
    assert [row.cells[1] for row in table.rows[:5]] == ["12", "12", "12", "11", "0"]
    said = [row.cells[1] for row in table.rows[-5:] if len(row.cells) > 1]
    assert said == ["24/47, 51% (36–66)", "12/47, 26% (14–40)"] * 2
    assert table.rows[-1].cells[2] == "35/35, 100% (90–100)"
    assert [row.cells[2] for row in table.rows if row.cells[0] == "no response called"] == ["12"]
    assert table.rows[-1].cells[3] == rate_text({"percent": None}) == "–"


def test_every_infused_patient_flows_from_month_to_month(blocks: dict[str, Picture | Table]) -> None:
    data = getattr(blocks["conversion"], "data", None)
    assert isinstance(data, AlluvialData)
    assert len(data.paths) == 47
    assert data.stages == ("M1", "M3", "M6")


def test_the_swimmer_has_calls_and_ends(blocks: dict[str, Picture | Table]) -> None:
    data = getattr(blocks["swimmer"], "data", None)
    assert isinstance(data, SwimmerData)
    of = {one.patient_id: one for one in data.patients}
    assert of["P05"].events == ((30, "scan"), (425, "death"))
    assert of["P05"].responses == ((30, "PR"),)
    assert of["P01"].ongoing
    assert not of["P03"].ongoing


def test_waterfall_and_spider_have_the_changes(blocks: dict[str, Picture | Table]) -> None:
    bars, lines = (getattr(blocks[name], "data", None) for name in ("waterfall", "spider"))
    assert isinstance(bars, WaterfallData)
    assert isinstance(lines, SpiderData)
    assert {one.patient_id: one.percent for one in bars.changes}["P01"] == -56.0
    assert [one.because for one in bars.changes if one.percent is None] == ["no baseline"]
    assert len(lines.drawn) == 46


def test_nobody_was_infused(analysed: Analysed) -> None:
    assert response(replace(analysed, patients=())).empty == "No patient was infused."


def test_pictures_of_response_end_with_new_therapy(analysed: Analysed) -> None:
    """P01 is treated anew before its scan on day 30, P02 on that day."""
    treated = replace(analysed, new_therapy_days={"P01": 20, "P02": 30})
    made = {one.name: one for one in response(treated).blocks if isinstance(one, Picture)}
    swimmer, bars, lines = (made[name].data for name in ("swimmer", "waterfall", "spider"))
    assert isinstance(swimmer, SwimmerData)
    assert isinstance(bars, WaterfallData)
    assert isinstance(lines, SpiderData)
    courses = {one.patient_id: one.responses for one in swimmer.patients}
    assert (courses["P01"], courses["P02"]) == (((20, "new therapy"),), ((30, "CR"), (30, "new therapy")))
    changes = {one.patient_id: (one.percent, one.because) for one in bars.changes}
    assert changes["P01"] == (None, "no scan before new therapy")
    assert changes["P02"][0] == -52.0
    assert {"P01", "P02"} & {one.patient_id for one in lines.drawn} == {"P02"}


def test_at_a_month_the_swimmer_shows_the_cohorts_call_and_no_other(analysed: Analysed) -> None:
    """A call that the cohort does not take, as one in dispute, is not drawn; on other days the less favourable of two readers' is."""
    call = {"criterion": "lugano@1", "patient_id": "P01", "day": 90, "timepoint": "M3", "assessor": "reader A", "category": "CR"}
    other = call | {"day": 130, "timepoint": "unscheduled"}
    rows = [call, other, other | {"assessor": "reader B", "category": "SD"}, other | {"assessor": "carpet", "category": "PD"}]
    cohort = replace(analysed.cohort, rows=tuple({**row, "lugano_m3": None} for row in analysed.cohort.rows))
    changed = replace(analysed, cohort=cohort, rows={**analysed.rows, "responses": rows})
    (picture,) = (one for one in response(changed).blocks if isinstance(one, Picture) and one.name == "swimmer")
    assert isinstance(picture.data, SwimmerData)
    assert {one.patient_id: one.responses for one in picture.data.patients}["P01"] == ((130, "SD"),)
