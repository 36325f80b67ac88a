"""Where a trial's history of readings is kept: in TRIAL/review/history.sqlite, or in the database that TRIAL/review/history.url names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from carpet.core.errors import Notice, ProtocolError, Refused
from carpet.review.cases import Case
from carpet.run.outputs import new_files
from carpet.run.review.history import History, open_history
from carpet.run.review.notices import HISTORY_LOST, HISTORY_TWICE, HISTORY_UNREACHABLE, PASSWORD_IN_URL
from carpet.run.review.readings import FOLDER, HISTORY

NAMED, README = "history.url", "README.txt"
ROOM_README = """\
What people have read: history.sqlite holds every edit and signature, accounts.json who may log in.
Nobody can compute this again: back it up.
"""
NOT_WHOLE = ("STORE_FOREIGN", "STORE_DAMAGED")


def history_of(root: Path, asked: str | None = None) -> Path | str:
    """Where this trial's history is: the database that is asked for or was named before, else the file, which need not be there yet.

    Raises Refused where there are two histories, or the one there was is gone, and ProtocolError for a URL with a password: that is
    taken from PGPASSWORD.
    """
    own, named = root / FOLDER / HISTORY, _named(root)
    if asked is not None:
        url = _without_password(asked)
        if named is not None and named != url:
            raise Refused(HISTORY_TWICE.at(f"{FOLDER}/{NAMED}", "another database"))
        named = url
    if named is None:
        _require_kept(own)
        return own
    if own.is_file():
        raise Refused(HISTORY_TWICE.at(f"{FOLDER}/{HISTORY}", f"a file beside {FOLDER}/{NAMED}"))
    return named


def name_history(root: Path, where: Path | str) -> None:
    """Write down in the trial that it has a history, and in which database, so that every command finds it or misses it."""
    said = {README: ROOM_README} | ({NAMED: where + "\n"} if isinstance(where, str) else {})
    for name, words in said.items():
        if not (root / FOLDER / name).is_file():
            with new_files(root / FOLDER, ()) as part:
                (part / name).write_text(words, encoding="utf-8")


def _require_kept(own: Path) -> None:
    """Raises Refused where the file is gone, or empty: SQLite would begin a new one in its place, without a word."""
    if own.is_file():
        if own.stat().st_size == 0:
            raise Refused(HISTORY_LOST.at(f"{FOLDER}/{HISTORY}", "an empty file"))
    elif (own.parent / README).is_file():
        raise Refused(HISTORY_LOST.at(f"{FOLDER}/{HISTORY}", "no file"))


def readings_of(root: Path) -> tuple[Case, ...] | None:
    """Every case of the trial's history as it is now; None where nobody has opened the reading room.

    Raises Refused where the history that the trial names cannot be reached, is not one or was altered: nothing must be measured then.
    """
    with _existing(root) as history:
        return None if history is None else _unaltered(history).cases()


def history_faults(root: Path) -> tuple[Notice, ...]:
    """What is wrong with the trial's history (REVIEW_HISTORY_ALTERED); () where nothing is, or where there is none. Raises Refused."""
    with _existing(root) as history:
        return () if history is None else history.verify()


@contextmanager
def checked_history(where: Path | str) -> Iterator[History]:
    """The history, made where there is none; raises as `open_history`, and Refused where it is not as carpet wrote it."""
    with _whole(), open_history(where) as history:
        yield _unaltered(history)


@contextmanager
def _whole() -> Iterator[None]:
    """A store's refusal in the words of a history, which no run can make again."""
    try:
        yield
    except Refused as refused:
        found = next((one for one in refused.notices if one.code in NOT_WHOLE), None)
        if found is None:
            raise
        raise Refused(HISTORY_LOST.at(f"{FOLDER}/{HISTORY}", found.found)) from refused


def _unaltered(history: History) -> History:
    faults = history.verify()
    if faults:
        raise Refused(faults)
    return history


@contextmanager
def _existing(root: Path) -> Iterator[History | None]:
    """The history that there is, None where there is none; raises Refused where it cannot be reached."""
    where = history_of(root)
    if isinstance(where, Path) and not where.is_file():
        yield None
        return
    try:
        with _whole(), open_history(where) as history:
            yield history
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise Refused(HISTORY_UNREACHABLE.at(f"{FOLDER}/{NAMED if isinstance(where, str) else HISTORY}", said)) from error
    except ProtocolError as error:
        raise Refused(HISTORY_UNREACHABLE.at(f"{FOLDER}/{NAMED}", str(error))) from error


def _named(root: Path) -> str | None:
    path = root / FOLDER / NAMED
    if not path.is_file():
        return None
    try:
        return _without_password(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError, ProtocolError) as error:
        raise Refused(HISTORY_UNREACHABLE.at(f"{FOLDER}/{NAMED}", "no URL of a database without a password")) from error


def _without_password(url: str) -> str:
    try:
        has = make_url(url).password is not None
    except ArgumentError as error:
        raise ProtocolError("this is no URL of a database; one looks like postgresql://user@host:5432/trial") from error
    if has:
        raise ProtocolError(PASSWORD_IN_URL)
    return url
