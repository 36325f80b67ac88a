"""One command for the whole reliability programme: runs every test found beside this file and prints the score.

    python -m validation.reliability [--night] [--only T1 T2 …] [--size N] [--at-once N] [--work FOLDER] [--modules FOLDER]

A test is a file tNN_<topic>.py with `run(size, work) -> Score`; what `make test` has run at its full size is named, and run with --only
(by_pytest.py). Each runs in a process of its own, so that its time and its peak memory
are its own and a crash costs one line. The exit status is 1 where a test failed, 2 where the call is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from validation.reliability.by_pytest import HELD, by_pytest, named
from validation.reliability.running import apart, found

HERE = Path(__file__).resolve().parent
SIZES = {  # on every change, before a release; the unit is the test's own (files, studies, payloads, …)
    "T1": (5_000, 100_000),
    "T2": (1_000, 10_000),
    "T3": (100, 100),
    "T4": (51, 51),
    "T5": (48, 48),
    "T6": (100, 3_000),
    "T8": (20, 100),
    "T11": (300, 2_000),
    "T12": (50, 50),
    "T16": (40, 40),
    "T18": (500, 10_000),
    "T19": (8, 8),
    "T20": (300, 5_000),
    "T21": (1_000, 10_000),
}


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m validation.reliability", description="Run the reliability programme.")
    parser.add_argument("--night", action="store_true", help="the sizes before a release instead of those on every change")
    parser.add_argument("--only", nargs="+", default=[], metavar="T1", help="these tests alone")
    parser.add_argument("--size", type=int, help="one size for all tests that are run")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, metavar="N", help="tests side by side; by default one a core")
    parser.add_argument("--work", type=Path, help="a folder for the files of the tests, kept; else a temporary one")
    parser.add_argument("--modules", type=Path, default=HERE, help="another folder of tests")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    call = arguments(argv)
    tests, held = found(call.modules), HELD if call.modules == HERE else {}
    asked = [name.upper() for name in call.only] or list(tests)
    if unknown := [name for name in asked if name not in tests.keys() | held.keys()]:
        print(f"no test {', '.join(unknown)}; there are {', '.join({**tests, **held})}", file=sys.stderr)
        return 2
    if min(call.at_once, 1 if call.size is None else call.size) < 1:
        print("--size and --at-once must be 1 or more", file=sys.stderr)
        return 2
    wanted, by_name = (
        [name for name in asked if name in tests],
        [name for name in asked if name in held and call.only and (call.size is None or name not in tests)],
    )
    if held and not call.only:
        print("\n".join(map(named, held)), flush=True)
    passed, began = 0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="carpet-reliability-") as scratch:
        places = {name: (call.work or Path(scratch)).resolve() / f"{name}-{time.monotonic_ns()}" for name in wanted}
        sizes = {name: call.size or SIZES.get(name, (1, 1))[call.night] for name in wanted}
        with ThreadPoolExecutor(call.at_once) as side_by_side:  # the last first: they are the long ones
            running = [side_by_side.submit(apart, name, tests[name], sizes[name], places[name]) for name in reversed(wanted)]
            running += [side_by_side.submit(by_pytest, name) for name in by_name]
            for done in as_completed(running):
                score, seconds, peak_mib = done.result()
                first, *more = str(score).splitlines()
                print("\n".join([f"{first}  {seconds:.0f} s, {peak_mib:.0f} MiB", *more]), flush=True)
                passed += score.passed
    number = len(wanted) + len(by_name)
    print(f"{passed} of {number} tests passed in {time.monotonic() - began:.0f} s")
    return 0 if passed == number else 1


if __name__ == "__main__":
    sys.exit(main())
