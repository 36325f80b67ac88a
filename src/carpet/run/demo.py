"""`carpet demo`: a phantom patient written as DICOM, measured like a real one."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

from carpet.dicom.files import UNFINISHED
from carpet.run.document import document
from carpet.run.measuring import measured
from carpet.run.outputs import write_result
from carpet.run.pipeline import Wishes
from carpet.run.protocols import load_protocol
from carpet.run.stopping import hidden_folder, uninterrupted
from carpet.run.summary import summary
from carpet.testing import PhantomScan, random_phantom, write_study

ALSO = ("suv2.5", "max41", "max50", "a50p", "liver_mean", "mv2", "mv3")


def run_demo(folder: Path, *, seed: int, say: Callable[[str], None]) -> str:
    """Make, write, measure; returns what to print. Planted lesions are listed beside what was found."""
    say("making a phantom patient")
    scan = random_phantom(seed, vendor="siemens")
    dicom = _written(scan, folder / "dicom" / f"phantom-{seed:04d}")
    protocol = load_protocol("cart-lymphoma", also=ALSO)
    out = folder / "results"
    with measured(dicom, protocol, Wishes(), series_uid=None, weight_kg=None, say=say) as result:
        told = document(result)
        written = write_result(result, told, out, tables_only=False, when=dt.datetime.now().replace(microsecond=0), say=say)
    planted_ml = sum(one.volume_ml for one in scan.planted if one.disease)
    return "\n".join(
        [
            summary(told, out, written),
            "",
            f"planted in this phantom: {sum(one.disease for one in scan.planted)} lesions, {planted_ml:.1f} mL",
            f"the patient's DICOM files: {dicom}",
            f"the report: {(out / 'report.html').resolve()}",
        ]
    )


def _written(scan: PhantomScan, folder: Path) -> Path:
    """The scan as DICOM in `folder`: whole, or as it was before."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with hidden_folder(UNFINISHED, folder.parent) as part:
        write_study(scan, part / "study", vendor="siemens")
        with uninterrupted():
            if folder.exists():
                shutil.rmtree(folder)
            (part / "study").rename(folder)
    return folder
