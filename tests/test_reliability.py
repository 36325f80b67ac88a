"""Contract: every test of the reliability programme runs, at its smallest size, and one failure makes the command fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUICK = {"T1": 30, "T2": 8, "T3": 3, "T4": 1, "T6": 3, "T8": 2, "T16": 1, "T19": 1, "T20": 3, "T21": 20}
PLANTED = """
from validation.reliability.score import Score

def run(size, work):
    work.joinpath("here").touch()
    failed = tuple(f"case {n}" for n in range(FAILING))
    return Score("T99", "a planted failure", size, failed, ALLOWED)
"""


def programme(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "validation.reliability", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "src"})


@pytest.mark.slow
@pytest.mark.parametrize("test", QUICK)
def test_each_runs_at_its_smallest_size(test: str) -> None:
    ran = programme("--only", test, "--size", QUICK[test])
    assert (ran.returncode, "1 of 1 tests passed" in ran.stdout) == (0, True), ran.stdout + ran.stderr
    assert ran.stdout.startswith(f"pass  {test} ")


@pytest.mark.parametrize(
    ("failing", "allowed", "status", "says"),
    [
        (0, 0.0, 0, "pass  T99  1000 of 1000  a planted failure (95 % bound 0.30%)"),
        (1, 0.0, 1, "FAIL  T99  999 of 1000  a planted failure (1 failed)"),
        (5, 0.005, 0, "pass  T99  995 of 1000"),
        (6, 0.005, 1, "FAIL  T99  994 of 1000"),
    ],
)
def test_a_planted_failure_fails_the_command(failing: int, allowed: float, status: int, says: str, tmp_path: Path) -> None:
    text = PLANTED.replace("FAILING", str(failing)).replace("ALLOWED", str(allowed))
    (tmp_path / "t99_planted.py").write_text(text, encoding="utf-8")
    ran = programme("--modules", tmp_path, "--size", 1000)
    assert ran.returncode == status, ran.stderr
    assert ran.stdout.startswith(says)
    assert ("case 0" in ran.stdout) == (failing > 0)


@pytest.mark.parametrize("end", ["raise KeyError('lost')", "import os; os._exit(3)"])
def test_a_test_that_breaks_off_has_failed(end: str, tmp_path: Path) -> None:
    (tmp_path / "t98_broken.py").write_text(f"def run(size, work):\n    {end}\n", encoding="utf-8")
    ran = programme("--modules", tmp_path)
    assert (ran.returncode, ran.stdout[:9]) == (1, "FAIL  T98")


@pytest.mark.slow
def test_what_is_held_by_tests_of_the_checkout_is_there_and_named() -> None:
    rows = "*(f'{name} {node}' for name in HELD for node in HELD[name].nodes), sep='\\n'"
    told = f"from validation.reliability.by_pytest import HELD; print({rows})"
    said = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    names, nodes = set(said[::2]), said[1::2]
    assert names == {"T9", "T10", "T14", "T15", "T16", "T17", "T21"}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", *nodes]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-500:]
    assert [node for node in nodes if node not in found.stdout] == []


@pytest.mark.parametrize(("fails", "says"), [("assert True", "pass  T9   5 of 5  things"), ("assert False", "FAIL  T9   ")])
def test_what_is_held_by_tests_of_the_checkout_is_run_on_demand(fails: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(f"def test_one() -> None:\n    {fails}\n", encoding="utf-8")
    held = f"by.HELD['T9'] = by.Held('things', 5, ({str(tmp_path / 'test_planted.py')!r},))"
    told = f"from validation.reliability import by_pytest as by; {held}; print(by.by_pytest('T9')[0])"
    ran = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(says), ran.stdout


def test_a_wrong_call() -> None:
    for call in (("--only", "T77"), ("--only", "T1", "--size", 0)):
        assert programme(*call).returncode == 2


WORKER = """
import os, sys, time
from validation.reliability.watched import serve

def one(number):
    if number == 2:
        os.abort()
    if number == 3:
        time.sleep(60)
    if number == 4:
        return str(len(bytearray(300 * 2**20)))
    return "done"

serve(one)
"""


def test_a_hang_and_a_crash_are_outcomes_and_memory_is_the_cases_own(tmp_path: Path) -> None:
    (tmp_path / "planted_worker.py").write_text(WORKER, encoding="utf-8")
    look = (
        "import json, sys\nfrom pathlib import Path\nfrom validation.reliability.watched import watched\n"
        f"found = watched('planted_worker', range(1, 7), Path({str(tmp_path)!r}), limit_s=8.0)\n"
        "print(json.dumps([[one.number, one.said, one.peak_mib] for one in found]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT), "src"])}
    ran = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    outcomes = json.loads(ran.stdout)
    assert [said.partition(":")[0] for _, said, _ in outcomes] == ["done", "crash", "hang", str(300 * 2**20), "done", "done"]
    assert outcomes[3][2] >= 300 > max(outcomes[n][2] for n in (0, 4, 5))
