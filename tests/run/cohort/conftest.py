"""Cohorts written down here: patients with scans as the store gives them, and any number of patients alike but for what differs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from carpet.clinical import ClinicalTables, Lab, Patient
from carpet.clinical.toxicity import Toxicity
from carpet.cohort.analyses.associations import associations
from carpet.cohort.analyses.by_group import by_group
from carpet.cohort.analyses.competing import incidences
from carpet.cohort.analyses.cutting import Search, cuts
from carpet.cohort.analyses.effects import effects
from carpet.cohort.analyses.specification import specifications
from carpet.cohort.table import Cohort
from carpet.core.protocol import CohortProtocol, Protocol
from carpet.run.cohort.columns import COLUMNS
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.frame import CohortInputs
from carpet.run.cohort.published import published
from carpet.run.trial.course import course_of
from carpet.run.trial.rows import trial_rows
from carpet.run.trial.steps import course_result

INFUSED = dt.date(2024, 3, 1)
QUICK = Protocol(cohort=CohortProtocol(samples=200, permutations=1_000, markers=("tmtv", "suv_max"), groups=("bridging",)))


def inputs_of(
    patients: Sequence[Patient], scans: Mapping[str, Sequence[Any]] | None = None, protocol: Protocol | None = None, **tables: Any
) -> CohortInputs:
    held, protocol = ClinicalTables(tuple(patients), **tables), protocol or QUICK
    whole = {who: [_whole(scan) for scan in mine] for who, mine in (scans or {}).items()}
    results = tuple(
        course_result(course_of(one, whole.get(one.patient_id, ()), held, protocol), protocol)
        for one in sorted(held.patients, key=lambda one: one.patient_id)
    )
    return CohortInputs(results, held, trial_rows(results, held, (), protocol=protocol.scores), protocol)


def _whole(scan: Any) -> Any:
    """With what the table of studies says besides."""
    payload = scan.study.payload | {"chosen_because": "the only one", "ct": None}
    return replace(scan, study=replace(scan.study, payload=payload | {"pet": payload["pet"] | {"series_uid": "1.9"}}))


@pytest.fixture
def made() -> Callable[..., CohortInputs]:
    """What a cohort is made of: made([patient, …], {"A": [scan_at(-3, tmtv=10.0)]}, protocol, labs=(…), readings=(…))."""
    return inputs_of


def on(day: int) -> dt.date:
    return INFUSED + dt.timedelta(days=day)


@pytest.fixture
def several(scan_at: Callable[..., Any]) -> Callable[..., CohortInputs]:
    """several(12, died=lambda n: n % 3 == 0): patients P00 … who differ in age, burden, grade, bridging and days; died: of lymphoma."""

    def of(
        number: int, *, died: Callable[[int], bool] = lambda n: n % 3 == 0, protocol: Protocol | None = None, **more: Any
    ) -> CohortInputs:
        patients, scans, grades, labs = [], {}, [], []
        for n in range(number):
            who, dead = f"P{n:02d}", died(n)
            end = on(120 + 23 * n)
            said: dict[str, Any] = {
                "infusion_date": INFUSED, "bridging": n % 2 == 0, "age": 40.0 + n, "ecog": n % 3, "ann_arbor_stage": 1 + n % 4,
                "ldh_uln_ratio": 0.8 + 0.1 * n, "extranodal_sites": n % 4, "lymphodepletion_date": on(-2),
            }  # fmt: skip
            said |= {"death_date": end, "cause_of_death": "lymphoma"} if dead else {"last_contact_date": end}
            patients.append(Patient(row=n + 2, patient_id=who, **(said | more)))
            size = 10.0 * 1.3 ** (5 * n % 8) * (2.0 if dead else 1.0)
            months = [scan_at(day, tmtv=0.3 * size, suv_max=4.5 + n % 5) for day in (29, 90)]
            scans[who] = [scan_at(-3, tmtv=size, tlg=6.0 * size, suv_max=8.0 + (7 * n) % 11), *months]
            grades += [
                Toxicity(row=n + 2, patient_id=who, event=event, scale="astct2019", grade=(n + k) % 4, onset_date=on(2))
                for k, event in enumerate(("crs", "icans"))
            ]
            labs.append(Lab(patient_id=who, date=on(-4), analyte="crp", value=1.0 + n, unit="mg/dL"))
        return inputs_of(patients, scans, protocol, toxicity=tuple(grades), labs=tuple(labs))

    return of


def _row(n: int) -> dict[str, Any]:
    """Patient n of 48: burden rises with n, every third progresses, every fifth dies; the last was never infused."""
    infused, tmtv = n < 47, 8.0 * 1.08**n
    call = ("CR", "PR", "SD", "PD")[(n // 3) % 4]
    end, progressed, died = 200 + (37 * n) % 500, n % 3 == 0, n % 5 == 0
    values: dict[str, Any] = {
        "site": "AB"[n % 2], "sex": "FM"[n % 2], "age_years": 40 + n % 30, "bridging": n % 2 == 0,
        "ann_arbor_stage": ("I", "II", "III", "IV")[n % 4], "ipi": n % 5, "ldh_uln_ratio": None if n % 7 == 0 else 0.8 + 0.1 * (n % 9),
    }  # fmt: skip
    if not infused:
        return values
    lost = n == 4
    return values | {
        "tmtv": None if lost else tmtv, "tlg": None if lost else 6.0 * tmtv, "suv_max": None if lost else 8.0 + (7 * n) % 11,
        "sdmax": 0.1 * (n % 8), "two_factor": None if lost else str(min(n // 16, 2)), "lugano_m1": call,
        "lugano_m3": None if n % 4 == 0 else "CR", "best_lugano": call, "crs_grade": n % 4,
        "icans_grade": None if n == 5 else (n + 1) % 3, "os_days": end + 40, "os_event": int(died),
        "pfs_days": end, "pfs_event": int(progressed or died), "nrm_days": end, "nrm_event": 2 if progressed else int(died),
        "early_progression": False,
    }  # fmt: skip


@pytest.fixture(scope="session")
def analysed() -> Analysed:
    """48 patients with most values and the real analyses of them, but for models and searched cut-points."""
    names = [one.name for one in COLUMNS]
    rows = tuple(dict.fromkeys(names) | {"patient_id": f"P{n:02d}"} | _row(n) for n in range(48))
    reasons = {(str(row["patient_id"]), name): "NOT_STATED" for row in rows for name in names if row[name] is None}
    cohort = Cohort(COLUMNS, rows, reasons, {"NRM": "progression or death of lymphoma"})
    people = []
    for n, row in enumerate(rows):
        ends = {} if n == 47 else {"infusion_date": INFUSED, "death_date" if row["os_event"] else "last_contact_date": on(row["os_days"])}
        people.append(Patient(row=n + 2, patient_id=str(row["patient_id"]), enrolment_date=on(-30), **ends))
    shared: dict[str, Any] = {"rules": "default", "horizons_days": (182, 365)}
    curves = [by_group(cohort, "PFS", group_by=group, **shared) for group in ("", "two_factor", "bridging")]
    curves.append(by_group(cohort, "PFS", group_by="lugano_m1", landmark=("M1", 45), **shared))
    found = effects(cohort, "PFS", rules="default", terms=("tmtv", "suv_max", "bridging"))
    together = effects(cohort, "PFS", rules="default", terms=("tmtv", "ipi"), together=True)
    known = published("tmtv", Protocol())
    search = Search(horizon_day=365, samples=200, permutations=1_000, seed=1)
    return Analysed(
        Protocol(), cohort, tuple(people), _tables(rows), tuple(curves), (incidences(cohort, "NRM", group_by="two_factor", **shared),),
        (*found, *together), cuts(cohort, "PFS", rules="default", marker="tmtv", published=known, search=search),
        associations(cohort, ("tmtv",)), software={"carpet": "0.0.1"},
        specifications=specifications([("suv4.0", "default", cohort)], "PFS", marker="tmtv", adjusted_for=("ipi",)),
    )  # fmt: skip


def _tables(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the trial's tables hold of them: a Lugano response and a change of TMTV at M1."""
    infused = [row for row in rows if row["tmtv"] is not None]
    call = {"day": 30, "timepoint": "M1", "criterion": "lugano@1", "assessor": "carpet"}
    change = {"biomarker": "tmtv", "from_baseline": True, "from_day": -3, "to_day": 30, "reason_missing": ""}
    return {
        "responses": [{**call, "patient_id": row["patient_id"], "category": row["lugano_m1"]} for row in infused],
        "kinetics": [{**change, "patient_id": row["patient_id"], "percent": -60.0 + 4 * n} for n, row in enumerate(infused)],
        "studies": [{"patient_id": row["patient_id"], "status": "REVIEWED"} for row in infused],
    }
