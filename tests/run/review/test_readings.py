"""Contract: what a reader says of the whole scan is a row of readings.csv; the last word counts, and silence is no row."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from carpet.core.protocol import ReviewProtocol
from carpet.review.cases import Case
from carpet.review.edits import Caliper, Comment, CtSeen, Deauville, NewLesions, Numbered
from carpet.run.review.readings import calipers_of, reading_row

from .conftest import Opened


def test_the_last_word_counts(single: Opened) -> None:
    patient, case = single.room.patients["A"].course.patient, single.room.history.case("A/M1")
    edits = (Deauville(score="4"), NewLesions(present=False), Deauville(score="2"), Comment(text="seen"))
    row = reading_row(patient, case, "Rea", tuple(Numbered(n, edit) for n, edit in enumerate(edits, start=1)))
    assert row is not None
    assert (row.patient_id, row.date, row.reader, row.deauville, row.new_lesions) == ("A", dt.date(2024, 3, 30), "Rea", "2", False)
    assert reading_row(patient, case, "Rea", (Numbered(1, Comment(text="seen")),)) is None
    assert reading_row(replace(patient, infusion_date=None), case, "Rea", (Numbered(1, edits[0]),)) is None


def test_the_last_word_on_each_lesion_counts() -> None:
    case = Case("A/TT", "A", "TT", -3, ReviewProtocol())
    ends = {"ldi_lps_mm": ((0.0, 0.0, 0.0), (30.0, 0.0, 0.0)), "sdi_lps_mm": ((15.0, -10.0, 0.0), (15.0, 10.0, 0.0))}
    first, again = Caliper(lesion="L01", **ends), Caliper(lesion="L01", seen="new", **ends)  # type: ignore[arg-type]
    gone = CtSeen(name="n2", counts_as="extranodal", seen="absent")
    found = calipers_of(case, "Rea", (Numbered(1, first), Numbered(2, gone), Numbered(3, again)))
    assert [(one.lesion, one.name, one.seen, one.ldi_mm, one.sdi_mm) for one in found] == [
        (None, "n2", "absent", None, None),
        ("L01", "", "new", 30.0, 20.0),
    ]
    assert [one.edit for one in found] == [2, 3]
    assert [one.alone for one in found] == [True, True]
    seeing = replace(case, rules=ReviewProtocol(clinical="shown"))
    assert [one.alone for one in calipers_of(seeing, "Rea", (Numbered(1, first), Numbered(2, gone)))] == [False, False]
    slip = found[0].measured(20.0, 20.04)
    assert (slip.ldi_mm, slip.sdi_mm) == (20.0, 20.0)
