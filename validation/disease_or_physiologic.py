"""How often the suggestion is right on phantoms with known organs: prints a Markdown table of regions, and the references' errors.

Run: python validation/disease_or_physiologic.py [COUNT [FIRST]] [--no-ct] [-v]
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np

from carpet.anatomy.place import place
from carpet.anatomy.survey import survey
from carpet.core.geometry import connected_regions
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Region
from carpet.lesions.suggest import suggest
from carpet.testing import random_phantom
from carpet.testing.phantom import PhantomScan

SUV, LEAST_ML = 4.0, 3.0  # the benchmark's preselection (METHODS §B.2)
MIXED = 0.2
COLUMNS = ("right organ", "other physiologic", "disease", "undecided")

# The rule that is right for each of the phantom's organs.
RIGHT = {
    "brain": "PHY-BRAIN",
    "bladder": "PHY-BLADDER",
    "kidney": "PHY-KIDNEY",
    "renal_pelvis": "PHY-KIDNEY",
    "ureter": "PHY-URETER",
    "myocardium": "PHY-HEART",
    "heart": "PHY-HEART",
    "parotid": "PHY-GLAND",
    "submandibular": "PHY-GLAND",
    "tonsil": "PHY-GLAND",
    "small_bowel": "PHY-BOWEL",
    "colon": "PHY-BOWEL",
    "stomach": "PHY-BOWEL",
    "spleen": "PHY-SPLEEN",
    "liver": "PHY-LIVER",
    "marrow": "PHY-MARROW",
}


def truth_of(region: Region, scan: PhantomScan) -> str:
    """`disease`, `disease + organ`, or the organ with the most true uptake in the region."""
    box = region.box
    lesion = sum(float(np.count_nonzero(planted.mask_in(box) & region.mask)) for planted in scan.truth.regions.values())
    uptake = {
        scan.organ_names[label]: float(np.count_nonzero(organ.mask_in(box) & region.mask)) * max(scan.organ_suv[label] - 2.0, 0.01)
        for label, organ in scan.organs.regions.items()
    }
    organ = max(uptake, key=lambda name: uptake[name])
    share = lesion / region.voxels
    hot = uptake[organ] > MIXED * region.voxels
    if share > MIXED:
        return f"disease + {organ}" if hot and share < 1 - MIXED else "disease"
    return organ


def verdict(lesion: Lesion, truth: str) -> str:
    if lesion.status is Status.DISEASE:
        return "disease"
    if lesion.status is Status.UNDECIDED:
        return "undecided"
    rule = RIGHT.get(truth, "")
    return "right organ" if rule and rule in lesion.decided_by else "other physiologic"


def main(seeds: range, *, with_ct: bool) -> None:
    table: dict[str, Counter[str]] = {}
    errors: dict[str, list[float]] = {}
    absent: Counter[str] = Counter()
    for seed in seeds:
        scan = random_phantom(seed)
        ct = scan.ct if with_ct else None
        anatomy = survey(scan.suv, ct)
        regions = connected_regions(scan.suv.grid, scan.suv.values >= SUV, min_ml=LEAST_ML)
        places = [place(region, scan.suv, anatomy, ct) for region in regions]
        for lesion in suggest(regions, places, scan.suv, anatomy=anatomy):
            truth = truth_of(lesion.region, scan)
            found = verdict(lesion, truth)
            table.setdefault(truth, Counter())[found] += 1
            wrong = (found == "other physiologic") or (found == "disease") != truth.startswith("disease")
            if wrong and "-v" in sys.argv:
                print(
                    f"seed {seed} {truth}: {lesion.decided_by}: {lesion.because} {lesion.region.centroid_lps_mm.round()}", file=sys.stderr
                )
        for name, organ in (("liver", "liver"), ("blood_pool", "aorta"), ("spleen", "spleen"), ("marrow", "marrow")):
            if name not in anatomy.references:
                absent[f"{name} {anatomy.absent[name]}"] += 1
                continue
            mean = float(anatomy.references[name].values_of(scan.suv).mean())
            label = {known: value for value, known in scan.organ_names.items()}[organ]
            errors.setdefault(name, []).append(100 * (mean / scan.organ_suv[label] - 1))
    print(
        f"{len(seeds)} random phantoms from seed {seeds[0]}, {'with' if with_ct else 'without'} CT; regions SUV ≥ {SUV}, ≥ {LEAST_ML} mL.\n"
    )
    print(f"| truth | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
    for truth in sorted(table, key=lambda name: -sum(table[name].values())):
        print(f"| {truth} | {' | '.join(str(table[truth][column]) for column in COLUMNS)} |")
    print("\n| reference | found | median error % | largest error % |\n|---|---|---|---|")
    for name, values in errors.items():
        print(f"| {name} | {len(values)} | {np.median(values):.1f} | {max(values, key=abs):.1f} |")
    for reason, count in absent.items():
        print(f"\nabsent: {reason}: {count}")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count, first = (*numbers, *(20, 1)[len(numbers) :])[:2]
    main(range(first, first + count), with_ct="--no-ct" not in sys.argv)
