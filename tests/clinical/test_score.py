"""Contract: scores are found by scanning, say what they take and for whom, and lack with the name of what lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical.score import INPUTS, NOT_BUILT, UNITS, Delineated, NotKnown, Scored, ScoreOptions, evaluate, score, score_named, scores
from carpet.core.errors import ContractError, NotMeasurable, ProtocolError
from carpet.core.record import Missing

NAMES = (
    "aaipi bulk_10 car_hematotox dean_median easix impi ipi m_easix nccn_ipi peak_to_burden r_ipi s_easix sdmax_032 transcend_burden"
    " two_factor"
)
OPTIONS = ScoreOptions()


def test_all_are_found() -> None:
    assert " ".join(scores()) == NAMES


@pytest.mark.parametrize("name", NAMES.split())
def test_each_says_what_it_is(name: str) -> None:
    one = scores()[name]
    assert one.kind == "score"
    assert one.unit.ucum in UNITS
    assert one.inputs
    assert one.made_for
    assert one.source
    assert set(one.timepoints) <= {"TD", "TT", "LD"}


@pytest.mark.parametrize("name", NAMES.split())
def test_each_lacking_fact_is_named(name: str) -> None:
    one = scores()[name]
    nothing = evaluate(one, {}, timepoint="TT", options=OPTIONS)
    assert isinstance(nothing, Missing)
    assert nothing.reason == ";".join(f"{fact.upper()}_MISSING" for fact in one.inputs)
    assert (nothing.name, nothing.unit) == (name, one.unit.ucum)
    why = evaluate(one, dict.fromkeys(one.inputs, NotKnown("BECAUSE")), timepoint="TT", options=OPTIONS)
    assert isinstance(why, Missing)
    assert why.reason == ";".join(["BECAUSE"] * len(one.inputs))


def test_zero_and_no_are_known() -> None:
    facts: dict[str, Any] = {"age_years": 40, "ldh_uln_ratio": 1.0, "ecog": 0, "ann_arbor_stage": 1, "nccn_extranodal_site": False}
    assert evaluate(scores()["nccn_ipi"], facts, timepoint="TT", options=OPTIONS) == Scored(0, "low")


def test_what_has_no_formula_is_not_built() -> None:
    for name in ("easix_f", "easix_fc"):
        assert name not in scores()
        with pytest.raises(ProtocolError, match="could not be verified"):
            score_named(name)
    assert set(NOT_BUILT) == {"easix_f", "easix_fc"}
    with pytest.raises(ProtocolError, match="Did you mean 'easix'"):
        score_named("easiks")


def test_a_score_of_unknown_make_breaks_the_contract() -> None:
    def of_shoes(*, shoe_size: float) -> Scored:
        """Shoes."""
        return Scored(shoe_size)

    def of_age(*, age_years: float) -> Scored:
        """Age."""
        return Scored(age_years * float("inf"))

    with pytest.raises(ContractError, match="no such fact as shoe_size"):
        score("shoes", unit="1", source="S", made_for="all")(of_shoes)
    with pytest.raises(ContractError, match="unit 'furlong'"):
        score("age", unit="furlong", source="S", made_for="all")(of_age)
    with pytest.raises(ContractError, match="made for"):
        score("age", unit="1", source="S", made_for="")(of_age)
    with pytest.raises(ContractError, match="finite"):
        evaluate(score("age", unit="1", source="S", made_for="all")(of_age), {"age_years": 1.0}, timepoint="TT", options=OPTIONS)
    three: Any = replace(score("age", unit="1", source="S", made_for="all")(of_age), function=lambda *, age_years: 3)
    with pytest.raises(ContractError, match="gave a int"):
        evaluate(three, {"age_years": 1.0}, timepoint="TT", options=OPTIONS)


def test_delineations() -> None:
    both = Delineated({"suv4.0": 1.0, "max41": 2.0}, "suv4.0")
    assert both.nearest_to("max41") == (2.0, "max41")
    assert both.nearest_to("manual") == (1.0, "suv4.0")
    with pytest.raises(NotMeasurable, match="DELINEATION_NOT_MEASURED"):
        Delineated({"max41": 2.0}, "suv4.0").nearest_to("manual")


def test_units_of_inputs_are_those_of_the_laboratory() -> None:
    from carpet.clinical.units import ANALYTES

    for name in set(INPUTS) & set(ANALYTES):
        assert INPUTS[name].unit == ANALYTES[name].unit
    assert INPUTS["cart_peak"].unit == ANALYTES["cart_cells"].unit
