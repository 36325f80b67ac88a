"""A cohort of 300 made patients with ties and missing values, and what R says of it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.cohort.table import Cohort, Column, Value

COLUMNS = (
    Column("patient_id", "", "the patient", "patient", "category"),
    Column("age", "a", "age", "marker", "number", step=10.0),
    Column("tmtv", "mL", "volume", "marker", "number", doubling=True),
    Column("arm", "", "arm", "marker", "category", levels=("b", "a", "c")),
    Column("bulk", "", "bulk", "marker", "yes_no"),
    Column("site", "", "site", "patient", "category"),
    Column("response", "", "response at the landmark", "response", "category", levels=("CR", "PR", "PD")),
    Column("reached", "d", "day of the first complete response", "response", "number"),
    Column("pfs_days", "d", "days", "outcome", "number"),
    Column("pfs_event", "", "event", "outcome", "number"),
    Column("ttp_days", "d", "days", "outcome", "number"),
    Column("ttp_event", "", "event", "outcome", "number"),
)
Make = Callable[..., Cohort]


def made_cohort(rows: Sequence[Mapping[str, Value]], **more: Any) -> Cohort:
    """A cohort of rows in which what is not named is missing; patients are named by their place."""
    names = [one.name for one in COLUMNS]
    whole = tuple({**dict.fromkeys(names), "patient_id": f"P{n:03}", **row} for n, row in enumerate(rows))
    return Cohort(COLUMNS, whole, **{"competing": {"TTP": "death"}, **more})


def made_rows(patients: Mapping[str, NDArray[Any]]) -> list[dict[str, Value]]:
    """One in twenty values of each marker missing; responses by day 45, better in who lives longer; first complete response in some."""
    rng, rows = np.random.default_rng(30), []
    for i, days in enumerate(patients["days"].tolist()):
        event = int(patients["event"][i])
        row: dict[str, Value] = {
            "age": float(patients["age"][i]),
            "tmtv": float(patients["tmtv"][i]),
            "arm": str(patients["arm"][i]),
            "bulk": bool(patients["bulk"][i]),
            "site": str(patients["site"][i]),
            "response": ("CR", "PR", "PD")[min(2, int(rng.exponential(0.9) * (1.5 if event else 0.7)))],
        }
        row |= {name: None for name in ("age", "tmtv", "arm", "response") if rng.random() < 0.05}
        reached = int(rng.integers(2, 40)) * 10
        row["reached"] = reached if rng.random() < 0.5 and reached < days else None
        rows.append(row | {"pfs_days": days, "pfs_event": int(event > 0), "ttp_days": days, "ttp_event": event})
    return rows


@pytest.fixture(scope="session")
def make() -> Make:
    return made_cohort


@pytest.fixture(scope="session")
def cohort(patients: Mapping[str, NDArray[Any]]) -> Cohort:
    return made_cohort(made_rows(patients))


@pytest.fixture(scope="session")
def thin() -> dict[str, Cohort]:
    """Cohorts of which little or nothing can be said."""

    def of(days: Sequence[int], event: Sequence[int], **columns: Sequence[Value]) -> Cohort:
        base: dict[str, Value] = {"age": 60.0, "tmtv": 100.0, "arm": "a", "bulk": True, "response": "CR"}
        rows: list[dict[str, Value]] = []
        for i, (day, code) in enumerate(zip(days, event, strict=True)):
            own = {name: values[i] for name, values in columns.items()}
            rows.append({**base, **own, "pfs_days": day, "pfs_event": int(code > 0), "ttp_days": day, "ttp_event": code})
        return made_cohort(rows)

    volumes = [10.0, 20.0, 40.0, 80.0, 160.0, 320.0]
    mixed: dict[str, Sequence[Value]] = {"age": [50.0, 60.0, 70.0, 65.0, 55.0, 45.0], "tmtv": volumes, "arm": list("abcabc")}
    mixed |= {"bulk": [True, False, True, False, True, False], "response": ["CR", "PR", "CR", "PD", "CR", "PR"]}
    six = [100, 200, 300, 400, 500, 600]
    return {
        "nobody": made_cohort([]),
        "no endpoint": made_cohort([{"age": 50.0, "tmtv": 10.0, "arm": "a", "bulk": True}] * 3),
        "one": of([100], [1]),
        "two": of([100, 200], [1, 0], tmtv=[10.0, 50.0], age=[40.0, 60.0], arm=["a", "b"], bulk=[True, False]),
        "no events": of(six, [0] * 6, **mixed),
        "all events": of(six, [1] * 6, **mixed),
        "all on one day": of([100] * 6, [1] * 6, **mixed),
        "all on day 0": of([0] * 6, [1] * 6, **mixed),
        "constant": of(six, [1, 0, 1, 0, 1, 2]),
        "separated": of(six, [1, 1, 1, 0, 0, 0], tmtv=[90.0, 80.0, 70.0, 3.0, 2.0, 1.0], age=[80.0, 79.0, 78.0, 30.0, 29.0, 28.0],
                        arm=list("aaabbb"), bulk=[True] * 3 + [False] * 3),
        "zeros": of(six, [1, 0, 1, 1, 0, 1], **{**mixed, "tmtv": [0.0, 0.0, 5.0, 10.0, 3.0, 8.0]}),
        "competing only": of(six, [2, 2, 0, 2, 0, 2], **mixed),
        "collinear": of(six, [1, 0, 1, 1, 0, 1], **{**mixed, "age": [x / 2 for x in volumes], "bulk": [a == "a" for a in "abcabc"]}),
    }  # fmt: skip


@pytest.fixture(scope="session")
def says(
    cohort: Cohort, tmp_path_factory: pytest.TempPathFactory, asked_of_r: Callable[[Path, Path], dict[str, NDArray[np.float64]]]
) -> dict[str, NDArray[np.float64]]:
    """What oracle.R answers about the cohort, by name; only for tests marked `r`."""
    folder = tmp_path_factory.mktemp("r")
    with (folder / "cohort.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(one.name for one in COLUMNS)
        for row in cohort.rows:
            writer.writerow("NA" if row[one.name] is None else row[one.name] for one in COLUMNS)
    return asked_of_r(Path(__file__).with_name("oracle.R"), folder)
