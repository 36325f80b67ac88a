"""The key file of a trial's de-identification: the secret, and who is who. Whoever has it can undo what was done."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from carpet.core.errors import ProtocolError
from carpet.dicom.deid.values import HASH_DIGITS, Alias, keyed

SCHEMA = 1
SECRET_BYTES = 32
MOST_DAYS_BACK = 3650
ABOUT = "CARPET de-identification key. Keep it apart from the exported files, and secret: it leads back to the patients."


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as the hospital knows them: PatientID and IssuerOfPatientID."""

    patient_id: str
    issuer: str

    def __repr__(self) -> str:
        return "Person(…)"  # must not reach a log


@dataclass(frozen=True, slots=True)
class Key:
    """The secret, and the patients seen so far."""

    secret: bytes
    people: tuple[Person, ...] = ()

    def __repr__(self) -> str:
        return f"Key({len(self.people)} patients)"

    def alias(self, person: Person) -> Alias:
        """Pseudonym and days back follow from the secret: the same patient gets the same at every time point, also in two runs at once."""
        name = keyed(self.secret, "pseudonym", person.issuer, person.patient_id).hex()[:HASH_DIGITS]
        days = int.from_bytes(keyed(self.secret, "days", person.issuer, person.patient_id)[:8], "big") % MOST_DAYS_BACK + 1
        return Alias(f"P-{name}", days, self.secret)

    def with_people(self, people: Iterable[Person]) -> Key:
        """The key that also lists these."""
        return replace(self, people=tuple(dict.fromkeys((*self.people, *people))))


def new_key() -> Key:
    """A key with a secret that nobody can guess."""
    return Key(secrets.token_bytes(SECRET_BYTES))


def read_key(path: Path) -> Key:
    """The key in a file; raises ProtocolError for a file that is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        secret = bytes.fromhex(content["secret"])
        people = tuple(Person(str(row["patient_id"]), str(row["issuer"])) for row in content["patients"])
        key = Key(secret, people)
        if content["schema"] != SCHEMA or len(secret) != SECRET_BYTES or content["patients"] != [_row(key, person) for person in people]:
            raise ValueError("schema, secret or aliases")  # a damaged secret would give every patient a second pseudonym
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProtocolError(f"{str(path)!r} is no key file of this version of carpet, or damaged; nothing was changed") from error
    return key


def key_for(path: Path, people: Iterable[Person]) -> Key:
    """The key in the file, which then lists these patients too; made where there is none. Raises ProtocolError, OSError."""
    with alone(path.parent):  # so that no patient is lost from it
        there = path.exists()
        known = read_key(path) if there else new_key()
        key = known.with_people(people)
        if not there or key != known:
            _write(key, path)
    return key


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Runs that do this with one folder wait for each other, where the system can lock a folder."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks can't
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(key: Key, path: Path) -> None:
    """The file whole, for its owner's eyes only; after a power cut there is the old one or the new one."""
    content = {"about": ABOUT, "schema": SCHEMA, "secret": key.secret.hex(), "patients": [_row(key, person) for person in key.people]}
    handle, part = tempfile.mkstemp(prefix=".carpet-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        Path(part).unlink(missing_ok=True)


def _row(key: Key, person: Person) -> dict[str, str | int]:
    alias = key.alias(person)
    return {"pseudonym": alias.pseudonym, "patient_id": person.patient_id, "issuer": person.issuer, "days_back": alias.days_back}
