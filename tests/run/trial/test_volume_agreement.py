"""Truth: closed form on cubes; the pipeline's own `decide` with one reader's rows; the statistics' own functions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from carpet.clinical import Patient
from carpet.cohort.agreement.icc import icc
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Grid, Quantity, Region, Volume
from carpet.lesions.decide import decide
from carpet.lesions.decisions import Decision
from carpet.response.time_points import Schedule
from carpet.run.store import Stored
from carpet.run.trial.agreement import adjudication_rows
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.tables import SCHEMAS
from carpet.run.trial.volume_agreement import ScanRead, called_by, read_scans, suggested_status, volume_agreement_rows

INFUSED = dt.date(2024, 3, 1)
GRID = Grid((20, 20, 40), np.array([[0, 0, 10.0, 0], [0, 10.0, 0, 0], [10.0, 0, 0, 0], [0, 0, 0, 1]]), "1.2")  # voxels of 1 mL


def cube(i: int, size: int = 4) -> Region:
    mask = np.zeros(GRID.shape_kji, dtype=bool)
    mask[5 : 5 + size, 5 : 5 + size, i : i + size] = True
    return Region.of_mask(GRID, mask)


A, B, C, SMALL = cube(1), cube(8, 3), cube(15, 2), cube(25, 1)
SUGGESTED = (
    Lesion("L01", 1, A, Status.DISEASE, "rule DIS-DEFAULT@1", "no organ"),
    Lesion("L02", 2, B, Status.PHYSIOLOGIC, "rule PHY-BOWEL@1", "bowel"),
    Lesion("L03", 3, C, Status.UNDECIDED, "rule UND-MARROW@1", "marrow?"),
)
POINT = (250.0, 50.0, 50.0)


def suv() -> Volume:
    values = np.full(GRID.shape_kji, 0.5, dtype=np.float32)
    for region in (A, B, C, SMALL):
        values[region.box][region.mask] = 8.0
    return Volume(GRID, values, Quantity.SUV_BW)


def row(reader: str, what: str | tuple[float, float, float], word: str, *, comment: str = "", adjudicates: bool = False) -> Decision:
    lesion, point = (what, None) if isinstance(what, str) else (None, what)
    status = None if word == "accept" else Status(word)
    return Decision("d.csv", lesion, point, status, None, None, reader, comment, adjudicates)


def decided(*rows: Decision) -> tuple[Lesion, ...]:
    return decide(SUGGESTED, rows, suv(), threshold=4.0).lesions


READS = {
    "accepts": (row("R", "*", "accept"),),
    "takes back": (row("R", "L01", "physiologic", comment="rule X@1 had said undecided: (so he wrote)"), row("R", "*", "accept")),
    "adds": (row("R", POINT, "disease"), row("R", "L03", "disease")),
    "by a point": (row("R", (90.0, 60.0, 60.0), "disease"),),
    "accepts one": (row("R", "L02", "accept"),),
}
OTHERS = {
    "nothing new": (row("S", "L01", "accept"),),
    "another": (row("S", "L03", "physiologic"),),
    "added": (row("S", POINT, "disease"),),
    "not disease": (row("S", POINT, "physiologic"), row("S", "L02", "physiologic")),
}
THIRD = {"nobody": (), "a third": (row("T", "L01", "physiologic", adjudicates=True), row("T", "L02", "disease", adjudicates=True))}


@pytest.mark.parametrize("third", THIRD)
@pytest.mark.parametrize("pair", [(name, other) for name in READS for other in OTHERS], ids="; ".join)
def test_each_reader_has_what_the_pipeline_gives_to_that_reader_alone(pair: tuple[str, str], third: str) -> None:
    """Also where they contradict each other, and whoever adjudicates."""
    mine, theirs = READS[pair[0]], OTHERS[pair[1]]
    stored = decided(*mine, *theirs, *THIRD[third])
    for rows in (mine, theirs):
        alone = [one.region for one in decided(*rows) if one.status is Status.DISEASE]
        found = called_by(rows, stored, GRID)
        assert [one.region.indices_kji.tolist() for one in found] == [one.indices_kji.tolist() for one in alone]


def test_what_the_rules_had_said_is_found_again() -> None:
    everything = (*READS["takes back"], row("S", "L02", "disease"), row("S", "L03", "disease"), row("S", POINT, "disease"))
    stored = decided(*everything)
    assert [suggested_status(one) for one in stored] == [Status.DISEASE, Status.PHYSIOLOGIC, Status.UNDECIDED, None]
    assert [suggested_status(one) for one in SUGGESTED] == [one.status for one in SUGGESTED]


def read(patient: str, timepoint: str, **disease: tuple[Region, ...]) -> ScanRead:
    return ScanRead(patient, timepoint, GRID, disease)


SCANS = (
    read("P1", "TT", R=(A,), S=(A, B)),  # 64 and 91 mL
    read("P1", "M1", R=(B,), S=(B,)),  # 27 and 27
    read("P2", "TT", R=(A, B, C), S=(A, C)),  # 99 and 72
    read("P3", "TT", R=(A, C), S=(A,)),  # 72 and 64: within 10 mL
)


def test_volumes_and_outlines_in_closed_form() -> None:
    rows = {(one["item"], one["timepoint"], one["statistic"]): one for one in volume_agreement_rows(SCANS)}
    assert all(set(one) == set(SCHEMAS["agreement"]) for one in rows.values())
    assert {one["raters"] for one in rows.values()} == {"reader R; reader S"}
    volumes = np.array([[64.0, 91.0], [27.0, 27.0], [99.0, 72.0], [72.0, 64.0]])
    assert np.array([(scan.volume_ml("R"), scan.volume_ml("S")) for scan in SCANS]) == pytest.approx(volumes)
    assert rows["tmtv", "", "icc"]["value"] == pytest.approx(icc(volumes).value)
    assert (rows["tmtv", "", "within_benchmark"]["value"], rows["tmtv", "TT", "within_benchmark"]["value"]) == (50.0, 100.0 / 3)
    ratio = rows["tmtv", "", "bias_ratio"]
    assert ratio["value"] == pytest.approx(np.exp(np.log(volumes[:, 0] / volumes[:, 1]).mean()))
    assert ratio["low"] < ratio["value"] < ratio["high"]
    assert rows["tmtv", "", "limit_low_ratio"]["value"] < 1.0 < rows["tmtv", "", "limit_high_ratio"]["value"]
    dices = [2 * 64 / 155, 1.0, 2 * 72 / 171, 2 * 64 / 136]
    assert rows["outlines", "", "dice"]["value"] == pytest.approx(np.median(dices))
    assert {type(one[name]) for one in rows.values() for name in ("value", "low", "high")} == {float, type(None)}  # as CSV writes them
    assert rows["outlines", "M1", "hd95"]["value"] == 0.0
    assert rows["outlines", "M1", "nsd"]["value"] == 1.0
    assert rows["outlines", "TT", "hd95"]["value"] > 0.0
    assert (rows["tmtv", "M1", "icc"]["value"], rows["tmtv", "M1", "icc"]["reason_missing"]) == (None, "TOO_FEW_CASES")


def test_without_disease_there_is_an_overlap_but_no_distance_and_no_ratio() -> None:
    scans = (read("P1", "M1", R=(), S=()), read("P2", "M1", R=(A,), S=()))
    rows = {one["statistic"]: one for one in volume_agreement_rows(scans) if one["timepoint"] == ""}
    assert rows["dice"]["value"] == 0.5  # 1 where both see nothing, 0 where one does
    assert (rows["hd95"]["value"], rows["hd95"]["n"], rows["hd95"]["reason_missing"]) == (None, 0, "TOO_FEW_CASES")
    assert rows["bias_ratio"]["reason_missing"] == "NOT_POSITIVE"
    assert rows["within_benchmark"]["value"] == 50.0


def test_only_pairs_who_read_the_same_scans() -> None:
    scans = (read("P1", "TT", R=(A,), S=(A,)), read("P2", "TT", S=(B,), T=(B,)))
    assert {one["raters"] for one in volume_agreement_rows(scans)} == {"reader R; reader S", "reader S; reader T"}
    assert volume_agreement_rows(()) == []


def test_a_scan_that_was_not_read_blinded_is_left_out_and_counted() -> None:
    saw = ScanRead("P4", "TT", GRID, {"R": (A,), "S": ()}, not_blind=frozenset({"S"}))
    plain = [one for one in volume_agreement_rows(SCANS) if not one["timepoint"]]
    assert [one for one in volume_agreement_rows([*SCANS, saw]) if not one["timepoint"]] == [one | {"left_out": 1} for one in plain]
    alone = volume_agreement_rows([saw])
    assert {(one["value"], one["n"], one["left_out"], one["reason_missing"]) for one in alone} == {(None, 0, 1, "READING_NOT_BLIND")}
    assert {one["item"] for one in alone} == {"tmtv", "outlines"}


def test_nothing_is_given_where_the_volume_of_one_scan_is_not_known() -> None:
    scans = [*SCANS, ScanRead("P4", "TT", GRID, {"R": (A,), "S": ()}, frozenset({"R"}))]
    rows = volume_agreement_rows(scans)
    assert {(one["value"], one["reason_missing"]) for one in rows if one["timepoint"] != "M1"} == {(None, "REGION_NOT_DRAWN")}
    assert {one["n"] for one in rows if not one["timepoint"]} == {5}
    assert {one["statistic"] for one in rows if not one["timepoint"]} == {one["statistic"] for one in volume_agreement_rows(SCANS)}


@dataclass(frozen=True)
class OnGrid:
    grid: Grid
    lesions: tuple[Lesion, ...]
    candidate_suv: float = 4.0


def stored(kind: str, **payload: Any) -> Stored:
    written = dict.fromkeys(("chain", "step", "run", "who", "role", "reason", "created_at", "digest"), "")
    return Stored(kind=kind, payload=payload, id="1", sequence=1, **written)


def measured(day: int, *rows: Decision, segmenter: str = "suv4.0") -> Scan:
    flags = tuple(stored("flag", **one.as_dict()) for one in decide(SUGGESTED, rows, suv(), threshold=4.0).flags)
    return Scan(f"1.2.{day}", f"s{day}", day, stored("study", segmenter=segmenter), "step", flags=flags, decisions=rows)


def course_with(**scans: Scan) -> Course:
    schedule = Schedule({name: one.day or 0 for name, one in scans.items()}, "TT", ())
    return Course(Patient(patient_id="P1", infusion_date=INFUSED), tuple(scans.values()), schedule, scans, {})


def read_of(course: Course) -> tuple[ScanRead, ...]:
    return read_scans(course, lambda scan: OnGrid(GRID, decided(*scan.decisions)))


R_READS = (row("R", "*", "accept"), row("R", "L03", "physiologic"))  # 64 mL: L01 is disease by the rules, L02 is not, L03 is open
DISPUTED = {
    "TT": (*R_READS, row("S", "L01", "accept"), row("S", "L02", "disease"), row("S", "L03", "physiologic")),  # 91 mL by S
    "M1": (*R_READS, *(row("S", name, "physiologic") for name in ("L01", "L02", "L03"))),  # 0 mL
    "M3": (*R_READS, row("S", "*", "accept"), row("S", "L03", "disease")),  # 72 mL
}
AGREED = (*R_READS, row("S", "*", "accept"), row("S", "L03", "physiologic"))


def test_scans_on_which_readers_contradict_each_other_have_each_readers_volume() -> None:
    """Three scans: S calls the bowel disease, then nothing, then adds the marrow. ICC(2,1) of 64,91; 64,0; 64,72 by its formula."""
    course = course_with(**{name: measured(day, *rows) for (name, rows), day in zip(DISPUTED.items(), (-3, 29, 91), strict=True)})
    assert [bool(scan.flags) for scan in course.scans] == [True, True, True]
    found = read_of(course)
    volumes = [(one.volume_ml("R"), one.volume_ml("S")) for one in found]
    assert np.array(volumes) == pytest.approx(np.array([(64.0, 91.0), (64.0, 0.0), (64.0, 72.0)]))
    rows = {one["statistic"]: one for one in volume_agreement_rows(found) if one["timepoint"] == "" and one["item"] == "tmtv"}
    # grand mean 355/6; rows 77.5, 32, 68; columns 64, 163/3
    of_rows, of_columns, mean = (77.5, 32.0, 68.0), (64.0, 163 / 3), 355 / 6
    msr = 2 * sum((one - mean) ** 2 for one in of_rows) / 2
    msc = 3 * sum((one - mean) ** 2 for one in of_columns)
    cells = [one for pair in volumes for one in pair]
    mse = (sum((one - mean) ** 2 for one in cells) - 2 * msr - msc) / 2
    assert rows["icc"]["value"] == pytest.approx((msr - mse) / (msr + mse + 2 * (msc - mse) / 3))
    assert rows["within_benchmark"]["value"] == pytest.approx(100 / 3)  # the third alone: 8 mL apart
    cases = adjudication_rows([(course, ())], reads=found)
    assert [(one["timepoint"], one["day"], one["readers"], one["trigger"], one["because"]) for one in cases] == [
        ("M1", 29, "reader R; reader S", "TMTV_DIFFERS", "64.0 and 0.0 mL"),
        ("TT", -3, "reader R; reader S", "TMTV_DIFFERS", "64.0 and 91.0 mL"),
    ]


def test_who_adjudicates_is_no_reader_and_settles_the_case() -> None:
    third = row("T", "L01", "disease", adjudicates=True)
    course = course_with(M1=measured(29, *DISPUTED["M1"], third))
    (found,) = read_of(course)
    assert (sorted(found.disease), found.adjudicated_by) == (["R", "S"], "reader T")
    assert [one["because"] for one in adjudication_rows([(course, ())], reads=[found])] == ["64.0 and 0.0 mL, adjudicated by reader T"]
    other = row("T", "L02", "physiologic", adjudicates=True)  # L01 stays disputed
    assert read_of(course_with(M1=measured(29, *DISPUTED["M1"], other)))[0].adjudicated_by == ""
    assert read_of(course_with(M1=measured(29, *R_READS, third))) == ()  # one reader


@pytest.mark.parametrize(("name", "late"), [("TT", {"S"}), ("M1", {"R"}), ("M3", {"S"}), ("agreed", set())])
def test_disease_that_the_main_delineation_did_not_draw_has_no_volume(name: str, late: set[str]) -> None:
    course = course_with(**{name: measured(29, *{**DISPUTED, "agreed": AGREED}[name], segmenter="max41")})
    (found,) = read_of(course)
    assert found.not_drawn == late
    assert adjudication_rows([(course, ())], reads=[found]) == []


@pytest.mark.parametrize("left", [row("S", "*", "accept"), row("S", "L03", "disease"), row("S", POINT, "disease")])
def test_who_leaves_a_region_open_has_no_volume(left: Decision) -> None:
    """The rules left L03 undecided, which `*` does not confirm; of what another reader added nobody needs to speak."""
    assert read_of(course_with(TT=measured(-3, *R_READS, left))) == ()
    added = row("R", POINT, "disease")
    (found,) = read_of(course_with(TT=measured(-3, *AGREED, added)))
    assert (found.volume_ml("R"), found.volume_ml("S")) == pytest.approx((65.0, 64.0))


def test_no_scan_of_one_reader_and_no_refused_scan() -> None:
    refused = Scan("1.2.3", "s", 91, None, "", decisions=DISPUTED["M1"])
    assert read_of(course_with(TT=measured(-3, *R_READS), M1=measured(29), M3=refused)) == ()
