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


def test_what_rows_share_is_a_note_below(analysed: Analysed) -> None:
    first = replace(analysed.cuts[0], flags=("UNREVIEWED", "FEW_EVENTS"), delineation="max41", reason_missing="", cut=80.0)
    second = replace(first, cut=147.5, flags=("UNREVIEWED",), delineation="")
    (fixed,) = cut_points(replace(analysed, cuts=(first, second))).blocks
    assert isinstance(fixed, Table)
    assert [row.cells[0] for row in fixed.rows[1:]] == ["TMTV > 80 mL [a, b, c]", "TMTV > 147.5 mL [b]"]
    assert fixed.notes[0] == "a: TMTV by max41, the cut-off's own delineation."
    assert [note[:2] for note in fixed.notes] == ["a:", "b:", "c:"]
    assert fixed.rows[1].cells[-1] == first.source


def test_cut_points_stand_in_units_of_the_field_with_four_digits(analysed: Analysed) -> None:
    found = next(one for one in analysed.cuts if one.label == "exploratory")
    shown = []
    for marker, unit, cut in (("age_years", "a", 55.0), ("ferritin_ug_l", "ug/L", 1180.4), ("sdmax", "/m", 0.10347), ("tmtv", "mL", 60.75)):
        table = cut_points(replace(analysed, cuts=(replace(found, marker=marker, unit=unit, cut=cut, flags=()),))).blocks[-1]
        assert isinstance(table, Table)
        shown.append(table.rows[1].cells[2])
    assert shown == ["> 55 years", "> 1180 µg/L", "> 0.1035 m⁻¹", "> 60.75 mL"]
