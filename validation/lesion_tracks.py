"""How often lesions are followed rightly over three scans of phantoms with known correspondences: prints a Markdown table.

Run: python validation/lesion_tracks.py [COUNT [FIRST]] [-v]. Each seed is one patient; the seeds go through the circumstances in turn.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from carpet.anatomy.survey import survey
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import sphere_region
from carpet.core.lesion import Lesion, Status
from carpet.core.space import Region, Volume
from carpet.lesions.alignment import Alignment, Confidence, align
from carpet.lesions.following import lesion_tracks
from carpet.lesions.surfaces import Surfaces, surfaces_of
from carpet.lesions.tracks import Event, Scan, Track
from carpet.testing import ORIENTATIONS, Imaging, follow_up, random_patient
from carpet.testing.frame import BodyFrame
from carpet.testing.moved import moved_scan, placement
from carpet.testing.organs import skin
from carpet.testing.orientation import reoriented, reoriented_region
from carpet.testing.phantom import Phantom
from carpet.testing.shapes import Ellipsoid, as_point
from carpet.testing.sites import Lesion as Planted
from carpet.testing.voxels import upright_grid

SHIFT_MM, TURN_DEG = 40.0, 8.0
SHRUNK = (0.93, 0.93, 1.0)
FAT_KEPT = 0.4
OWN_MM = 8.0
SPLIT_ML = 3.0  # smaller lesions are not split
CIRCUMSTANCES = (
    "PET/CT",
    "PET alone",
    "PET/CT, all of the body 7 % narrower",
    "PET alone, all of the body 7 % narrower",
    "PET/CT, 60 % of the fat lost",
    "PET alone, 60 % of the fat lost",
    "PET/CT, arms down",
    "PET alone, arms down",
    "PET/CT, other scanner and storage order",
    "PET alone, other scanner and storage order",
    "PET/CT, later scans from neck to pelvis",
    "PET alone, later scans from neck to pelvis",
    "PET/CT, 20 lesions, each moved by up to 8 mm on its own",
    "PET alone, 20 lesions, each moved by up to 8 mm on its own",
)
FATES = ("same", "grown", "shrunken", "gone", "split", "merged")
FINAL = ("right, sure", "right, unsure", "wrong, sure", "wrong, unsure")


@dataclass(frozen=True)
class Course:
    """Scans of one patient; the planted lesion that each found one stems from, by (time point, id); errors of alignment in mm."""

    scans: tuple[Scan, ...]
    origin: dict[tuple[str, str], str]
    errors_mm: tuple[float, ...]
    refused: int
    seconds: float


def course(seed: int, circumstance: str) -> Course:
    """Baseline and two later scans, each with the body lying otherwise, lesions of every fate, and new ones."""
    rng = np.random.default_rng([seed, 17])
    imaging = Imaging(ct_matrix=0 if "alone" in circumstance else 128)
    patient = random_patient(seed, vendor="philips", lesions=20 if "20" in circumstance else 9, imaging=imaging)
    visits = _visits(patient, circumstance, rng)
    surfaces: list[Surfaces] = []
    scans: list[Scan] = []
    origin: dict[tuple[str, str], str] = {}
    errors, refused, seconds = [], 0, 0.0
    for n, phantom in enumerate(visits):
        matrix = _lying(circumstance, rng) if n else placement()
        suv, ct, regions = _scanned(phantom, matrix, circumstance if n else "", rng)
        surfaces.append(surfaces_of(suv, survey(suv, ct)))
        alignment: Alignment | None = None
        if n:
            began = time.perf_counter()
            try:
                alignment = align(surfaces[n], surfaces[0])
            except NotMeasurable:
                refused += 1
            seconds = max(seconds, time.perf_counter() - began)
            if alignment is not None:
                middles = np.array([lesion.shape.centre for lesion in phantom.lesions])
                there = middles @ matrix[:3, :3].T + matrix[:3, 3]
                errors += [float(e) for e in np.linalg.norm(alignment.to_baseline(there) - middles, axis=1)]
        names = [f"L{number:02d}" for number in rng.permutation(len(regions)) + 1]
        timepoint = f"V{n}"
        origin |= {(timepoint, name): planted.split("/")[0] for name, planted in zip(names, regions, strict=True)}
        scans.append(
            Scan(timepoint, tuple(_lesion(name, region) for name, region in zip(names, regions.values(), strict=True)), suv.grid, alignment)
        )
    return Course(tuple(scans), origin, tuple(errors), refused, seconds)


def _lesion(name: str, region: Region) -> Lesion:
    return Lesion(name, int(name[1:]), region, Status.DISEASE, "phantom", "planted")


def _visits(patient: Phantom, circumstance: str, rng: np.random.Generator) -> Iterator[Phantom]:
    fates = {lesion.id: str(rng.choice(FATES)) for lesion in patient.lesions}
    whole = {lesion.id: lesion for lesion in patient.lesions}
    for name, lesion in whole.items():
        if fates[name] in {"split", "merged"} and lesion.volume_ml < SPLIT_ML:
            fates[name] = "same"
    yield replace(patient, lesions=_pieces(whole, fates, {"merged"}))
    later = replace(
        random_patient(
            patient.seed,
            vendor="ge" if "scanner" in circumstance else "philips",
            lesions=20 if "20" in circumstance else 9,
            arms="down" if "arms" in circumstance else "up",
            imaging=Imaging(ct_matrix=0 if patient.ct_grid is None else 128),
        )
    )
    for n in (1, 2):
        now = follow_up(later, n, keep=(), new_sites=("mediastinal", "iliac")[:n] if n == 1 else ())
        taken = follow_up(replace(later, lesions=patient.lesions), 1, new_sites=("mediastinal", "iliac"))
        new = [lesion for lesion in taken.lesions if lesion.id not in whole]
        there = {
            name: _sized(lesion, fates[name]) for name, lesion in whole.items() if fates[name] != "gone" or (n == 2 and int(name[1:]) % 2)
        }
        lesions = (*_pieces(there, fates, {"split"}), *new[:n])
        if "own" in circumstance:
            lesions = tuple(_displaced(lesion, rng) for lesion in lesions)
        yield replace(_thinner(now) if "fat" in circumstance else now, lesions=lesions, seed=1000 * n + patient.seed)


def _displaced(lesion: Planted, rng: np.random.Generator) -> Planted:
    """Moved in a random direction by up to 8 mm: breath, bowel, a joint."""
    step = rng.normal(size=3)
    step *= rng.uniform(0, OWN_MM) / np.linalg.norm(step)
    shape = lesion.shape
    if isinstance(shape, Ellipsoid):
        return replace(lesion, shape=replace(shape, centre=as_point(shape.centre + step)))
    return replace(lesion, shape=replace(shape, start=as_point(shape.start + step), end=as_point(shape.end + step)))


def _sized(lesion: Planted, fate: str) -> Planted:
    return replace(lesion, shape=lesion.shape.scaled({"grown": 1.15, "shrunken": 0.65}.get(fate, 1.0)))


def _pieces(lesions: dict[str, Planted], fates: dict[str, str], in_two: set[str]) -> tuple[Planted, ...]:
    """The lesions, those of these fates as two balls of a fifth of the volume at either end of the longest axis."""
    out = []
    for name, lesion in lesions.items():
        out += list(_halves(lesion)) if fates[name] in in_two else [lesion]
    return tuple(out)


def _halves(lesion: Planted) -> Iterator[Planted]:
    shape = lesion.shape
    if isinstance(shape, Ellipsoid):
        longest = int(np.argmax(shape.semi_mm))
        direction = np.array(shape.axes[longest]) if shape.axes is not None else np.eye(3)[longest]
        end = direction * shape.semi_mm[longest]
    else:
        axis = np.subtract(shape.end, shape.start) / 2.0
        end = axis * (1.0 + shape.radius_mm / np.linalg.norm(axis))
    radius = 0.42 * float(np.linalg.norm(end))
    for letter, side in (("a", -1.0), ("b", 1.0)):
        centre = as_point(np.array(shape.centre) + side * end * (1.0 - 0.42))
        yield replace(lesion, id=f"{lesion.id}/{letter}", shape=Ellipsoid(centre, (radius, radius, radius)))


def _thinner(phantom: Phantom) -> Phantom:
    assert phantom.body.height_m is not None
    frame = BodyFrame.of(phantom.body.weight_kg, phantom.body.height_m)
    thin = skin(replace(frame, fat_mm=FAT_KEPT * frame.fat_mm), "up", True)
    return replace(phantom, parts=tuple(replace(part, shape=thin) if part.name == "fat" else part for part in phantom.parts))


def _lying(circumstance: str, rng: np.random.Generator) -> np.ndarray:
    shift = as_point(rng.uniform(-SHIFT_MM, SHIFT_MM, 3))
    turn = as_point(rng.uniform(-TURN_DEG, TURN_DEG, 3))
    return placement(shift_mm=shift, turn_deg=turn, scale=SHRUNK if "narrower" in circumstance else (1.0, 1.0, 1.0))


def _scanned(
    phantom: Phantom, matrix: np.ndarray, circumstance: str, rng: np.random.Generator
) -> tuple[Volume, Volume | None, dict[str, Region]]:
    scan = moved_scan(phantom, matrix)
    suv, ct, regions = scan.suv, scan.ct, dict(scan.lesions)
    if "neck" in circumstance:
        slices = suv.grid.shape_kji[0]
        box = (slice(round(0.15 * slices), round(0.78 * slices)), slice(0, suv.grid.shape_kji[1]), slice(0, suv.grid.shape_kji[2]))
        suv = suv.cropped(box)
        inside = {name: region.mask_in(box) for name, region in regions.items()}
        regions = {name: Region.of_mask(suv.grid, mask) for name, mask in inside.items() if mask.any()}
    if "storage" in circumstance:
        order = str(rng.choice(ORIENTATIONS))
        suv, ct = reoriented(suv, order), ct and reoriented(ct, order)
        regions = {name: reoriented_region(region, order, suv.grid) for name, region in regions.items()}
    return suv, ct, regions


def judged(tracks: tuple[Track, ...], one: Course) -> Iterator[tuple[str, str, bool, str]]:
    """(kind of decision, event, right, confidence) of every decision on the later scans; one decision a lesion, one a missing track."""
    for scan in one.scans[1:]:
        now = {name for (time_, _), name in one.origin.items() if time_ == scan.timepoint}
        for track in tracks:
            seen = track.at(scan.timepoint)
            if seen is None or seen.event in (Event.OUT_OF_FIELD, Event.NOT_ALIGNED):
                if seen is not None:
                    yield "unknown", seen.event.value, True, seen.confidence.value
                continue
            first = track.sightings[0]
            root = one.origin[first.timepoint, first.lesion_ids[0]]
            if first is seen:
                earlier = {name for (time_, _), name in one.origin.items() if time_ < scan.timepoint}
                kind = "unknown" if seen.event is Event.FIRST_SEEN else "new"
                yield kind, seen.event.value, root not in earlier or kind == "unknown", seen.confidence.value
            elif seen.event is Event.GONE:
                yield "gone", seen.event.value, root not in now, seen.confidence.value
            else:
                for lesion in seen.lesion_ids:
                    yield "same", seen.event.value, one.origin[scan.timepoint, lesion] == root, seen.confidence.value


def changes(tracks: tuple[Track, ...], one: Course) -> Iterator[str]:
    """For every lesion in two parts on one of two successive scans and whole on the other: whether the event was told."""
    for before, scan in itertools.pairwise(one.scans):
        parts = [Counter(name for (time_, _), name in one.origin.items() if time_ == at.timepoint) for at in (before, scan)]
        for root in sorted(parts[0].keys() & parts[1].keys()):
            event = {(1, 2): Event.SPLIT, (2, 1): Event.MERGED}.get((parts[0][root], parts[1][root]))
            if event is not None:
                own = [track for track in tracks if one.origin[track.sightings[0].timepoint, track.sightings[0].lesion_ids[0]] == root]
                told = any((seen := track.at(scan.timepoint)) is not None and seen.event is event for track in own)
                yield f"{event.value}{'' if told else ' not told'}"


def balls(seed: int, own_mm: float) -> Course:
    """No images: 30 balls of 0.5–30 mL in a trunk, a fifth gone and as many new, each moved by normal steps of `own_mm` on its own."""
    rng = np.random.default_rng([seed, 23])
    grid = upright_grid((150, 60, 90), (4.0, 4.0, 4.0), first_centre_lps_mm=(-178.0, -118.0, -298.0), frame_uid="1.2.3")
    placed_: list[tuple[np.ndarray, float]] = []
    while len(placed_) < 36:
        radius = float(rng.uniform(5.0, 19.0))
        centre = rng.uniform(-1, 1, 3) * (120.0, 60.0, 250.0)
        if all(np.linalg.norm(centre - other) > radius + wide + 8.0 for other, wide in placed_):
            placed_.append((centre, radius))
    there = {"V0": range(30), "V1": range(6, 36)}
    scans: list[Scan] = []
    origin: dict[tuple[str, str], str] = {}
    for timepoint, numbers in there.items():
        lesions = []
        for label, number in enumerate(rng.permutation(list(numbers)), start=1):
            centre, radius = placed_[number]
            step = rng.normal(size=3) * own_mm / np.sqrt(3.0) if timepoint == "V1" else np.zeros(3)
            size = float(rng.uniform(0.7, 1.2)) if timepoint == "V1" else 1.0
            lesions.append(_lesion(f"L{label:02d}", sphere_region(grid, centre + step, max(radius * size, 4.0))))
            origin[timepoint, f"L{label:02d}"] = str(number)
        aligned = Alignment(np.eye(4), 1.0, 1.0, 1.0, "bone", Confidence.HIGH, "given") if scans else None
        scans.append(Scan(timepoint, tuple(lesions), grid, aligned))
    return Course(tuple(scans), origin, (), 0, 0.0)


def crowded(courses: int, show: Callable[[str], None] = print) -> None:
    """The table of `balls`."""
    show(f"\n{courses} courses of 30 balls without images, surfaces at least 8 mm apart at baseline\n")
    show("| root mean square step of each lesion, mm | " + " | ".join(FINAL) + " |")
    show("|---|" + "---|" * len(FINAL))
    for own_mm in (0.0, 4.0, 8.0, 12.0, 16.0):
        counts: Counter[str] = Counter()
        for seed in range(courses):
            one = balls(seed, own_mm)
            for _, _, right, confidence in judged(lesion_tracks(one.scans), one):
                counts[f"{'right' if right else 'wrong'}, {'sure' if confidence == Confidence.HIGH else 'unsure'}"] += 1
        show(f"| {own_mm:g} | " + " | ".join(str(counts[word]) for word in FINAL) + " |")


def main(count: int, first: int, loud: bool, show: Callable[[str], None] = print) -> None:
    """The table over `count` patients from seed `first`."""
    table: dict[str, Counter[str]] = {name: Counter() for name in CIRCUMSTANCES}
    kinds: dict[str, Counter[str]] = {name: Counter() for name in ("same", "new", "gone", "unknown")}
    errors: dict[str, list[float]] = {name: [] for name in CIRCUMSTANCES}
    parts: Counter[str] = Counter()
    slowest = 0.0
    for seed in range(first, first + count):
        circumstance = CIRCUMSTANCES[(seed - first) % len(CIRCUMSTANCES)]
        one = course(seed, circumstance)
        errors[circumstance] += one.errors_mm
        slowest = max(slowest, one.seconds)
        table[circumstance]["refused"] += one.refused
        tracks = lesion_tracks(one.scans)
        parts.update(changes(tracks, one))
        for kind, event, right, confidence in judged(tracks, one):
            word = f"{'right' if right else 'wrong'}, {'sure' if confidence == Confidence.HIGH else 'unsure'}"
            kinds[kind][word] += 1
            if kind != "unknown":
                table[circumstance][word] += 1
            if loud and not right:
                show(f"seed {seed} ({circumstance}): {kind} {event} {confidence}")
        if loud:
            show(
                f"seed {seed} {circumstance}: "
                + "; ".join(str(scan.alignment and scan.alignment.because) for scan in one.scans[1:])
                + f" {table[circumstance]}"
            )
    show(f"{count} patients from seed {first}, three scans each; slowest alignment {slowest:.1f} s\n")
    show("| circumstance | " + " | ".join(FINAL) + " | not aligned | error of alignment at the lesions, median / largest mm |")
    show("|---|" + "---|" * (len(FINAL) + 2))
    for name, counts in table.items():
        if errors[name] or counts:
            error = f"{np.median(errors[name]):.1f} / {max(errors[name]):.1f}" if errors[name] else "–"
            show(f"| {name} | " + " | ".join(str(counts[word]) for word in FINAL) + f" | {counts['refused']} | {error} |")
    show("\n| decision | " + " | ".join(FINAL) + " |")
    show("|---|" + "---|" * len(FINAL))
    for name, counts in kinds.items():
        show(f"| {name} | " + " | ".join(str(counts[word]) for word in FINAL) + " |")
    show("\nParts: " + ", ".join(f"{name} {number}" for name, number in sorted(parts.items())))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if not word.startswith("-")]
    count, first = (*numbers, *(28, 1)[len(numbers) :])
    main(count, first, "-v" in sys.argv)
    crowded(40)
