"""Contract: the facts come from the results; every item of both lists stands in its table."""

from __future__ import annotations

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


def test_every_item(analysed: Analysed) -> None:
    remark, tripod = checklists(analysed).blocks
    assert isinstance(remark, Table)
    assert isinstance(tripod, Table)
    assert [sum(not row.heading for row in one.rows) for one in (remark, tripod)] == [20, 27]
