"""Patients written down by hand, and patients at random whose facts do not contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from carpet.cohort.endpoints import Assessment, Dated, Death, PatientFacts, Planned

INFUSION = Dated(0, "infusion")
PLANNED = (Planned("M1", 21, 45), Planned("M3", 75, 120), Planned("M6", 150, 210), Planned("M12", 330, 420))
CATEGORIES = ("CR", "PR", "SD", "PD", "NE", "DISCORDANT", "IR1")


def scan(day: int, category: str, dated_to: int | None = None) -> Assessment:
    return Assessment(day, f"scan {day}", category, dated_to)


def made(scans: str = "", **known: Any) -> PatientFacts:
    """made("29 CR, 90 PD", died=400, cause=True, contact=500, tx=60, hsct=70, pd=88, enrolled=-30): days and categories."""
    words = [one.split() for one in scans.split(",") if one.strip()]
    dated = {name: Dated(known[key], key) for name, key in NAMES.items() if known.get(key) is not None}
    death = Death(known["died"], "death", known.get("cause")) if "died" in known else None
    rest = {key: known[key] for key in ("planned", "flags", "infusion") if key in known}
    facts: dict[str, Any] = {"patient_id": "A", "infusion": INFUSION, "planned": PLANNED, "death": death} | dated | rest
    return PatientFacts(assessments=tuple(scan(int(day), category) for day, category in words), **facts)


NAMES = {"last_contact": "contact", "new_therapy": "tx", "hsct": "hsct", "progression": "pd", "enrolment": "enrolled"}


@pytest.fixture(scope="session")
def patient() -> Callable[..., PatientFacts]:
    return made


@st.composite
def any_patients(draw: st.DrawFn) -> PatientFacts:
    """Facts that can all be true, drawn without looking at any rule."""
    end = draw(st.integers(1, 700))
    day = st.one_of(st.none(), st.integers(0, end))
    scans = draw(st.lists(st.tuples(st.integers(-20, end), st.sampled_from(CATEGORIES)), max_size=6, unique_by=lambda one: one[0]))
    died = draw(st.sampled_from([None, True, False, "nobody says"]))
    known: dict[str, Any] = {"tx": draw(day), "hsct": draw(day), "pd": draw(day), "contact": end, "enrolled": draw(st.integers(-60, -1))}
    if died is not None:
        known |= {"died": end, "cause": None if died == "nobody says" else died, "contact": draw(day)}
    return made(", ".join(f"{when} {category}" for when, category in scans), **known)


@pytest.fixture(scope="session")
def patients_at_random() -> st.SearchStrategy[PatientFacts]:
    return any_patients()
