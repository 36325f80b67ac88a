"""Contract: what has not changed is neither computed nor touched; no page of an earlier cohort stands beside other numbers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carpet.core.protocol import CohortProtocol, Protocol
from carpet.run.cohort.frame import CohortInputs
from carpet.run.cohort.writing import WRITTEN, CohortWritten, write_cohort
from carpet.run.store import Stamp, open_store
from carpet.run.trial.folder import Trial

Call = Callable[..., Any]
STAMP = Stamp(run="test", who="carpet", at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
FEW = Protocol(
    cohort=CohortProtocol(samples=200, permutations=1_000, markers=(), adjusted_for=(), groups=(), landmarks=(), endpoints=("OS",))
)


@pytest.fixture
def inputs(several: Call) -> CohortInputs:
    """Without parents of records: the store of this test has no scans."""
    made: CohortInputs = several(4, protocol=FEW)
    scanless = tuple(replace(one, course=replace(one.course, at={})) for one in made.results)
    return replace(made, results=scanless)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., CohortWritten]:
    def made(inputs: CohortInputs, *, tables_only: bool = False) -> CohortWritten:
        trial = Trial(tmp_path, inputs.protocol)
        trial.results.mkdir(exist_ok=True)
        with open_store(trial.store) as store:
            return write_cohort(trial, inputs, store=store, stamp=STAMP, say=lambda _: None, tables_only=tables_only)

    return made


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    kept = (path for path in sorted((folder / "results").rglob("*")) if path.is_file() and path.name != "carpet.sqlite")
    return {path.relative_to(folder / "results").as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in kept}


def test_page_and_figures_are_written_once(inputs: CohortInputs, write: Call, tmp_path: Path) -> None:
    first = write(inputs)
    made = files(tmp_path)
    assert first.computed
    assert {"reports/cohort.html", "reports/cohort.pdf", WRITTEN} < set(made)
    assert first.files == len(made) - 1
    assert set(json.loads(made[WRITTEN][0])["files"]) == set(made) - {WRITTEN}
    second = write(inputs)
    assert (second.computed, second.files, second.rows) == (False, 0, first.rows)
    assert files(tmp_path) == made


def test_a_lost_page_comes_back_the_same_and_a_changed_cohort_takes_the_old_one_away(
    inputs: CohortInputs, write: Call, tmp_path: Path
) -> None:
    write(inputs)
    before = {name: content for name, (content, _) in files(tmp_path).items()}
    (tmp_path / "results/reports/cohort.html").write_text("changed by hand")
    assert write(inputs).computed
    assert {name: content for name, (content, _) in files(tmp_path).items()} == before
    other = replace(inputs, protocol=inputs.protocol.model_copy(update={"cohort": FEW.cohort.model_copy(update={"horizon_days": 180})}))
    assert write(other, tables_only=True).computed
    assert files(tmp_path) == {}
    again = write(inputs, tables_only=True)
    assert (again.computed, files(tmp_path)) == (True, {})


def test_nothing_is_removed_but_what_was_written_here(inputs: CohortInputs, write: Call, tmp_path: Path) -> None:
    write(inputs)
    said = json.loads((tmp_path / "results" / WRITTEN).read_text())
    said["step"], said["files"] = "older", {"../outside.txt": "0"}
    (tmp_path / "results" / WRITTEN).write_text(json.dumps(said))
    (tmp_path / "outside.txt").write_text("not ours")
    write(inputs)
    assert (tmp_path / "outside.txt").read_text() == "not ours"


def test_without_patients_there_is_a_page_that_says_so(made: Call, write: Call, tmp_path: Path) -> None:
    assert write(made([], protocol=FEW)).files > 0
    assert (tmp_path / "results/reports/cohort.html").is_file()
