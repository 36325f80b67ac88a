"""What signed readings give to `carpet run`: the reading that stands for each scan, what each reader said of it, and what is not settled.

A case counts once all its readers have signed; before that nothing of it leaves the room, so that no table tells one reader of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from carpet.clinical import ClinicalTables, Patient
from carpet.clinical.readings import Reading as ReadingRow
from carpet.core.errors import Notice
from carpet.review.cases import Case, Reading
from carpet.run.review.applied import Review
from carpet.run.review.kept_at import readings_of
from carpet.run.review.readings import calipers_of, reading_row
from carpet.run.review.server_notices import NO_TIME_POINT, SCAN_GONE
from carpet.run.review.signed import CaseReview
from carpet.run.trial.calipers import CaliperRead
from carpet.run.trial.central import CentralRead
from carpet.run.trial.course import Course
from carpet.run.trial.folder import Trial
from carpet.run.trial.studies import TrialStudy

Of = Mapping[str, Sequence[TrialStudy]]
Days = Mapping[str, Mapping[str, int | None]]  # patient_id → UID of each examination → its day from infusion


@dataclass(frozen=True)
class Signed:
    """The clinical tables with the signed readings, the cases on the days of now, the scans that two have signed, what stands of lesions
    on CT; lost: (study UID, notice) of each signed case that finds no scan."""

    tables: ClinicalTables
    cases: tuple[Case, ...] = ()
    central: tuple[CentralRead, ...] = ()
    calipers: tuple[CaliperRead, ...] = ()
    lost: tuple[tuple[str, Notice], ...] = ()

    def studies(self, of: Of) -> dict[str, list[TrialStudy]]:
        """The studies, each with the readings of it."""
        cases = {(one.patient, one.study): one for one in self.cases}
        return {name: [_reviewed(study, cases.get((name, study.study_uid))) for study in some] for name, some in of.items()}

    def course(self, course: Course) -> Course:
        """The course with what was signed of this patient's scans that stand for a time point now, and a refusal for each other one."""
        who, now = course.patient.patient_id, {scan.study_uid: name for name, scan in course.at.items()}
        central = (replace(one, timepoint=now[one.study_uid]) for one in self.central if one.patient_id == who and one.study_uid in now)
        calipers = (replace(one, timepoint=now[one.study_uid]) for one in self.calipers if one.patient_id == who and one.study_uid in now)
        refusals = (*course.refusals, *_at_no_time_point(course, self.cases))
        return replace(course, central=tuple(central), calipers=tuple(calipers), refusals=refusals)


def days_of(of: Of, patients: Sequence[Patient]) -> Days:
    """The day of every examination."""
    known = {one.patient_id: one for one in patients}
    return {name: {one.study_uid: None if one.date is None else known[name].day(one.date) for one in some} for name, some in of.items()}


def signed_readings(trial: Trial, tables: ClinicalTables, days: Days) -> Signed:
    """Every case that all its readers have signed, and the tables with them; the tables as they are where there is no history of readings.

    A case is of one examination, whatever day that has now; one whose examination is none of the patient's is told in `lost`. Where a
    table has a row of the same patient, day and reader, the signed reading takes its place. Raises Refused where the history that the
    trial names cannot be reached, or was altered: nothing is measured without its readings.
    """
    cases = readings_of(trial.root)
    if cases is None:
        return Signed(tables)
    patients = {one.patient_id: one for one in tables.patients}
    found = [(one, _on_day_now(one, days.get(one.patient, {}))) for one in cases if one.all_signed]
    signed = tuple(now for _, now in found if now is not None)
    lost = tuple((one.study, SCAN_GONE.at(one.id)) for one, now in found if now is None)
    read = [row for one in signed for row in _standing_rows(one, patients[one.patient])]
    said = {(one.patient, row.date, row.reader) for one in signed for row in _rows(one, patients[one.patient], one.readings)}
    said |= {(row.patient_id, row.date, row.reader) for row in read}
    kept = (row for row in tables.readings if (row.patient_id, row.date, row.reader) not in said)
    central = tuple(_central(one, patients[one.patient]) for one in signed if one.shared)
    stands = [(one, reading) for one in signed if one.stands and (reading := one.reading_of(one.stands)) is not None]
    calipers = tuple(row for one, reading in stands for row in calipers_of(one, reading.who, reading.standing))
    return Signed(replace(tables, readings=(*kept, *read)), signed, central, calipers, lost)


def _on_day_now(case: Case, days: Mapping[str, int | None]) -> Case | None:
    """The case with its examination and the day that has now; None where there is none. A case of an older version has a day only."""
    uid = case.study or next((uid for uid, day in days.items() if day == case.day), "")
    if uid not in days:
        return None
    day = days[uid]
    return replace(case, study=uid, day=case.day if day is None else day)


def _at_no_time_point(course: Course, cases: Sequence[Case]) -> Iterator[Notice]:
    """One for each signed scan that was measured and that no time point has. Of a patient without infusion that is told elsewhere."""
    at = {scan.study_uid for scan in course.at.values()}
    others = {scan.study_uid for scan in course.scans if scan.study is not None} - at
    for one in cases if course.patient.infusion_date is not None else ():
        if one.patient == course.patient.patient_id and one.study in others:
            yield NO_TIME_POINT.at(one.id, f"day {one.day}")


def _reviewed(study: TrialStudy, case: Case | None) -> TrialStudy:
    return study if case is None else replace(study, asked=replace(study.asked, review=review_of(case)))


def review_of(case: Case) -> CaseReview:
    """A case that all its readers have signed, as a measurement takes it."""
    third = case.third if case.third is not None and case.third.conclusion is not None and case.stands == case.third.who else None
    because = "; ".join(one.because for one in case.disagreements or ())
    return CaseReview(
        tuple(map(_signed, case.readings)),
        case.stands or "",
        None if third is None else _signed(third),
        case.third.who if case.third is not None and case.chosen else "",
        because,
        tuple(f"reader {one.who}: {words}" for one in case.readings for words in one.not_blind),
    )


def _signed(reading: Reading) -> Review:
    assert reading.conclusion is not None
    return Review(reading.who, reading.standing, reading.conclusion.of)


def _standing_rows(case: Case, patient: Patient) -> Iterator[ReadingRow]:
    """By adjudication the one reading that stands; else what each reader said, also where that is not settled."""
    chosen = case.reading_of(case.chosen) if case.chosen else None
    yield from _rows(case, patient, case.readings if chosen is None else (chosen,))


def _rows(case: Case, patient: Patient, readings: Sequence[Reading]) -> Iterator[ReadingRow]:
    for reading in readings:
        row = reading_row(patient, case, reading.who, reading.standing)
        if row is not None:
            yield row


def _central(case: Case, patient: Patient) -> CentralRead:
    one, other = case.readings
    return CentralRead(
        case.patient,
        case.timepoint,
        case.day,
        case.study,
        (one.who, other.who),
        tuple(_rows(case, patient, case.readings)),
        tuple((found.trigger, found.because) for found in case.disagreements or ()),
        case.third.who if case.third is not None and case.chosen else "",
        case.stands or "",
        tuple((found.trigger, found.because) for found in case.first_disagreements or ()),
        tuple((one.who, words) for one in case.readings for words in one.not_blind),
    )
