"""Truth: values converted by hand, and the rule of METHODS and issue 5 (nearest before the time point) by a second, slower reading."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carpet.clinical.labs import LABS, Lab, ldh_ratio, nearest_before, read_labs, worst
from carpet.clinical.patients import Patient

HEAD = "patient_id,date,analyte,value,unit\n"
DAY = dt.date(2020, 3, 1)


def lab(days: int, value: float, *, analyte: str = "crp", patient_id: str = "P1", row: int = 0, bound: str = "") -> Lab:
    return Lab(row=row, patient_id=patient_id, date=DAY + dt.timedelta(days), analyte=analyte, value=value, unit="mg/dL", bound=bound)


def told(*rows: str) -> list[tuple[str, str, str]]:
    return [(notice.code, notice.where, notice.found) for notice in read_labs(HEAD + "\n".join(rows)).notices]


def test_columns_are_those_of_the_interface() -> None:
    assert ",".join(LABS.columns) + "\n" == HEAD
    assert LABS.needed == set(LABS.columns)


def test_values_come_in_one_unit() -> None:
    table = read_labs(HEAD + "P1,2020-03-01,CRP,30,mg/L\nP1,2020-03-02,creatinine,88.42,µmol/L\nP1,2020-03-02,ldh,5,ukat/L\n")
    assert table.notices == ()
    assert [(one.analyte, one.value, one.unit, one.row) for one in table.rows] == [
        ("crp", 3.0, "mg/dL", 2),
        ("creatinine", 1.0, "mg/dL", 3),
        ("ldh", 300.0, "U/L", 4),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("P1,2020-03-01,crp,30,", ("UNIT_MISSING", "labs.csv row 2, column unit", "")),
        ("P1,2020-03-01,crp,30,mg", ("UNIT_UNKNOWN", "labs.csv row 2, column unit", "mg")),
        ("P1,2020-03-01,crpp,30,mg/L", ("ANALYTE_UNKNOWN", "labs.csv row 2, column analyte", "crpp")),
        ("P1,2020-03-01,platelets,150000,10*9/L", ("CELL_OUT_OF_RANGE", "labs.csv row 2, column value", "150000 10*9/L")),
        ("P1,2020-03-01,crp,,mg/L", ("CELL_MISSING", "labs.csv row 2, column value", "")),
        ('P1,2020-03-01,crp,"3,5",mg/L', ("DECIMAL_COMMA", "labs.csv row 2, column value", "3,5")),
        ("P1,2020-03-32,crp,3,mg/L", ("DATE_MALFORMED", "labs.csv row 2, column date", "2020-03-32")),
        ("P1,2020-03-01,crp,pos,mg/L", ("CELL_MALFORMED", "labs.csv row 2, column value", "pos")),
    ],
)
def test_refusals(row: str, expected: tuple[str, str, str]) -> None:
    assert told(row) == [expected]
    assert read_labs(HEAD + row).rows == ()
    assert read_labs(HEAD + row).refused == {"P1"}


def test_flags_leave_the_value() -> None:
    rows = ("P1,2020-03-01,crp,<6,mg/L", "P1,2020-03-01,hb,38,g/L")
    assert told(*rows) == [
        ("LAB_AT_LIMIT", "labs.csv row 2, column value", "<0.6 mg/dL"),
        ("LAB_UNUSUAL", "labs.csv row 3, column value", "3.8 g/dL"),
    ]
    assert told("P1,2020-03-01,hb,4,g/dL", "P1,2020-03-01,crp,600,mg/L", "P2,2020-03-01,hb,22,g/dL") == []
    assert [(one.value, one.bound) for one in read_labs(HEAD + "\n".join(rows)).rows] == [(0.6, "<"), (3.8, "")]


def test_different_values_of_one_day_are_told_equal_ones_are_not() -> None:
    same = "P1,2020-03-01,platelets,80,G/L"
    assert told(same, "P1,2020-03-01,platelets,80000,/uL") == []
    assert told(same, "P2,2020-03-01,platelets,60,G/L", "P1,2020-03-02,platelets,60,G/L") == []
    assert told(same, "P1,2020-03-01,platelets,60,G/L") == [("LABS_SAME_DAY", "labs.csv row 2, column value", "2 values; 60 10*9/L")]


def test_a_table_without_units_is_refused_whole() -> None:
    table = read_labs("patient_id,date,analyte,value\nP1,2020-03-01,crp,3\n")
    assert [(notice.code, notice.where) for notice in table.notices] == [("COLUMN_MISSING", "labs.csv row 1, column unit")]


def test_the_worse_of_two() -> None:
    assert worst([lab(0, 3.0), lab(0, 5.0)]).value == 5.0
    assert worst([lab(0, 3.0, analyte="hb"), lab(0, 5.0, analyte="hb")]).value == 3.0
    assert worst([lab(0, 3.0, bound="<"), lab(0, 3.0)]).bound == ""
    assert worst([lab(0, 3.0, bound=">"), lab(0, 3.0)]).bound == ">"
    assert worst([lab(0, 3.0, analyte="hb", bound="<"), lab(0, 3.0, analyte="hb")]).bound == "<"
    assert worst([lab(0, 3.0, row=7), lab(0, 3.0, row=4)]).row == 4


@given(
    st.lists(st.tuples(st.integers(-10, 3), st.integers(0, 5), st.sampled_from(["crp", "hb"]), st.sampled_from(["P1", "P2"])), max_size=12),
    st.integers(0, 12),
    st.randoms(),
)
def test_nearest_before_looks_back_day_by_day(made: list[tuple[int, int, str, str]], within: int, random: object) -> None:
    labs = [lab(day, value, analyte=name, patient_id=who, row=row) for row, (day, value, name, who) in enumerate(made)]
    found = nearest_before(labs, "hb", patient_id="P1", date=DAY, within_days=within)
    expected = None
    for back in range(within + 1):
        values = [value for day, value, name, who in made if (day, name, who) == (-back, "hb", "P1")]
        if values:
            expected = (-back, min(values))
            break
    assert (None if found is None else ((found.date - DAY).days, found.value)) == expected
    random.shuffle(labs)  # type: ignore[attr-defined]
    assert nearest_before(labs, "hb", patient_id="P1", date=DAY, within_days=within) == found


def test_ldh_over_its_upper_limit() -> None:
    patient = Patient(patient_id="P1", ldh_uln_ratio=9.0)
    labs = [lab(-3, 500.0, analyte="ldh"), lab(-90, 250.0, analyte="ldh_uln"), lab(-1, 125.0, analyte="ldh_uln")]
    assert ldh_ratio(patient, labs, date=DAY, within_days=7) == (2.0, "labs")  # the limit of the day of the LDH or before it
    assert ldh_ratio(patient, labs, date=DAY, within_days=2) == (9.0, "patients")
    assert ldh_ratio(patient, labs[:1], date=DAY, within_days=7) == (9.0, "patients")
    assert ldh_ratio(Patient(patient_id="P1"), labs[:1], date=DAY, within_days=7) is None
    assert ldh_ratio(Patient(patient_id="P2"), labs, date=DAY, within_days=7) is None
