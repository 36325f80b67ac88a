"""PERCIST 1.0: SULpeak of the hottest lesion of each scan."""

from __future__ import annotations

from dataclasses import dataclass

from carpet.response.rule import Criterion, Rule, Verdict, change_percent, exceeds, reaches

CHANGE_PERCENT, CHANGE_SUL = 30.0, 0.8
TLG_PERCENT = 75.0
LIVER_TIMES, LIVER_SDS = 1.5, 2.0  # measurable: SULpeak ≥ 1.5 · liver mean + 2 SD
LIVER_CHANGE_PERCENT, LIVER_CHANGE_SUL, UPTAKE_MIN = 20.0, 0.3, 15.0  # comparable scans: below these


@dataclass(frozen=True)
class Percist:
    """Follow-up against baseline. `tlg_rose`: None where TLG is not known."""

    new_lesion: bool
    measurable: bool
    same_imaging: bool
    comparable: bool
    cleared: bool
    rose: bool
    fell: bool
    tlg_rose: bool | None


PERCIST: Criterion[Percist] = Criterion(
    name="percist",
    version="1",
    says="PERCIST 1.0 (stable metabolic disease is written NMR)",
    source="Wahl 2009 J Nucl Med 50:122S; O 2016 Radiology 280:576",
    findings=Percist,
    categories=("CMR", "PMR", "NMR", "PMD", "NE"),
    rules=(
        Rule("PCT-PMD-new", lambda f: f.new_lesion, "PMD", "new FDG-avid lesions"),
        Rule("PCT-NE-measurable", lambda f: not f.measurable, "NE", "SULpeak at baseline below 1.5 × liver mean + 2 SD"),
        Rule("PCT-NE-recon", lambda f: not f.same_imaging, "NE", "scanner, reconstruction or voxels are not those of baseline"),
        Rule("PCT-NE-comparable", lambda f: not f.comparable, "NE", "the liver or the uptake time of the two scans differ too much"),
        Rule("PCT-CMR", lambda f: f.cleared, "CMR", "uptake below the liver's mean and not above the background"),
        Rule("PCT-PMD", lambda f: f.rose, "PMD", "SULpeak at least 30 % and 0.8 higher"),
        Rule("PCT-PMD-TLG", lambda f: f.tlg_rose is True, "PMD", "TLG more than 75 % higher"),
        Rule("PCT-PMR", lambda f: f.fell, "PMR", "SULpeak at least 30 % and 0.8 lower"),
        Rule("PCT-SMD", lambda f: True, "NMR", "stable metabolic disease"),
    ),
)


@dataclass(frozen=True)
class SulScan:
    """One scan in SUL (g/mL by lean mass): hottest lesion's peak (None: no lesion), liver mean and SD, uptake time, TLG by SUL in g."""

    peak: float | None
    liver_mean: float
    liver_sd: float
    uptake_min: float
    tlg_g: float | None
    above_background: bool = True


def percist(baseline: SulScan, now: SulScan, *, new_lesion: bool, same_imaging: bool = True) -> Verdict:
    """The metabolic response by PERCIST. same_imaging: one scanner, reconstruction and voxel size, or a person accepts the change."""
    before, after = baseline.peak or 0.0, now.peak or 0.0
    percent = change_percent(before, after)
    liver = abs(now.liver_mean - baseline.liver_mean)
    rose = exceeds(after, before) and reaches(percent, CHANGE_PERCENT) and reaches(after - before, CHANGE_SUL)
    findings = Percist(
        new_lesion=new_lesion,
        measurable=reaches(before, LIVER_TIMES * baseline.liver_mean + LIVER_SDS * baseline.liver_sd),
        same_imaging=same_imaging,
        comparable=not reaches(liver, LIVER_CHANGE_SUL)
        and not exceeds(100.0 * liver, LIVER_CHANGE_PERCENT * baseline.liver_mean)
        and not exceeds(abs(now.uptake_min - baseline.uptake_min), UPTAKE_MIN),
        cleared=now.peak is None or (after < now.liver_mean and not now.above_background),
        rose=rose,
        fell=reaches(-percent, CHANGE_PERCENT) and reaches(before - after, CHANGE_SUL),
        tlg_rose=None if baseline.tlg_g is None or now.tlg_g is None else exceeds(change_percent(baseline.tlg_g, now.tlg_g), TLG_PERCENT),
    )
    return PERCIST.decide(findings)
