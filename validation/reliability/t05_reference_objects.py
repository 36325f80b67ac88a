"""T5, numbers: every SUV reference object, ours and IBSI's own ten where the shared data are, is right in two decimals or refused."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from validation.reliability.score import Score

import carpet
from carpet.core.errors import Refused
from carpet.core.protocol import SuvProtocol
from carpet.dicom.mask import read_mask
from carpet.testing import REFERENCE_OBJECTS, ReferenceObject, write_reference_object

TWO_DECIMALS = 0.005  # IBSI's precision
OF_IBSI = 0.03  # of the ten that come as files, whose stored values were cut off
SHARED_DATA = Path(os.environ.get("CARPET_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


def run(size: int, work: Path) -> Score:
    """All 58, whatever `size`, and the ten of IBSI."""
    del size
    failed, theirs = [], list(_of_ibsi())
    for name, wanted in REFERENCE_OBJECTS.items():
        failed += [f"{name} ({wanted.says}): {why}" for why in _wrong(wanted, work / name)]
    for name, why in theirs:
        failed += [f"IBSI's own {name}: {why}"] if why else []
    answers = sum(one.answer is not None for one in REFERENCE_OBJECTS.values())
    refusals = len(REFERENCE_OBJECTS) - answers
    notes = (f"{len(theirs)} of IBSI's own files" if theirs else "no shared data: IBSI's own files not read",)
    says = f"SUV reference objects right ({answers}) or refused ({refusals})"
    return Score("T5", says, len(REFERENCE_OBJECTS) + len(theirs), tuple(failed), notes=notes)


def _wrong(wanted: ReferenceObject, folder: Path) -> list[str]:
    written = write_reference_object(wanted.name, folder)
    try:
        suv = carpet.to_suv(carpet.read_study(folder, protocol=wanted.protocol), wanted.protocol)
    except Refused as refused:
        return [] if set(refused.codes) <= set(wanted.refused) else [f"refused: {' '.join(refused.codes)}"]
    if wanted.answer is None:
        return ["a number instead of a refusal"]
    return _off(suv.values[written.suv.values > 0], wanted.answer, TWO_DECIMALS)


def _off(inside: np.ndarray[tuple[int, ...], np.dtype[np.float32]], answer: tuple[float, ...], tolerance: float) -> list[str]:
    found = (float(inside.min()), float(np.median(inside)), float(inside.max()))
    good = all(abs(one - other) <= tolerance for one, other in zip(found, answer, strict=True))
    return [] if good else ["{:.4f} / {:.4f} / {:.4f}".format(*found)]


def _of_ibsi() -> Iterator[tuple[str, str]]:
    """Each of IBSI's own objects with what is wrong with it, empty where nothing is."""
    folder, protocol = SHARED_DATA / "suv_dro_ibsi", SuvProtocol(sex_undefined="mean_of_sexes")
    if not folder.is_dir():
        return
    for row in csv.DictReader((folder / "expected.csv").read_text().splitlines()):
        here = folder / row["ID"]
        try:
            suv = carpet.to_suv(carpet.read_study(here, protocol=protocol), protocol)
        except Refused as refused:
            yield row["ID"], f"refused: {' '.join(refused.codes)}"
            continue
        regions = read_mask(next((here / "mask").iterdir()), suv.grid).labels.regions.values()
        inside = np.concatenate([region.values_of(suv) for region in regions])
        answer = tuple(float(row[f"SUV{what}_expected"]) for what in ("min", "med", "max"))
        yield row["ID"], "".join(_off(inside, answer, OF_IBSI))
