"""Truth: closed form, dates counted by hand; what looks like a date and is none stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carpet.core.protocol import Protocol
from carpet.run.trial.scan_page import Heading, heading_of, trial_document

UID = "1.2.826.20240607.1"


def document(text: str, date: str | None = "2024-06-07") -> dict[str, Any]:
    return {
        "study": {"patient": "P-3f2a", "date": date, "study_uid": UID},
        "suv": {"candidates": {"one": text}, "facts": [{"value": text}]},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024-06-07T09:30:00", "day 30, 09:30:00"),
        ("2024-06-06T23:50:00.5+02:00", "day 29, 23:50:00.5"),
        ("20240607093000.000000", "day 30, 093000.000000"),
        ("on 2024-06-08.", "on day 31."),
        ("born 1961-03-02", "born (date)"),
        ("20249931", "20249931"),
        ("2024-02-31", "(date)"),
        (UID, UID),
        ("ab20240607cd", "ab20240607cd"),
        ("123456789 Bq", "123456789 Bq"),
    ],
)
def test_dates_near_the_scan_are_days_and_others_are_hidden(text: str, said: str) -> None:
    told = trial_document(document(text), Heading("P007", 30, "M1"))
    assert (told["suv"]["candidates"]["one"], told["suv"]["facts"][0]["value"]) == (said, said)


def test_days_before_infusion_and_without_one() -> None:
    assert trial_document(document("2024-06-07"), Heading("P007", -3))["suv"]["candidates"]["one"] == "day \u22123"
    assert trial_document(document("2024-06-07"), Heading("P007", None))["suv"]["candidates"]["one"] == "(date)"
    assert trial_document(document("2024-06-07", None), Heading("P007", 30))["suv"]["candidates"]["one"] == "(date)"


def test_the_patient_is_the_trials_and_the_document_stays_as_it_is() -> None:
    given = document("x")
    told = trial_document(given, Heading("P007", 30, "M1"))
    assert (told["study"]["patient"], told["study"]["date"], told["study"]["study_uid"]) == ("P007", None, UID)
    assert {key: told["trial"][key] for key in ("patient", "day", "window")} == {"patient": "P007", "day": 30, "window": "M1"}
    assert given["study"] == {"patient": "P-3f2a", "date": "2024-06-07", "study_uid": UID}


@pytest.mark.parametrize(("day", "window"), [(30, "M1"), (-6, "TT"), (-20, ""), (60, ""), (None, "")])
def test_a_window_is_named_where_only_one_holds_the_day(day: int | None, window: str) -> None:
    assert heading_of("A", day, Protocol()) == Heading("A", day, window)


def test_a_page_is_known_by_its_heading(tmp_path: Path) -> None:
    page, heading = tmp_path / "report.html", Heading("A", 30, "M1")
    assert not heading.stands_on(page)
    page.write_text(f'<meta name="carpet-scan" content="{heading.mark}">')
    assert heading.stands_on(page)
    assert not any(other.stands_on(page) for other in (Heading("A", 31, "M1"), Heading("B", 30, "M1"), Heading("A", 30, "")))
