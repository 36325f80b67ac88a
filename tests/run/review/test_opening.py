"""Contract: cases of a trial are planned once; a room with accounts is not opened without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from carpet.core.errors import Refused
from carpet.run.review.opening import open_room, plan_cases
from carpet.run.review.readings import FOLDER

from .conftest import Clock, Opened, copied


def test_every_measured_time_point_is_a_case_once(single: Opened) -> None:
    names = [one.id for one in single.room.history.cases()]
    assert names == ["A/TT", "A/M1", "A/M3", "B/TT", "B/M1", "C/TT"]
    head = single.room.history.head()
    plan_cases(single.room)
    assert single.room.history.head() == head


def test_a_room_with_accounts_needs_some(ran: Path, tmp_path: Path) -> None:
    folder = copied(ran, tmp_path / "trial")
    with pytest.raises(Refused, match="REVIEW_ACCOUNTS_NONE"), open_room(folder, only=None, now=Clock(), say=lambda step: None):
        pass
    assert "back it up" in (folder / FOLDER / "README.txt").read_text()
