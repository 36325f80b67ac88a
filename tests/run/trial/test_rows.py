"""Contract: notices of all kinds become rows, and no calendar date passes into a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from carpet.clinical import ClinicalTables
from carpet.core.errors import NoticeKind, Severity
from carpet.core.protocol import ScoreProtocol
from carpet.run.trial.rows import CALENDAR_DATE, trial_rows

E = NoticeKind("BAD", Severity.ERROR, "bad")
W = NoticeKind("ODD", Severity.WARNING, "odd")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2009-05-02, whole body", "(date), whole body"),
        ("at 2009-05-02T11:12:13.5", "at (date)"),
        ("20090502", "(date)"),
        ("1.2.840.20090502.1", "1.2.840.20090502.1"),
        ("2024 slices, 20 %", "2024 slices, 20 %"),
    ],
)
def test_calendar_dates_are_taken_out(text: str, shown: str) -> None:
    assert CALENDAR_DATE.sub("(date)", text) == shown


def test_errors_are_refusals_and_the_rest_are_flags() -> None:
    tables = ClinicalTables(notices=(E.at("patients.csv row 2", "2024-03-31"), W.at("labs.csv")))
    rows = trial_rows((), tables, (("1.2", E.at("x")), ("", W.at("y"))), protocol=ScoreProtocol())
    assert [(row["where"], row["found"], row.get("study_uid")) for row in rows["refusals"]] == [
        ("patients.csv row 2", "(date)", None),
        ("x", "", "1.2"),
    ]
    assert [row["where"] for row in rows["flags"]] == ["labs.csv", "y"]
    assert rows["studies"] == []


def test_a_trial_that_ran_has_rows_in_every_table(ran: Path) -> None:
    counts = {path.stem: len(path.read_text().splitlines()) - 1 for path in (ran / "results" / "tables").glob("*.csv")}
    assert counts.pop("conversions") == 0  # nobody of this trial got better later
    assert counts.pop("toxicity") == 0  # nobody has a row in toxicity.csv
    assert counts.pop("adjudications") == 0  # no two readers read the same scan
    assert min(counts.values()) >= 2
    assert (counts["studies"], counts["refusals"]) == (7, 2)
