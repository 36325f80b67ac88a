"""How often the suggestion is right on phantoms with known organs: prints a Markdown table of regions, and the references' errors.

Run: python validation/disease_or_physiologic.py [COUNT [FIRST]] [--no-ct] [-v], or --page for the page in docs/reference.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np

from carpet.anatomy.place import place
from carpet.anatomy.survey import survey
from carpet.core.lesion import Lesion, Status
from carpet.core.protocol import SegmentProtocol
from carpet.core.space import Region
from carpet.lesions.suggest import suggest
from carpet.segment import candidates
from carpet.testing import random_phantom
from carpet.testing.phantom import PhantomScan

MIXED = 0.2
UNSEEN = range(401, 421)
REFERENCES = {"liver": "liver", "blood_pool": "aorta", "spleen": "spleen", "marrow": "marrow"}
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


def counted(seeds: range, *, with_ct: bool) -> str:
    """Two Markdown tables: what was suggested for each region, and how far the references are from the organ's true uptake."""
    table: dict[str, Counter[str]] = {}
    errors: dict[str, list[float]] = {}
    absent: Counter[str] = Counter()
    for seed in seeds:
        scan = random_phantom(seed)
        ct = scan.ct if with_ct else None
        found = candidates(scan.suv, SegmentProtocol())
        regions = tuple(found.labels.regions.values())
        anatomy = survey(scan.suv, ct, exclude=found.every)
        places = [place(region, scan.suv, anatomy, ct) for region in regions]
        for lesion in suggest(regions, places, scan.suv, anatomy=anatomy):
            truth = truth_of(lesion.region, scan)
            answer = verdict(lesion, truth)
            table.setdefault(truth, Counter())[answer] += 1
            wrong = (answer == "other physiologic") or (answer == "disease") != truth.startswith("disease")
            if wrong and "-v" in sys.argv:
                where = lesion.region.centroid_lps_mm.round()
                print(f"seed {seed} {truth}: {lesion.decided_by}: {lesion.because} {where}", file=sys.stderr)
        for name, organ in REFERENCES.items():
            if name not in anatomy.references:
                absent[f"{name}: {anatomy.absent[name]}"] += 1
                continue
            mean = float(anatomy.references[name].values_of(scan.suv).mean())
            label = {known: value for value, known in scan.organ_names.items()}[organ]
            errors.setdefault(name, []).append(100 * (mean / scan.organ_suv[label] - 1))
    lines = [f"## {len(seeds)} phantoms, seeds {seeds[0]}–{seeds[-1]}, {'with' if with_ct else 'without'} CT\n"]
    lines += [f"| truth | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for truth in sorted(table, key=lambda name: (-sum(table[name].values()), name)):
        lines.append(f"| {truth} | {' | '.join(str(table[truth][column]) for column in COLUMNS)} |")
    lines += ["", "| reference | found | median error of the mean | largest error |", "|---|---|---|---|"]
    lines += [f"| {name} | {len(e)} of {len(seeds)} | {np.median(e):+.1f} % | {max(e, key=abs):+.1f} % |" for name, e in errors.items()]
    lines += [f"\nNot found: {', '.join(f'{reason} ({count})' for reason, count in sorted(absent.items()))}."] if absent else []
    return "\n".join(lines) + "\n"


HEADING = """# Disease or physiologic: how often the first suggestion is right

Printed by `validation/disease_or_physiologic.py`, as it is; a test runs the first table again. Random whole-body phantoms (5.5 mm
blur, noise, 3–15 lesions); regions with SUV ≥ 4.0 and at least 3 mL. The rules were written while looking at seeds 1–20, 101–120,
201–220 and 301–320; the seeds below were not looked at before. Phantoms are simpler than patients: this says that the rules do
what they say, not how they do in the clinic. A reader confirms every region.
"""


def page() -> str:
    """The page docs/reference/disease_or_physiologic.md."""
    return "\n".join((HEADING, *(counted(UNSEEN, with_ct=with_ct) for with_ct in (True, False))))


if __name__ == "__main__":
    if "--page" in sys.argv:
        print(page(), end="")
    else:
        numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
        count, first = (*numbers, *(20, 1)[len(numbers) :])[:2]
        print(counted(range(first, first + count), with_ct="--no-ct" not in sys.argv), end="")
