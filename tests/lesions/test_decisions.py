"""Truth: closed form. Tables are written by hand, so what they say is known."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import pytest

from carpet.core.errors import Refused
from carpet.core.lesion import Code, Kind, Status
from carpet.lesions.decisions import Decision, decision_of, read_decisions, stored_decision


@dataclass(frozen=True)
class Named:
    code: Code
    kind: Kind


SPLEEN = Named(Code("78961009", "SCT", "Spleen"), Kind.SPLEEN)


def site_of(word: str) -> Named | None:
    return SPLEEN if word in ("spleen", "78961009") else None


def read(text: str) -> tuple[Decision, ...]:
    return read_decisions(text, "d.csv", site_of=site_of)


PLAIN = (
    "lesion_id,l_mm,p_mm,s_mm,status,site,reader,comment\nL01,,,,physiologic,,RB,bowel\n,12.5,-3,1e2,disease,spleen,RB,\n*,,,,accept,,RB,\n"
)


def test_rows_are_read() -> None:
    first, second, third = read(PLAIN)
    assert first == Decision("d.csv:2", "L01", None, Status.PHYSIOLOGIC, None, None, "RB", "bowel")
    assert (second.lesion_id, second.point_lps_mm, second.status) == (None, (12.5, -3.0, 100.0), Status.DISEASE)
    assert (second.site, second.kind, second.where) == (SPLEEN.code, Kind.SPLEEN, "d.csv:3")
    assert (third.lesion_id, third.status) == ("*", None)


def test_who_adjudicates_says_so() -> None:
    rows = read("lesion_id,status,reader,adjudicates\nL01,disease,RB,Yes\nL02,disease,RB,no\nL03,disease,RB,\n*,accept,RB,no\n")
    assert [one.adjudicates for one in rows] == [True, False, False, False]


def test_a_decision_comes_back_from_the_store() -> None:
    for one in (*read(PLAIN), *read("lesion_id,status,reader,adjudicates\nL01,disease,RB,yes\n")):
        assert stored_decision(json.loads(json.dumps(asdict(one)))) == one


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", ";").replace("12.5", "12,5"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace("status", " Status ").replace("disease", "DISEASE"),
    ],
)
def test_spreadsheets_write_the_same_table_in_many_ways(text: str) -> None:
    assert read(text) == read(PLAIN)


def test_blank_lines_are_passed_over_and_lines_still_count() -> None:
    decisions = read("\n" + PLAIN.replace("\nL01", "\n,,,,,,,\n\nL01"))
    assert [decision.where for decision in decisions] == ["d.csv:5", "d.csv:6", "d.csv:7"]


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", "lesion_id,status,reader\n"])
def test_nothing_is_decided_by_nothing(text: str) -> None:
    assert read(text) == ()


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("lesion_id,status,reader,colour\nL01,disease,RB,red", "d.csv:1:4", "colour"),
        ("lesion_id,status,reader,status\nL01,disease,RB,disease", "d.csv:1:4", "status"),
        ("lesion_id,status\nL01,disease", "d.csv:1", "lesion_id, status"),
        ("lesion_id,reader\nL01,RB", "d.csv:1", "lesion_id, reader"),
        ("l_mm,p_mm,status,reader\n1,2,disease,RB", "d.csv:1", "l_mm, p_mm, status, reader"),
        ("lesion_id,status,reader\nL01,tumour,RB", "d.csv:2:2", "tumour"),
        ("lesion_id,status,reader\nL01,undecided,RB", "d.csv:2:2", "undecided"),
        ("lesion_id,status,reader\nL01,,RB", "d.csv:2:2", ""),
        ("lesion_id,status,reader\nL01,disease,", "d.csv:2:3", ""),
        ("lesion_id,status,reader\n,disease,RB", "d.csv:2:1", ""),
        ("lesion_id,l_mm,p_mm,s_mm,status,reader\nL01,1,2,3,disease,RB", "d.csv:2:1", "L01"),
        ("l_mm,p_mm,s_mm,status,reader\n1,,3,disease,RB", "d.csv:2:2", ""),
        ("l_mm,p_mm,s_mm,status,reader\n1,2,three,disease,RB", "d.csv:2:3", "three"),
        ("l_mm,p_mm,s_mm,status,reader\n1,nan,3,disease,RB", "d.csv:2:2", "nan"),
        ("lesion_id,status,site,reader\nL01,disease,elbow,RB", "d.csv:2:3", "elbow"),
        ("lesion_id,status,reader\n*,disease,RB", "d.csv:2:2", "disease"),
        ("lesion_id,status,reader,adjudicates\nL01,disease,RB,perhaps", "d.csv:2:4", "perhaps"),
        ("lesion_id,status,reader,adjudicates\n*,accept,RB,yes", "d.csv:2:4", "yes"),
        ("lesion_id,status,reader\nL01,disease,RB,extra", "d.csv:2:4", "extra"),
    ],
)
def test_a_faulty_cell_is_refused_and_named(text: str, where: str, found: str) -> None:
    with pytest.raises(Refused) as refused:
        read(text)
    (notice,) = refused.value.notices
    assert (notice.code, notice.where, notice.found) == ("DECISION_MALFORMED", where, found)
    assert notice.allowed
    assert notice.remedy


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(Refused) as refused:
        read("lesion_id,status,reader\nL01,tumour,\nL02,disease,RB\nL03,x,RB")
    assert [notice.where for notice in refused.value.notices] == ["d.csv:2:2", "d.csv:2:3", "d.csv:4:2"]


def test_one_row_by_its_cells() -> None:
    first, second, _ = read(PLAIN)
    cells = ({"lesion_id": "L01", "comment": "bowel"}, {"l_mm": "12.5", "p_mm": "-3.0", "s_mm": "100.0", "site": "spleen"})
    for n, (said, whole) in enumerate(zip(cells, (first, second), strict=True), start=2):
        made = decision_of(said | {"status": str(whole.status), "reader": "RB"}, f"d.csv:{n}", place=str, site_of=site_of)
        assert made == whole
    with pytest.raises(Refused) as refused:
        decision_of({"lesion_id": "*", "site": "elbow", "status": "accept"}, "row 7", place=lambda column: f"7, {column}", site_of=site_of)
    assert [(notice.code, notice.where) for notice in refused.value.notices] == [
        ("DECISION_MALFORMED", "7, reader"),
        ("DECISION_MALFORMED", "7, site"),
    ]
