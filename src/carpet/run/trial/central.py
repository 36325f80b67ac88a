"""Scans that two people have read and signed in the reading room without sight of each other: what each said, and how it was settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from carpet.clinical.readings import Reading
from carpet.run.trial.course import Course

CHANGED = "once a reading had been changed"


@dataclass(frozen=True)
class CentralRead:
    """One such scan, the examination `study_uid`.

    readers: who read it, in the order of the protocol; readings: what each said of the whole scan, where there is a word.
    disagreements: pairs of a trigger (METHODS J) and what differs, in the order of the readers' names. settled_by: the third person; empty
    where readers agree, and while nobody has settled it. stands: whose reading; empty while nobody has settled it.

    first: the disagreements when both had signed for the first time. not_blind: pairs of a reader and what that reader could see, in words,
    before the reading was signed as it stands; () where both were blind.
    """

    patient_id: str
    timepoint: str
    day: int
    study_uid: str
    readers: tuple[str, str]
    readings: tuple[Reading, ...] = ()
    disagreements: tuple[tuple[str, str], ...] = ()
    settled_by: str = ""
    stands: str = ""
    first: tuple[tuple[str, str], ...] = ()
    not_blind: tuple[tuple[str, str], ...] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """Both readers as assessors are called, by their names."""
        one, other = sorted(f"reader {name}" for name in self.readers)
        return one, other

    @property
    def settled(self) -> str:
        """By whom and how it was settled, as the table of adjudications says it; empty where it was not."""
        if not self.settled_by:
            return ""
        how = "in a third read" if self.stands == self.settled_by else f"reader {self.stands} stands"
        return f"adjudicated by reader {self.settled_by}: {how}"

    @property
    def marks(self) -> str:
        """Whose reading was not blind, and how, as the table of adjudications says it; empty where both were."""
        return "; ".join(f"reader {who}: {words}" for who, words in self.not_blind)

    @property
    def found(self) -> tuple[tuple[str, str], ...]:
        """Each trigger that ever held, and what differed: as it was found first, and what became of it once a reading was changed."""
        first, now = dict(self.first), dict(self.disagreements)
        return tuple((trigger, _told(first.get(trigger), now.get(trigger))) for trigger in {**first, **now})


def _told(first: str | None, now: str | None) -> str:
    if first is None or now is None:
        return f"{CHANGED}: {now}" if first is None else f"{first}; {CHANGED}: no longer"
    return first if first == now else f"{first}; {CHANGED}: {now}"


def as_rated(course: Course) -> Course:
    """The course as readers are compared: of a scan of the reading room both blinded readings, whatever stands, and no adjudicator's."""
    reads: Sequence[CentralRead] = course.central
    theirs = {(one.day, name) for one in reads for name in (*one.readers, one.settled_by)}
    kept = (one for one in course.readings if (course.patient.day(one.date), one.reader) not in theirs)
    return replace(course, readings=(*kept, *(row for one in reads for row in one.readings)))
