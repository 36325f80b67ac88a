"""One PET/CT study from files to numbers, one call a line: the picture of the house in code."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from carpet.anatomy.place import place as place_region
from carpet.anatomy.sites import site_of
from carpet.anatomy.survey import survey
from carpet.biomarkers import measure
from carpet.core.anatomy import Anatomy
from carpet.core.errors import Notice, NotMeasurable, Refused, Severity
from carpet.core.lesion import Lesion, Status
from carpet.core.method import pick
from carpet.core.protocol import Protocol
from carpet.core.record import Measurement, Missing
from carpet.core.space import Labels, Volume
from carpet.core.study import Study
from carpet.lesions.decide import decide
from carpet.lesions.decisions import MALFORMED, Decision, read_decisions
from carpet.lesions.from_labels import lesions_of_mask
from carpet.lesions.suggest import suggest
from carpet.run import notices
from carpet.segment import candidates, delineate, segmenters
from carpet.suv import Quantification, to_suv
from carpet.suv.plausibility import share_is_plausible, share_of_dose

MASK = "mask"
LESION_BIOMARKERS = ("tmtv", "suv_max", "suv_mean", "suv_peak", "tlg")
DECISIONS_MOST_BYTES = 2**20  # some ten thousand rows; a scan has a few hundred regions
USUAL_DOSE_BQ, USUAL_LIVER_SUV = (48e6, 756e6), (0.90, 2.82)  # J Nucl Med 2013;54(S2):2053, 520 scans
Say = Callable[[str], None]


@dataclass(frozen=True)
class SmallRegions:
    """Uptake above the candidate threshold in regions below the least volume: not in the lesion table."""

    count: int
    volume_ml: float


@dataclass(frozen=True)
class Wishes:
    """What the user adds to a study: a mask, decisions (a table, or rows that were read already), and who answers for the mask."""

    mask: Path | None = None
    decisions: Path | tuple[Decision, ...] = ()
    reader: str | None = None


@dataclass(frozen=True)
class Result:
    """Everything that is known of one study after measuring it."""

    study: Study
    quantification: Quantification
    protocol: Protocol
    suv: Volume
    anatomy: Anatomy
    lesions: tuple[Lesion, ...]
    segmenter: str
    values: tuple[Measurement | Missing, ...]
    flags: tuple[Notice, ...]
    reviewed: bool
    small: SmallRegions | None  # None where a mask gave the regions


@dataclass(frozen=True)
class Surveyed:
    """A study with its regions and every decision on them, before anything is measured. A reader may change `lesions` and measure again."""

    study: Study
    quantification: Quantification
    protocol: Protocol
    suv: Volume
    anatomy: Anatomy
    lesions: tuple[Lesion, ...]
    segmenter: str
    flags: tuple[Notice, ...]
    accepted: bool  # a reader has accepted all that no row names
    small: SmallRegions | None
    by_hand: frozenset[str] = frozenset()  # lesions whose outline is a reader's: the main delineation takes them as they are


def measure_study(study: Study, quantification: Quantification, protocol: Protocol, wishes: Wishes, say: Say) -> Result:
    """All the steps of `carpet measure`, pure but for reading the mask and decisions; raises Refused."""
    surveyed = surveyed_study(study, quantification, protocol, wishes, say)
    say("biomarkers")
    return measured_study(surveyed)


def surveyed_study(study: Study, quantification: Quantification, protocol: Protocol, wishes: Wishes, say: Say) -> Surveyed:
    """SUV, regions and decisions, labels 1, 2, … in their order; pure but for reading the mask and decisions; raises Refused."""
    say("SUV")
    suv = to_suv(study, protocol.suv, decided=quantification)
    say("candidate regions")
    found = candidates(suv, protocol.segment)
    say("anatomy")
    anatomy = survey(suv, study.ct, exclude=found.every)
    say("disease or physiologic")
    if wishes.mask:
        lesions, flags = _from_mask(wishes.mask, wishes.reader, suv, anatomy, study.ct)
        segmenter, small = MASK, None
    else:
        small = SmallRegions(found.small_count, found.small_ml)
        lesions, flags = identify(found.labels, suv, anatomy, study.ct), _small(small, protocol)
        segmenter = protocol.segment.method
    lesions, accepted, disputed = _with_decisions(lesions, wishes.decisions, suv, protocol, anatomy, study.ct)
    lesions = tuple(replace(lesion, label=number) for number, lesion in enumerate(lesions, start=1))
    flags += (*study.flags, *quantification.flags, *_plausibility(quantification, anatomy, suv, study))
    return Surveyed(study, quantification, protocol, suv, anatomy, lesions, segmenter, (*flags, *disputed), accepted, small)


def measured_study(one: Surveyed) -> Result:
    """All numbers of the regions as they are decided now; raises Refused where the main delineation cannot work here."""
    flags = _told(one)
    lesions, values, missing = _measured(one, flags)
    flags = tuple(dict.fromkeys((*flags, *missing)))
    return Result(
        one.study,
        one.quantification,
        one.protocol,
        one.suv,
        one.anatomy,
        lesions,
        one.segmenter,
        values,
        flags,
        is_reviewed(one),
        one.small,
    )


def is_reviewed(one: Surveyed) -> bool:
    """Whether a reader stands behind every region, and where there is none, behind that."""
    return all(lesion.reviewed for lesion in one.lesions) and (bool(one.lesions) or one.accepted)


def _told(one: Surveyed) -> tuple[Notice, ...]:
    return (*one.flags, *_undecided(one.lesions), *(() if is_reviewed(one) else (_unreviewed(one.lesions),)))


def identify(labels: Labels, suv: Volume, anatomy: Anatomy, ct: Volume | None) -> tuple[Lesion, ...]:
    """A first, rule-based decision on every region, which a reader confirms or overrides."""
    regions = tuple(labels.regions.values())
    return suggest(regions, tuple(place_region(region, suv, anatomy, ct=ct) for region in regions), suv, anatomy=anatomy)


def _from_mask(
    path: Path, reader: str | None, suv: Volume, anatomy: Anatomy, ct: Volume | None
) -> tuple[tuple[Lesion, ...], tuple[Notice, ...]]:
    from carpet.dicom.mask import read_mask  # pydicom and its codecs are not needed otherwise

    read = read_mask(path, suv.grid)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    lesions = lesions_of_mask(read.labels, decided_by=f"reader {reader}" if reader else f"mask {digest}", reviewed=reader is not None)
    sited = tuple(placed(lesion, suv, anatomy, ct) for lesion in lesions)
    flags = (
        *read.notices,
        notices.MASK_GIVEN.at("--mask", f"sha256 {digest}, {len(read.labels.regions)} segments, {len(lesions)} regions"),
    )
    return sited, flags if reader else (*flags, notices.MASK_READER_UNKNOWN.at("--mask", "no --reader"))


def placed(lesion: Lesion, suv: Volume, anatomy: Anatomy, ct: Volume | None) -> Lesion:
    """The lesion with a site and kind by rule, where it has none."""
    if lesion.site is not None:
        return lesion
    place = place_region(lesion.region, suv, anatomy, ct=ct)
    return replace(lesion, site=place.site, kind=place.kind)


def _with_decisions(
    lesions: tuple[Lesion, ...],
    given: Path | tuple[Decision, ...],
    suv: Volume,
    protocol: Protocol,
    anatomy: Anatomy,
    ct: Volume | None,
) -> tuple[tuple[Lesion, ...], bool, tuple[Notice, ...]]:
    """The lesions after the readers' decisions, whether a row accepted all the rest, and what readers disagree on."""
    decisions = _read(given) if isinstance(given, Path) else given
    if not decisions:
        return lesions, False, ()
    decided = decide(lesions, decisions, suv, threshold=protocol.segment.preselect_suv)
    with_places = tuple(one if one.id in decided.site_open else placed(one, suv, anatomy, ct) for one in decided.lesions)
    return with_places, any(one.lesion_id == "*" for one in decisions), decided.flags


def _read(path: Path) -> tuple[Decision, ...]:
    if path.stat().st_size > DECISIONS_MOST_BYTES:
        found = f"{path.stat().st_size / 2**20:.1f} MiB"
        raise Refused(MALFORMED.at(path.name, found, more=f"no reader's table is longer than {DECISIONS_MOST_BYTES >> 20} MiB"))
    try:
        return read_decisions(path.read_text(encoding="utf-8-sig"), path.name, site_of=site_of)
    except UnicodeDecodeError as error:
        raise Refused(MALFORMED.at(f"{path.name}, byte {error.start}", "not UTF-8 text", more="save it as 'CSV UTF-8'")) from error
    except csv.Error as error:
        raise Refused(MALFORMED.at(path.name, str(error), more="not a table")) from error


def _small(small: SmallRegions, protocol: Protocol) -> tuple[Notice, ...]:
    if not small.count:
        return ()
    found = f"{small.count} regions, together {small.volume_ml:.1f} mL, each below {protocol.segment.preselect_min_ml:g} mL"
    return (notices.SMALL_REGIONS_LEFT.at("[segment] preselect_min_ml", found),)


def _unreviewed(lesions: Sequence[Lesion]) -> Notice:
    waiting = sum(not lesion.reviewed for lesion in lesions)
    return notices.UNREVIEWED.at("lesions", f"{waiting} of {len(lesions)} regions not confirmed by a reader")


def _undecided(lesions: Sequence[Lesion]) -> tuple[Notice, ...]:
    left = sum(lesion.status is Status.UNDECIDED for lesion in lesions)
    return (notices.UNDECIDED_LEFT.at("lesions", f"{left} of {len(lesions)} regions"),) if left else ()


def _plausibility(quantification: Quantification, anatomy: Anatomy, suv: Volume, study: Study) -> tuple[Notice, ...]:
    found: tuple[Notice, ...] = ()
    dose = quantification.dose_bq
    if dose is not None and not USUAL_DOSE_BQ[0] <= dose <= USUAL_DOSE_BQ[1]:
        found += (notices.DOSE_UNUSUAL.at("(0018,1074)", f"{dose / 1e6:.0f} MBq"),)
    if "liver" in anatomy.references:
        liver = anatomy.uptake("liver", suv).mean
        if not USUAL_LIVER_SUV[0] <= liver <= USUAL_LIVER_SUV[1]:
            found += (notices.LIVER_UPTAKE_UNUSUAL.at("liver reference", f"SUVmean {liver:.2f}"),)
    if quantification.body is not None:
        share, length_mm = share_of_dose(suv, quantification.body.weight_kg), suv.grid.shape_kji[0] * suv.grid.spacing_mm_kji[0]
        if not share_is_plausible(share, length_mm):
            found += (notices.ACTIVITY_IMPLAUSIBLE.at("the whole field of view", f"{100 * share:.3g} % of the dose"),)
    if suv.grid.voxel_ml > 1.0:
        found += (notices.PEAK_VOXEL_LARGE.at("(0028,0030)", f"{suv.grid.voxel_ml:.2f} mL"),)
    if study.ct is None:
        found += (notices.NO_CT.at("study", "no CT series in the PET's Frame of Reference"),)
    return found


def _measured(one: Surveyed, flags: tuple[Notice, ...]) -> tuple[tuple[Lesion, ...], tuple[Measurement | Missing, ...], tuple[Notice, ...]]:
    """The lesions as the main segmenter draws them, and all values: per lesion, and per patient for each segmenter."""
    protocol, suv, anatomy, body = one.protocol, one.suv, one.anatomy, one.quantification.body
    marks = tuple(dict.fromkeys(notice.code for notice in flags if notice.severity is Severity.WARNING))
    names = dict.fromkeys((one.segmenter, *protocol.segment.also))
    values: list[Measurement | Missing] = []
    missing: list[Notice] = []
    shown = one.lesions
    for name in names:
        try:
            drawn, said = delineated(name, one)
        except NotMeasurable as error:
            if name == one.segmenter:  # the lesion table would show another delineation under this name
                raise Refused(notices.MAIN_SEGMENTER_MISSING.at("[segment] method", f"{name}: {error.reason}")) from error
            missing.append(notices.SEGMENTER_MISSING.at(name, error.reason))
            values += _all_missing(name, error.reason, suv, protocol, marks)
            continue
        missing += said
        own = (*marks, *(notice.code for notice in said))
        values += measure(drawn, suv, protocol.biomarkers, body=body, anatomy=anatomy, segmenter=name, flags=own)
        if name == one.segmenter:
            shown = drawn
    only = protocol.biomarkers.model_copy(update={"names": LESION_BIOMARKERS})
    for lesion in shown:
        alone = (replace(lesion, status=Status.DISEASE),)  # a region that is not disease has numbers too, but counts in no total
        values += measure(alone, suv, only, body=body, anatomy=anatomy, segmenter=one.segmenter, of=lesion.id, flags=marks)
    return shown, tuple(values), tuple(missing)


def delineated(name: str, one: Surveyed) -> tuple[tuple[Lesion, ...], tuple[Notice, ...]]:
    """Disease as one segmenter delineates it, all other regions as they were found; and which lesions it lost or could not end.

    A mask and, by the main segmenter, what a reader has drawn by hand stay as they are. Raises NotMeasurable.
    """
    if name == MASK:
        return one.lesions, ()
    method, by_hand = pick(segmenters(), name, "segmenter"), one.by_hand if name == one.segmenter else frozenset()
    disease = [lesion for lesion in one.lesions if lesion.status is Status.DISEASE and lesion.id not in by_hand]
    others = [lesion for lesion in one.lesions if lesion.status is not Status.DISEASE or lesion.id in by_hand]
    drawn = delineate(
        method,
        disease,
        others=[lesion.region for lesion in others],
        suv=one.suv,
        margin_mm=one.protocol.segment.margin_mm,
        anatomy=one.anatomy,
    )
    said: tuple[Notice, ...] = ()
    if drawn.empty:
        said += (notices.LESION_BELOW_METHOD.at(name, f"{name}: {', '.join(drawn.empty)}"),)
    if drawn.at_margin:
        said += (notices.MARGIN_REACHED.at(name, f"{name}: {', '.join(drawn.at_margin)}"),)
    return tuple(sorted((*drawn.lesions, *others), key=lambda lesion: lesion.label)), said


def _all_missing(segmenter: str, reason: str, suv: Volume, protocol: Protocol, marks: tuple[str, ...]) -> list[Measurement | Missing]:
    return [
        Missing(one.name, one.unit, "patient", segmenter, reason, marks)
        for one in measure((), suv, protocol.biomarkers, segmenter=segmenter)
    ]
