"""Truth: grades counted by hand in the fixture."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Picture, Table
from carpet.report.cohort_figures.forest import ForestData
from carpet.report.cohort_figures.toxicity import ToxicityData
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_toxicity import toxicity


def test_grades_by_event_and_group(analysed: Analysed) -> None:
    first, second, table = toxicity(analysed).blocks
    assert isinstance(first, Picture)
    assert isinstance(first.data, ToxicityData)
    assert isinstance(second, Picture)
    assert isinstance(second.data, ForestData)
    assert isinstance(table, Table)
    crs = first.data.bars[0]
    assert (crs.grades, crs.not_assessed) == ((12, 12, 12, 11, 0, 0), 1)
    assert [one.group for one in first.data.bars[1:4]] == ["Two-factor group 0", "Two-factor group 1", "Two-factor group 2"]
    assert second.data.effect == "Odds ratio"
    assert "CRS of grade 3 or more" in [row.cells[0] for row in table.rows if row.heading]


def test_another_scale_has_a_bar_of_its_own(analysed: Analysed) -> None:
    rows = {**analysed.rows, "toxicity": [{"patient_id": "P01", "event": "crs", "scale": "penn", "grade": 2, "worst": True}]}
    first = toxicity(replace(analysed, rows=rows)).blocks[0]
    assert isinstance(first, Picture)
    assert isinstance(first.data, ToxicityData)
    assert [one.heading for one in first.data.bars][-1] == "Cytokine release syndrome, Penn"


def test_nothing_graded(analysed: Analysed) -> None:
    cohort = replace(analysed.cohort, rows=tuple({**row, "crs_grade": None, "icans_grade": None} for row in analysed.cohort.rows))
    (words,) = toxicity(replace(analysed, cohort=cohort, associations=())).blocks
    assert getattr(words, "text", "") == "No association with a marker was asked for."
