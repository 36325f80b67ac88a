"""Truth: patients counted by hand in the fixture."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Picture, Table
from carpet.run.cohort.content_flow import flow, flow_steps
from carpet.run.cohort.content_input import Analysed


def test_every_patient_who_leaves_is_counted(analysed: Analysed) -> None:
    steps = flow_steps(analysed)
    assert [one.patients for one in steps] == [48, 47, 46, 46, 35]
    assert steps[0].says == "Enrolled"
    assert steps[0].excluded == (("not infused", 1),)
    assert steps[1].excluded == (("the clinical tables do not say", 1),)
    assert sum(one.left_out for one in steps) == 48 - 35


def test_the_section_has_the_figure_and_who_takes_part(analysed: Analysed) -> None:
    picture, table = flow(analysed).blocks
    assert isinstance(picture, Picture)
    assert isinstance(table, Table)
    assert table.rows[0].cells == ("Survival: PFS", "47", "22", "1", "")
    assert table.rows[-1].cells[0] == "Multivariable model of PFS: TMTV, IPI"


def test_nobody(analysed: Analysed) -> None:
    empty = replace(analysed, cohort=replace(analysed.cohort, rows=()), patients=())
    assert flow(empty).empty == "There is no patient."
