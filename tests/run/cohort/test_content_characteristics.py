"""Truth: counts and quantiles of the fixture by hand."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Table, Words
from carpet.run.cohort.content_characteristics import characteristics, missing_values
from carpet.run.cohort.content_checklists import HANDLED
from carpet.run.cohort.content_input import Analysed


def _table(analysed: Analysed) -> Table:
    (table,) = characteristics(analysed).blocks
    assert isinstance(table, Table)
    return table


def test_medians_shares_differences_and_missing(analysed: Analysed) -> None:
    table = _table(analysed)
    heads = [head for head, _ in table.columns]
    assert heads == [
        "Characteristic",
        "All (n = 48)",
        *(f"Two-factor group {n} (n = {m})" for n, m in enumerate((15, 16, 15))),
        "Difference",
        "Missing",
    ]
    of = {row.cells[0]: row.cells for row in table.rows}
    assert of["Bridging therapy"][1] == "24 (50%)"
    assert of["A"][1] == "24 (50%)"
    assert of["LDH over upper limit of normal"][-1] == "7"
    assert of["Age, years"][1] == "52 [46–57]"
    assert float(of["TMTV, mL"][-2]) > 1.0
    assert "P values" in table.notes[0]
    assert "Change of TMTV to M1" not in of


def test_without_a_group_there_is_no_difference(analysed: Analysed) -> None:
    cohort = analysed.protocol.cohort.model_copy(update={"groups": ()})
    table = _table(replace(analysed, protocol=analysed.protocol.model_copy(update={"cohort": cohort})))
    assert [head for head, _ in table.columns] == ["Characteristic", "All (n = 48)", "Missing"]


def test_missing_values_have_their_reason(analysed: Analysed) -> None:
    table = missing_values(analysed).blocks[1]
    assert isinstance(table, Table)
    of = {row.cells[0]: row.cells[1:] for row in table.rows}
    assert of["TMTV"] == ("2", "4", "the clinical tables do not say (2)")
    assert of["PFS"][0] == "1"
    assert "PFS_EVENT" not in of


def test_nobody(analysed: Analysed) -> None:
    empty = replace(analysed, cohort=replace(analysed.cohort, rows=()))
    assert characteristics(empty).empty == missing_values(empty).empty == "There is no patient."


def test_missing_values_are_handled_as_the_models_and_the_checklists_say(analysed: Analysed) -> None:
    said = next(one.text for one in missing_values(analysed).blocks if isinstance(one, Words))
    assert "Models alone impute missing values, by chained equations inside every resample" in said
    assert "impute inside every resample" in HANDLED
