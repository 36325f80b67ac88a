"""Contract: pre-specified cut-offs first; what was searched for is called exploratory and has both P."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Table, Words
from carpet.run.cohort.content_cuts import cut_points
from carpet.run.cohort.content_input import Analysed


def test_fixed_before_found(analysed: Analysed) -> None:
    fixed, words, found = cut_points(analysed).blocks
    assert isinstance(fixed, Table)
    assert isinstance(words, Words)
    assert isinstance(found, Table)
    assert words.tone == "exploratory"
    assert words.text.startswith("Exploratory.")
    heads = [head for head, _ in found.columns]
    assert heads.index("P corrected") == heads.index("P naive") + 1
    rows = [row for row in found.rows if not row.heading]
    assert {row.cells[1] for row in rows} == {"maximal log-rank", "Youden"}
    assert "delineation" in fixed.rows[1].cells[2]  # refused: the cut-off is of another one


def test_only_searched(analysed: Analysed) -> None:
    searched = tuple(one for one in analysed.cuts if one.label == "exploratory")
    first = cut_points(replace(analysed, cuts=searched)).blocks[0]
    assert isinstance(first, Words)
    assert first.text.startswith("No published cut-off")
    assert cut_points(replace(analysed, cuts=())).empty
