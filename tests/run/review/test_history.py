"""Truth: every acknowledged edit, counted by those who made them, in SQLite and in a real PostgreSQL server (T9); METHODS J's triggers."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from carpet.core.errors import ProtocolError, Refused
from carpet.core.protocol import ReviewProtocol
from carpet.review.blinding import streams_seen
from carpet.review.cases import Act, Adjudicated, Assigned, Case, CaseState, Compared, Edited, Opened, Planned, Signed, Unlocked, choice_of
from carpet.review.edits import Comment, SetStatus
from carpet.review.roles import Person, Role
from carpet.review.signature import Conclusion, reading_digest, signed
from carpet.run.review.history import Conflict, History, disagreements, open_history
from carpet.run.store import Stamp

AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
MACHINE = Stamp(run="room-1", who="carpet", at=AT, role=Role.MACHINE)
CASE = "P007/M1"


def as_(who: str, role: Role = Role.READER, reason: str = "") -> Stamp:
    return replace(MACHINE, who=who, role=role, reason=reason)


DI = as_("di", Role.ADMINISTRATOR)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a new history may lie: a file, or a database of a server."""
    if request.param == "sqlite":
        yield tmp_path / "review.sqlite"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"t{abs(hash(request.node.nodeid)) % 10**9}"
    engine = create_engine(make_url(f"{server}/postgres").set(drivername="postgresql+pg8000"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    yield f"{server}/{name}"


@pytest.fixture
def history(place: Path | str) -> Iterator[History]:
    with open_history(place) as opened:
        yield opened


def planned(history: History, *, day: int = 29, timepoint: str = "M1", **rules: Any) -> Case:
    case = f"P007/{timepoint}"
    plan = Planned(patient="P007", timepoint=timepoint, day=day, rules=ReviewProtocol(**{"readers": 2} | rules))
    history.append(case, plan, MACHINE, if_match=0)
    readers = ("ann", "ben")[: plan.rules.readers]
    return history.append(case, Assigned(readers=readers, adjudicator="cy" if len(readers) == 2 else ""), DI, if_match=1)


def do(history: History, act: Act, stamp: Stamp, *, case: str = CASE) -> Case:
    stream = act.whose if isinstance(act, Unlocked) else stamp.who
    return history.append(case, act, stamp, if_match=history.case(case).version_of(stream))


def signs(history: History, who: str, said: Conclusion, *, case: str = CASE) -> Case:
    own = history.case(case).reading_of(who)
    assert own is not None
    digest = reading_digest(case, who, standing=own.standing, conclusion=said)
    return do(history, Signed(signature=signed(who, digest, at=AT, meaning="reading"), conclusion=said), as_(who), case=case)


def test_the_way_of_a_case_is_kept_with_who_when_role_old_new_and_reason(history: History, place: Path | str) -> None:
    planned(history)
    do(history, Opened(), as_("ann"))
    was = {"status": "disease", "decided_by": "rule DIS-DEFAULT@1"}
    edit = Edited(edit=SetStatus(lesion="L01", status="physiologic"))
    history.append(CASE, edit, as_("ann", reason="this is colon"), if_match=1, was=was)
    do(history, Edited(edit=SetStatus(lesion="L01", status="disease")), as_("ann"))
    do(history, Opened(), as_("ben"))
    signs(history, "ann", Conclusion(category="CMR"))
    case = signs(history, "ben", Conclusion(category="PMR"))
    assert case.state is CaseState.DISPUTED
    choice = Adjudicated(choice="ben", signature=signed("cy", choice_of(case, "cy", "ben"), at=AT, meaning="choice"))
    assert do(history, choice, as_("cy", Role.ADJUDICATOR)).stands == "ben"
    do(history, Unlocked(whose="ben", reason="wrong scan"), DI)
    events = history.events(CASE)
    assert [(one.act, one.stream, one.version, one.who, one.role, one.reason) for one in events] == [
        ("planned", "", 1, "carpet", "machine", ""),
        ("assigned", "", 2, "di", "administrator", ""),
        ("opened", "ann", 1, "ann", "reader", ""),
        ("edited", "ann", 2, "ann", "reader", "this is colon"),
        ("edited", "ann", 3, "ann", "reader", ""),
        ("opened", "ben", 1, "ben", "reader", ""),
        ("signed", "ann", 4, "ann", "reader", ""),
        ("signed", "ben", 2, "ben", "reader", ""),
        ("compared", "", 3, "carpet", "machine", ""),
        ("adjudicated", "cy", 1, "cy", "adjudicator", ""),
        ("unlocked", "ben", 3, "di", "administrator", "wrong scan"),
    ]
    assert {one.created_at for one in events} == {"2026-11-23T12:00:00.000000+00:00"}
    assert [one.old for one in events[:6]] == [
        None,
        None,
        {"state": "assigned"},
        was,
        {"kind": "status", "lesion": "L01", "status": "physiologic"},
        {"state": "assigned"},
    ]
    assert events[3].new == {"act": "edited", "edit": {"kind": "status", "lesion": "L01", "status": "physiologic"}}
    assert events[10].old["signature"]["name"] == "ben"
    assert [one["trigger"] for one in events[8].new["disagreements"]] == ["CATEGORY_DIFFERS"]
    ann = Person("ann", Role.READER)
    assert {one.stream for one in history.events(CASE, streams=streams_seen(history.case(CASE), ann))} == {"ann"}
    assert history.verify() == history.verify(history.head()) == ()
    now = history.cases()
    with open_history(place) as again:
        assert again.cases() == now
        assert again.events("P007/M3") == ()


def test_a_conflict_writes_nothing_and_says_what_changed(history: History) -> None:
    planned(history)
    do(history, Opened(), as_("ann"))
    for text_ in ("one", "two"):
        do(history, Edited(edit=Comment(text=text_)), as_("ann"))
    before = history.head()
    for seen, missed in ((1, ["one", "two"]), (2, ["two"]), (9, [])):
        with pytest.raises(Conflict) as caught:
            history.append(CASE, Edited(edit=Comment(text="mine")), as_("ann"), if_match=seen)
        assert caught.value.codes == ("REVIEW_CONFLICT",)
        assert caught.value.version == 3
        assert [one.new["edit"]["text"] for one in caught.value.since] == missed
    assert history.head() == before
    do(history, Opened(), as_("ben"))
    assert history.append(CASE, Edited(edit=Comment(text="mine")), as_("ann"), if_match=3).version_of("ann") == 4


def test_of_a_reading_nothing_is_told_to_who_may_not_write_it(history: History) -> None:
    planned(history)
    do(history, Opened(), as_("ann"))
    do(history, Edited(edit=Comment(text="brown fat")), as_("ann"))
    nosy = (as_("ben"), as_("eve"), as_("cy", Role.ADJUDICATOR), as_("vi", Role.VIEWER))
    for stamp in nosy:
        with pytest.raises(Refused) as caught:
            history.append(CASE, Unlocked(whose="ann", reason="x"), stamp, if_match=0)
        assert not isinstance(caught.value, Conflict)
        assert caught.value.codes[0] in ("REVIEW_NOT_YOURS", "REVIEW_ROLE_FORBIDS")
    with pytest.raises(Conflict):
        history.append(CASE, Unlocked(whose="ann", reason="x"), DI, if_match=0)


def test_the_case_at_a_version_is_of_that_version_and_nothing_is_written(history: History) -> None:
    planned(history)
    do(history, Opened(), as_("ann"))
    ann, before = Person("ann", Role.READER), history.head()
    assert history.case_at(CASE, ann, if_match=1).version_of("ann") == 1
    for seen in (0, 2):
        with pytest.raises(Conflict):
            history.case_at(CASE, ann, if_match=seen)
    for who in ("eve", "cy"):
        with pytest.raises(Refused, match="REVIEW_NOT_YOURS"):
            history.case_at(CASE, Person(who, Role.READER), if_match=0)
    assert history.head() == before


def test_a_reading_unlocked_after_a_later_scan_was_open_to_its_reader_is_marked(history: History) -> None:
    planned(history, day=-3, timepoint="TT", readers=1)
    for opened_later in (False, True):
        signs_first(history)
        if opened_later:
            planned(history, readers=1)
        do(history, Unlocked(whose="ann", reason="missed a node"), as_("ann"), case="P007/TT")
        ann = history.case("P007/TT").reading_of("ann")
        assert ann is not None
        assert ann.after_later is opened_later
    with pytest.raises(Refused) as caught:
        do(history, Opened(), as_("ann"))
    assert caught.value.codes == ("REVIEW_IN_ORDER",)
    assert history.verify() == ()


def test_what_could_be_seen_once_is_not_forgotten_in_whatever_order_it_is_unlocked(history: History) -> None:
    for timepoint, day in (("TT", -3), ("M1", 29), ("M3", 90)):
        planned(history, day=day, timepoint=timepoint, readers=1)
    for case in ("P007/TT", CASE):
        do(history, Opened(), as_("ann"), case=case)
        signs(history, "ann", Conclusion(), case=case)
    for case in ("P007/TT", CASE):  # month 3, which nobody has begun, waits for TT again
        do(history, Unlocked(whose="ann", reason="look again"), as_("ann"), case=case)
    marks = {one.id: one.readings[0].after_later for one in history.cases()}
    assert marks == {"P007/TT": True, CASE: True, "P007/M3": False}
    assert history.verify() == ()


def test_a_scan_that_is_found_after_a_later_one_was_read_is_marked(history: History) -> None:
    planned(history, readers=1)
    do(history, Opened(), as_("ann"))
    planned(history, day=-3, timepoint="TT", readers=1)
    do(history, Opened(), as_("ann"), case="P007/TT")
    assert not history.case("P007/TT").readings[0].not_blind
    signs(history, "ann", Conclusion(), case="P007/TT")
    assert history.case("P007/TT").readings[0].not_blind == ("after a later scan of the patient could be opened",)


def signs_first(history: History) -> None:
    reading = history.case("P007/TT").reading_of("ann")
    if reading is not None and not reading.version:
        do(history, Opened(), as_("ann"), case="P007/TT")
    signs(history, "ann", Conclusion(), case="P007/TT")


def test_what_may_not_be_is_refused_and_not_written(history: History) -> None:
    planned(history)
    before = history.head()
    late = signed("ann", "0" * 64, at=AT + dt.timedelta(seconds=1), meaning="reading")
    tries: list[tuple[Act, Stamp, int, str]] = [
        (Edited(edit=Comment(text="a")), as_("eve"), 0, "REVIEW_NOT_YOURS"),
        (Edited(edit=Comment(text="a")), as_("ann", Role.VIEWER), 0, "REVIEW_ROLE_FORBIDS"),
        (Signed(signature=late, conclusion=Conclusion()), as_("ann"), 0, "REVIEW_SIGNATURE_UNFIT"),
        (Compared(disagreements=()), MACHINE, 2, "REVIEW_STEP_UNFIT"),
        (Planned(patient="P007", timepoint="M1", day=29, rules=ReviewProtocol()), MACHINE, 2, "REVIEW_CASE_EXISTS"),
    ]
    for act, stamp, seen, code in tries:
        with pytest.raises(Refused) as caught:
            history.append(CASE, act, stamp, if_match=seen)
        assert caught.value.codes == (code,)
    for act in (Opened(), Planned(patient="P008", timepoint="M1", day=29, rules=ReviewProtocol())):
        with pytest.raises((Refused, ProtocolError)):
            history.append("P009/M1", act, MACHINE if isinstance(act, Planned) else as_("ann"), if_match=0)
    with pytest.raises(Refused) as caught:
        history.case("P009/M1")
    assert caught.value.codes == ("REVIEW_CASE_UNKNOWN",)
    with pytest.raises(ProtocolError, match="no role"):
        history.append(CASE, Opened(), replace(MACHINE, role="emperor"), if_match=0)
    assert history.head() == before


def test_a_later_scan_waits_for_the_earlier_one(history: History) -> None:
    planned(history, day=-3, timepoint="TT")
    planned(history)
    with pytest.raises(Refused) as caught:
        do(history, Opened(), as_("ann"))
    assert caught.value.codes == ("REVIEW_IN_ORDER",)
    do(history, Opened(), as_("ann"), case="P007/TT")
    signs(history, "ann", Conclusion(), case="P007/TT")
    do(history, Opened(), as_("ann"))
    assert [one.id for one in history.cases()] == ["P007/TT", "P007/M1"]


@pytest.mark.parametrize(
    ("one", "other", "triggers"),
    [
        ({"category": "CMR"}, {"category": "CMR"}, []),
        ({"category": "CMR"}, {"category": "PMR"}, ["CATEGORY_DIFFERS"]),
        ({"deauville": "3"}, {"deauville": "4"}, ["DEAUVILLE_ACROSS_3_4"]),
        ({"deauville": "4"}, {"deauville": "5"}, []),
        ({"tmtv_ml": 100.0}, {"tmtv_ml": 110.0}, []),
        ({"tmtv_ml": 100.0}, {"tmtv_ml": 112.0}, ["TMTV_DIFFERS"]),
        ({"tmtv_ml": 10.0}, {"tmtv_ml": 19.0}, []),
        ({"progression_day": 90}, {"progression_day": 97}, []),
        ({"progression_day": 90}, {"progression_day": 98}, ["PROGRESSION_DATE_DIFFERS"]),
        ({"progression_day": 90}, {"no_progression": True}, ["PROGRESSION_DATE_DIFFERS"]),
        ({}, {"category": "CMR"}, []),
    ],
)
def test_the_second_signature_is_compared_with_the_first(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], triggers: list[str]
) -> None:
    with open_history(tmp_path / "review.sqlite") as history:
        planned(history)
        for who, said in (("ann", one), ("ben", other)):
            do(history, Opened(), as_(who))
            case = signs(history, who, Conclusion(**said))
        assert case.disagreements is not None
        assert [found.trigger for found in case.disagreements] == [found.trigger for found in disagreements(case)] == triggers
        assert case.state is (CaseState.DISPUTED if triggers else CaseState.SETTLED)
        assert case == history.case(CASE)


def test_one_reader_is_settled_by_signing(history: History) -> None:
    planned(history, readers=1)
    do(history, Opened(), as_("ann"))
    assert signs(history, "ann", Conclusion()).stands == "ann"


@dataclass
class Client:
    """One open window: what it was told about each of its edits."""

    number: int
    history: History
    accepted: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    conflicts: int = 0

    @property
    def reader(self) -> str:
        return ("ann", "ben")[self.number % 2]

    def work(self, edits: int) -> None:
        """Some edits are tried until they are taken; every seventh is dropped where somebody was quicker."""
        version = self.history.case(CASE).version_of(self.reader)
        for n in range(edits):
            said = f"{self.number:02}-{n:04}"
            while True:
                try:
                    version = self.history.append(CASE, Edited(edit=Comment(text=said)), as_(self.reader), if_match=version).version_of(
                        self.reader
                    )
                except Conflict as conflict:
                    self.conflicts += 1
                    assert [one.version for one in conflict.since] == list(range(version + 1, conflict.version + 1))  # noqa: PT017 of the answer
                    version = conflict.version
                    if n % 7 == 6:
                        self.lost.append(said)
                        break
                else:
                    self.accepted.append(said)
                    break


def crowded(place: Path | str, *, clients: int, edits: int) -> int:
    """Many windows of two readers at once, by four servers; the number of conflicts."""
    with ExitStack() as stack:
        histories = [stack.enter_context(open_history(place)) for _ in range(4)]
        planned(histories[0])
        for who in ("ann", "ben"):
            do(histories[0], Opened(), as_(who))
        people = [Client(n, histories[n % 4]) for n in range(clients)]
        threads = [threading.Thread(target=one.work, args=(edits,)) for one in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        events = [one for one in histories[0].events(CASE) if one.act == "edited"]
        assert histories[1].verify() == ()
        standing = {one.who: [n.edit.text for n in one.standing if isinstance(n.edit, Comment)] for one in histories[2].case(CASE).readings}
    assert all(len(one.accepted) + len(one.lost) == edits for one in people), "a window went away without an answer"
    assert Counter(one.new["edit"]["text"] for one in events) == Counter(said for one in people for said in one.accepted)
    for reader in ("ann", "ben"):
        mine = [one for one in events if one.stream == reader]
        assert [one.version for one in mine] == list(range(2, len(mine) + 2))
        assert [one.new["edit"]["text"] for one in mine] == standing[reader]
    for one in people:
        assert [said for said in standing[one.reader] if said.startswith(f"{one.number:02}-")] == one.accepted
    return sum(one.conflicts for one in people)


def test_no_edit_of_many_windows_is_lost(place: Path | str) -> None:
    assert crowded(place, clients=8, edits=14) > 0


@pytest.mark.slow
def test_no_edit_of_sixteen_windows_is_lost(tmp_path: Path) -> None:
    assert crowded(tmp_path / "review.sqlite", clients=16, edits=500) > 0


WORK = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from test_history import CASE, Comment, Edited, Opened, as_, do, open_history, planned
with open_history(Path({path!r})) as history:
    planned(history)
    do(history, Opened(), as_("ann"))
    for n in range(10_000):
        do(history, Edited(edit=Comment(text=str(n))), as_("ann"))
        print(n, flush=True)
"""


def test_what_was_acknowledged_survives_a_killed_server(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    work = WORK.format(folder=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen(
        [sys.executable, "-c", work], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ) as running:
        assert running.stdout is not None
        told = [int(running.stdout.readline()) for _ in range(25)]
        running.send_signal(signal.SIGKILL)
        told += [int(line) for line in running.stdout.read().splitlines()]
    with open_history(path) as history:
        assert history.verify() == ()
        kept = [one.new["edit"]["text"] for one in history.events(CASE) if one.act == "edited"]
        assert kept[: len(told)] == [str(n) for n in told]
        assert len(kept) - len(told) <= 1  # written, and not told any more
        assert do(history, Edited(edit=Comment(text="on")), as_("ann")).version_of("ann") == len(kept) + 2
