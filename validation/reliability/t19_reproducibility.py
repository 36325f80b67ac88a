"""T19: the same study gives the same bytes, whatever the machine is set to and however the files are called and ordered.

A run is a process of its own that measures the study and writes every output with a fixed moment for `when` (the one clock that
outputs know). Runs: the same again; files renamed, shuffled and all in one folder, or in a zip; other time zones; other locales (as far
as installed); another working directory, paths with spaces and letters of other scripts; another hash seed; a narrow umask; one thread;
another home and temporary folder.

A failure is: any output file (JSON, CSV, SEG, SR, NIfTI, PNG, HTML, PDF) whose bytes differ from the first run's, or that is missing, or a
run that fails. One more run goes through the command itself, which reads the clock: there the tables must be byte-equal, and SEG and SR
equal but for dates, times, and the UIDs derived from the moment.

A small trial is run in the same spirit, by the command: by one worker; by two; by two with all files renamed and in one folder, another
time zone, locale and hash seed. Every table, page and picture must be byte-equal, SEG and SR (which know the moment) left aside.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset, dcmread
from validation.reliability.score import Score
from validation.reliability.seeds import silent
from validation.reliability.small_trial import INPUTS, small_trial

from carpet.testing import Storage, simple_phantom, write_study

ROOT = Path(__file__).resolve().parents[2]
WHEN = dt.datetime(2024, 3, 14, 12, 0)
TABLES = ("measurements.json", "lesions.csv", "biomarkers.csv")
DATED_VRS = ("DA", "TM", "DT", "UI")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PLAIN, SHUFFLED, ZIPPED = "plain", "shuffled", "zipped"
TRIAL_PATIENTS = 2
WITH_THE_MOMENT = (".dcm", ".sqlite", ".sqlite-wal", ".sqlite-shm")


@dataclass(frozen=True)
class Way:
    """One run: which copy of the study, what the environment says, where it starts and writes."""

    name: str
    study: str = PLAIN
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    umask: int = 0o022


WAYS = (
    Way("the same again"),
    Way("files renamed and shuffled, other hash seed", SHUFFLED, {"PYTHONHASHSEED": "4711"}),
    Way("zone, locale, path", PLAIN, {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, "Büro Ω 子 'x'"),
    Way("a zip; one thread, narrow umask", ZIPPED, {"TZ": "America/St_Johns", **dict.fromkeys(THREADS, "1")}, "", 0o077),
    Way("locale C, hash seed 0", PLAIN, {"LC_ALL": "C", "PYTHONHASHSEED": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}, "b"),
    Way("locale German", SHUFFLED, {"LC_ALL": "de_DE.UTF-8", "TZ": "Europe/Berlin"}, "c d"),
    Way("locale US, optimised", PLAIN, {"LC_ALL": "en_US.utf8", "PYTHONOPTIMIZE": "1"}),
    Way("another home and temporary folder", PLAIN, {"HOME": "{folder}", "TMPDIR": "{folder}", "XDG_CACHE_HOME": "{folder}"}, "home"),
)


def started(way: Way, studies: dict[str, Path], work: Path) -> tuple[Path, str]:
    """One run in a process of its own: where it wrote, and what went wrong."""
    here = work / "runs" / way.name / way.folder
    here.mkdir(parents=True)
    study = here / "in put"
    shutil.copytree(studies[way.study], study)
    paths = os.pathsep.join([str(ROOT), *(path for path in sys.path if path)])
    more = {name: value.format(folder=here) for name, value in way.environment.items()}
    command = [sys.executable, "-W", "ignore", "-m", "validation.reliability.t19_reproducibility", str(study), str(here / "out put")]
    ran = subprocess.run(
        command, cwd=here, env={**os.environ, "PYTHONPATH": paths, **more}, umask=way.umask, capture_output=True, text=True, check=False
    )
    return here / "out put", ran.stderr[-300:] if ran.returncode else ""


def differing(folder: Path, first: Path) -> Iterator[str]:
    """Files that are not byte-equal in the two folders."""
    names = sorted({path.name for place in (folder, first) for path in place.iterdir()})
    for name in names:
        one, other = folder / name, first / name
        if not one.exists() or not other.exists():
            yield f"{name}: only in one run"
        elif one.read_bytes() != other.read_bytes():
            yield f"{name}: {sum(a != b for a, b in zip(one.read_bytes(), other.read_bytes(), strict=False))} bytes differ"


def by_command(study: Path, first: Path, out: Path) -> Iterator[str]:
    """`carpet measure` at its own time: tables byte-equal, SEG and SR equal but for the moment."""
    command = [sys.executable, "-W", "ignore", "-c", "import carpet.run.cli as c; c.main()", "measure", str(study), "-o", str(out)]
    paths = os.pathsep.join(path for path in sys.path if path)
    ran = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    if ran.returncode:
        yield f"carpet measure: {ran.stderr[-300:]}"
        return
    yield from (f"{name}: differs from the run with a fixed moment" for name in TABLES if _bytes(out, name) != _bytes(first, name))
    for name in ("lesions.seg.dcm", "measurements.sr.dcm"):
        if undated(dcmread(out / name)) != undated(dcmread(first / name)):
            yield f"{name}: differs by more than the moment"


def _bytes(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def undated(data: Dataset) -> list[tuple[str, str]]:
    """Every element but dates, times and UIDs."""
    return [(str(one.tag), str(one.value)) for one in data.iterall() if one.VR not in (*DATED_VRS, "SQ")]


TRIAL_WAYS = (  # one worker is the first run
    ("two workers", PLAIN, "2", {}),
    ("two workers, files shuffled, zone, locale, hash seed", SHUFFLED, "2", {"TZ": "Asia/Kathmandu", "LC_ALL": "de_DE.UTF-8"}),
    ("one worker, files shuffled, zone, locale", SHUFFLED, "1", {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8"}),
)


def ran_trial(inputs: Path, to: Path, order: str, workers: str, environment: dict[str, str]) -> str:
    """`carpet run` on a copy of the trial; what went wrong."""
    to.mkdir(parents=True)
    for name in INPUTS:
        (to / name).symlink_to(inputs / name)
    if order == SHUFFLED:
        (to / "dicom").unlink()
        _shuffle(inputs / "dicom", to / "dicom")
    command = [sys.executable, "-W", "ignore", "-c", "import carpet.run.cli as c; c.main()", "run", str(to), "--workers", workers]
    paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONHASHSEED": str(zlib.crc32(to.name.encode()))}
    ran = subprocess.run(command, env={**os.environ, **paths, **environment}, capture_output=True, text=True, check=False)
    return ran.stderr[-300:] if ran.returncode else ""


def made_by(trial: Path) -> dict[str, bytes]:
    """All files of the results but those that know the moment."""
    results = trial / "results"
    files = (path for path in sorted(results.rglob("*")) if path.is_file() and path.suffix not in WITH_THE_MOMENT)
    return {path.relative_to(results).as_posix(): path.read_bytes() for path in files}


def of_a_trial(size: int, work: Path) -> tuple[int, list[str]]:
    """How many files were compared in `size` further runs, and those that differ."""
    inputs = small_trial(work / "inputs", min(size, TRIAL_PATIENTS))
    if wrong := ran_trial(inputs, work / "first", PLAIN, "1", {}):
        return 1, [f"trial: {wrong}"]
    first, tried, failed = made_by(work / "first"), 0, []
    for number, (name, order, workers, environment) in enumerate(TRIAL_WAYS[:size]):
        place = work / f"way {number}"
        wrong = ran_trial(inputs, place, order, workers, environment)
        made = made_by(place)
        names = sorted(first.keys() | made.keys())
        tried += len(names)
        failed += [f"trial, {name}: {wrong}"] if wrong else []
        failed += [f"trial, {name}: {file} differs" for file in names if first.get(file) != made.get(file)]
    return tried, failed


def run(size: int, work: Path) -> Score:
    """The first run, `size` others, one by the command, and a small trial."""
    scan = simple_phantom(spacing_mm=10.0)
    studies = {name: work / name for name in (PLAIN, SHUFFLED, ZIPPED)}
    for name, storage in ((PLAIN, Storage()), (ZIPPED, Storage())):
        write_study(scan, studies[name], storage=storage)
    _shuffle(studies[PLAIN], studies[SHUFFLED])
    _zip(studies[ZIPPED])
    first, wrong = started(Way("first"), studies, work)
    if wrong:
        return Score("T19", "the first run", 1, (wrong,))
    failed, tried = [], 0
    for way in WAYS[:size]:
        out, wrong = started(way, studies, work)
        faults = [wrong] if wrong else list(differing(out, first))
        tried += len(list(first.iterdir()))
        failed += [f"{way.name}: {fault}" for fault in faults]
    failed += [f"by the command: {fault}" for fault in by_command(studies[PLAIN], first, work / "by command")]
    of_trial, wrong_there = of_a_trial(size, work / "trial")
    runs = f"{min(size, len(WAYS)) + 2} runs of a study, {min(size, len(TRIAL_WAYS)) + 1} of a trial by one and two workers"
    notes = (f"{runs} ({of_trial} files)",)
    failed += wrong_there
    return Score("T19", "files byte-equal to the first run's", tried + len(TABLES) + 2 + of_trial, tuple(failed), notes=notes)


def _shuffle(study: Path, target: Path) -> None:
    """All files in one folder, under names whose order is not that of the slices, written in another order."""
    target.mkdir()
    files = sorted(study.rglob("*.dcm"), key=lambda path: path.read_bytes()[-64:] + path.name.encode()[::-1])
    for number, path in enumerate(files):
        shutil.copyfile(path, target / f"{(number * 7919) % 10007:05d}")


def _zip(study: Path) -> None:
    made = shutil.make_archive(str(study.with_name("packed")), "zip", study)
    shutil.rmtree(study)
    study.mkdir()
    shutil.move(made, study / "study.zip")


def main() -> None:
    """One run: measure the study and write every output as of WHEN."""
    from carpet.run.document import document
    from carpet.run.measuring import measured
    from carpet.run.outputs import write_result
    from carpet.run.pipeline import Wishes
    from carpet.run.protocols import load_protocol

    study, out = map(Path, sys.argv[1:])
    with measured(study, load_protocol("cart-lymphoma"), Wishes(), series_uid=None, weight_kg=None, say=silent) as result:
        write_result(result, document(result), out, tables_only=False, when=WHEN, say=silent)


if __name__ == "__main__":
    main()
