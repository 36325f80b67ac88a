"""T4: the catalogue of failures, row by row: each of its 51 rows has a test of its name in tests/test_failures.py, and it passes.

A failure is: a row without a test, a test of a row that does not pass (skipped and deselected ones too), or a row whose test was not run.
The tests run by pytest in a process of their own; nothing is judged here again.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from validation.reliability.score import Score

ROWS = 51
ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"test_row_(\d\d)_")
BAD = ("failure", "error", "skipped")


def run(size: int, work: Path) -> Score:
    """The first `size` rows of the catalogue."""
    rows = range(1, min(size, ROWS) + 1)
    wanted = " or ".join(f"test_row_{row:02}_" for row in rows)
    report = work / "rows.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/test_failures.py",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        "-k",
        wanted,
    ]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not report.exists():
        return Score("T4", "rows of the catalogue of failures", len(rows), tuple(said.splitlines()[-5:]))
    tests, failed = results(report)
    lost = [f"row {row}: no test" for row in rows if row not in tests]
    wrong = [f"row {row}: {', '.join(failed[row])}" for row in rows if row in failed]
    return Score("T4", "rows of the catalogue of failures", len(rows), (*lost, *wrong), notes=(f"{sum(tests.values())} tests",))


def results(report: Path) -> tuple[dict[int, int], dict[int, list[str]]]:
    """By row: how many tests there were, and the names of those that did not pass."""
    tests: dict[int, int] = {}
    failed: dict[int, list[str]] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own report
        name = case.get("name", "")
        if match := ROW.match(name):
            row = int(match[1])
            tests[row] = tests.get(row, 0) + 1
            if any(child.tag in BAD for child in case):
                failed.setdefault(row, []).append(name)
    return tests, failed
