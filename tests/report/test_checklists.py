"""Contract: all items of both guidelines in order; nothing is filled that the facts do not say; every fact changes an item."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from carpet.report.checklists import AUTHORS, CohortFacts, EndpointFacts, Item, ModelFacts, remark, tripod_ai

BARE = CohortFacts(version="1.2.3", protocol="cart-lymphoma")
MODEL = ModelFacts(
    name="clinical + TMTV",
    endpoint="PFS",
    candidates=4,
    validations=("optimism bootstrap", "leave one site out"),
    c_apparent=0.712,
    c_corrected=0.684,
    slope=0.9,
)
FULL = CohortFacts(
    version="1.2.3",
    protocol="cart-lymphoma",
    patients=26,
    analysed=24,
    excluded=(("never infused", 1), ("without a scan", 1)),
    sites=3,
    products=("axi-cel", "tisa-cel"),
    endpoints=(EndpointFacts(name="PFS", patients=24, events=13), EndpointFacts(name="OS", patients=24, events=1)),
    rules="default",
    rule_sets=11,
    follow_up_days=(410, 350, None),
    timepoint="TT",
    delineation="suv4.0",
    other_delineations=("max41",),
    scans=90,
    scans_read=12,
    agreement=6,
    markers=("tmtv", "tlg"),
    adjusted_for=("ipi",),
    characteristics=14,
    missing=(("crp_mg_l", 3), ("ipi", 0)),
    missing_handled="complete cases",
    pre_specified=("tmtv",),
    exploratory=("tlg",),
    univariable=8,
    multivariable=("tmtv", "ipi"),
    ph_tested=8,
    not_proportional=1,
    models=(MODEL,),
    samples=500,
    permutations=10_000,
    seed=7,
)
ALWAYS = {"version", "protocol"}
EMPTY = {field.name: field.default for field in fields(CohortFacts) if field.name not in ALWAYS}


def both(facts: CohortFacts) -> tuple[Item, ...]:
    return remark(facts) + tripod_ai(facts)


@pytest.mark.parametrize(("made", "count"), [(remark, 20), (tripod_ai, 27)])
def test_every_item_stands_there_in_order(made: Any, count: int) -> None:
    items = made(FULL)
    assert [one.number for one in items] == list(range(1, count + 1))
    assert all(one.section and one.topic for one in items)
    assert len({one.topic for one in items}) == count


def test_without_facts_all_is_for_the_authors_but_what_the_software_itself_is() -> None:
    known = {one.topic: one.known for one in both(BARE) if one.known}
    assert all("1.2.3" in text or "cart-lymphoma" in text for text in known.values())
    assert len(known) == 3  # methods text, preparation, code
    for one in both(BARE):
        assert (one.status == "for the authors") == (one.known == "") == one.authors.startswith(AUTHORS)


@pytest.mark.parametrize(
    ("made", "numbers"),
    [
        (remark, {14, 19, 20}),
        (tripod_ai, {1, 2, 3, 4, 13, 14, 15, 17, 19, 22, 24, 25, 26, 27}),  # title to objectives, ethics, interpretation …
    ],
)
def test_what_no_software_can_know_is_never_filled(made: Any, numbers: set[int]) -> None:
    assert {one.number for one in made(FULL) if one.status == "for the authors"} == numbers


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_a_fact_that_is_missing_leaves_its_items_emptier(name: str) -> None:
    without = replace(FULL, **{name: EMPTY[name]})
    told, left = both(FULL), both(without)
    changed = [(one.known, other.known) for one, other in zip(told, left, strict=True) if one.known != other.known]
    assert changed
    assert all(len(after) < len(before) for before, after in changed)


def test_numbers_stand_as_given() -> None:
    said = {(n, one.number): one.known for n, items in enumerate((remark(FULL), tripod_ai(FULL))) for one in items}
    lost = "lost at a step of the flow: 1 never infused, 1 without a scan"
    flow = f"26 patients in the tables; {lost}; 24 with an endpoint; PFS: 13 events in 24, OS: 1 event in 24"
    assert said[0, 12] == flow
    assert said[0, 6] == "median follow-up 410 days (95 % 350 to not reached) by reverse Kaplan–Meier"
    assert "12 of 90 scans confirmed by a reader" in said[0, 5]
    assert said[0, 11].endswith("exploratory, of tlg, P corrected by 10000 permutations")
    assert said[0, 18].startswith("proportional hazards tested in 8, below 0.05 in 1; 11 endpoint rule sets compared")
    assert said[1, 11] == "without a value: crp_mg_l in 3; complete cases"
    assert "C 0.71 as found, 0.68 corrected by optimism bootstrap" in said[1, 23]
    assert "3" in said[1, 23]
    assert "seed 7" in said[1, 18]


def test_heterogeneity_is_claimed_only_where_sites_were_left_out() -> None:
    bootstrapped = replace(FULL, models=(replace(MODEL, validations=("optimism bootstrap",)),))
    one_site = replace(FULL, sites=1)
    assert "each site left out" in tripod_ai(FULL)[22].known
    assert "left out" not in tripod_ai(bootstrapped)[22].known
    assert "left out" not in tripod_ai(one_site)[22].known
    assert tripod_ai(replace(FULL, models=()))[11].status == "for the authors"


def test_nothing_missing_is_said_and_differs_from_not_known() -> None:
    assert tripod_ai(replace(FULL, missing=()))[10].known.startswith("no value is missing")
    assert tripod_ai(replace(FULL, missing=None, missing_handled=""))[10].status == "for the authors"
