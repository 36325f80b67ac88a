"""The states of a case in the reading room, and the acts that lead from one to the next: pure, so that a history can be replayed.

A case is one scan of one patient. Its readers read apart; signing locks a reading, unlocking voids the signature and what rests on it.
Two signed readings are compared; where they differ an adjudicator who is neither reader settles the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from carpet.core.errors import Refused
from carpet.core.protocol import ReviewProtocol
from carpet.review import notices
from carpet.review.edits import AnyEdit, Data, Edit, RemoveEdit, Standing, Text, with_edit
from carpet.review.roles import Action, Person, Role, require
from carpet.review.signature import CHOICE, READING, Conclusion, Signature, choice_digest, reading_digest

OF_CASE = ""  # the stream of what concerns the whole case; every other stream is one person's reading
Short = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64)]
StudyUid = Annotated[str, StringConstraints(strict=True, max_length=128)]
RegionsDigest = Annotated[str, StringConstraints(strict=True, max_length=128)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100, pattern=r"^[A-Za-z][A-Za-z0-9._-]*$")]


class ReadingState(StrEnum):
    """How far one person's reading is."""

    ASSIGNED = "assigned"
    OPEN = "open"
    EDITED = "edited"
    SIGNED = "signed"
    UNLOCKED = "unlocked"


class CaseState(StrEnum):
    """How far the case is. disputed: signed readings differ, and nobody has settled it."""

    PLANNED = "planned"
    READING = "reading"
    SIGNED = "signed"
    DISPUTED = "disputed"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Voided:
    """A signature that no longer holds: by whom it was unlocked, and why."""

    signature: Signature
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One person's reading. version: how many acts it has seen; made: how many edits were ever made; standing: those that hold.

    shown: its reader may see, or could once see, the other's reading; such a reading stays marked when it is unlocked (after_sight).
    later_open: its reader may open a later scan of the patient, or once could; what is signed after that stays marked (after_later).
    signed_to: the number of the last edit that a signature has covered, also one that was voided since. of: the digest of the regions
    it was begun on; empty before that.
    """

    who: str
    state: ReadingState = ReadingState.ASSIGNED
    version: int = 0
    made: int = 0
    standing: Standing = ()
    conclusion: Conclusion | None = None
    signature: Signature | None = None
    voided: tuple[Voided, ...] = ()
    shown: bool = False
    after_sight: bool = False
    later_open: bool = False
    after_later: bool = False
    signed_to: int = 0
    of: str = ""

    @property
    def begins(self) -> bool:
        """The next change is the first, which says of which regions the reading is."""
        return self.state is not ReadingState.SIGNED and not self.of and not self.standing

    @property
    def not_blind(self) -> tuple[str, ...]:
        """What its reader could see, in words; () for nothing that a blinded reader does not see."""
        sight = ("after sight of the other reading",) if self.after_sight else ()
        return (*sight, "after a later scan of the patient could be opened") if self.after_later else sight


class Disagreement(Data):
    """One trigger of METHODS J that holds between two readings, in words."""

    trigger: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z0-9_]{1,40}$")]
    because: Text


@dataclass(frozen=True, slots=True)
class Case:
    """One scan to be read: the examination `study` (its UID, as the store has it; empty in histories of older versions).

    day: from infusion. rules: as the protocol said when the case was planned.

    third: of the adjudicator, whose third read or choice it holds; None where no adjudicator is named. left_out: its scan lies in the trial
    no more, or stands for no time point; no later scan waits for it. chosen: whose reading stands by adjudication. disagreements: None
    where the readings have not been compared. first_disagreements: what was found when they were compared for the first time, whatever was
    unlocked since; None before that.
    """

    id: str
    patient: str
    timepoint: str
    day: int
    rules: ReviewProtocol
    version: int = 0
    readings: tuple[Reading, ...] = ()
    third: Reading | None = None
    disagreements: tuple[Disagreement, ...] | None = None
    chosen: str | None = None
    study: str = ""
    left_out: bool = False
    first_disagreements: tuple[Disagreement, ...] | None = None

    @property
    def begun(self) -> bool:
        """Somebody has begun to read, or to adjudicate."""
        return any(one.state is not ReadingState.ASSIGNED for one in (*self.readings, *((self.third,) if self.third else ())))

    @property
    def all_signed(self) -> bool:
        """Every reader has signed; False where nobody is named."""
        return bool(self.readings) and all(one.state is ReadingState.SIGNED for one in self.readings)

    @property
    def shared(self) -> bool:
        """Two readers have signed, so that each may see the other's reading."""
        return len(self.readings) > 1 and self.all_signed

    @property
    def state(self) -> CaseState:
        if not self.readings:
            return CaseState.PLANNED
        if not self.all_signed:
            return CaseState.READING
        if self.disagreements is None:
            return CaseState.SIGNED
        return CaseState.DISPUTED if self.disagreements and self.chosen is None else CaseState.SETTLED

    @property
    def stands(self) -> str | None:
        """Whose reading stands: the only reader's, the adjudicated one, the first of two that agree; None before it is settled."""
        if self.state is not CaseState.SETTLED:
            return None
        return self.chosen or self.readings[0].who

    def reading_of(self, name: str) -> Reading | None:
        """The reading of a reader or of the adjudicator; None for anybody else."""
        every = (*self.readings, *((self.third,) if self.third else ()))
        return next((one for one in every if one.who == name), None)

    def version_of(self, stream: str) -> int:
        """How many acts a stream has seen; 0 for a stream without any."""
        if stream == OF_CASE:
            return self.version
        one = self.reading_of(stream)
        return one.version if one else 0


class Planned(Data):
    """A scan becomes a case. again: what its name ends with, where another scan had the case of this time point before."""

    act: Literal["planned"] = "planned"
    patient: Short
    timepoint: Short
    day: Annotated[int, Field(strict=True)]
    rules: ReviewProtocol
    study: StudyUid = ""
    again: Annotated[str, StringConstraints(strict=True, pattern=r"^([0-9a-f]{8})?$")] = ""


class Replanned(Data):
    """The scan has another day or time point now; the protocol asks for other readers, which counts for a case that nobody has begun."""

    act: Literal["replanned"] = "replanned"
    timepoint: Short
    day: Annotated[int, Field(strict=True)]
    rules: ReviewProtocol
    study: StudyUid


class LeftOut(Data):
    """The scan of a case cannot be read for good: it lies in the trial no more, or stands for no time point; or it can be again."""

    act: Literal["left_out"] = "left_out"
    left_out: Annotated[bool, Field(strict=True)]


class Assigned(Data):
    """These people read; this one adjudicates (empty: nobody yet)."""

    act: Literal["assigned"] = "assigned"
    readers: Annotated[tuple[Name, ...], Field(max_length=2)]
    adjudicator: Name | Literal[""] = ""


class Opened(Data):
    """A reader begins, on these regions (digest; empty in histories of older versions)."""

    act: Literal["opened"] = "opened"
    of: RegionsDigest = ""


class Edited(Data):
    """A reader changes the own reading."""

    act: Literal["edited"] = "edited"
    edit: AnyEdit


class StartedAgain(Data):
    """A reader starts the own reading again: what stood no longer stands, and stays in the history."""

    act: Literal["started_again"] = "started_again"


class Signed(Data):
    """A reader signs the own reading, which locks it."""

    act: Literal["signed"] = "signed"
    signature: Signature
    conclusion: Conclusion


class Compared(Data):
    """Carpet has compared the signed readings; none: they agree, or there is one only."""

    act: Literal["compared"] = "compared"
    disagreements: tuple[Disagreement, ...]


class Unlocked(Data):
    """A signed reading, or an adjudication, is opened again."""

    act: Literal["unlocked"] = "unlocked"
    whose: Name
    reason: Text


class Adjudicated(Data):
    """The adjudicator says whose reading stands."""

    act: Literal["adjudicated"] = "adjudicated"
    choice: Name
    signature: Signature


Act = Planned | Replanned | LeftOut | Assigned | Opened | Edited | StartedAgain | Signed | Compared | Unlocked | Adjudicated
_ACT: TypeAdapter[Act] = TypeAdapter(Annotated[Act, Field(discriminator="act")])
RIGHT: Mapping[type[Any], Action] = {
    Planned: Action.PLAN,
    Replanned: Action.PLAN,
    LeftOut: Action.PLAN,
    Assigned: Action.ASSIGN,
    Opened: Action.OPEN,
    Edited: Action.EDIT,
    StartedAgain: Action.EDIT,
    Signed: Action.SIGN,
    Compared: Action.COMPARE,
    Unlocked: Action.UNLOCK,
    Adjudicated: Action.ADJUDICATE,
}


def act_json(act: Act) -> dict[str, Any]:
    """The act as JSON has it."""
    return act.model_dump(mode="json")


def act_of(value: object) -> Act:
    """The act that stored JSON says; raises pydantic's ValidationError (a ValueError) for what is none."""
    return _ACT.validate_python(value)


def case_id(patient: str, timepoint: str, again: str = "") -> str:
    """The name of a case: patient/time point, as it was planned; with `~` and what tells it apart where that name is taken."""
    return f"{patient}/{timepoint}{'~' if again else ''}{again}"


def needs_reason(act: Act, case: Case, by: Person) -> bool:
    """Whether the act has to say why: a signature is voided, or what was signed once is taken back."""
    if isinstance(act, (Unlocked, StartedAgain)):
        return True
    own = case.reading_of(by.name)
    return isinstance(act, Edited) and isinstance(act.edit, RemoveEdit) and own is not None and act.edit.edit <= own.signed_to


def stream_of(act: Act, by: Person) -> str:
    """Whose version the act raises: the case's, or one reading's."""
    if isinstance(act, (Planned, Replanned, LeftOut, Assigned, Compared)):
        return OF_CASE
    return act.whose if isinstance(act, Unlocked) else by.name


def planned(act: Planned, by: Person) -> Case:
    """The new case of a scan; raises Refused (REVIEW_ROLE_FORBIDS)."""
    require(by, Action.PLAN)
    name = case_id(act.patient, act.timepoint, act.again)
    return Case(name, act.patient, act.timepoint, act.day, act.rules, version=1, study=act.study)


def take(case: Case, act: Act, *, by: Person) -> Case:
    """The case after this person's act; raises Refused with a REVIEW_… notice where it may not be, and nothing has changed."""
    require(by, RIGHT[type(act)])
    match act:
        case Planned():
            raise Refused(notices.CASE_EXISTS.at(case.id))
        case Replanned():
            return _replanned(case, act)
        case LeftOut():
            return replace(case, version=case.version + 1, left_out=act.left_out)
        case Assigned():
            return _assigned(case, act)
        case Compared():
            return _compared(case, act)
        case Unlocked():
            return _unlocked(case, act, by)
        case Adjudicated():
            return _adjudicated(case, act, by)
        case _:
            return _read(case, act, by)


def _replanned(case: Case, act: Replanned) -> Case:
    """Who has begun goes on with the same scan by the same rules; only its day and time point may be corrected then."""
    if case.begun and (act.rules != case.rules or (case.study and act.study != case.study)):
        raise Refused(notices.STEP_UNFIT.at(case.id, "plan a case anew that somebody has begun"))
    if act.rules.readers != case.rules.readers:
        case = replace(case, readings=(), third=None)
    return replace(case, version=case.version + 1, timepoint=act.timepoint, day=act.day, rules=act.rules, study=act.study)


def _assigned(case: Case, act: Assigned) -> Case:
    people = (*act.readers, *((act.adjudicator,) if act.adjudicator else ()))
    if len(act.readers) != case.rules.readers or len(set(people)) < len(people):
        raise Refused(notices.ASSIGNMENT_UNFIT.at(case.id, ", ".join(people) or "nobody", more=f"{case.rules.readers} readers"))
    if act.adjudicator and case.rules.readers == 1:
        raise Refused(notices.ASSIGNMENT_UNFIT.at(case.id, act.adjudicator, more="one reader needs no adjudicator"))
    begun = [one for one in case.readings if one.state is not ReadingState.ASSIGNED]
    gone = [one.who for n, one in enumerate(case.readings) if one in begun and act.readers[n] != one.who]
    if case.third and case.third.state is not ReadingState.ASSIGNED:
        begun.append(case.third)
        gone += [case.third.who] * (case.third.who != act.adjudicator)
    if gone:
        raise Refused(notices.ASSIGNMENT_UNFIT.at(case.id, ", ".join(gone), more="who has begun stays, in the same place"))
    kept = {one.who: one for one in begun}
    third = kept.get(act.adjudicator, Reading(act.adjudicator)) if act.adjudicator else None
    readings = tuple(kept.get(name, Reading(name)) for name in act.readers)
    return replace(case, version=case.version + 1, readings=readings, third=third)


def _compared(case: Case, act: Compared) -> Case:
    if case.state is not CaseState.SIGNED:
        raise Refused(notices.STEP_UNFIT.at(case.id, f"compare a case that is {case.state}"))
    if act.disagreements and len(case.readings) < 2:
        raise Refused(notices.STEP_UNFIT.at(case.id, "one reading differs from nothing"))
    first = act.disagreements if case.first_disagreements is None else case.first_disagreements
    return replace(case, version=case.version + 1, disagreements=act.disagreements, first_disagreements=first)


def _read(case: Case, act: Opened | Edited | StartedAgain | Signed, by: Person) -> Case:
    """What somebody does with the own reading."""
    mine = own_reading(case, by)
    if mine.state is ReadingState.SIGNED:
        raise Refused(notices.LOCKED.at(case.id, mine.state))
    if mine is case.third:
        _check_third(case)
    if isinstance(act, Opened):
        after = _opened(case, mine, act)
    elif isinstance(act, Edited):
        after = _edited(mine, act.edit)
    elif isinstance(act, StartedAgain):
        after = _started_again(case, mine)
    else:
        after = _signed(case, mine, act, by)
    case = _with(case, replace(after, version=mine.version + 1))
    if case.shared:
        case = replace(case, readings=tuple(replace(one, shown=True) for one in case.readings))
    return replace(case, chosen=by.name) if isinstance(act, Signed) and mine.who == _adjudicator(case) else case


def own_reading(case: Case, by: Person) -> Reading:
    """The reading this person may write: a reader's own, or the adjudicator's third. Raises Refused (REVIEW_NOT_YOURS)."""
    mine = case.reading_of(by.name)
    is_third = mine is not None and mine is case.third
    if mine is None or is_third is not (by.role is Role.ADJUDICATOR):
        raise Refused(notices.NOT_YOURS.at(case.id, by.role))
    return mine


def _check_third(case: Case) -> None:
    if case.state is not CaseState.DISPUTED:
        raise Refused(notices.NO_DISAGREEMENT.at(case.id, case.state))
    if case.rules.adjudication != "third_read":
        raise Refused(notices.OTHER_ADJUDICATION.at(case.id, "a third read"))


def _adjudicator(case: Case) -> str:
    return case.third.who if case.third else ""


def _opened(case: Case, mine: Reading, act: Opened) -> Reading:
    if mine.state is not ReadingState.ASSIGNED and not (act.of and mine.begins):
        raise Refused(notices.STEP_UNFIT.at(case.id, f"open a reading that is {mine.state}"))
    return replace(mine, state=ReadingState.OPEN, of=act.of)


def _started_again(case: Case, mine: Reading) -> Reading:
    """Numbers of edits go on, so that none is given twice."""
    if mine.state is ReadingState.ASSIGNED:
        raise Refused(notices.STEP_UNFIT.at(case.id, "start a reading again that was never begun"))
    return replace(mine, state=ReadingState.OPEN, standing=(), of="")


def _edited(mine: Reading, edit: Edit) -> Reading:
    number = mine.made + 1
    return replace(mine, state=ReadingState.EDITED, made=number, standing=with_edit(mine.standing, edit, number=number))


def _signed(case: Case, mine: Reading, act: Signed, by: Person) -> Reading:
    if mine.state is ReadingState.ASSIGNED:
        raise Refused(notices.STEP_UNFIT.at(case.id, "sign a reading that was never opened"))
    digest = reading_digest(case.id, mine.who, standing=mine.standing, conclusion=act.conclusion)
    _check_signature(case, act.signature, by, digest=digest, meaning=READING)
    of = act.conclusion.of or mine.of
    later = mine.after_later or mine.later_open
    signed = replace(mine, state=ReadingState.SIGNED, signature=act.signature, conclusion=act.conclusion)
    return replace(signed, signed_to=mine.made, of=of, after_later=later)


def _check_signature(case: Case, signature: Signature, by: Person, *, digest: str, meaning: str) -> None:
    faults = {"name": signature.name != by.name, "meaning": signature.meaning != meaning, "digest": signature.digest != digest}
    if any(faults.values()):
        raise Refused(notices.SIGNATURE_UNFIT.at(case.id, ", ".join(name for name, wrong in faults.items() if wrong)))


def _with(case: Case, after: Reading) -> Case:
    if after.who == _adjudicator(case):
        return replace(case, third=after)
    return replace(case, readings=tuple(after if one.who == after.who else one for one in case.readings))


def _unlocked(case: Case, act: Unlocked, by: Person) -> Case:
    """A reader's unlocking voids an adjudication as well: it was of other readings."""
    target = case.reading_of(act.whose)
    _check_unlock(case, target, act, by)
    assert target is not None
    opened = _reopened(target, act.reason, by)
    third = case.third
    if third is not None and target is not third and third.state is ReadingState.SIGNED:
        third = _reopened(third, act.reason, by)
    found = case.disagreements if target is case.third else None
    return _with(replace(case, third=third, disagreements=found, chosen=None), replace(opened, version=target.version + 1))


def _check_unlock(case: Case, target: Reading | None, act: Unlocked, by: Person) -> None:
    owns = _may_unlock(case, target, by)
    assert target is not None
    if not act.reason:
        raise Refused(notices.REASON_MISSING.at(case.id))
    if target.state is not ReadingState.SIGNED:
        raise Refused(notices.STEP_UNFIT.at(case.id, f"unlock a reading that is {target.state}"))
    if owns and target.shown:
        raise Refused(notices.UNLOCK_TOO_LATE.at(case.id, case.state))


def _may_unlock(case: Case, target: Reading | None, by: Person) -> bool:
    """Whether it is the own reading; raises Refused where it is neither that nor any of an administrator who has no part in the case."""
    involved = case.reading_of(by.name)
    owns = involved is not None and involved is target and by.role is (Role.ADJUDICATOR if target is case.third else Role.READER)
    if target is None or not (owns or (by.role is Role.ADMINISTRATOR and involved is None)):
        raise Refused(notices.NOT_YOURS.at(case.id, by.role))
    return owns


def require_part(case: Case, act: Act, by: Person) -> None:
    """Raises Refused (REVIEW_ROLE_FORBIDS, REVIEW_NOT_YOURS) where this person may not write what the act writes, now or ever.

    Asked before anything is told of the reading, as that it has gone on.
    """
    require(by, RIGHT[type(act)])
    if isinstance(act, Unlocked):
        _may_unlock(case, case.reading_of(act.whose), by)
    elif isinstance(act, (Opened, Edited, StartedAgain, Signed, Adjudicated)):
        own_reading(case, by)


def _reopened(one: Reading, reason: str, by: Person) -> Reading:
    assert one.signature is not None
    return replace(
        one,
        state=ReadingState.UNLOCKED,
        signature=None,
        conclusion=None,
        voided=(*one.voided, Voided(one.signature, by.name, reason)),
        after_sight=one.after_sight or one.shown,
        after_later=one.after_later or one.later_open,
    )


def choice_of(case: Case, adjudicator: str, choice: str) -> str:
    """The digest that an adjudicator's choice signs: over both readings' own digests."""
    signatures = {one.who: one.signature.digest for one in case.readings if one.signature}
    return choice_digest(case.id, adjudicator, choice=choice, readings=signatures)


def _adjudicated(case: Case, act: Adjudicated, by: Person) -> Case:
    third = own_reading(case, by)
    if case.state is not CaseState.DISPUTED:
        raise Refused(notices.NO_DISAGREEMENT.at(case.id, case.state))
    if case.rules.adjudication != "choose":
        raise Refused(notices.OTHER_ADJUDICATION.at(case.id, "a choice"))
    if act.choice not in {one.who for one in case.readings}:
        raise Refused(notices.STEP_UNFIT.at(case.id, "choose what is no reading of this case"))
    _check_signature(case, act.signature, by, digest=choice_of(case, by.name, act.choice), meaning=CHOICE)
    after = replace(third, state=ReadingState.SIGNED, signature=act.signature, version=third.version + 1)
    return replace(case, third=after, chosen=act.choice)
