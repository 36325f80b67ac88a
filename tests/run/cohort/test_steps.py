"""Contract: a patient's scores and toxicity are one step, the statistics another: the same inputs the same keys, others other keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from carpet.core.protocol import CohortProtocol, Protocol, ScoreProtocol
from carpet.run.cohort.frame import CohortInputs, cohort_from
from carpet.run.cohort.rows import cohort_table
from carpet.run.cohort.steps import clinical_steps, cohort_step, stored_rows
from carpet.run.store import Stamp, Step, open_store

Call = Callable[..., Any]
STAMP = Stamp(run="test", who="carpet", at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def clinical(inputs: CohortInputs, protocol: Protocol | None = None) -> tuple[Step, ...]:
    return tuple(clinical_steps(inputs.results, inputs.tables, inputs.rows, protocol or inputs.protocol))


def test_every_score_and_episode_of_a_patient_is_a_record_of_the_patients_step(several: Call) -> None:
    inputs = several(3)
    steps = clinical(inputs)
    assert [one.chain for one in steps] == ["clinical:P00", "clinical:P01", "clinical:P02"]
    for who, step in zip(("P00", "P01", "P02"), steps, strict=True):
        mine = [row for name in ("scores", "toxicity") for row in inputs.rows[name] if row["patient_id"] == who]
        assert [dict(one.payload) for one in step.records] == mine
    kinds = {(one.kind, one.payload.get("value", 0) is None) for step in steps for one in step.records}
    assert kinds == {("measurement", False), ("missing", True)}


def test_rows_of_labs_and_toxicity_are_inputs_whatever_their_order(several: Call) -> None:
    inputs = several(3)
    keys = [one.key for one in clinical(inputs)]
    turned = replace(inputs.tables, labs=inputs.tables.labs[::-1], toxicity=inputs.tables.toxicity[::-1])
    assert [one.key for one in clinical(replace(inputs, tables=turned))] == keys
    higher = (replace(inputs.tables.labs[0], value=99.0), *inputs.tables.labs[1:])
    changed = [one.key for one in clinical(replace(inputs, tables=replace(inputs.tables, labs=higher)))]
    assert [one == other for one, other in zip(keys, changed, strict=True)] == [False, True, True]
    other = inputs.protocol.model_copy(update={"scores": ScoreProtocol(extranodal_rule="gt2_seed")})
    assert not set(keys) & {one.key for one in clinical(inputs, other)}


def test_the_statistics_depend_on_every_patient_and_on_the_section_cohort(several: Call) -> None:
    inputs = several(3)
    steps = clinical(inputs)
    key = cohort_step(inputs.results, steps, inputs.protocol).key
    assert cohort_step(inputs.results[::-1], steps[::-1], inputs.protocol).key == key
    assert cohort_step(inputs.results[:2], steps[:2], inputs.protocol).key != key
    other = inputs.protocol.model_copy(update={"cohort": CohortProtocol(markers=("tlg",))})
    assert cohort_step(inputs.results, steps, other).key != key
    assert cohort_step(inputs.results, steps, inputs.protocol, {"cohort": cohort_table(cohort_from(inputs))}).key == key


def test_rows_come_back_from_the_store_as_they_went_in(several: Call, tmp_path: Path) -> None:
    inputs = several(3)
    rows = {"cohort": cohort_table(cohort_from(inputs))}
    with open_store(tmp_path / "carpet.sqlite") as store:
        assert all(found == [] for found in stored_rows(store).values())
        store.write(cohort_step(inputs.results, clinical(inputs), inputs.protocol, rows), STAMP)
        back = stored_rows(store)
    assert back.pop("cohort") == rows["cohort"]
    assert all(found == [] for found in back.values())
