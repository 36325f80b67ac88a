"""A reading room on the planted trial, asked through its real application; and one with accounts and two readers."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from carpet.review.accounts import Account
from carpet.review.cases import Assigned
from carpet.review.roles import Person, Role
from carpet.run.review.app import review_app
from carpet.run.review.history import CARPET, open_history
from carpet.run.review.numbers import Meter
from carpet.run.review.opening import open_room, plan_cases
from carpet.run.review.people import People
from carpet.run.review.room import Room
from carpet.run.review.security import Doorway

PORT = 8765
BASE = f"http://127.0.0.1:{PORT}"
PASSWORD = "vier kleine gelbe Enten"  # noqa: S105 of accounts that live for one test
ROLES = {
    "Anna": Role.ADMINISTRATOR,
    "Rea": Role.READER,
    "Ron": Role.READER,
    "Zoe": Role.READER,
    "Ada": Role.ADJUDICATOR,
    "Vic": Role.VIEWER,
}


@dataclass
class Clock:
    """A clock that a test sets."""

    at: dt.datetime = field(default_factory=lambda: dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC))

    def __call__(self) -> dt.datetime:
        self.at += dt.timedelta(microseconds=1)
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)


@dataclass
class Browser:
    """One person's browser: it keeps the cookie and sends the form token and the version."""

    app: Any
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    form_token: str = ""
    base: str = BASE

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request through the whole application; what the server fails at is raised here."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, body: object = None, *, version: int | None = None, **headers: str) -> httpx.Response:
        sent = {"X-CSRF-Token": self.form_token} | ({} if version is None else {"If-Match": f'"{version}"'}) | headers
        return self.ask("POST", path, json={} if body is None else body, headers=sent)

    def arrive(self) -> Browser:
        self.form_token = self.get("/api/me").json()["form_token"]
        return self

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        answer = self.post("/api/login", {"name": name, "password": password})
        self.form_token = answer.json().get("form_token", "")
        return answer


@dataclass
class Opened:
    """An open room with its application."""

    room: Room
    app: Any
    clock: Clock
    folder: Path

    def browser(self, name: str = "") -> Browser:
        """A browser; of somebody who has logged in, where a name is given."""
        one = Browser(self.app)
        if name:
            assert one.log_in(name).status_code == 200
        return one


def copied(ran: Path, to: Path) -> Path:
    """The trial after its run; scans are linked."""
    shutil.copytree(ran, to, ignore=shutil.ignore_patterns("dicom", "review", "review-cache"))
    (to / "dicom").symlink_to((ran / "dicom").resolve())
    return to


@pytest.fixture(scope="session")
def cheap_accounts() -> dict[str, Account]:
    """One password for all; its hash is as strong as any, and made once."""
    from carpet.review.accounts import password_hash

    hashed = password_hash(PASSWORD, name="nobody", salt=secrets.token_bytes(16))
    return {name: Account(name, role, hashed) for name, role in ROLES.items()}


@pytest.fixture(scope="session")
def first_room(ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room opened once: its scans are read once and shared by the rooms of all tests, which have histories of their own."""
    folder = copied(ran, tmp_path_factory.mktemp("first") / "trial")
    with open_room(folder, only="Rea", now=Clock(), say=lambda step: None) as room:
        yield room


@dataclass
class Rooms:
    """Opens rooms over the same scans."""

    first: Room
    accounts: dict[str, Account]
    folder: Path
    stack: ExitStack

    def __call__(self, *, only: str = "", readers: int = 1, tls: bool = False, **rules: Any) -> Opened:
        """only: who reads alone; else the people of ROLES. rules: of [review]."""
        clock = Clock()
        history = self.stack.enter_context(open_history(self.folder / f"history{len(list(self.folder.iterdir()))}.sqlite"))
        protocol = self.first.trial.protocol
        review = protocol.review.model_copy(update={"readers": readers, **rules})
        trial = replace(self.first.trial, protocol=protocol.model_copy(update={"review": review}))
        people = People({}, clock, Person(only, Role.READER)) if only else People(dict(self.accounts), clock)
        room = replace(self.first, trial=trial, history=history, people=people, now=clock)
        plan_cases(room)
        return Opened(room, review_app(room, Doorway("127.0.0.1", PORT, tls), static=self.folder / "none"), clock, self.folder)


@pytest.fixture
def rooms(first_room: Room, cheap_accounts: dict[str, Account], tmp_path: Path) -> Iterator[Rooms]:
    folder = tmp_path / "histories"
    folder.mkdir()
    with ExitStack() as stack:
        yield Rooms(first_room, cheap_accounts, folder, stack)


@pytest.fixture
def single(rooms: Rooms) -> Opened:
    """A room in which one person reads without a password."""
    return rooms(only="Rea")


@pytest.fixture
def many(rooms: Rooms) -> Opened:
    """A room with accounts; A/TT is read by Rea and Ron and adjudicated by Ada, Zoe has no part in it."""
    opened = rooms(readers=2)
    assigned(opened, "A/TT")
    return opened


def assigned(opened: Opened, name: str) -> None:
    act = Assigned(readers=("Rea", "Ron"), adjudicator="Ada")
    opened.room.history.append(name, act, opened.room.stamp(CARPET), if_match=opened.room.history.case(name).version)


OtherRegions = Callable[[Room], None]


@pytest.fixture
def other_regions(first_room: Room) -> Iterator[OtherRegions]:
    """Makes a room as if carpet now found other regions on A/TT: the first is gone, each other has the name of the one before."""
    kept = dict(first_room._meters), dict(first_room._done)  # what all rooms have measured, which they share

    def changed(room: Room) -> None:
        case = room.case("A/TT")
        scan = room.scans.opened(room.study(case))
        lesions = scan.surveyed.lesions
        moved = tuple(replace(one, id=before.id, label=before.label) for before, one in pairwise(lesions))
        other = replace(scan, surveyed=replace(scan.surveyed, lesions=moved))
        room._meters[case.id] = (other, Meter(other.surveyed))
        room._done.clear()

    yield changed
    for held, before in zip((first_room._meters, first_room._done), kept, strict=True):
        held.clear()
        held.update(before)  # type: ignore[arg-type]
