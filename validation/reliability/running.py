"""Finds the tests of the programme and runs each in a process of its own."""

from __future__ import annotations

import importlib.util
import multiprocessing
import re
import resource
import sys
import time
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from validation.reliability.score import Score

from carpet.run.stopping import end_with_parent

FILE_NAME = re.compile(r"t(\d\d)_\w+\.py")
MIB = 2**20
KIB_IN_MAXRSS = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes on macOS, KiB on Linux


def found(folder: Path) -> dict[str, Path]:
    """The tests in a folder by their number, in its order."""
    files = ((FILE_NAME.fullmatch(path.name), path) for path in sorted(folder.iterdir()))
    return {f"T{int(match[1])}": path for match, path in files if match}


def run_one(test: str, path: Path, size: int, work: Path) -> tuple[Score, float, float]:
    """One test: its score, seconds, and the peak memory in MiB of the largest of its processes."""
    began = time.monotonic()
    warnings.filterwarnings("ignore", module="pydicom")  # of the hostile objects that the programme itself writes
    try:
        spec = importlib.util.spec_from_file_location(f"validation.reliability.{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        work.mkdir(parents=True)
        score: Score = module.run(size, work)
    except Exception:
        score = Score(test, "the test itself broke off", 1, (traceback.format_exc(limit=-4),))
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return score, time.monotonic() - began, max(peaks) * KIB_IN_MAXRSS / MIB


def apart(test: str, path: Path, size: int, work: Path) -> tuple[Score, float, float]:
    """`run_one` in a process of its own."""
    began = time.monotonic()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_parent) as pool:
        try:
            return pool.submit(run_one, test, path, size, work).result()
        except BrokenProcessPool:
            return Score(test, "the test's process died", 1, ("its process died",)), time.monotonic() - began, 0.0
