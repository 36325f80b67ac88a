"""Disease that may press on something: new, growing or large lesions at narrow sites in the first 12 weeks, for a person to look at now.

Early swelling after CAR T-cells can compress adjacent organs (Wang & Galal 2019 Biol Blood Marrow Transplant 25:e187). The site is all that
is known: nothing here measures the distance to an airway, a vessel or the spinal canal, or their width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from carpet.response.finding import Finding, When, finding
from carpet.response.finding_notices import COMPRESSION_RISK, GROWTH_BY_SITE
from carpet.response.rule import change_percent, reaches
from carpet.response.seen_region import SeenRegion, sphere_mm

WITHIN_DAYS = 84  # [P] the 12 weeks in which early growth is looked for
LARGE_MM = 60.0  # [P] sphere of the volume; the lowest limit of bulk in use (METHODS D.1)
LEAST_MM = 30.0  # [P] below this a new or growing lesion seldom reaches what lies beside it
LEAST_SPINE_MM = 15.0  # [P] at the spine and in the skull little room is left
GROWN_PERCENT = 50.0  # [P] of volume, as LYRIC's of SPD
AIRWAY, SPINE, SKULL = "airway and great vessels", "spinal canal", "brain"
ABDOMEN, PELVIS, ORBIT = "ureters, great vessels, bile duct", "ureters, iliac vessels", "eye and optic nerve"
NARROW: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        (
            "cervical", "supraclavicular", "submandibular", "waldeyer_ring", "palatine_tonsil", "nasopharynx", "thyroid", "thymus",
            "mediastinal", "hilar", "subcarinal", "tracheobronchial",
        ),
        AIRWAY,
    )
    | dict.fromkeys(("marrow", "spinal_cord"), SPINE)  # marrow is called in the spine; other bone is not beside the canal
    | {"brain": SKULL, "orbit": ORBIT}
    | dict.fromkeys(("retroperitoneal", "aortic", "lumbar", "celiac", "hepatic_node", "pancreas", "abdominal"), ABDOMEN)
    | dict.fromkeys(("iliac", "external_iliac", "pelvic"), PELVIS)
    | dict.fromkeys(("mesentery", "superior_mesenteric", "small_intestine", "colon", "stomach"), "bowel")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mass:
    """Disease of one track (or of one site, where tracks are not known) on one scan, and at baseline.

    largest_ml: of its largest region; before_ml: 0 for new, None where baseline is not known; by_site: all disease of the site.
    """

    what: str
    site: str
    volume_ml: float
    largest_ml: float
    before_ml: float | None
    by_site: bool = False


def masses_by_site(now: Iterable[SeenRegion], baseline: Iterable[SeenRegion] | None) -> tuple[Mass, ...]:
    """The disease of each site on both scans as one mass."""
    here, before = _by_site(now), None if baseline is None else _by_site(baseline)
    return tuple(mass_of(regions, None if before is None else _sum(before.get(site, [])), by_site=True) for site, regions in here.items())


def mass_of(regions: Sequence[SeenRegion], before_ml: float | None, *, by_site: bool = False) -> Mass:
    """Regions of one scan as one mass, at the site of the largest; raises ValueError without a region."""
    largest = max(regions, key=lambda one: (one.volume_ml, one.id))
    return Mass(", ".join(one.id for one in regions), largest.site, _sum(regions), largest.volume_ml, before_ml, by_site)


def _by_site(regions: Iterable[SeenRegion]) -> dict[str, list[SeenRegion]]:
    found: dict[str, list[SeenRegion]] = {}
    for one in regions:
        if one.status == "disease":
            found.setdefault(one.site, []).append(one)
    return found


def _sum(regions: Iterable[SeenRegion]) -> float:
    return sum(one.volume_ml for one in regions)


def compression(masses: Iterable[Mass], when: When) -> tuple[Finding, ...]:
    """A finding for each mass at a narrow site on a scan of days 1 to 84 that is new, has grown or is large; () for none."""
    if not 1 <= when.day <= WITHIN_DAYS:
        return ()
    return tuple(one for mass in masses if (one := _of(mass, when)) is not None)


def _of(mass: Mass, when: When) -> Finding | None:
    beside = NARROW.get(mass.site)
    length, how = sphere_mm(mass.largest_ml), _how(mass)
    least = LEAST_SPINE_MM if beside in (SPINE, SKULL, ORBIT) else LEAST_MM
    if beside is None or not reaches(length, LARGE_MM if how == "large" else least):
        return None
    change = "size at baseline not known" if mass.before_ml is None else f"{mass.before_ml:.1f} mL at baseline"
    size = f"{mass.volume_ml:.1f} mL, a region at least {length:.0f} mm long"
    because = f"{how}: {mass.what}, {mass.site.replace('_', ' ')}, beside {beside}; {size}; {change}"
    return finding(COMPRESSION_RISK, because, when, flags=[GROWTH_BY_SITE] if mass.by_site else [])


def _how(mass: Mass) -> str:
    """New, growing; else only its size may matter."""
    if mass.before_ml == 0.0:
        return "new"
    if mass.before_ml is not None and reaches(change_percent(mass.before_ml, mass.volume_ml), GROWN_PERCENT):
        return "growing"
    return "large"
