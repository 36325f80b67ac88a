"""Truth: patients written down here, each column by hand; names that do not exist are answered with the nearest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import Patient
from carpet.cohort.endpoints import RULE_SETS
from carpet.core.errors import ProtocolError
from carpet.core.protocol import CohortProtocol, Protocol, SegmentProtocol
from carpet.run.cohort.columns import COLUMNS
from carpet.run.cohort.frame import check_cohort, cohort_from, cohort_of, with_rules, with_segmenter

from .conftest import INFUSED, on

Call = Callable[..., Any]
DIED = Patient(patient_id="B", infusion_date=INFUSED, bridging=False, death_date=on(40), cause_of_death="infection")
ALIVE = Patient(patient_id="A", infusion_date=INFUSED, bridging=True, last_contact_date=on(200), histology="DLBCL", site="North")


def test_a_row_a_patient_in_the_order_of_ids_with_every_column(made: Call) -> None:
    inputs = made([DIED, ALIVE])
    cohort = cohort_of(inputs.results, inputs.tables, inputs.rows, inputs.protocol)
    assert [row["patient_id"] for row in cohort.rows] == ["A", "B"]
    names = [one.name for one in COLUMNS]
    assert [one.name for one in cohort.columns] == names
    assert all(list(row) == names for row in cohort.rows)
    assert [(row["os_days"], row["os_event"], row["bridging"]) for row in cohort.rows] == [(200, 0, True), (40, 1, False)]
    empty = {(str(row["patient_id"]), name) for row in cohort.rows for name in names if row[name] is None}
    assert set(cohort.reasons) == empty
    assert all(cohort.reasons.values())


def test_another_set_of_rules_changes_endpoints_alone(made: Call) -> None:
    treated = Patient(
        patient_id="A", infusion_date=INFUSED, bridging=False, new_therapy_date=on(50), progression_date=on(80), last_contact_date=on(200)
    )
    inputs = made([treated])
    one, other = (cohort_from(each).rows[0] for each in (inputs, with_rules(inputs, "new_therapy_event")))
    assert (one["pfs_days"], one["pfs_event"], other["pfs_days"], other["pfs_event"]) == (50, 0, 50, 1)
    assert cohort_from(with_rules(inputs, "ema")).rows[0]["pfs_days"] == 80
    assert {name for name in one if one[name] != other[name]} <= {
        f"{name}_{what}" for name in ("pfs", "efs", "ttp", "nrm") for what in ("days", "event")
    }


def test_death_of_another_cause_competes_where_the_rules_let_it(made: Call) -> None:
    inputs = made([DIED])
    assert cohort_from(inputs).competing == {"NRM": "progression or death of lymphoma"}
    found = cohort_from(with_rules(inputs, "unrelated_competing"))
    assert set(found.competing) == {"NRM", "DOR", "TTP"}
    assert (found.rows[0]["ttp_event"], found.rows[0]["nrm_event"]) == (2, 1)


def test_another_delineation_changes_markers_and_kinetics_alone(made: Call, scan_at: Call) -> None:
    def both(scan: Any, ml: float) -> Any:
        first = scan.values[0]
        return replace(scan, values=(*scan.values, replace(first, payload=first.payload | {"segmenter": "max41", "value": ml})))

    protocol = Protocol(segment=SegmentProtocol(also=("max41",)))
    scans = [both(scan_at(-3, tmtv=100.0, suv_max=9.0), 60.0), both(scan_at(29, tmtv=10.0, suv_max=5.0), 30.0)]
    inputs = made([ALIVE], {"A": scans}, protocol)
    one, other = (cohort_from(each) for each in (inputs, with_segmenter(inputs, "max41")))
    assert (one.rows[0]["tmtv"], one.rows[0]["tmtv_m1_percent"]) == (100.0, -90.0)
    assert (other.rows[0]["tmtv"], other.rows[0]["tmtv_m1_percent"]) == (60.0, -50.0)
    assert other.rows[0]["suv_max"] is None
    assert other.reasons["A", "suv_max"] == "NOT_ASKED_FOR"
    assert cohort_from(with_segmenter(inputs, "suv4.0")).rows == one.rows


def test_the_levels_of_text_are_those_that_occur_the_most_frequent_first(made: Call) -> None:
    patients = [replace(ALIVE, patient_id=f"P{n}", histology=name, sex="M") for n, name in enumerate(("tFL", "DLBCL", "MCL", "DLBCL"))]
    cohort = cohort_from(made(patients))
    assert cohort.column("histology").levels == ("DLBCL", "MCL", "tFL")
    assert cohort.column("sex").levels == ("M",)
    assert cohort.column("patient_id").levels == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"markers": ("tmvt",)}, r"cohort\.markers: there is no 'tmvt'; did you mean 'tmtv'"),
        ({"markers": ("ipi_group",)}, r"cohort\.markers: 'ipi_group' is no number"),
        ({"markers": ("tmtv_m1_percent",)}, "known after infusion only"),
        ({"groups": ("lugano_m1",)}, "known after infusion only"),
        ({"groups": ("tmtv",)}, r"cohort\.groups: 'tmtv' makes no groups"),
        ({"groups": ("patient_id",)}, "patient_id"),
        ({"adjusted_for": ("agee_years",)}, "did you mean 'age_years'"),
        ({"rules": "defualt"}, r"cohort\.rules: there is no 'defualt'; did you mean 'default'"),
        ({"timepoint": "TX"}, r"cohort\.timepoint: there is no 'TX'"),
        ({"timepoint": "M1"}, "measured before infusion"),
        ({"landmarks": ("M12",)}, r"cohort\.landmarks: there is no 'M12'; did you mean 'M1'"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        check_cohort(Protocol(cohort=CohortProtocol(**wrong)))


def test_what_is_asked_for_as_it_stands_is_right() -> None:
    check_cohort(Protocol())
    check_cohort(
        Protocol(cohort=CohortProtocol(rules="lyric", groups=("ecog", "ipi", "site", "car_hematotox"), markers=("easix", "age_years")))
    )


def test_wrong_rules_and_delineations_of_variants(made: Call) -> None:
    inputs = made([ALIVE])
    with pytest.raises(ProtocolError, match="did you mean 'ema'"):
        with_rules(inputs, "emma")
    with pytest.raises(ProtocolError, match="there is no 'max41'"):
        with_segmenter(inputs, "max41")


@pytest.mark.parametrize("rules", [one.name for one in RULE_SETS.values() if one.start != "infusion"])
def test_rules_that_do_not_count_from_infusion_are_refused(rules: str) -> None:
    with pytest.raises(ProtocolError, match=f"cohort.rules: '{rules}' counts days from enrolment"):
        check_cohort(Protocol(cohort=CohortProtocol(rules=rules)))
