"""Contract: the columns are those of `carpet measure --decisions` after patient and date; cells nobody could mean are refused."""

from __future__ import annotations

import pytest

from carpet.clinical.decisions import DECISIONS, read_decision_rows
from carpet.lesions.decisions import COLUMNS, WORDS

HEAD = "patient_id,date,lesion_id,l_mm,p_mm,s_mm,status,site,reader,adjudicates,comment\n"
ON = "P1,2020-03-30,"


def test_the_columns_are_those_of_one_scan() -> None:
    assert tuple(DECISIONS.columns) == ("patient_id", "date", *COLUMNS)
    assert ",".join(DECISIONS.columns) + "\n" == HEAD
    assert DECISIONS.needed == {"patient_id", "date", "status", "reader"}
    assert DECISIONS.columns["status"].kind.says == ", ".join(WORDS)


def test_rows() -> None:
    rows = ("L04,,,,physiologic,,AB,yes,brown fat", ",-42.5,12,-310,Disease,inguinal,AB,No,", "*,,,,accept,,AB,,")
    table = read_decision_rows(HEAD + "".join(f"{ON}{row}\n" for row in rows))
    assert table.notices == ()
    first, second, third = table.rows
    assert (first.row, first.lesion_id, first.status, first.reader, first.comment) == (2, "L04", "physiologic", "AB", "brown fat")
    assert (second.lesion_id, second.l_mm, second.p_mm, second.s_mm) == (None, -42.5, 12.0, -310.0)
    assert (second.status, second.site) == ("disease", "inguinal")
    assert [one.adjudicates for one in table.rows] == [True, False, None]
    assert (third.lesion_id, third.status) == ("*", "accept")


@pytest.mark.parametrize(
    ("cells", "code", "column", "found"),
    [
        ("L04,,,,tumour,,AB,,", "CELL_MALFORMED", "status", "tumour"),
        ("L04,,,,,,AB,,", "CELL_MISSING", "status", ""),
        ("L04,,,,disease,,,,", "CELL_MISSING", "reader", ""),
        ("Zauberberg,,,,disease,,AB,,", "CELL_MALFORMED", "lesion_id", ""),
        (',"1,5",2,3,disease,,AB,,', "DECIMAL_COMMA", "l_mm", "1,5"),
        ("L04,,,,disease,,AB,perhaps,", "CELL_MALFORMED", "adjudicates", "perhaps"),
        (",1,2,10001,disease,,AB,,", "CELL_OUT_OF_RANGE", "s_mm", "10001"),
    ],
)
def test_what_cannot_be_is_refused(cells: str, code: str, column: str, found: str) -> None:
    table = read_decision_rows(HEAD + ON + cells + "\n")
    assert [(one.code, one.where, one.found) for one in table.notices] == [(code, f"decisions.csv row 2, column {column}", found)]
    assert (table.rows, table.refused) == ((), {"P1"})
