"""Ready phantoms: a random adult, a small one for unit tests, and a large one for benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from carpet.core.body import Body, Sex
from carpet.core.lesion import Kind
from carpet.core.space import Grid
from carpet.testing.frame import BodyFrame, Part
from carpet.testing.organs import Uptake, body_parts, drawn_uptake
from carpet.testing.phantom import Phantom, PhantomScan, frame_uid, make_phantom
from carpet.testing.shapes import Box, Ellipsoid, Loft, as_point
from carpet.testing.sites import SITES, SITES_BY_NAME, BodyMap, Lesion, Site, plant
from carpet.testing.voxels import upright_grid

Vendor = Literal["siemens", "ge", "philips"]
Arms = Literal["up", "down", "none"]

MID_THIGH_MM = -1075.0  # reference height below the vertex


@dataclass(frozen=True)
class PetMatrix:
    """In-plane voxels and spacing (mm: slice, row, column) of a vendor's whole-body PET."""

    matrix: int
    spacing_mm_kji: tuple[float, float, float]


@dataclass(frozen=True)
class Imaging:
    """How sharp and how noisy the PET is (see `Phantom`), and the CT's matrix (0: no CT) and slice spacing."""

    psf_fwhm_mm: float = 5.5
    noise: float = 0.08
    ct_matrix: int = 256
    ct_slice_mm: float = 4.0


TYPICAL_IMAGING = Imaging()
NO_BLUR = Imaging(psf_fwhm_mm=0.0, noise=0.0)  # every voxel has its organ's exact SUV

PET_MATRIX: dict[str, PetMatrix] = {
    "siemens": PetMatrix(200, (3.0, 4.07283, 4.07283)),  # Biograph mCT, 814.566 mm field
    "ge": PetMatrix(128, (3.27, 5.46875, 5.46875)),  # Discovery, 700 mm field
    "philips": PetMatrix(144, (4.0, 4.0, 4.0)),  # Gemini TF, 576 mm field
}


def random_patient(
    seed: int,
    *,
    vendor: Vendor = "siemens",
    arms: Arms = "up",
    with_head: bool = True,
    lesions: int | None = None,
    sites: Sequence[str] | None = None,
    imaging: Imaging = TYPICAL_IMAGING,
) -> Phantom:
    """The description of a seeded adult: 3–15 lesions (or `lesions`) at random sites (or one at each of `sites`)."""
    rng = np.random.default_rng(seed)
    body = _drawn_body(rng)
    assert body.height_m is not None
    frame = BodyFrame.of(body.weight_kg, body.height_m)
    parts = body_parts(frame, drawn_uptake(rng), arms=arms, with_head=with_head, rng=rng)
    count = int(rng.integers(3, 16)) if lesions is None else lesions
    wanted = _drawn_sites(count, with_head, rng) if sites is None else [SITES_BY_NAME[name] for name in sites]
    planted = plant(frame, BodyMap(parts), wanted, rng=rng)
    top = 12.0 if with_head else -262.0 * frame.along
    bottom = MID_THIGH_MM * frame.along
    uid = frame_uid("phantom", seed, vendor, arms, with_head)
    matrix = PET_MATRIX[vendor]
    pet = axial_grid(matrix.matrix, matrix.spacing_mm_kji, top_mm=top, bottom_mm=bottom, uid=uid)
    ct = _ct_grid(imaging.ct_matrix, imaging.ct_slice_mm, arms=arms, top_mm=top, bottom_mm=bottom, uid=uid)
    table = scanner_table(frame)
    return Phantom(f"{seed:04d}", body, parts, planted, pet, ct, table, imaging.psf_fwhm_mm, imaging.noise, seed)


def random_phantom(
    seed: int,
    *,
    vendor: Vendor = "siemens",
    arms: Arms = "up",
    with_head: bool = True,
    lesions: int | None = None,
    sites: Sequence[str] | None = None,
    imaging: Imaging = TYPICAL_IMAGING,
) -> PhantomScan:
    """The scan of `random_patient` with the same options."""
    return make_phantom(
        random_patient(
            seed,
            vendor=vendor,
            arms=arms,
            with_head=with_head,
            lesions=lesions,
            sites=sites,
            imaging=imaging,
        )
    )


def _drawn_body(rng: np.random.Generator) -> Body:
    sex = Sex.MALE if rng.random() < 0.5 else Sex.FEMALE
    height = float(np.clip(rng.normal(1.77 if sex is Sex.MALE else 1.65, 0.07), 1.5, 1.95))
    bmi = float(np.clip(rng.normal(26.0, 3.5), 19.0, 36.0))
    return Body(round(bmi * height**2, 1), round(height, 2), sex)


def _drawn_sites(count: int, with_head: bool, rng: np.random.Generator) -> list[Site]:
    """Nodal sites three times out of four, extranodal ones else. No neck without the head."""
    nodal = [site for site in SITES if site.kind is Kind.NODAL and (with_head or site.name != "cervical")]
    other = [site for site in SITES if site.kind is not Kind.NODAL]
    pools = (nodal if rng.random() < 0.72 else other for _ in range(count))
    return [pool[int(rng.integers(len(pool)))] for pool in pools]


def axial_grid(matrix: int, spacing_mm_kji: tuple[float, float, float], *, top_mm: float, bottom_mm: float, uid: str) -> Grid:
    """An upright square grid centred on the body's axis, from `bottom_mm` to `top_mm`."""
    slices = int(np.ceil((top_mm - bottom_mm) / spacing_mm_kji[0])) + 1
    edge = -(matrix - 1) / 2.0
    first = (edge * spacing_mm_kji[2], edge * spacing_mm_kji[1], bottom_mm)
    return upright_grid((slices, matrix, matrix), spacing_mm_kji, first_centre_lps_mm=first, frame_uid=uid)


def _ct_grid(matrix: int, slice_mm: float, *, arms: Arms, top_mm: float, bottom_mm: float, uid: str) -> Grid | None:
    """A CT of 500 mm field (700 mm with the arms down), or None for a matrix of 0."""
    if matrix == 0:
        return None
    pixel = (700.0 if arms == "down" else 500.0) / matrix
    return axial_grid(matrix, (slice_mm, pixel, pixel), top_mm=top_mm, bottom_mm=bottom_mm, uid=uid)


def scanner_table(frame: BodyFrame) -> tuple[Part, ...]:
    """The couch below the back: a carbon shell around foam, wider than deep, for the CT only."""
    back = max(row[2] + row[4] for row in frame.trunk().grown(frame.fat_mm).rows) + 3.0
    long = (-1400.0 * frame.along, 400.0)
    shell = Loft(tuple((z, 0.0, back + 14.0, 210.0, 16.0) for z in long), 3.0)
    return Part("table", shell, None, -150.0), Part("table_foam", shell.grown(-3.0), None, -850.0)


def simple_phantom(*, spacing_mm: float = 4.0, psf_fwhm_mm: float = 0.0, noise: float = 0.0, with_ct: bool = True) -> PhantomScan:
    """A small torso with liver, spleen, bladder and aorta and three lesions (one beside the bladder); made in a tenth of a second."""
    uid = frame_uid("simple", spacing_mm)
    torso = Loft(((-200.0, 0.0, 0.0, 150.0, 100.0), (200.0, 0.0, 0.0, 150.0, 100.0)), 2.5)
    parts = (
        Part("muscle", torso, 0.6, 50.0),
        Part("liver", Ellipsoid((-70.0, 0.0, 60.0), (55.0, 60.0, 60.0)), 2.2, 55.0),
        Part("spleen", Ellipsoid((90.0, 30.0, 70.0), (25.0, 35.0, 40.0)), 2.0, 50.0),
        Part("marrow", Ellipsoid((0.0, 60.0, 0.0), (18.0, 18.0, 190.0)), 1.5, 180.0),
        Part("aorta", Ellipsoid((12.0, 25.0, 0.0), (11.0, 11.0, 190.0)), 1.6, 40.0),
        Part("bladder", Ellipsoid((0.0, -20.0, -150.0), (30.0, 25.0, 25.0)), 20.0, 5.0),
    )
    lesions = (
        Lesion("L01", "mediastinal", Kind.NODAL, Ellipsoid((30.0, -40.0, 120.0), (20.0, 15.0, 25.0)), 12.0, 40.0),
        Lesion("L02", "para-aortic", Kind.NODAL, Ellipsoid((45.0, 10.0, -40.0), (14.0, 14.0, 14.0)), 8.0, 40.0),
        Lesion("L03", "iliac", Kind.NODAL, Ellipsoid((60.0, 0.0, -140.0), (15.0, 20.0, 15.0)), 5.0, 40.0, near="bladder"),
    )
    columns, rows, slices = (round(extent / spacing_mm) for extent in (360.0, 280.0, 420.0))
    first = as_point([-(count - 1) / 2.0 * spacing_mm for count in (columns, rows, slices)])
    spacing = (spacing_mm, spacing_mm, spacing_mm)
    pet = upright_grid((slices, rows, columns), spacing, first_centre_lps_mm=first, frame_uid=uid)
    ct = upright_grid((70, 120, 120), (6.0, 3.2, 3.2), first_centre_lps_mm=(-190.4, -190.4, -207.0), frame_uid=uid)
    table = (Part("table", Box((-180.0, 115.0, -230.0), (180.0, 135.0, 230.0)), None, -300.0),)
    body = Body(70.0, 1.75, Sex.MALE)
    return make_phantom(
        Phantom("simple", body, parts, lesions, pet, ct if with_ct else None, table, psf_fwhm_mm=psf_fwhm_mm, noise=noise, seed=1)
    )


BENCHMARK_LARGE = tuple(
    replace(SITES_BY_NAME[name], volume_ml=(5.0, most))
    for name, most in (
        ("mesenteric", 120.0), ("mesenteric", 40.0), ("mediastinal", 80.0), ("axillary", 30.0), ("axillary", 20.0), ("liver", 40.0),
        ("liver", 15.0), ("spleen", 15.0), ("iliac", 25.0), ("iliac", 15.0), ("para-aortic", 20.0), ("inguinal", 12.0),
        ("soft tissue", 30.0), ("femur", 12.0), ("lung", 15.0),
    )
)  # fmt: skip
BENCHMARK_SMALL = Site("disseminated", Kind.EXTRANODAL, (55.0, 0.0, -600.0), (75.0, 70.0, 330.0), (0.4, 1.3))
BENCHMARK_SMALL_COUNT = 104


def benchmark_phantom(*, ct_matrix: int = 256, ct_slice_mm: float = 3.0, seed: int = 7) -> PhantomScan:
    """PET 400 × 400 × 350: some 130 components above SUV 4, of which 15 are disease of at least 3 mL; the rest are small or organs."""
    rng = np.random.default_rng(seed)
    body = Body(80.0, 1.75, Sex.MALE)
    frame = BodyFrame.of(80.0, 1.75)
    uptake = Uptake(salivary=3.0, tonsil=2.5, myocardium=9.0)
    parts = body_parts(frame, uptake, arms="up", with_head=True, rng=rng)
    free = BodyMap(parts)
    planted = plant(frame, free, [*BENCHMARK_LARGE, *[BENCHMARK_SMALL] * BENCHMARK_SMALL_COUNT], rng=rng, suv=(10.0, 30.0))
    uid = frame_uid("benchmark", seed)
    top = -1040.0 + 349 * 3.0
    first = (-399 / 2 * 2.03642, -399 / 2 * 2.03642, -1040.0)
    pet = upright_grid((350, 400, 400), (3.0, 2.03642, 2.03642), first_centre_lps_mm=first, frame_uid=uid)
    ct = _ct_grid(ct_matrix, ct_slice_mm, arms="up", top_mm=top, bottom_mm=-1040.0, uid=uid)
    table = scanner_table(frame)
    return make_phantom(Phantom("benchmark", body, parts, planted, pet, ct, table, psf_fwhm_mm=4.5, noise=0.06, seed=seed))


def follow_up(
    phantom: Phantom,
    seed: int,
    *,
    volume_scale: float = 1.0,
    suv_scale: float = 1.0,
    keep: Sequence[str] | None = None,
    new_sites: Sequence[str] = (),
) -> Phantom:
    """The same patient at a later scan: other noise, other organ uptake (± 10 %), changed lesions.

    keep: ids of the lesions still there (None: all), each with its volume and SUV multiplied. new_sites: where new lesions appear;
    they get ids that were not used before.
    """
    rng = np.random.default_rng([phantom.seed, seed])
    factor = {part.name: float(rng.uniform(0.9, 1.1)) for part in phantom.parts}
    parts = tuple(part if part.suv is None else replace(part, suv=part.suv * factor[part.name]) for part in phantom.parts)
    radius_scale = volume_scale ** (1.0 / 3.0)
    now = {
        lesion.id: replace(lesion, shape=lesion.shape.scaled(radius_scale), suv=lesion.suv * suv_scale)
        for lesion in phantom.lesions
        if keep is None or lesion.id in keep
    }
    taken = tuple(now.get(lesion.id, lesion) for lesion in phantom.lesions)
    assert phantom.body.height_m is not None
    frame = BodyFrame.of(phantom.body.weight_kg, phantom.body.height_m)
    appeared = plant(frame, BodyMap(parts), [SITES_BY_NAME[name] for name in new_sites], rng=rng, already=taken)
    uid = frame_uid(phantom.pet_grid.frame_uid, seed)
    pet = replace(phantom.pet_grid, frame_uid=uid)
    ct = phantom.ct_grid and replace(phantom.ct_grid, frame_uid=uid)
    return replace(phantom, parts=parts, lesions=(*now.values(), *appeared), pet_grid=pet, ct_grid=ct, seed=seed)
