"""One small study on disk, measured once, and the command called in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from carpet.core.protocol import Protocol
from carpet.dicom.nifti import write_nifti
from carpet.run.cli import run
from carpet.run.document import document
from carpet.run.measuring import measured
from carpet.run.pipeline import Result, Wishes
from carpet.testing import PhantomScan, WrittenStudy, simple_phantom, write_study
from carpet.testing.timing import Visit

NAME, RECORD = "Zauberberg^Klawdia", "MRN-4711-0815"  # must be found in nothing that carpet writes or prints
DECIDED = "lesion_id,status,reader\nL01,physiologic,Dr A\nL02,disease,Dr A\nL03,disease,Dr A\nL04,disease,Dr A\n"


@dataclass(frozen=True)
class Said:
    """What a call printed, and its exit status."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Ready:
    """A phantom (L01 of the result is the bladder, then three lesions), its DICOM files, its truth as a mask, a reader's decisions."""

    scan: PhantomScan
    written: WrittenStudy
    folder: Path
    truth: Path
    decisions: Path


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    scan, base = simple_phantom(), tmp_path_factory.mktemp("simple")
    written = write_study(scan, base / "dicom", visit=Visit(patient_name=NAME, patient_id=RECORD))
    truth, decisions = base / "truth.nii.gz", base / "decisions.csv"
    truth.write_bytes(write_nifti(scan.truth.to_values(), scan.truth.grid))
    decisions.write_text(DECIDED)
    return Ready(scan, written, base / "dicom", truth, decisions)


def result_of(ready: Ready, wishes: Wishes, protocol: Protocol | None = None) -> Result:
    with measured(ready.folder, protocol or Protocol(), wishes, series_uid=None, weight_kg=None, say=lambda step: None) as result:
        return result


@pytest.fixture(scope="session")
def measured_with(ready: Ready) -> Callable[..., Result]:
    """The small study measured with these wishes and this protocol."""
    return partial(result_of, ready)


@pytest.fixture(scope="session")
def unreviewed(ready: Ready) -> Result:
    return result_of(ready, Wishes())


@pytest.fixture(scope="session")
def reviewed(ready: Ready) -> Result:
    return result_of(ready, Wishes(decisions=ready.decisions))


@pytest.fixture(scope="session")
def by_mask(ready: Ready) -> Result:
    return result_of(ready, Wishes(mask=ready.truth, reader="Dr A"))


@pytest.fixture(scope="session")
def told(unreviewed: Result) -> dict[str, object]:
    return document(unreviewed)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`carpet …` in this process."""

    def said(*arguments: object) -> Said:
        status = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Said(status, printed.out, printed.err)

    return said


@pytest.fixture(scope="session")
def results(ready: Ready, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of two whole runs of the command, by review status."""
    folders = {}
    for status, more in (("UNREVIEWED", []), ("REVIEWED", ["--decisions", str(ready.decisions)])):
        folders[status] = tmp_path_factory.mktemp(status.lower())
        assert run(["measure", str(ready.folder), "-o", str(folders[status]), *more]) == 0
    return folders
