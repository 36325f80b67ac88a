"""How often what is left of a lesion is found at its place on a later scan, and none where none is left: prints a Markdown table.

Run: python validation/residual_uptake.py [COUNT [FIRST]] [-v]. Each seed is one patient with the organs' uptake drawn anew, scanned twice;
the body lies up to 20 mm and 4° otherwise on the second scan. Half of the lesions are gone there, half have 1.5 to 8 mL of SUV 1.8 to 3.9.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from carpet.anatomy.survey import survey
from carpet.core.anatomy import Anatomy
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import connected_regions
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Region, Volume
from carpet.lesions.alignment import align
from carpet.lesions.following import lesion_tracks
from carpet.lesions.residual import Above, Residual, blocks_of, scan_uptake
from carpet.lesions.surfaces import surfaces_of
from carpet.lesions.tracks import Event, Scan
from carpet.run.trial.geometry import EXCRETING
from carpet.testing import Imaging, random_patient
from carpet.testing.moved import moved_scan, placement
from carpet.testing.patients import axial_grid
from carpet.testing.phantom import Phantom
from carpet.testing.shapes import as_point

CANDIDATE_SUV, CANDIDATE_ML = 4.0, 3.0
LEFT_SUV, LEFT_ML = (1.8, 3.9), (1.5, 8.0)
SHIFT_MM, TURN_DEG = 20.0, 4.0
LESIONS, VOXEL_MM = 6, 5.0
CLASSES = ("nothing left", "at most the blood pool", "up to the liver", "above the liver")
ANSWERS = ("none", *CLASSES[1:], "unsure", "not known")


@dataclass(frozen=True)
class Answer:
    """What one place truly shows (a class of CLASSES; SUVmax as scanned) and what was said of it."""

    seed: int
    site: str
    truth: str
    suv_max: float | None
    said: str
    found: Residual


def answers(seed: int) -> Iterator[Answer]:
    """The places of one patient's lesions that are no region on the second scan; none without liver, blood pool and alignment."""
    rng = np.random.default_rng([seed, 404])
    drawn = random_patient(seed, lesions=LESIONS, imaging=Imaging(ct_matrix=96, ct_slice_mm=6.0))
    grid = axial_grid(104, (VOXEL_MM,) * 3, top_mm=12.0, bottom_mm=-1080.0, uid=drawn.pet_grid.frame_uid)
    first = replace(drawn, pet_grid=grid)
    shift, turn = rng.uniform(-SHIFT_MM, SHIFT_MM, 3), rng.uniform(-TURN_DEG, TURN_DEG, 3)
    moved = placement(shift_mm=as_point(shift), turn_deg=as_point(turn))
    before, now = moved_scan(first, np.eye(4)), moved_scan(_faded(first, rng), moved)
    planted = {name: region for name, region in before.lesions.items() if region.volume_ml >= CANDIDATE_ML}
    disease = tuple(Lesion(name, n, region, Status.DISEASE, "phantom", "") for n, (name, region) in enumerate(sorted(planted.items()), 1))
    anatomy = survey(now.suv, now.ct)
    if not {"liver", "blood_pool"} <= anatomy.references.keys():
        return
    try:
        alignment = align(surfaces_of(now.suv, anatomy), surfaces_of(before.suv, survey(before.suv, before.ct)))
    except NotMeasurable:
        return
    hot = connected_regions(now.suv.grid, now.suv.values >= CANDIDATE_SUV, min_ml=CANDIDATE_ML)
    others = tuple(Lesion(f"R{n}", n, region, Status.PHYSIOLOGIC, "phantom", "") for n, region in enumerate(hot, 1))
    liver, pool = (float(anatomy.references[name].values_of(now.suv).max()) for name in ("liver", "blood_pool"))
    uptake = scan_uptake(blocks_of(now.suv), hot, _organs(anatomy), liver_suv_max=liver, candidate_suv=CANDIDATE_SUV)
    scans = (Scan("TT", disease, grid), Scan("M1", others, grid, alignment, uptake))
    sites = {lesion.id: lesion.site for lesion in first.lesions}
    for track in lesion_tracks(scans):
        (name,), seen = track.sightings[0].lesion_ids, track.sightings[1]
        if seen.residual is not None and seen.event is not Event.OUT_OF_FIELD:
            suv_max = _suv_max(now.lesions.get(name), now.suv)
            truth = CLASSES[0] if suv_max is None else _class(suv_max, liver, pool)
            yield Answer(seed, sites[name], truth, suv_max, _said(seen.residual, liver, pool), seen.residual)


def _faded(first: Phantom, rng: np.random.Generator) -> Phantom:
    """The second scan: every other lesion is gone, the rest is smaller and faint."""
    kept = []
    for lesion in first.lesions[::2]:
        factor = min((float(rng.uniform(*LEFT_ML)) / lesion.volume_ml) ** (1.0 / 3.0), 1.0)
        kept.append(replace(lesion, shape=lesion.shape.scaled(factor), suv=float(rng.uniform(*LEFT_SUV))))
    return replace(first, lesions=tuple(kept), seed=first.seed + 1)


def _organs(anatomy: Anatomy) -> list[Region]:
    labels = anatomy.organs
    return [] if labels is None else [region for value, region in labels.regions.items() if anatomy.organ_names[value] in EXCRETING]


def _suv_max(region: Region | None, suv: Volume) -> float | None:
    return None if region is None else float(region.values_of(suv).max())


def _class(suv_max: float, liver: float, pool: float) -> str:
    return CLASSES[3] if suv_max > liver else CLASSES[2] if suv_max > pool else CLASSES[1]


def _said(found: Residual, liver: float, pool: float) -> str:
    """As the Deauville score takes it: unsure uptake up to the liver changes no response."""
    if found.suv_max is None:
        return "not known"
    if found.above is Above.NO or (found.above is Above.UNSURE and found.suv_max <= pool):
        return "none"
    return "unsure" if found.above is Above.UNSURE and found.suv_max > liver else _class(found.suv_max, liver, pool)


def main(count: int, first: int, *, verbose: bool) -> None:
    table: Counter[tuple[str, str]] = Counter()
    for seed in range(first, first + count):
        for one in answers(seed):
            table[one.truth, one.said] += 1
            if verbose and one.truth != one.said and (one.truth, one.said) != (CLASSES[0], "none"):
                print(f"seed {one.seed}, {one.site}: {one.truth} ({one.suv_max}), said {one.said} {one.found}", file=sys.stderr)
    print(f"| truly \\ said | {' | '.join(ANSWERS)} |\n|---|{'---|' * len(ANSWERS)}")
    for truth in CLASSES:
        print(f"| {truth} | {' | '.join(str(table[truth, said]) for said in ANSWERS)} |")


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:] if word != "-v"]
    main(words[0] if words else 20, words[1] if len(words) > 1 else 1, verbose="-v" in sys.argv)
