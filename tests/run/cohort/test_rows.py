"""Contract: results become rows of the tables of INTERFACE, every number a number or its reason, and all of it JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carpet.cohort.analyses.by_group import by_group
from carpet.cohort.analyses.competing import incidences
from carpet.cohort.analyses.effects import effects
from carpet.cohort.rmst import Estimate
from carpet.core.protocol import Protocol
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.frame import cohort_from
from carpet.run.cohort.rows import cohort_table, result_rows
from carpet.run.cohort.schemas import COHORT_SCHEMAS
from carpet.run.parquet import parquet_files
from carpet.run.trial.tables import SCHEMAS, codebook, table_files

Call = Callable[..., Any]
AT: dict[str, Any] = {"rules": "default", "horizons_days": (90, 365)}


@pytest.fixture
def results(several: Call) -> Analysed:
    inputs = several(18)
    cohort = cohort_from(inputs)
    return Analysed(
        Protocol(),
        cohort,
        inputs.tables.patients,
        inputs.rows,
        survival=(by_group(cohort, "OS", **AT), by_group(cohort, "OS", group_by="bridging", **AT), by_group(cohort, "NRM", **AT)),
        competing=(incidences(cohort, "NRM", **AT), incidences(cohort, "NRM", group_by="bridging", **AT)),
        effects=effects(cohort, "OS", rules="default", terms=("tmtv", "ann_arbor_stage")),
    )


def test_rows_have_the_columns_of_their_tables_and_can_be_stored(results: Analysed) -> None:
    rows = result_rows(results)
    assert set(rows) == set(COHORT_SCHEMAS)
    assert all(set(row) == set(COHORT_SCHEMAS[name]) for name, found in rows.items() for row in found)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert set(COHORT_SCHEMAS) < set(SCHEMAS)
    table_files(rows)
    parquet_files(rows)


def test_an_empty_cell_of_the_cohort_says_why_in_its_row(results: Analysed) -> None:
    for row in cohort_table(results.cohort):
        empty = {name for name in COHORT_SCHEMAS["cohort"] if row[name] is None}
        assert {one.split()[0] for one in row["reason_missing"]} == empty
        assert "tmtv UNREVIEWED" in row["flags"]


def test_curves_are_told_as_they_are(results: Analysed) -> None:
    rows = result_rows(results)["survival"]
    whole, grouped, none = results.survival
    found = {(row["group_by"], row["group"], row["statistic"], row["day"]): row for row in rows if row["endpoint"] == "OS"}
    assert found["", "all", "survival", 90]["value"] == whole.curves[0].at[0].survival
    assert found["", "all", "survival", 90]["at_risk"] == whole.curves[0].at[0].at_risk
    assert found["", "all", "median", None]["value"] == whole.curves[0].median.days
    assert found["", "", "median follow-up", None]["unit"] == "d"
    assert grouped.log_rank is not None
    assert found["bridging", "", "log-rank", None]["p"] == grouped.log_rank.p
    assert {(row["group"], row["patients"]) for row in rows if row["group_by"] == "bridging" and row["statistic"] == "median"} == {
        (one.group, one.patients) for one in grouped.curves
    }
    assert none.curves == ()
    (row,) = [row for row in rows if row["endpoint"] == "NRM" and row["statistic"] == "survival"]
    assert (row["value"], row["reason_missing"]) == (None, "COMPETING_EVENTS")


def test_incidences_are_told_with_their_cause(results: Analysed) -> None:
    rows = [row for row in result_rows(results)["survival"] if row["endpoint"] == "NRM"]
    first = results.competing[0].groups[0]
    told = next(row for row in rows if row["group"] == "all" and row["day"] == 90)
    assert (told["statistic"], told["value"], told["cause"]) == ("cumulative incidence", first.at[0].incidence, "NRM")
    assert {row["cause"] for row in rows if row["statistic"] == "Gray"} == {"NRM", results.competing[1].competing}


def test_an_open_limit_is_no_number(results: Analysed) -> None:
    opened = replace(results.effects[0], high=float("inf"), flags=("B", "A"))
    (row,) = result_rows(replace(results, effects=(opened,)))["cox"]
    assert (row["high"], row["flags"], row["ratio"]) == (None, ["B", "A"], opened.ratio)


def test_the_codebook_says_what_each_column_is_to_the_analysis() -> None:
    columns = {one["name"]: one for one in codebook("cohort")["columns"]}
    assert (columns["tmtv"]["role"], columns["tmtv"]["doubling"]) == ("marker", True)
    assert columns["ann_arbor_stage"]["levels"] == ["I", "II", "III", "IV"]
    assert "role" not in columns["flags"]


def test_a_mean_without_an_error_has_no_limits(results: Analysed) -> None:
    one = results.survival[0]
    certain = replace(one, curves=(replace(one.curves[0], rmst=Estimate(365.0, 0.0, 365.0, 365.0)),))
    rows = result_rows(replace(results, survival=(certain,), competing=()))["survival"]
    (mean,) = (row for row in rows if row["statistic"] == "restricted mean")
    assert (mean["value"], mean["low"], mean["high"], mean["reason_missing"]) == (365.0, None, None, "")
