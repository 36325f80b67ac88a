"""Contract: everything that [cohort] asks for comes out of any number of patients: a number, or a row with the reason for none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import Patient
from carpet.clinical.readings import Reading
from carpet.core.protocol import CohortProtocol, Protocol
from carpet.run.cohort.frame import CohortInputs
from carpet.run.cohort.rows import result_rows
from carpet.run.cohort.running import BRIDGING_KINETICS, cohort_results
from carpet.run.cohort.schemas import COHORT_SCHEMAS

from .conftest import INFUSED, QUICK, on

Call = Callable[..., Any]
ASKED = {"samples": 200, "permutations": 1_000}


def silent(_: str) -> None:
    pass


def rows_of(inputs: CohortInputs) -> dict[str, list[dict[str, Any]]]:
    rows = result_rows(cohort_results(inputs, say=silent))
    assert set(rows) == set(COHORT_SCHEMAS)
    for name, found in rows.items():
        assert all(set(row) == set(COHORT_SCHEMAS[name]) for row in found), name
    return rows


def test_all_parts_are_there_and_told(several: Call) -> None:
    told: list[str] = []
    results = cohort_results(several(16), say=told.append)
    assert told == [
        f"cohort: {words}"
        for words in (
            *("survival", "competing risks", "effects", "cut-points", "toxicity and markers", "robustness"),
            *("models", "predictions", "sample size"),
        )
    ]
    kinds = {(one.endpoint, one.group_by, one.landmark) for one in results.survival}
    assert kinds == {
        (endpoint, *more) for endpoint in ("PFS", "OS") for more in (("", ""), ("bridging", ""), ("lugano_m1", "M1"), ("lugano_m3", "M3"))
    }
    assert [one.from_day for one in results.survival if one.landmark == "M1"] == [45, 45]
    assert {(one.endpoint, one.group_by) for one in results.competing} == {("NRM", ""), ("NRM", "bridging")}
    assert {one.model for one in results.effects} == {"univariable", "multivariable", "time-dependent"}
    assert {one.term for one in results.effects if one.model == "univariable"} == {"tmtv", "suv_max", "ipi", "bridging"}
    assert {(one.marker, one.method) for one in results.cuts} >= {
        ("tmtv", "published"),
        ("tmtv", "maximal log-rank"),
        ("suv_max", "Youden"),
    }
    assert {one.marker for one in results.associations} == {"tmtv", "suv_max"}
    assert {one.model for one in results.performances} >= {"full model", "IPI alone", "TMTV alone"}
    assert {one.model for one in results.predicted} == {"full model", "IPI alone", "TMTV alone"}


def test_the_planted_effect_is_found(several: Call) -> None:
    # who died has twice the burden; all else is as in the others
    protocol = replace_cohort(markers=("tmtv",), endpoints=("OS",), adjusted_for=())
    (row,) = [one for one in rows_of(several(20, protocol=protocol))["cox"] if one["term"] == "tmtv"]
    assert row["per"] == "per doubling"
    assert row["ratio"] > 1.0


def test_changes_over_bridging_stand_beside_the_markers_where_both_scans_are_there(made: Call, scan_at: Call) -> None:
    protocol, patients, scans = replace_cohort(endpoints=("OS",), adjusted_for=()), [], {}
    for n in range(10):
        who = f"P{n:02d}"
        died = {"death_date": on(400 - 30 * n), "cause_of_death": "lymphoma"} if n % 3 else {"last_contact_date": on(500)}
        patients.append(Patient(row=n + 2, patient_id=who, infusion_date=INFUSED, bridging=n % 2 == 0, **died))
        scans[who] = [scan_at(-35, tmtv=20.0, suv_max=9.0), scan_at(-3, tmtv=10.0 + 4.0 * n, suv_max=9.0)]
    found = {one.term: one for one in cohort_results(made(patients, scans, protocol), say=silent).effects if one.model == "univariable"}
    assert set(found) == {"tmtv", "bridging", *BRIDGING_KINETICS}
    assert (found["tmtv_bridging_percent"].per, found["tmtv_bridging_percent"].patients) == ("per 10 %", 10)
    assert (found["tmtv_bridging_percent"].ratio or 0.0) > 1.0
    assert found["suv_max_bridging_percent"].reason_missing == "COVARIATE_CONSTANT"


def replace_cohort(**changes: Any) -> Protocol:
    return Protocol(cohort=CohortProtocol(**{**ASKED, "groups": ("bridging",), "markers": ("tmtv",), **changes}))


@pytest.mark.parametrize("number", [0, 1, 2, 5])
@pytest.mark.parametrize("died", [lambda n: n % 2 == 0, lambda n: False, lambda n: True], ids=["some", "nobody", "everybody"])
def test_few_patients_no_event_and_events_only_are_rows_with_reasons(several: Call, number: int, died: Callable[[int], bool]) -> None:
    rows = rows_of(several(number, died=died, protocol=replace_cohort()))
    assert len(rows["cohort"]) == number
    for name, value in {"cox": "ratio", "robustness": "ratio", "associations": "ratio", "models": "corrected", "rates": "percent"}.items():
        assert rows[name] or not number, name
        assert all(row[value] is not None or row["reason_missing"] for row in rows[name]), name
    assert all(row["value"] is not None or row["reason_missing"] for row in rows["survival"])
    assert all(row["cut"] is not None or row["reason_missing"] for row in rows["cutpoints"])


def test_one_group_is_no_comparison(several: Call) -> None:
    rows = rows_of(several(12, protocol=replace_cohort(), bridging=False))
    tests = [row for row in rows["survival"] if row["statistic"] in ("log-rank", "Gray") and row["group_by"] == "bridging"]
    assert tests
    assert all(row["p"] is None and row["reason_missing"] for row in tests)


def test_nothing_asked_for_is_nothing_done(several: Call) -> None:
    rows = rows_of(several(8, protocol=replace_cohort(markers=(), adjusted_for=(), groups=(), landmarks=())))
    assert [name for name in ("cutpoints", "associations", "robustness", "models") if rows[name]] == []
    assert {row["model"] for row in rows["cox"]} == {"time-dependent"}


def test_robustness_holds_every_set_of_rules_of_each_endpoint_with_one_main(several: Call) -> None:
    results = cohort_results(several(12, protocol=replace_cohort()), say=silent)
    found = {(one.effect.endpoint, one.rules, one.adjusted) for one in results.specifications}
    rules = {rules for _, rules, _ in found}
    assert {"default", "ema", "lyric"} <= rules
    assert "enrolment" not in rules  # its days hold the time from enrolment to infusion, in which nobody can die
    assert found == {(endpoint, name, adjusted) for endpoint in ("PFS", "OS") for name in rules for adjusted in (False, True)}
    main = [one for one in results.specifications if one.main]
    assert [(one.effect.endpoint, one.rules, one.adjusted) for one in main] == [("PFS", "default", False), ("OS", "default", False)]
    assert all(one.rules == one.effect.rules for one in results.specifications)


def test_the_same_cohort_gives_the_same_rows_in_whatever_order_it_comes(several: Call) -> None:
    inputs = several(12, protocol=QUICK)
    turned = replace(
        inputs,
        results=inputs.results[::-1],
        tables=replace(inputs.tables, patients=inputs.tables.patients[::-1]),
        rows={name: list(rows)[::-1] for name, rows in inputs.rows.items()},
    )
    assert rows_of(turned) == rows_of(inputs)


def test_who_was_never_assessed_has_not_reached_a_response_yet(made: Call) -> None:
    # by hand: all eight are analysed; the four without a scan are told
    patients = [
        Patient(row=n + 2, patient_id=f"P{n}", infusion_date=INFUSED, bridging=False, death_date=on(40 + 30 * n), cause_of_death="lymphoma")
        for n in range(8)
    ]
    readings = tuple(
        Reading(patient_id=f"P{n}", date=on(29), reader="R", metabolic_response="CMR" if n % 2 else "NMR") for n in range(4, 8)
    )
    inputs = made(patients, {}, replace_cohort(endpoints=("OS",), adjusted_for=(), markers=(), landmarks=()), readings=readings)
    (found,) = [one for one in cohort_results(inputs, say=silent).effects if one.model == "time-dependent"]
    assert (found.patients, found.missing, found.never_assessed) == (8, 0, 4)
    assert "NEVER_ASSESSED" in found.flags
