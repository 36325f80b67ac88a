"""Made patients whose risk follows some columns, and what a pipeline's parts are tested on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.models.candidates import Candidates
from carpet.cohort.survival import Survival
from carpet.cohort.table import Cohort, Column, Value


def made_table(patients: int, *, effects: tuple[float, ...], missing: float = 0.0, sites: int = 0, seed: int = 1) -> Candidates:
    """Standard normal columns with these log hazard ratios, about two thirds of patients with the event, days with ties."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(patients, len(effects)))
    days = np.ceil(rng.exponential(30.0 / np.exp(values @ np.array(effects)))) * 10
    leaves = np.ceil(rng.uniform(10.0, 120.0, patients)) * 10
    survival = Survival.of(np.minimum(days, leaves), days <= leaves)
    values[rng.random(values.shape) < missing] = np.nan
    names = tuple(f"x{k}" for k in range(len(effects)))
    site = np.arange(patients) % sites if sites else None
    return Candidates(
        survival, np.arange(patients), names, names, ("",) * len(names), np.arange(len(names)), values, site, 0, ((),) * len(names)
    )


@pytest.fixture(scope="session")
def table() -> Callable[..., Candidates]:
    return made_table


COLUMNS = (
    Column("patient_id", "", "the patient", "patient", "category"),
    Column("site", "", "hospital", "patient", "category"),
    Column("tmtv", "mL", "volume", "marker", "number", doubling=True),
    Column("suv_max", "g/mL", "uptake", "marker", "number", step=5.0),
    Column("stage", "", "stage", "patient", "category", ("I", "II", "III")),
    Column("ipi", "{score}", "points", "score", "number"),
    Column("pfs_days", "d", "days", "outcome", "number"),
    Column("pfs_event", "1", "event", "outcome", "number"),
)


def made_cohort(patients: int = 40, *, sites: int = 3, seed: int = 2) -> Cohort:
    """Volume and points raise the hazard, uptake and stage do not."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Value]] = []
    for n in range(patients):
        tmtv, points = float(np.exp2(rng.uniform(3, 11))), int(rng.integers(0, 6))
        days = int(np.ceil(rng.exponential(400.0 / np.exp(0.5 * (np.log2(tmtv) - 7.0) + 0.2 * points))))
        leaves = int(rng.integers(200, 900))
        row: dict[str, Value] = {"patient_id": f"P{n}", "site": "ABCDEF"[n % sites], "tmtv": tmtv, "suv_max": float(rng.uniform(4, 40))}
        stage = ("I", "II", "III")[int(rng.integers(0, 3))]
        rows.append(row | {"stage": stage, "ipi": points, "pfs_days": min(days, leaves), "pfs_event": int(days <= leaves)})
    return Cohort(COLUMNS, tuple(rows))


@pytest.fixture(scope="session")
def cohort() -> Callable[..., Cohort]:
    return made_cohort
