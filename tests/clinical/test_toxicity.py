"""Truth: METHODS F (which scale grades what, 1 to 5; CRES to 4; ICANS 5 is death), the words of EX13, and cases written by hand."""

from __future__ import annotations

import itertools

import pytest

from carpet.clinical.toxicity import ALL_SCALES, ITEMS, SCALES, TOXICITY, Toxicity, read_toxicity

HEAD = "patient_id,onset_date,resolution_date,event,scale,grade\n"


def told(*rows: str) -> list[tuple[str, str, str]]:
    return [(notice.code, notice.where, notice.found) for notice in read_toxicity(HEAD + "\n".join(rows)).notices]


def event(row: str) -> Toxicity:
    (one,) = read_toxicity(HEAD + row).rows
    return one


def test_columns_are_those_of_the_interface_and_the_items() -> None:
    assert ",".join(list(TOXICITY.columns)[:6]) + "\n" == HEAD
    assert set(ITEMS) < set(TOXICITY.columns)
    assert TOXICITY.needed == {"patient_id", "event"}


def test_an_event() -> None:
    one = event("P1,2020-03-03,2020-03-08,CRS,astct2019,2")
    assert (one.event, one.scale, one.grade, one.days) == ("crs", "astct2019", 2, 5)
    assert event("P1,2020-03-03,2020-03-03,crs,astct2019,2").days == 0
    assert event("P1,2020-03-03,,crs,astct2019,2").days is None
    assert event("P1,,,icans,astct2019,0").grade == 0


def test_a_grade_without_its_scale_is_refused() -> None:
    assert told("P1,,,crs,,3") == [("GRADE_WITHOUT_SCALE", "toxicity.csv row 2, column scale", "grade 3")]
    assert read_toxicity(HEAD + "P1,,,crs,,3").rows == ()
    (notice,) = read_toxicity(HEAD + "P1,,,icans,,3").notices
    assert notice.allowed == "icans: astct2019 0 to 5"


HIGHEST = {("crs", scale): 5 for scale in ("astct2019", "lee2014", "penn", "cartox", "mskcc")}
HIGHEST |= {("icans", "astct2019"): 5, ("cres", "cartox"): 4, ("icaht", "eha_ebmt2023"): 4}
OWN = {"icans", "cres", "icaht"}  # not in CTCAE v5, or only as another thing


@pytest.mark.parametrize(("name", "scale"), list(itertools.product(SCALES, ALL_SCALES)))
def test_which_scale_grades_what(name: str, scale: str) -> None:
    of_ctcae = 5 if scale.startswith("ctcae") and name not in OWN else -1
    highest = HIGHEST.get((name, scale), of_ctcae)
    read = [bool(read_toxicity(HEAD + f"P1,,,{name},{scale},{grade}").rows) for grade in range(6)]
    assert read == [grade <= highest for grade in range(6)]
    assert highest == 5 or told(f"P1,,,{name},{scale},5")[0][0] == "SCALE_UNFIT"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("P1,,,crs,astct2019,6", ("CELL_OUT_OF_RANGE", "toxicity.csv row 2, column grade", "6")),
        ("P1,,,crs,astct,2", ("CELL_MALFORMED", "toxicity.csv row 2, column scale", "astct")),
        ("P1,,,icasn,astct2019,2", ("CELL_MALFORMED", "toxicity.csv row 2, column event", "icasn")),
        ("P1,,,cres,cartox,5", ("SCALE_UNFIT", "toxicity.csv row 2, column grade", "cres 5 by cartox")),
        ("P1,,,icans,ctcae5,2", ("SCALE_UNFIT", "toxicity.csv row 2, column scale", "icans by ctcae5")),
        ("P1,,,crs,astct2019,", ("GRADE_MISSING", "toxicity.csv row 2, column grade", "")),
        (
            "P1,2020-03-05,2020-03-03,crs,astct2019,1",
            ("DATE_ORDER", "toxicity.csv row 2, column resolution_date", "2 days before onset_date"),
        ),
    ],
)
def test_refusals(row: str, expected: tuple[str, str, str]) -> None:
    assert told(row) == [expected]
    assert read_toxicity(HEAD + row).rows == ()


def test_items_without_a_grade() -> None:
    text = "patient_id,event,fever,hypotension,hypoxia,ice,consciousness,seizure,motor_weakness,icp_edema\n"
    table = read_toxicity(
        text + "P1,crs,yes,one_pressor_plus_vasopressin,none,,,,,\nP1,icans,,,,4,voice,none,no,focal_edema\nP2,icans,,,,11,,,,\n"
    )
    assert [notice.where for notice in table.notices] == ["toxicity.csv row 4, column ice"]
    crs, icans = table.rows
    assert (crs.fever, crs.hypotension, crs.hypoxia, crs.scale) == (True, "one_pressor_plus_vasopressin", "none", None)
    assert (icans.ice, icans.consciousness, icans.motor_weakness, icans.icp_edema) == (4, "voice", False, "focal_edema")


def test_an_episode_stands_once() -> None:
    crs = "P1,2020-03-03,,crs,astct2019,"
    assert [fault[0] for fault in told(f"{crs}1", f"{crs}2")] == ["ROW_TWICE"] * 2
    assert told(f"{crs}1", "P1,2020-03-03,,crs,lee2014,2", "P1,2020-04-03,,crs,astct2019,1") == []
    assert [fault[0] for fault in told("P1,,,icans,astct2019,1", "P1,,,icans,astct2019,2")] == ["ROW_TWICE"] * 2
    assert told("P1,,,infection,ctcae5,3", "P1,,,infection,ctcae5,2") == []


def test_ice_and_its_parts() -> None:
    head = "patient_id,event,ice,ice_orientation,ice_naming,ice_command,ice_sentence,ice_counting\n"
    (whole,) = read_toxicity(head + "P1,icans,,4,3,1,1,1").rows
    assert whole.ice_score == 10
    (least,) = read_toxicity(head + "P1,icans,,0,0,0,0,0").rows
    assert least.ice_score == 0
    (some,) = read_toxicity(head + "P1,icans,,4,3,,1,1").rows
    assert some.ice_score is None
    (both,) = read_toxicity(head + "P1,icans,8,4,3,1,0,0").rows
    assert both.ice_score == 8
    for row, expected in {
        "P1,icans,9,4,3,1,0,0": ("ICE_CONTRADICTS", "toxicity.csv row 2, column ice", "9; its parts make 8"),
        "P1,icans,,5,3,1,0,0": ("CELL_OUT_OF_RANGE", "toxicity.csv row 2, column ice_orientation", "5"),
        "P1,icans,,4,4,1,0,0": ("CELL_OUT_OF_RANGE", "toxicity.csv row 2, column ice_naming", "4"),
        "P1,icans,,4,3,2,0,0": ("CELL_OUT_OF_RANGE", "toxicity.csv row 2, column ice_command", "2"),
    }.items():
        (notice,) = read_toxicity(head + row).notices
        assert (notice.code, notice.where, notice.found) == expected
