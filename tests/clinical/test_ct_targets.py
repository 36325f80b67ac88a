"""Truth: METHODS D.1 (absent 0 × 0, too small 5 × 5, LDi the longer, a spleen its length) on cases written by hand."""

from __future__ import annotations

import pytest

from carpet.clinical.ct_targets import CT_TARGETS, CtTarget, read_ct_targets

HEAD = "patient_id,date,lesion,kind,ldi_mm,sdi_mm,target,status\n"
ON = "P1,2020-03-01,L1,"


def told(*rows: str) -> list[tuple[str, str, str]]:
    return [(notice.code, notice.where, notice.found) for notice in read_ct_targets(HEAD + "\n".join(rows)).notices]


def lesion(row: str) -> CtTarget:
    (one,) = read_ct_targets(HEAD + row).rows
    return one


def test_columns_are_those_of_the_interface() -> None:
    assert ",".join(CT_TARGETS.columns) + "\n" == HEAD
    assert set(CT_TARGETS.columns) - CT_TARGETS.needed == {"ldi_mm", "sdi_mm"}


@pytest.mark.parametrize(
    ("cells", "mm"),
    [
        ("node,32.5,18,yes,present", (32.5, 18.0)),
        ("node,18,18,yes,new", (18.0, 18.0)),
        ("node,,,yes,absent", (None, None)),
        ("node,0,0,yes,absent", (None, None)),
        ("node,5,5,yes,too_small", (None, None)),
        ("extranodal,,,no,unequivocal_progression", (None, None)),
        ("extranodal,12,,no,present", (12.0, None)),
        ("spleen,145,,no,present", (145.0, None)),
        ("spleen,,,no,absent", (None, None)),
    ],
)
def test_rows_that_hold(cells: str, mm: tuple[float | None, float | None]) -> None:
    assert told(ON + cells) == []
    one = lesion(ON + cells)
    assert (one.ldi_mm, one.sdi_mm) == mm


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("node,18,32.5,yes,present", "longer"),
        ("node,18,,yes,present", "both"),
        ("node,,,yes,new", "both"),
        ("node,,12,no,present", "without ldi_mm"),
        ("node,0,0,yes,present", "absent"),
        ("node,12,0,yes,present", "absent"),
        ("node,12,8,yes,absent", "no other diameter"),
        ("node,4,4,yes,too_small", "no other diameter"),
        ("spleen,145,80,no,present", "length only"),
        ("spleen,,,no,present", "length only"),
    ],
)
def test_diameters_that_cannot_be(cells: str, words: str) -> None:
    table = read_ct_targets(HEAD + ON + cells)
    assert table.rows == ()
    (notice,) = table.notices
    assert (notice.code, notice.where) == ("CT_DIAMETERS", "ct_targets.csv row 2, column ldi_mm")
    assert words in notice.message


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ("node,500,10,yes,present", "ldi_mm"),
        ("node,-1,10,yes,present", "ldi_mm"),
        ("node,20,10,maybe,present", "target"),
        ("liver,20,10,yes,present", "kind"),
        ("node,20,10,yes,gone", "status"),
        ("node,20,10,yes,", "status"),
    ],
)
def test_cells_that_cannot_be(cells: str, column: str) -> None:
    assert [fault[1] for fault in told(ON + cells)] == [f"ct_targets.csv row 2, column {column}"]


def test_one_row_a_lesion_and_date() -> None:
    row = ON + "node,20,10,yes,present"
    assert [fault[0] for fault in told(row, row)] == ["ROW_TWICE"] * 2
    assert told(row, row.replace("L1", "L2"), row.replace("03-01", "06-01"), row.replace("P1", "P2")) == []


def test_a_lesion_keeps_its_kind_and_a_date_has_one_spleen() -> None:
    row = ON + "node,20,10,yes,present"
    assert told(row, row.replace("03-01", "06-01").replace("node", "extranodal")) == [
        ("CT_KIND_VARIES", "ct_targets.csv row 3, column kind", "extranodal, first node")
    ]
    spleen = ON + "spleen,145,,no,present"
    assert told(spleen, spleen.replace("L1", "S")) == [("ROW_TWICE", "ct_targets.csv row 3, column kind", "also row 2")]
