"""Tests of the programme that are tests of the checkout: `make test` runs them at full size; the programme names them and can run them.

`python -m validation.reliability --only T9` runs the same test here and gives it a line of the score.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from validation.reliability.score import Score

ROOT = Path(__file__).resolve().parents[2]
LINES = 12  # of what pytest prints last, where a test failed


@dataclass(frozen=True)
class Held:
    """What is tried, how often, and by which tests (pytest's node ids)."""

    says: str
    tried: int
    nodes: tuple[str, ...]


ROOM = "tests/run/review"
HELD: dict[str, Held] = {
    "T9": Held("edits of 16 windows at once, 500 each", 8_000, (f"{ROOM}/test_history.py::test_no_edit_of_sixteen_windows_is_lost",)),
    "T10": Held(
        "reading rooms of up to 50 acts by chance", 2_000, ("tests/review/test_cases.py::test_nothing_breaks_them_in_two_thousand_rooms",)
    ),
    "T14": Held(
        "answers to every role, and none, on every route",
        120,
        tuple(
            f"{ROOM}/test_app.py::{name}"
            for name in ("test_every_route_has_a_row", "test_every_role_on_every_route", "test_a_session_of_another_trial_opens_nothing")
        ),
    ),
    "T15": Held(
        "requests made up from the description", 2_000, (f"{ROOM}/test_app.py::test_the_interface_keeps_to_its_description_2000_times",)
    ),
    "T16": Held("hostile texts in every text of the reading room", 40, (f"{ROOM}/test_payloads.py",)),
    "T17": Held(
        "rules of browser security",
        80,
        tuple(f"{ROOM}/test_{name}.py" for name in ("security", "routes_session", "routes_page", "keys", "people", "tls")),
    ),
    "T21": Held(
        "alterations of the history of readings found", 1_000, (f"{ROOM}/test_event_table.py::test_a_thousand_tamperings_are_found",)
    ),
}


def named(test: str) -> str:
    """The line of a test that `make test` has run."""
    held = HELD[test]
    return f"pytest {test:<4} {held.tried}  {held.says}: {', '.join(held.nodes)}"


def by_pytest(test: str) -> tuple[Score, float, float]:
    """The tests run here: score, seconds, and no memory of their own."""
    held, began = HELD[test], time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *held.nodes]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    last = tuple(ran.stdout.splitlines()[-LINES:]) or (ran.stderr[-300:],)
    notes, failed = ((last[-1],), ()) if ran.returncode == 0 else ((), last)
    return Score(test, held.says, held.tried, failed, notes=notes), time.monotonic() - began, 0.0
