"""300 made patients with ties, what R says of them, and the published data sets."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.cohort.survival import Survival

COVARIATES = ("age", "tmtv", "bulk", "crp", "sex")
Table = dict[str, NDArray[Any]]


def made_patients(number: int = 300, seed: int = 20) -> Table:
    """Patients of three arms and two sites with two competing causes; follow-up in steps of ten days, so that many tie."""
    rng = np.random.default_rng(seed)
    age, sex = rng.integers(30, 85, number), rng.integers(0, 2, number)
    tmtv, bulk = np.round(rng.lognormal(5.0, 0.8, number), 0), rng.integers(0, 2, number)
    crp = np.round(rng.exponential(3.0, number), 1)
    risk = np.exp(0.01 * (age - 60) + 0.0012 * (tmtv - 200) + 0.4 * bulk - 0.2 * sex)
    first, second = rng.exponential(500.0 / risk), rng.exponential(1500.0 / np.exp(0.02 * (age - 60)))
    leaves = rng.uniform(100.0, 1500.0, number)
    exact = np.minimum.reduce([first, second, leaves])
    event = np.where(exact == leaves, 0, np.where(exact == first, 1, 2))
    days = (np.ceil(exact / 10.0) * 10.0).astype(np.int64)
    table = {"days": days, "event": event, "age": age, "tmtv": tmtv, "bulk": bulk, "crp": crp, "sex": sex}
    table |= {"arm": rng.choice(["a", "b", "c"], number), "site": rng.choice(["A", "B"], number)}
    return table | {"distinct": np.round(rng.normal(0, 1, number) + 0.3 * (event == 1), 9)}


def made_rows(patients: Table) -> Table:
    """The same with delayed entry in some, and a response in others from some day on."""
    rng = np.random.default_rng(21)
    out: dict[str, list[Any]] = {name: [] for name in ("patient", "start", "stop", "event", "response", "age", "tmtv", "site")}
    for i, days in enumerate(patients["days"].tolist()):
        begin = int(rng.integers(0, 8)) * 10 if rng.random() < 0.3 else 0
        begin = begin if begin < days else 0
        cut = int(rng.integers(3, 40)) * 10
        pieces = [(begin, cut, 0), (cut, days, 1)] if rng.random() < 0.6 and begin < cut < days else [(begin, days, 0)]
        for start, stop, response in pieces:
            event = int(patients["event"][i] > 0) if stop == days else 0
            row = {"patient": i, "start": start, "stop": stop, "event": event, "response": response}
            row |= {name: patients[name][i] for name in ("age", "tmtv", "site")}
            for name, value in row.items():
                out[name].append(value)
    return {name: np.array(values) for name, values in out.items()}


def write_table(path: Path, table: Mapping[str, NDArray[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*(values.tolist() for values in table.values()), strict=True))


@pytest.fixture(scope="session")
def patients() -> Table:
    return made_patients()


@pytest.fixture(scope="session")
def survival(patients: Table) -> Survival:
    return Survival.of(patients["days"], patients["event"], causes=("progression", "other death"))


@pytest.fixture(scope="session")
def covariates(patients: Table) -> Table:
    return {name: patients[name].astype(np.float64) for name in COVARIATES}


@pytest.fixture(scope="session")
def rows(patients: Table) -> Table:
    return made_rows(patients)


@pytest.fixture(scope="session")
def drawn(patients: Table) -> NDArray[np.int64]:
    return np.random.default_rng(22).integers(0, patients["days"].size, (5, patients["days"].size))


@pytest.fixture(scope="session")
def r(
    patients: Table,
    rows: Table,
    drawn: NDArray[np.int64],
    tmp_path_factory: pytest.TempPathFactory,
    asked_of_r: Callable[[Path, Path], dict[str, NDArray[np.float64]]],
) -> dict[str, NDArray[np.float64]]:
    """What oracle.R answers, by name; only for tests marked `r`."""
    folder = tmp_path_factory.mktemp("r")
    write_table(folder / "patients.csv", patients)
    write_table(folder / "rows.csv", rows)
    np.savetxt(folder / "drawn.csv", drawn, fmt="%d", delimiter=",")
    return asked_of_r(Path(__file__).with_name("oracle.R"), folder)


def read_columns(path: Path) -> dict[str, list[str]]:
    """A CSV by column, as text."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.fixture(scope="session")
def data_set(request: pytest.FixtureRequest) -> Any:
    """A published data set by name, its columns as text; only for tests marked `shared`."""
    folder: Path = request.getfixturevalue("shared_data") / "survival"
    return lambda name: read_columns(folder / f"{name}.csv")


@pytest.fixture(scope="session")
def printed(request: pytest.FixtureRequest) -> Callable[..., list[str]]:
    """Lines that R printed after a command, from its saved outputs; only for tests marked `shared`."""
    folder: Path = request.getfixturevalue("shared_data") / "survival" / "reference_outputs"

    def lines(file: str, command: str, number: int) -> list[str]:
        text = (folder / f"{file}.Rout.save").read_text(encoding="utf-8").splitlines()
        at = text.index(f"> {command}")
        return [line for line in text[at + 1 :] if not line.startswith("+")][:number]

    return lines


@pytest.fixture(scope="session")
def ex17(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The worked example of a searched cut-off; only for tests marked `shared`."""
    path: Path = request.getfixturevalue("shared_data").parent / "reference" / "worked_examples.json"
    return next(one for one in json.loads(path.read_text(encoding="utf-8"))["examples"] if one["id"] == "EX17")


def brute_likelihood(
    start: NDArray[Any], stop: NDArray[Any], event: NDArray[Any], x: NDArray[Any], beta: NDArray[Any], *, efron: bool, strata: NDArray[Any]
) -> float:
    """The log partial likelihood as its definition reads, with loops over days and tied deaths."""
    score, value = x @ beta, 0.0
    for stratum in np.unique(strata):
        for day in np.unique(stop[(event > 0) & (strata == stratum)]):
            risk = (stop >= day) & (start < day) & (strata == stratum)
            dead = (stop == day) & (event > 0) & (strata == stratum)
            count = int(dead.sum())
            value += float(score[dead].sum())
            for number in range(count):
                share = number / count if efron else 0.0
                value -= math.log(float(np.exp(score[risk]).sum()) - share * float(np.exp(score[dead]).sum()))
    return value


@pytest.fixture(scope="session")
def brute() -> Callable[..., float]:
    return brute_likelihood
