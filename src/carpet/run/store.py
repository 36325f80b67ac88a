"""The store of a trial: records are added at its end and never changed, each step whole or not at all, each only once.

A step is one method call about one thing, its chain (the lesions of a study, the responses of a patient). Its key says what it was made
from: where the key is stored, the step need not be computed again. A chain's current records are those of its last step; all
earlier ones stay. Every record carries the digest of the one before, so that a later change is found.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select
from sqlalchemy.engine import Connection, Engine

from carpet.core.errors import Notice, NoticeKind, ProtocolError, Refused, Severity
from carpet.core.record import Provenance
from carpet.run.store_chain import EMPTY, PROVENANCE, STORE_ALTERED, Head, breaks, row_digest
from carpet.run.store_schema import KINDS, RECORD, canonical, digest_of, opened, reading, writing

ID_DIGITS = 32  # hexadecimal digits of a record's id

STEP_DIFFERS = NoticeKind(
    "STEP_DIFFERS",
    Severity.ERROR,
    "the same method with the same parameters and inputs gave other records than those stored",
    "equal records",
    "report a bug; nothing was written",
)


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who writes, as what, when (with a time zone), in which run, and why."""

    run: str
    who: str
    at: dt.datetime
    role: str = "machine"
    reason: str = ""

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise ProtocolError("the time of a record needs a time zone")

    @property
    def created_at(self) -> str:
        return self.at.astimezone(dt.UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is to be kept: kind, which of its kind (`name`), whose, and what it says (`payload`, as JSON allows). parents: record ids."""

    kind: str
    payload: Mapping[str, Any]
    name: str = ""
    patient: str | None = None
    study: str | None = None
    day: int | None = None
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stored(Record):
    """A record of the store: its id, its place, the step that made it, who wrote it when."""

    id: str
    sequence: int
    chain: str
    step: str
    run: str
    who: str
    role: str
    reason: str
    created_at: str
    digest: str


@dataclass(frozen=True)
class Step:
    """One method call about one thing. `provenance.parents`: ids or digests of all its inputs; `records`: what came out, maybe none."""

    chain: str
    provenance: Provenance
    records: tuple[Record, ...] = ()

    def __post_init__(self) -> None:
        wrong = sorted({record.kind for record in self.records} - (KINDS.keys() - {PROVENANCE}))
        if wrong:
            raise ProtocolError(f"no record may be of kind {', '.join(wrong)}; there are: {', '.join(KINDS)}")
        if len(set(self.ids)) < len(self.records):
            raise ProtocolError(f"two records of a step about {self.chain} are the same; name them apart")

    @property
    def key(self) -> str:
        """The step's identity, 64 hexadecimal digits."""
        return digest_of([self.chain, self.provenance.id])

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids that `records` will have; one may be another's parent."""
        return tuple(self.id_of(record) for record in self.records)

    def id_of(self, record: Record) -> str:
        """The id of a record of this step; raises ProtocolError for what JSON cannot hold, as NaN."""
        try:
            return digest_of([self.key, _said(record), dict(record.payload), record.parents])[:ID_DIGITS]
        except (TypeError, ValueError) as error:
            raise ProtocolError(f"{record.kind} {record.name!r} about {self.chain} cannot be stored: {error}") from error


@dataclass(frozen=True, eq=False)
class Store:
    """An open store; one a process, closed by `with`. Any number of processes may read and write the same file."""

    path: Path
    engine: Engine = field(repr=False)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.engine.dispose()

    def done(self, key: str) -> bool:
        """True when this step is the current one of its chain."""
        with reading(self.engine, self.path) as connection:
            chain = _chain_of(connection, key)
            return chain is not None and _current_step(connection, chain) == key

    def reuse(self, step: Step, stamp: Stamp) -> bool:
        """True when the step was written before: its records stand, and are the current ones again if another step had come after."""
        with writing(self.engine, self.path) as connection:
            if _chain_of(connection, step.key) is None:
                return False
            _append(connection, step, (), stamp)
            return True

    def write(self, step: Step, stamp: Stamp) -> None:
        """Keep a step and all its records, on the disk when this returns; a step that is there already is not written again.

        Raises Refused when the stored step has other records, ProtocolError when a parent is unknown, OSError when the disk refuses.
        """
        with writing(self.engine, self.path) as connection:
            if _chain_of(connection, step.key) is None:
                _check_parents(connection, step)
                _append(connection, step, step.records, stamp)
                return
            stored = connection.scalars(select(RECORD.c.id).where(RECORD.c.step == step.key, RECORD.c.kind != PROVENANCE)).all()
            if set(stored) != set(step.ids):
                raise Refused(STEP_DIFFERS.at(step.chain, f"{len(stored)} stored, {len(step.records)} now"))
            _append(connection, step, (), stamp)

    def current(
        self, kind: str, *, patient: str | None = None, study: str | None = None, day: int | None = None, chain: str | None = None
    ) -> tuple[Stored, ...]:
        """The records of one kind that stand now, by patient, study, day, chain and name; () when there is none."""
        heads = (
            select(RECORD.c.chain, func.max(RECORD.c.sequence).label("sequence"))
            .where(RECORD.c.kind == PROVENANCE)
            .group_by(RECORD.c.chain)
            .subquery()
        )
        last = RECORD.alias("last")
        wanted = {"kind": kind, "patient": patient, "study": study, "day": day, "chain": chain}
        query = (
            select(RECORD)
            .join(last, RECORD.c.step == last.c.step)
            .join(heads, last.c.sequence == heads.c.sequence)
            .where(or_(RECORD.c.kind != PROVENANCE, RECORD.c.sequence == last.c.sequence))
            .where(and_(*(RECORD.c[name] == value for name, value in wanted.items() if value is not None)))
        )
        with reading(self.engine, self.path) as connection:
            return tuple(sorted(map(_stored, connection.execute(query)), key=_place))

    def history(self, record_id: str) -> tuple[Stored, ...]:
        """All that was ever kept in its place (same chain, kind and name), oldest first; raises ProtocolError for an unknown id."""
        with reading(self.engine, self.path) as connection:
            one = connection.execute(select(RECORD).where(RECORD.c.id == record_id).limit(1)).first()
            if one is None:
                raise ProtocolError(f"the store has no record {record_id!r}")
            same = and_(*(RECORD.c[name] == getattr(one, name) for name in ("chain", "kind", "name")))
            # the steps of a chain are of one method as a rule, yet a provenance is followed whatever its method is called
            where = and_(RECORD.c.chain == one.chain, RECORD.c.kind == PROVENANCE) if one.kind == PROVENANCE else same
            return tuple(map(_stored, connection.execute(select(RECORD).where(where).order_by(RECORD.c.sequence))))

    def head(self) -> Head:
        """The end of the store now."""
        with reading(self.engine, self.path) as connection:
            return _head(connection)

    def verify(self, noted: Head = EMPTY) -> tuple[Notice, ...]:
        """What is wrong with the store, () when it is as carpet wrote it; `noted`: an end that was written down earlier."""
        with reading(self.engine, self.path) as connection:
            return tuple(STORE_ALTERED.at(where, found) for where, found in breaks(connection, noted))


def open_store(path: Path) -> Store:
    """The store in this file, which is made where there is none; raises Refused for a file that is not ours, damaged or too new."""
    return Store(path, opened(path))


def _chain_of(connection: Connection, key: str) -> str | None:
    return connection.scalar(select(RECORD.c.chain).where(RECORD.c.step == key, RECORD.c.kind == PROVENANCE).limit(1))


def _current_step(connection: Connection, chain: str) -> str | None:
    steps = select(RECORD.c.step).where(RECORD.c.chain == chain, RECORD.c.kind == PROVENANCE)
    return connection.scalar(steps.order_by(RECORD.c.sequence.desc()).limit(1))


def _head(connection: Connection) -> Head:
    last = connection.execute(select(RECORD.c.sequence, RECORD.c.digest).order_by(RECORD.c.sequence.desc()).limit(1)).first()
    return Head(last.sequence, last.digest) if last else EMPTY


def _check_parents(connection: Connection, step: Step) -> None:
    named = {parent for record in step.records for parent in record.parents} - set(step.ids)
    missing = sorted(parent for parent in named if connection.scalar(select(RECORD.c.id).where(RECORD.c.id == parent).limit(1)) is None)
    if missing:
        raise ProtocolError(f"a record about {step.chain} names parents that the store does not have: {', '.join(missing)}")


def _append(connection: Connection, step: Step, records: Sequence[Record], stamp: Stamp) -> None:
    """The provenance, which makes the step its chain's current one, then the records; nothing where it is current already."""
    if _current_step(connection, step.chain) == step.key:
        return
    head = _head(connection)
    rows = []
    for record_id, record in ((step.provenance.id, _provenance(connection, step, records)), *((step.id_of(one), one) for one in records)):
        row = _row(record, record_id, step, stamp) | {"sequence": head.sequence + 1, "previous": head.digest or None}
        head = Head(head.sequence + 1, row_digest(row))
        rows.append(row | {"digest": head.digest})
    connection.execute(insert(RECORD), rows)


def _provenance(connection: Connection, step: Step, records: Sequence[Record]) -> Record:
    """The step itself as a record; it says how many records the step has, so that none can go unnoticed."""
    one = step.provenance
    said = {field.name: getattr(one, field.name) for field in fields(one)} | {"parameters": dict(one.parameters)}
    said["records"] = len(records) or len(_records_of(connection, step.key))
    # what JSON lacks is written as text, as Provenance.id reads it
    return Record(kind=PROVENANCE, name=f"{one.method}@{one.version}", payload=json.loads(json.dumps(said, default=str)))


def _records_of(connection: Connection, key: str) -> Sequence[str]:
    return connection.scalars(select(RECORD.c.id).where(RECORD.c.step == key, RECORD.c.kind != PROVENANCE)).all()


def _said(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in ("kind", "name", "patient", "study", "day")}


def _row(record: Record, record_id: str, step: Step, stamp: Stamp) -> dict[str, Any]:
    said = _said(record) | {"payload": canonical(dict(record.payload)), "parents": canonical(record.parents)}
    said |= {"id": record_id, "chain": step.chain, "step": step.key}
    return said | {name: getattr(stamp, name) for name in ("run", "who", "role", "reason", "created_at")}


def _stored(row: Row[Any]) -> Stored:
    said = {name: value for name, value in row._asdict().items() if name != "previous"}
    return Stored(**said | {"payload": json.loads(said["payload"]), "parents": tuple(json.loads(said["parents"]))})


def _place(stored: Stored) -> tuple[Any, ...]:
    """An order that does not depend on which worker wrote first."""
    day = (stored.day is None, stored.day or 0)
    return (stored.patient or "", day, stored.study or "", stored.chain, stored.name, stored.id)
