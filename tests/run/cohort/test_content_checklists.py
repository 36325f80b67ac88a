"""Contract: the facts come from the results; every item of both lists stands in its table."""

from __future__ import annotations

from dataclasses import replace

from carpet.cohort.models.performance import Performance
from carpet.report.checklists import remark
from carpet.report.cohort_content import Table
from carpet.run.cohort.content_checklists import checklists, cohort_facts
from carpet.run.cohort.content_input import Analysed


def test_facts(analysed: Analysed) -> None:
    facts = cohort_facts(analysed)
    assert (facts.patients, facts.analysed, facts.sites, facts.scans, facts.scans_read) == (48, 47, 2, 46, 46)
    assert facts.excluded[0] == ("not infused", 1)
    assert [(one.name, one.patients, one.events) for one in facts.endpoints] == [("PFS", 47, 22)]
    assert facts.multivariable == ("TMTV", "IPI")
    assert facts.exploratory == ("TMTV",)
    assert ("TMTV", 2) in (facts.missing or ())


def test_every_validation_of_a_model_is_named_once(analysed: Analysed) -> None:
    made = Performance("full", "PFS", "default", "C (Harrell)", 0.7, 0.05, 0.65, 0.55, 0.75, "optimism bootstrap", 46, 22, 5, "", ())
    lost = replace(made, validation="leave one site out", corrected=None, reason_missing="SITES_TOO_FEW")
    several = (made, replace(made, validation="nested"), lost, replace(made, endpoint="OS"))
    facts = cohort_facts(replace(analysed, performances=several))
    assert [one.validations for one in facts.models] == [("optimism bootstrap", "nested"), ("optimism bootstrap",)]
    said = remark(facts)[17].known
    assert said.endswith("optimism bootstrap of full; nested of full")


def test_every_item(analysed: Analysed) -> None:
    first, tripod = checklists(analysed).blocks
    assert isinstance(first, Table)
    assert isinstance(tripod, Table)
    assert [sum(not row.heading for row in one.rows) for one in (first, tripod)] == [20, 27]
