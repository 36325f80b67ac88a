"""`carpet demo`: a phantom patient written as DICOM, measured like a real one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from carpet.run.document import document
from carpet.run.measuring import measured
from carpet.run.outputs import write_result
from carpet.run.pipeline import Wishes
from carpet.run.protocols import load_protocol
from carpet.run.summary import summary
from carpet.testing import random_phantom, write_study

ALSO = ("suv2.5", "max41", "max50", "a50p", "liver_mean", "mv2", "mv3")


def run_demo(folder: Path, *, seed: int, say: Callable[[str], None]) -> str:
    """Make, write, measure; returns what to print. Planted lesions are listed beside what was found."""
    say("making a phantom patient")
    scan = random_phantom(seed, vendor="siemens")
    write_study(scan, folder / "dicom", vendor="siemens")
    protocol = load_protocol("cart-lymphoma", also=ALSO)
    out = folder / "results"
    with measured(folder / "dicom", protocol, Wishes(), series_uid=None, weight_kg=None, say=say) as result:
        told = document(result)
        written = write_result(result, told, out, tables_only=False, when=dt.datetime.now().replace(microsecond=0), say=say)
    planted_ml = sum(one.volume_ml for one in scan.planted if one.disease)
    return "\n".join(
        [
            summary(told, out, written),
            "",
            f"planted in this phantom: {sum(one.disease for one in scan.planted)} lesions, {planted_ml:.1f} mL",
            f"the report: {(out / 'report.html').resolve()}",
        ]
    )
