"""The reading room of one trial: its cases, what each reading says of its scan now, and the one way in which a reading is changed."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from carpet.clinical.readings import Reading as ClinicalReading
from carpet.core.errors import Notice, NotMeasurable, Refused
from carpet.core.lesion import Lesion
from carpet.review.blinding import days_seen, is_due, queue, require_in_order, require_sight, sight, waits_for
from carpet.review.cases import (
    Adjudicated,
    Assigned,
    Case,
    Edited,
    Opened,
    Reading,
    ReadingState,
    Signed,
    StartedAgain,
    Unlocked,
    choice_of,
    take,
)
from carpet.review.edits import Caliper, CtSeen, Deauville, Edit, NewLesions, Numbered, SetSite, SetStatus, Standing, last_said, replaced
from carpet.review.notices import ASSIGNMENT_UNFIT, BLINDED, NOT_YOURS
from carpet.review.roles import Action, Person, Role, require
from carpet.review.signature import Conclusion, reading_digest, signed
from carpet.run.notices import MAIN_SEGMENTER_MISSING
from carpet.run.review.applied import after_edit, is_of, made_by
from carpet.run.review.history import History
from carpet.run.review.numbers import Meter, Numbers
from carpet.run.review.on_ct import check_kinds, check_names, lesions_on_ct
from carpet.run.review.people import People
from carpet.run.review.readings import calipers_of, reading_row
from carpet.run.review.response import Reviewed, as_reviewed, followed_anew, response_rows_of
from carpet.run.review.scan_file import OpenScan
from carpet.run.review.scans import ScanRoom
from carpet.run.review.server_notices import NO_TIME_POINT, READING_OUTDATED, REGION_NAMED, SCAN_GONE, STALE, UNDECIDED_LEFT
from carpet.run.store import Stamp
from carpet.run.trial.course import Course
from carpet.run.trial.folder import Trial
from carpet.run.trial.studies import TrialStudy
from carpet.run.trial.tracks import CourseTracks

PROGRESSION = "PD"  # of Lugano
OPEN_CASES = 8  # whose numbers are kept in memory [P]
Say = Callable[[str], None]
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class PatientScans:
    """A patient's course as the last run has stored it, the examination behind each time point, and the UIDs of all that lie in dicom/."""

    course: Course
    tracks: CourseTracks
    studies: Mapping[str, TrialStudy]
    there: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Seen:
    """A case as one person sees it: whose reading (None: the machine's result), the edits that stand, and the numbers after them."""

    case: Case
    scan: OpenScan
    whose: str | None
    standing: Standing
    numbers: Numbers

    @property
    def reading(self) -> Reading | None:
        return None if self.whose is None else self.case.reading_of(self.whose)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.numbers.surveyed.lesions)

    def id_of(self, one: Numbered) -> str:
        """The name of the region that an edit has made."""
        return made_by(self.scan.surveyed, one)

    @property
    def version(self) -> int:
        return 0 if self.whose is None else self.case.version_of(self.whose)


@dataclass(frozen=True, eq=False)
class Room:
    """An open reading room. now: the clock; run: names this call in the history."""

    trial: Trial
    patients: Mapping[str, PatientScans]
    history: History
    people: People
    scans: ScanRoom
    run: str
    now: Clock
    _meters: OrderedDict[str, tuple[OpenScan, Meter]] = field(default_factory=OrderedDict, repr=False)
    _done: OrderedDict[tuple[str, str], tuple[Standing, Numbers]] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def case(self, name: str) -> Case:
        """The case as it is now; raises Refused (REVIEW_CASE_UNKNOWN), and as `study` does."""
        case = self.history.case(name)
        self.study(case)
        return case

    def study(self, case: Case) -> TrialStudy:
        """The examination of a case; raises Refused where the trial does not have it any more, not measured, or for no time point."""
        patient = self.patients.get(case.patient)
        study = patient.studies.get(case.timepoint) if patient else None
        same = study is not None and case.study in ("", study.study_uid)
        if patient is None or study is None or not same or patient.course.at[case.timepoint].day != case.day:
            raise Refused(_why_not(case, patient))
        return study

    def is_left_out(self, case: Case) -> bool:
        """Whether the scan of a case cannot be read for good, whatever is called: it is gone, or stands for no time point."""
        try:
            self.study(case)
        except Refused as refused:
            return bool({SCAN_GONE.code, NO_TIME_POINT.code} & set(refused.codes))
        return False

    def case_at(self, patient_id: str, timepoint: str | None) -> str | None:
        """The name of the case of the scan that stands for this time point now; None where there is none."""
        study = self.patients[patient_id].studies.get(timepoint) if timepoint else None
        named = (one for one in self.history.cases() if (one.patient, one.timepoint) == (patient_id, timepoint))
        return next((one.id for one in named if study is not None and one.study in ("", study.study_uid)), None)

    def looked_at(self, case: Case, person: Person) -> None:
        """Raises Refused where this person may not see the images of this case now."""
        if sight(case, person).images:
            if case.reading_of(person.name) is not None:
                require_in_order(case, self.history.cases(), person)
            return
        for other in self.history.cases():
            later = other.patient == case.patient and case.day < other.day
            if later and case.day in days_seen(other, (case.day,), person) and not waits_for(other, self.history.cases(), person):
                return
        require_sight(case, person)

    def seen(self, case: Case, person: Person, *, asked: str | None = None) -> Seen:
        """The case with the reading this person sees: the one asked for, the own one, the one that stands; else the machine's result."""
        self.looked_at(case, person)
        readings = sight(case, person).readings
        if asked is not None and asked not in readings:
            raise Refused(BLINDED.at(case.id, "reading"))
        chose = case.third is not None and case.third.who == person.name and case.chosen not in (None, person.name)
        own = person.name if person.name in readings and not chose else None
        whose = asked or own or (case.stands if case.stands in readings else None)
        return self.of(case, whose)

    def of(self, case: Case, whose: str | None) -> Seen:
        """The case with one person's reading, or none. Raises Refused (REVIEW_READING_OUTDATED) for a reading of other regions."""
        reading = case.reading_of(whose) if whose else None
        standing = reading.standing if reading else ()
        scan, _ = self._meter(case)
        _check_regions(case, reading, scan, standing)
        return Seen(case, scan, whose, standing, self.numbers(case, whose or "", standing))

    def base(self, case: Case) -> Numbers:
        """The machine's own result."""
        return self.numbers(case, "", ())

    def numbers(self, case: Case, whose: str, standing: Standing) -> Numbers:
        """The scan after these edits; what went before an edit is taken from memory. Raises Refused where an edit cannot be made."""
        with self._lock:
            before = self._done.get((case.id, whose))
        if before is not None and before[0] == standing:
            return before[1]
        scan, meter = self._meter(case)
        if before is not None and before[0] and before[0] == standing[: len(before[0])]:
            now, rest = before[1].surveyed, standing[len(before[0]) :]
        else:
            now, rest = scan.surveyed, standing
        try:
            for one in rest:
                now = after_edit(scan.surveyed, now, one, reader=whose)
            found = meter.numbers(now, standing)
        except NotMeasurable as error:
            raise Refused(MAIN_SEGMENTER_MISSING.at("[segment] method", error.reason)) from error
        self._remember(case, whose, standing, found)
        return found

    def _remember(self, case: Case, whose: str, standing: Standing, found: Numbers) -> None:
        with self._lock:
            self._done[case.id, whose] = (standing, found)
            self._done.move_to_end((case.id, whose))
            while len(self._done) > OPEN_CASES:
                self._done.popitem(last=False)

    def _meter(self, case: Case) -> tuple[OpenScan, Meter]:
        with self._lock:
            if case.id in self._meters:
                self._meters.move_to_end(case.id)
                return self._meters[case.id]
        scan = self.scans.opened(self.study(case))
        with self._lock:
            self._meters[case.id] = (scan, Meter(scan.surveyed))
            while len(self._meters) > OPEN_CASES:
                self._meters.popitem(last=False)
            return self._meters[case.id]

    def responses(self, seen: Seen) -> list[Mapping[str, Any]]:
        """The rows of all criteria at the case's time point: by the reader where there is a score, and by the numbers. () at baseline."""
        tracks = self.patients[seen.case.patient].tracks
        return response_rows_of(self._course(seen.case), tracks, self._until(seen), self.trial.protocol)

    def followed_anew(self, seen: Seen) -> bool:
        """Whether what is new by the numbers is known only after the next run, which follows the regions that this reading has changed."""
        return followed_anew(self._course(seen.case), self._until(seen))

    def course(self, seen: Seen) -> Course:
        """The patient's course as this reading has it, up to this scan."""
        return as_reviewed(self._course(seen.case), self._until(seen))

    def _course(self, case: Case) -> Course:
        """Without what others have measured on CT, where the protocol hides clinical data from readers."""
        course = self.patients[case.patient].course
        return course if case.rules.clinical == "shown" else replace(course, ct_targets=())

    def on_ct(self, seen: Seen) -> list[dict[str, Any]]:
        """The lesions on this CT and on those before it, as this reading has them."""
        return lesions_on_ct(self.course(seen), self.patients[seen.case.patient].tracks, seen.case.timepoint)

    def _until(self, seen: Seen) -> tuple[Reviewed, ...]:
        here = self._reviewed(seen.case, seen.whose, seen.numbers, seen.standing)
        earlier = (
            self._reviewed(one, seen.whose, found.numbers, found.standing)
            for one in self.history.cases()
            if (found := self._earlier(one, seen)) is not None
        )
        return (*earlier, here)

    def _earlier(self, case: Case, seen: Seen) -> Seen | None:
        """What the same reader has signed of an earlier scan of the patient."""
        reading = case.reading_of(seen.whose) if seen.whose else None
        if reading is None or case.patient != seen.case.patient or case.day >= seen.case.day or reading.state is not ReadingState.SIGNED:
            return None
        if self.case_at(case.patient, case.timepoint) != case.id:  # a scan that stands for no time point counts for no response
            return None
        return self.of(case, seen.whose)

    def _reviewed(self, case: Case, whose: str | None, numbers: Numbers, standing: Standing) -> Reviewed:
        row = None if whose is None else self.reading_row(case, whose, standing)
        return Reviewed(case.timepoint, numbers, row, calipers_of(case, whose or "", standing))

    def reading_row(self, case: Case, whose: str, standing: Standing) -> ClinicalReading | None:
        """What a reader says of the whole scan, as a row of readings.csv; None where that is nothing."""
        return reading_row(self.patients[case.patient].course.patient, case, whose, standing)

    def edit(self, case: Case, edit: Edit, person: Person, *, if_match: int, reason: str = "") -> Seen:
        """The reading after one more edit, kept on the disk when this returns. Raises Conflict, Refused; nothing has changed then."""
        stamp = self.stamp(person, reason)
        require(person, Action.EDIT)
        case = self.history.case_at(case.id, person, if_match=if_match)
        planned = take(self._as_begun(case, person), Edited(edit=edit), by=person)
        self.looked_at(case, person)
        before, after = case.reading_of(person.name), planned.reading_of(person.name)
        assert after is not None
        scan, _ = self._meter(case)
        _check_regions(case, before, scan, after.standing)
        numbers = self.numbers(case, person.name, after.standing)
        _check_named(after.standing, numbers.surveyed.lesions)
        if isinstance(edit, (Caliper, CtSeen)):
            tracks = self.patients[case.patient].tracks
            check_names(after.standing, tracks, self.study(case).study_uid)
            check_kinds(self.course(Seen(planned, scan, person.name, after.standing, numbers)), tracks)
        case, version = self._begun(case, person, stamp, if_match)
        was = self._was(case, edit, before.standing if before else ())
        case = self.history.append(case.id, Edited(edit=edit), stamp, if_match=version, was=was)
        return Seen(case, scan, person.name, after.standing, numbers)

    def _as_begun(self, case: Case, person: Person) -> Case:
        reading = case.reading_of(person.name)
        return case if reading is None or reading.state is not ReadingState.ASSIGNED else take(case, Opened(), by=person)

    def _begun(self, case: Case, person: Person, stamp: Stamp, version: int) -> tuple[Case, int]:
        """A reading begins with its first change, on the regions that there are now."""
        reading = case.reading_of(person.name)
        if reading is None or not reading.begins:
            return case, version
        act = Opened(of=self._meter(case)[0].regions_digest)
        return self.history.append(case.id, act, replace(stamp, reason=""), if_match=version), version + 1

    def _was(self, case: Case, edit: Edit, standing: Standing) -> Mapping[str, Any] | None:
        """What the machine had said, where this is the first to say otherwise."""
        if not isinstance(edit, (SetStatus, SetSite)) or replaced(standing, edit) is not None:
            return None
        known = next((one for one in self.base(case).lesions if one.id == edit.lesion), None)
        if known is None:
            return None
        said: dict[str, Any] = {"lesion": known.id, "decided_by": known.decided_by}
        if isinstance(edit, SetStatus):
            return said | {"status": known.status.value}
        return said | {"site": known.site.meaning if known.site else None, "kind": known.kind.value if known.kind else None}

    def sign(self, case: Case, person: Person, *, if_match: int) -> Case:
        """The reading signed, with what it says now. Raises Conflict, Refused (regions left undecided)."""
        stamp = self.stamp(person)
        require(person, Action.SIGN)
        case = self.history.case_at(case.id, person, if_match=if_match)
        seen = self.of(case, person.name)
        conclusion = self.conclusion(seen)
        digest = reading_digest(case.id, person.name, standing=seen.standing, conclusion=conclusion)
        act = Signed(signature=signed(person.name, digest, at=stamp.at, meaning="reading"), conclusion=conclusion)
        take(self._as_begun(case, person), act, by=person)
        self.looked_at(case, person)
        self._check_decided(seen)
        case, version = self._begun(case, person, stamp, if_match)
        return self.history.append(case.id, act, stamp, if_match=version)

    def _check_decided(self, seen: Seen) -> None:
        left = [one.id for one in seen.numbers.lesions if one.status.value == "undecided"]
        if left:
            raise Refused(UNDECIDED_LEFT.at(seen.case.id, ", ".join(left)))

    def conclusion(self, seen: Seen) -> Conclusion:
        """What the reading says, as far as readers can differ."""
        tmtv = seen.numbers.value("tmtv")
        rows = {(row["criterion"].partition("@")[0], row["assessor"]): row for row in self.responses(seen)}
        called = rows.get(("lugano", f"reader {seen.whose}")) or rows.get(("lugano", "carpet"))
        score = last_said(seen.standing, Deauville)
        category = None if called is None or called["category"] == "NE" else called["category"]
        progressed = [*self._progressed(seen), *([seen.case.day] if category == PROGRESSION else [])]
        return Conclusion(
            category=category,
            deauville=score.score if score else None,
            tmtv_ml=getattr(tmtv, "value", None),
            progression_day=min(progressed, default=None),
            no_progression=category is not None and not progressed,
            of=seen.scan.regions_digest,
        )

    def _progressed(self, seen: Seen) -> Iterator[int]:
        """Days of earlier scans that this reader has called progression; of a scan that was adjudicated, as it stands."""
        for case in self.history.cases():
            if case.patient == seen.case.patient and case.day < seen.case.day:
                one = case.reading_of(case.chosen or seen.whose or "")
                if one is not None and one.conclusion is not None and one.conclusion.category == PROGRESSION:
                    yield case.day

    def unlock(self, case: Case, person: Person, whose: str | None, reason: str, *, if_match: int) -> Case:
        """A signed reading opened again: the own one, or the one that is named. Raises Conflict, Refused."""
        signed_by = [one.who for one in case.readings if one.signature]
        own = person.name if case.reading_of(person.name) else None
        target = whose or own or (signed_by[0] if len(signed_by) == 1 else "")
        if not target:
            raise Refused(NOT_YOURS.at(case.id, "say whose reading"))
        return self.history.append(case.id, Unlocked(whose=target, reason=reason), self.stamp(person, reason), if_match=if_match)

    def choose(self, case: Case, person: Person, choice: str, *, if_match: int, reason: str = "") -> Case:
        """The reading that stands by adjudication. Raises Conflict, Refused."""
        stamp = self.stamp(person, reason)
        signature = signed(person.name, choice_of(case, person.name, choice), at=stamp.at, meaning="choice")
        return self.history.append(case.id, Adjudicated(choice=choice, signature=signature), stamp, if_match=if_match)

    def assign(self, case: Case, person: Person, readers: Sequence[str], adjudicator: str, *, if_match: int, reason: str = "") -> Case:
        """The readers and the adjudicator of a case named, all of them with accounts that fit. Raises Conflict, Refused."""
        needed = [*((name, Role.READER) for name in readers), *(((adjudicator, Role.ADJUDICATOR),) if adjudicator else ())]
        for name, role in needed:
            account = self.people.accounts.get(name)
            if account is None or account.closed or account.role is not role:
                raise Refused(ASSIGNMENT_UNFIT.at(case.id, name, more=f"no open account of a {role}"))
        act = Assigned(readers=tuple(readers), adjudicator=adjudicator)
        return self.history.append(case.id, act, self.stamp(person, reason), if_match=if_match)

    def start_again(self, case: Case, person: Person, reason: str, *, if_match: int) -> Case:
        """The own reading begun anew on the regions that there are now; nothing of what stood stands. Raises Conflict, Refused."""
        return self.history.append(case.id, StartedAgain(), self.stamp(person, reason), if_match=if_match)

    def prepare_next(self, case: Case, person: Person) -> Iterator[Seen]:
        """Opens what this person will want next: the next case that waits, and the baseline of this one. What is refused is told later."""
        first = self.patients[case.patient].course.schedule.baseline
        following = [one for one in queue(self.history.cases(), person) if is_due(one, person) and one.id != case.id][:1]
        baseline = self.case_at(case.patient, first)
        for name in (*(one.id for one in following), *([baseline] if baseline else [])):
            with suppress(Refused, OSError):
                found = self.case(name)
                own = found.reading_of(person.name)
                yield self.of(found, None if own is None or own is found.third else person.name)

    def prepare_all(self, stopped: Callable[[], bool]) -> None:
        """Makes every scan ready once, in the order of the queue, until it is told to stop; each then opens in a moment."""
        for case in sorted(self.history.cases(), key=lambda one: (one.all_signed, one.patient, one.day)):
            if stopped():
                return
            with suppress(Refused, OSError):
                self.scans.prepared(self.study(case))

    def stamp(self, person: Person, reason: str = "") -> Stamp:
        return Stamp(run=self.run, who=person.name, role=person.role.value, at=self.now(), reason=reason)


def _why_not(case: Case, patient: PatientScans | None) -> Notice:
    """Why the scan of a case cannot be read now."""
    if patient is None or (case.study and case.study not in patient.there):
        return SCAN_GONE.at(case.id)
    scan = next((one for one in patient.course.scans if one.study_uid == case.study), None)
    if scan is None or scan.study is None:
        codes = [str(one.payload["code"]) for one in scan.refusals] if scan else []
        kind = READING_OUTDATED if case.all_signed and READING_OUTDATED.code in codes else STALE
        return kind.at(case.id, ", ".join(codes))
    stands = patient.studies.get(case.timepoint)
    return STALE.at(case.id) if stands is not None and case.study in ("", stands.study_uid) else NO_TIME_POINT.at(case.id)


def _check_named(standing: Standing, lesions: Sequence[Lesion]) -> None:
    """Diameters, and the word on new lesions, are of regions: none is lost without a word because its region is."""
    there = {one.id for one in lesions}
    new = last_said(standing, NewLesions)
    named = [*(new.lesions if new else ()), *(one.edit.lesion for one in standing if isinstance(one.edit, Caliper) and one.edit.lesion)]
    gone = [name for name in dict.fromkeys(named) if name not in there]
    if gone:
        raise Refused([REGION_NAMED.at(name, ", ".join(sorted(there))) for name in gone])


def _check_regions(case: Case, reading: Reading | None, scan: OpenScan, standing: Standing) -> None:
    """An edit names regions by their numbers: on other regions it would speak of another place in the body."""
    if reading is not None and (reading.of or reading.standing) and not is_of(reading.of, scan.regions_digest, standing):
        raise Refused(READING_OUTDATED.at(case.id, f"reading by {reading.who}"))
