"""Contract: each statistic with its interval or its reason; cases for a third person are listed."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Table
from carpet.run.cohort.content_agreement import agreement
from carpet.run.cohort.content_input import Analysed

ROW = {"item": "deauville", "timepoint": "", "raters": "reader A; reader B", "n": 12, "left_out": 0, "reason_missing": ""}


def test_statistics_and_cases(analysed: Analysed) -> None:
    said = [
        ROW | {"statistic": "percent_agreement", "value": 75.0, "low": None, "high": None},
        ROW | {"statistic": "ac1", "value": 0.61, "low": -0.05, "high": 0.9},
        ROW | {"statistic": "kappa", "value": None, "low": None, "high": None, "reason_missing": "TOO_FEW_CASES"},
        ROW | {"timepoint": "M1", "statistic": "ac1", "value": 0.1, "low": 0.0, "high": 0.2},
    ]
    case = {
        "patient_id": "P01",
        "timepoint": "M1",
        "day": 30,
        "readers": "reader A; reader B",
        "trigger": "CATEGORY_DIFFERS",
        "because": "CR and PR",
        "not_blind": "",
    }
    _, table, cases = agreement(replace(analysed, rows={**analysed.rows, "agreement": said, "adjudications": [case]})).blocks
    assert isinstance(table, Table)
    assert table.rows[0].cells == ("Deauville score: reader A and reader B",)
    assert [row.cells[1] for row in table.rows[1:]] == ["75", "0.61 (−0.05 to 0.90)", "– too few cases"]
    assert isinstance(cases, Table)
    assert cases.rows[0].cells == ("P01", "M1", "reader A and reader B", "CR and PR")


def test_what_was_not_read_blinded_is_told(analysed: Analysed) -> None:
    nothing = {"value": None, "low": None, "high": None, "n": 0, "left_out": 2, "reason_missing": "READING_NOT_BLIND"}
    said = [ROW | {"statistic": "ac1", "value": 0.6, "low": None, "high": None, "left_out": 3}]
    said += [ROW | {"item": "tmtv", "statistic": "icc"} | nothing]
    case = {"patient_id": "P01", "timepoint": "M1", "day": 30, "readers": "reader A; reader B", "trigger": "CATEGORY_DIFFERS"}
    case |= {"because": "CR and PR", "not_blind": "reader B: after sight of the other reading"}
    _, table, cases = agreement(replace(analysed, rows={**analysed.rows, "agreement": said, "adjudications": [case]})).blocks
    assert isinstance(table, Table)
    assert table.rows[0].cells == ("Deauville score: reader A and reader B (without 3 that were not read blinded)",)
    assert table.rows[-1].cells[1] == "– no scan that both read blinded"
    assert isinstance(cases, Table)
    assert cases.rows[0].cells[-1] == "CR and PR (reader B: after sight of the other reading)"
    none = agreement(replace(analysed, rows={**analysed.rows, "agreement": said[1:]}))
    assert none.empty == "Readers cannot be compared: no scan that both read blinded."


def test_a_volume_of_0_has_no_ratio(analysed: Analysed) -> None:
    said = [
        ROW | {"item": "tmtv", "statistic": "icc", "value": 0.9, "low": 0.8, "high": 0.95},
        ROW | {"item": "tmtv", "statistic": "bias_ratio", "value": None, "low": None, "high": None, "reason_missing": "NOT_POSITIVE"},
    ]
    _, table = agreement(replace(analysed, rows={**analysed.rows, "agreement": said})).blocks
    assert isinstance(table, Table)
    assert [row.cells[1] for row in table.rows[1:]] == ["0.90 (0.80 to 0.95)", "– one of the values is 0, so there are no ratios"]


def test_one_reader(analysed: Analysed) -> None:
    assert agreement(analysed).empty == "Readers cannot be compared: no scan was read by two readers."
