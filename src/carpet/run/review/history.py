"""The history of readings: every act in the reading room, added at the end, bound to the one before by a digest, never changed.

What a case is now follows from its acts alone, by `carpet.review.cases.take`. A write says which version it has seen; where that is not the
last, nothing is written and the answer says what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from types import MappingProxyType, TracebackType
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.engine import Connection, Engine

from carpet.cohort.agreement.adjudication import Read, to_adjudicate
from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.review.account_acts import ACCOUNTS, AccountAct, account_act_json, account_act_of
from carpet.review.blinding import require_in_order, with_later_open
from carpet.review.cases import (
    OF_CASE,
    Act,
    Adjudicated,
    Assigned,
    Case,
    CaseState,
    Compared,
    Disagreement,
    Edited,
    Opened,
    Planned,
    Reading,
    Signed,
    Unlocked,
    act_json,
    act_of,
    needs_reason,
    own_reading,
    planned,
    require_part,
    stream_of,
    take,
)
from carpet.review.edits import edit_json, replaced
from carpet.review.notices import CASE_UNKNOWN, REASON_MISSING, SIGNATURE_UNFIT
from carpet.review.roles import Action, Person, Role, require
from carpet.run.review.event_table import COLUMNS, ENDING, EVENT, is_whole, opened, reading, schema_changes, writing
from carpet.run.review.notices import CONFLICT, HISTORY_ALTERED
from carpet.run.store import Stamp
from carpet.run.store_chain import EMPTY, Head
from carpet.run.store_schema import canonical, digest_of

CARPET = Person("carpet", Role.MACHINE)
Cases = Mapping[str, Case]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act as it was kept: where, what, by whom, as what, when and why; and what stood there before."""

    sequence: int
    run: str
    case_id: str
    stream: str
    version: int
    act: str
    old: Any
    new: Mapping[str, Any]
    who: str
    role: str
    reason: str
    created_at: str
    digest: str


class Conflict(Refused):
    """Somebody wrote first (REVIEW_CONFLICT). version: the one there is now; since: the acts of this stream that were not seen."""

    def __init__(self, notice: Notice, version: int, since: tuple[Event, ...]) -> None:
        super().__init__(notice)
        self.version, self.since = version, since


@dataclass(frozen=True, eq=False)
class History:
    """An open history; one a process, for any number of threads, closed by `with`. Any number of processes may use the same one."""

    engine: Engine = field(repr=False)
    _turn: Lock = field(default_factory=Lock, repr=False)
    _known: list[tuple[Head, Cases]] = field(default_factory=lambda: [(EMPTY, MappingProxyType({}))], repr=False)

    def __enter__(self) -> History:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.engine.dispose()

    def append(self, case_id: str, act: Act, stamp: Stamp, *, if_match: int, was: Mapping[str, Any] | None = None) -> Case:
        """Keep one act of the person of the stamp, on the disk when this returns; the case after it.

        if_match: the version of the stream (`stream_of`) that the person has seen, 0 for a new one. was: what stood there before an edit,
        where the machine's result did; else the edit it replaces. A last signature is compared with the other's in the same transaction.
        Raises Conflict, Refused (REVIEW_…), OSError when disk or server refuse; nothing was written then.
        """
        person = _person(stamp)
        with self._in_turn(), writing(self.engine) as connection:
            head, cases = self._caught_up(connection)
            case, stream = cases.get(case_id), stream_of(act, person)
            if case is not None:
                require_part(case, act, person)
            _check_version(connection, case_id, case, stream=stream, if_match=if_match)
            _check_act(act, stamp, case, cases, person)
            after = _after(case_id, cases, act, person)
            rows = [_row(act, stamp, case, after, stream=stream, was=was)]
            if after.state is CaseState.SIGNED:
                found = Compared(disagreements=disagreements(after))
                by_carpet = replace(stamp, who=CARPET.name, role=CARPET.role, reason="")
                signed, after = after, take(after, found, by=CARPET)
                rows.append(_row(found, by_carpet, signed, after, stream=OF_CASE, was=None))
            connection.execute(insert(EVENT), list(_chained(head, rows)))
        return after

    def case_at(self, case_id: str, person: Person, *, if_match: int) -> Case:
        """The case as it is now, the person's own reading of it at just this version: what is computed of it is of that version.

        Raises Conflict, Refused (REVIEW_CASE_UNKNOWN, REVIEW_NOT_YOURS); writes nothing.
        """
        with reading(self.engine) as connection:
            case = self._caught_up(connection)[1].get(case_id)
            if case is None:
                raise Refused(CASE_UNKNOWN.at(case_id))
            own_reading(case, person)
            _check_version(connection, case_id, case, stream=person.name, if_match=if_match)
        return case

    def append_account(self, act: AccountAct, stamp: Stamp, *, was: Mapping[str, Any] | None = None) -> None:
        """Keep a change of an account, on the disk when this returns. Raises Refused (REVIEW_ROLE_FORBIDS), OSError."""
        require(_person(stamp), Action.ACCOUNTS)
        with self._in_turn(), writing(self.engine) as connection:
            head, _ = self._caught_up(connection)
            row = {
                "run": stamp.run,
                "case_id": ACCOUNTS,
                "stream": act.name,
                "version": len(_events(connection, ACCOUNTS, streams=(act.name,))) + 1,
                "act": act.act,
                "old_value": None if was is None else canonical(dict(was)),
                "new_value": canonical(account_act_json(act)),
                "who": stamp.who,
                "role": stamp.role,
                "reason": stamp.reason,
                "created_at": stamp.created_at,
            }
            connection.execute(insert(EVENT), list(_chained(head, [row])))

    def _in_turn(self) -> AbstractContextManager[Any]:
        """Threads of one process queue here rather than at SQLite's lock, which would make them poll."""
        return self._turn if self.engine.dialect.name == "sqlite" else nullcontext()

    def cases(self) -> tuple[Case, ...]:
        """All cases as they are now, by patient, day and name; () where none is planned."""
        with reading(self.engine) as connection:
            found = self._caught_up(connection)[1].values()
        return tuple(sorted(found, key=lambda one: (one.patient, one.day, one.id)))

    def case(self, case_id: str) -> Case:
        """One case as it is now; raises Refused (REVIEW_CASE_UNKNOWN)."""
        with reading(self.engine) as connection:
            found = self._caught_up(connection)[1].get(case_id)
        if found is None:
            raise Refused(CASE_UNKNOWN.at(case_id))
        return found

    def events(self, case_id: str, *, streams: Sequence[str] | None = None) -> tuple[Event, ...]:
        """What was done in a case, oldest first, in all streams or in these (see `blinding.streams_seen`); () for an unknown case."""
        with reading(self.engine) as connection:
            return _events(connection, case_id, streams=streams)

    def head(self) -> Head:
        """The end of the history now: whoever notes it down can show later that no event was lost or changed."""
        with reading(self.engine) as connection:
            last = connection.execute(select(EVENT).order_by(EVENT.c.sequence.desc()).limit(1)).first()
            return Head(last.sequence, last.digest) if last else EMPTY

    def verify(self, noted: Head = EMPTY) -> tuple[Notice, ...]:
        """What is wrong with the history, () when it is as carpet wrote it; `noted`: an end that was written down earlier."""
        with reading(self.engine) as connection:
            return tuple(HISTORY_ALTERED.at(where, found) for where, found in _breaks(connection, noted))

    def _caught_up(self, connection: Connection) -> tuple[Head, Cases]:
        """Where the history ends in this transaction, and the cases there. Only what is new is read, checked and replayed."""
        head, cases = self._known[0]
        now = dict(cases)
        for row in connection.execute(select(EVENT).where(EVENT.c.sequence > head.sequence).order_by(EVENT.c.sequence)):
            broken = _broken(row, head) or _replayed(row, now)
            if broken:
                raise Refused(HISTORY_ALTERED.at(f"event {row.sequence}", broken))
            head = Head(row.sequence, row.digest)
        if head.sequence > self._known[0][0].sequence:
            self._known[0] = (head, MappingProxyType(now))
        return head, now


def open_history(where: Path | str) -> History:
    """The history in this SQLite file or at this URL (postgresql://user@host/database), made where there is none.

    Raises Refused for what is not ours or too new, ProtocolError for a URL that is none, OSError where nobody answers.
    """
    return History(opened(where))


def disagreements(case: Case) -> tuple[Disagreement, ...]:
    """The triggers of METHODS J that hold between the signed readings of a case; () for one reading, or where they agree."""
    said = [(one.who, one.conclusion) for one in case.readings if one.conclusion is not None]
    reads = [
        Read(
            case.patient,
            case.timepoint,
            who,
            category=one.category,
            deauville=one.deauville,
            tmtv_ml=one.tmtv_ml,
            progression_day=one.progression_day,
            no_progression=one.no_progression,
        )
        for who, one in said
    ]
    return tuple(Disagreement(trigger=found.trigger.value, because=found.because) for found in to_adjudicate(reads))


def _person(stamp: Stamp) -> Person:
    try:
        return Person(stamp.who, Role(stamp.role))
    except ValueError as error:
        raise ProtocolError(f"{stamp.role!r} is no role of the reading room") from error


def _check_version(connection: Connection, case_id: str, case: Case | None, *, stream: str, if_match: int) -> None:
    version = case.version_of(stream) if case else 0
    if version == if_match:
        return
    since = _events(connection, case_id, streams=(stream,), after=if_match)
    acts = ", ".join(f"{one.act} by {one.who}" for one in since[-3:])
    raise Conflict(CONFLICT.at(case_id, f"version {if_match} was seen, {version} is there", more=acts), version, since)


def _check_act(act: Act, stamp: Stamp, case: Case | None, cases: Cases, person: Person) -> None:
    """What the case alone does not tell: the order of a patient's scans, and that a signature is of now."""
    if isinstance(act, (Opened, Edited, Signed)) and case is not None:
        require_in_order(case, cases.values(), person)
    said = act.reason if isinstance(act, Unlocked) else stamp.reason
    if case is not None and needs_reason(act, case, person) and not said.strip():
        raise Refused(REASON_MISSING.at(case.id))
    if isinstance(act, (Signed, Adjudicated)) and act.signature.at != stamp.at:
        raise Refused(SIGNATURE_UNFIT.at(case.id if case else "case", "time"))


def _after(case_id: str, cases: Cases, act: Act, person: Person) -> Case:
    case = cases.get(case_id)
    if case is not None:
        return take(case, act, by=person)
    if not isinstance(act, Planned):
        raise Refused(CASE_UNKNOWN.at(case_id))
    made = planned(act, person)
    if made.id != case_id:
        raise ProtocolError(f"a case of {made.id} cannot be called {case_id}")
    return made


def _row(act: Act, stamp: Stamp, before: Case | None, after: Case, *, stream: str, was: Mapping[str, Any] | None) -> dict[str, Any]:
    old = was if was is not None else _stood(act, before, stream)
    return {
        "run": stamp.run,
        "case_id": after.id,
        "stream": stream,
        "version": after.version_of(stream),
        "act": act.act,
        "old_value": None if old is None else canonical(dict(old)),
        "new_value": canonical(act_json(act)),
        "who": stamp.who,
        "role": stamp.role,
        "reason": act.reason if isinstance(act, Unlocked) else stamp.reason,
        "created_at": stamp.created_at,
    }


def _stood(act: Act, before: Case | None, stream: str) -> Mapping[str, Any] | None:
    """What an act takes the place of, as far as the case tells; None where nothing stood there."""
    if before is None:
        return None
    if isinstance(act, Assigned):
        third = before.third.who if before.third else ""
        return {"readers": [one.who for one in before.readings], "adjudicator": third} if before.readings else None
    one = before.reading_of(stream)
    if one is None:
        return {"state": before.state}
    if isinstance(act, Edited):
        earlier = replaced(one.standing, act.edit)
        return None if earlier is None else edit_json(earlier)
    return _reading_stood(one)


def _reading_stood(one: Reading) -> Mapping[str, Any]:
    signature = None if one.signature is None else one.signature.model_dump(mode="json")
    return {"state": one.state} | ({} if signature is None else {"signature": signature})


def _chained(head: Head, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        whole = row | {"sequence": head.sequence + 1, "previous": head.digest}
        head = Head(head.sequence + 1, _digest(whole))
        yield whole | {"digest": head.digest}


def _digest(row: Mapping[str, Any]) -> str:
    return digest_of([row[name] for name in COLUMNS if name != "digest"])


def _events(connection: Connection, case_id: str, *, streams: Sequence[str] | None, after: int = 0) -> tuple[Event, ...]:
    query = select(EVENT).where(EVENT.c.case_id == case_id, EVENT.c.version > after).order_by(EVENT.c.sequence)
    if streams is not None:
        query = query.where(EVENT.c.stream.in_(streams))
    return tuple(map(_event, connection.execute(query)))


def _event(row: Row[Any]) -> Event:
    said = row._asdict()
    del said["previous"]
    old, new = said.pop("old_value"), said.pop("new_value")
    return Event(**said, old=None if old is None else json.loads(old), new=json.loads(new))


def _broken(row: Row[Any], head: Head) -> str:
    """What is wrong with an event that should follow this end; "" for a whole one."""
    if row.sequence != head.sequence + 1:
        return f"follows event {head.sequence}: events are missing"
    if row.previous != head.digest:
        return "does not follow the event before"
    try:
        whole = _digest(row._asdict()) == row.digest
    except (TypeError, ValueError):  # bytes or an infinite number, where carpet writes text
        whole = False
    return "" if whole else "its digest is not that of what it says"


def _replayed(row: Row[Any], cases: dict[str, Case]) -> str:
    """Takes the event into the cases; what is wrong where it cannot have happened."""
    try:
        person = Person(row.who, Role(row.role))
        if row.case_id == ACCOUNTS:
            return _account_broken(row, person)
        act = act_of(json.loads(row.new_value))
        case = _after(row.case_id, cases, act, person)
    except (ValueError, Refused, ProtocolError) as error:
        return f"cannot have happened: {getattr(error, 'codes', ('no act',))[0]}"
    if (row.act, row.stream, row.version) != (act.act, stream_of(act, person), case.version_of(row.stream)):
        return "is not the act that it says"
    cases[row.case_id] = case
    if not isinstance(act, Edited):
        cases.update(with_later_open(cases, case.patient))
    return ""


def _account_broken(row: Row[Any], person: Person) -> str:
    act = account_act_of(json.loads(row.new_value))
    require(person, Action.ACCOUNTS)
    return "" if (row.act, row.stream) == (act.act, act.name) else "is not the act that it says"


def _breaks(connection: Connection, noted: Head) -> Iterator[tuple[str, str]]:
    """Where the history is not as carpet wrote it; after the first event that breaks it the rest cannot be told."""
    if not is_whole(connection):
        yield "file", "SQLite's integrity check fails"
        return
    yield from schema_changes(connection)
    head, cases = EMPTY, dict[str, Case]()
    for row in connection.execute(select(EVENT).order_by(EVENT.c.sequence)):
        broken = _broken(row, head) or _replayed(row, cases)
        if not broken and row.sequence == noted.sequence and row.digest != noted.digest:
            broken = "not the event that was noted"
        if broken:
            yield f"event {row.sequence}", broken
            return
        head = Head(row.sequence, row.digest)
    yield from _end_breaks(connection, head, noted)


def _end_breaks(connection: Connection, head: Head, noted: Head) -> Iterator[tuple[str, str]]:
    ends = [(row.sequence, row.digest) for row in connection.execute(select(ENDING))]
    if ends != [(head.sequence, head.digest)]:
        yield "end of the history", f"{head.sequence} events are left of {ends[0][0] if ends else 'an unknown number'}"
    if head.sequence < noted.sequence:
        yield "end of the history", f"{head.sequence} events are left of {noted.sequence}"
