"""What the scores of one patient take at one time point: clinical facts, laboratory values, CT and PET, each with where it comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from carpet.anatomy.sites import SITES
from carpet.clinical import ClinicalTables
from carpet.clinical.ct_targets import CtTarget
from carpet.clinical.cut_offs import CUT_OFFS
from carpet.clinical.labs import Lab, ldh_ratio
from carpet.clinical.labs_at import LabRule, labs_at, peak
from carpet.clinical.notices import AGE_FROM_BIRTH_YEAR, EXTRANODAL_SITES_DIFFER, LAB_AT_LIMIT, NCCN_SITE_BY_PET
from carpet.clinical.score import INPUTS, Delineated, NotKnown, ScoreOptions
from carpet.core.errors import ProtocolError, Refused
from carpet.core.lesion import Status
from carpet.core.protocol import ScoreProtocol
from carpet.response.ct_scans import MOST_TARGETS, CtLesion, Part, Seen, sum_mm2
from carpet.run.trial.course import Course, Scan
from carpet.run.trial.moments import nearest

BEFORE_LYMPHODEPLETION = "LD"  # a day without a scan: the first day of lymphodepletion
BEFORE_INFUSION = ("TD", "TT", BEFORE_LYMPHODEPLETION)
PEAK_LAST_DAY = 28  # [P]: expansion peaks in the second week
NCCN_SITES = ("liver", "lung", "stomach", "small_intestine", "colon", "brain", "spinal_cord", "marrow")  # METHODS E.1
UNREVIEWED = "UNREVIEWED"  # of a scan: no reader has confirmed what is disease
FROM_LABS = ("ldh", "creatinine", "crp", "ferritin", "platelets", "anc", "hb")


@dataclass(frozen=True)
class ScoreRules:
    """What a trial may choose of scores."""

    labs: LabRule = field(default_factory=lambda: LabRule(ScoreProtocol().lab_within_days))
    options: ScoreOptions = field(default_factory=ScoreOptions)


def score_rules(protocol: ScoreProtocol) -> ScoreRules:
    """The trial's choices; raises ProtocolError for a cut-off that does not exist."""
    if unknown := sorted(set(protocol.overrides) - set(CUT_OFFS)):
        raise ProtocolError(f"trial.toml: scores.overrides: no cut-off {unknown[0]!r}; there are {', '.join(sorted(CUT_OFFS))}")
    return ScoreRules(LabRule(protocol.lab_within_days), ScoreOptions(protocol.extranodal_rule, protocol.overrides))


@dataclass(frozen=True)
class Anchor:
    """A time point at which scores are asked: its date where known, the scan that stands for it, and the last day of laboratory values.

    labs_until: TT reaches to the first day of lymphodepletion where that is known, for blood is often drawn after the scan; every other
    time point to its own day.
    """

    timepoint: str
    date: dt.date | None
    scan: Scan | None
    labs_until: dt.date | None


@dataclass(frozen=True)
class Fact:
    """One input: what is known (or NotKnown), where it comes from in words, and what must be known with it."""

    value: Any
    source: str = ""
    flags: tuple[str, ...] = ()


def own_tables(course: Course, tables: ClinicalTables) -> ClinicalTables:
    """The tables with the laboratory values of this patient only, so that each time point need not look through all."""
    return replace(tables, labs=tuple(lab for lab in tables.labs if lab.patient_id == course.patient.patient_id))


def anchors(course: Course) -> tuple[Anchor, ...]:
    """TT and the first day of lymphodepletion always, TD where there is a scan or a day of enrolment, later time points with a scan."""
    patient = course.patient
    dates = {"TD": patient.enrolment_date, "TT": patient.lymphodepletion_date, BEFORE_LYMPHODEPLETION: patient.lymphodepletion_date}
    names = dict.fromkeys(("TD", "TT", BEFORE_LYMPHODEPLETION, *course.at))
    found = []
    for name in names:
        date = _date_of(course, course.at.get(name)) or dates.get(name)
        if date is not None or name in ("TT", BEFORE_LYMPHODEPLETION):
            until = patient.lymphodepletion_date or date if name == "TT" else date
            found.append(Anchor(name, date, course.at.get(name), until))
    return tuple(found)


def _date_of(course: Course, scan: Scan | None) -> dt.date | None:
    infused = course.patient.infusion_date
    return None if scan is None or scan.day is None or infused is None else infused + dt.timedelta(days=scan.day)


def facts_at(course: Course, tables: ClinicalTables, anchor: Anchor, rules: ScoreRules) -> Mapping[str, Fact]:
    """Every input of INPUTS by name. tables: those of one patient are enough (`own_tables`)."""
    found = {
        **_of_patient(course, anchor),
        **_of_labs(course, tables.labs, anchor, rules.labs),
        **_of_ct(course, anchor),
        **{name: _by_delineation(anchor.scan, name) for name in ("tmtv", "sdmax")},
    }
    assert set(found) == set(INPUTS)
    return found


def _of_patient(course: Course, anchor: Anchor) -> dict[str, Fact]:
    patient, where = course.patient, "patients.csv"
    by_year = patient.age is None and patient.age_years is not None
    return {
        "age_years": Fact(patient.age_years, where, (AGE_FROM_BIRTH_YEAR.code,) if by_year else ()),
        "ecog": Fact(patient.ecog, where),
        "ann_arbor_stage": Fact(patient.ann_arbor_stage, where),
        "extranodal_sites": _extranodal_sites(course, anchor.scan),
        "nccn_extranodal_site": _nccn_site(course, anchor.scan),
    }


def _extranodal_sites(course: Course, scan: Scan | None) -> Fact:
    """The count of a person before that of the PET; the flag says where both differ."""
    row = scan.value("extranodal_sites") if scan is not None else {}
    counted, told = row.get("value"), course.patient.extranodal_sites
    if told is not None:
        differ = counted is not None and counted != told
        return Fact(told, "patients.csv", (EXTRANODAL_SITES_DIFFER.code,) if differ else ())
    if counted is None:
        return Fact(NotKnown(row.get("reason_missing") or "EXTRANODAL_SITES_MISSING"))
    return Fact(counted, f"PET {row['segmenter']}", tuple(row["flags"]))


def _nccn_site(course: Course, scan: Scan | None) -> Fact:
    """As patients.csv says; no extranodal site is none of these; else by the places of the disease on PET, flagged."""
    patient = course.patient
    if patient.nccn_extranodal_site is not None:
        return Fact(patient.nccn_extranodal_site, "patients.csv")
    if patient.extranodal_sites == 0:
        return Fact(False, "patients.csv, extranodal_sites")
    if scan is None or scan.study is None:
        return Fact(None)
    asked = {SITES[name].code.value for name in NCCN_SITES}
    disease, undecided = (_site_codes(scan, status) for status in (Status.DISEASE, Status.UNDECIDED))
    flags = (NCCN_SITE_BY_PET.code, *((UNREVIEWED,) if scan.study.payload["status"] == UNREVIEWED else ()))
    if disease & asked:
        return Fact(True, "PET", flags)
    if SITES["bone"].code.value in disease:
        return Fact(NotKnown("NCCN_SITE_BONE_OR_MARROW"))
    return Fact(NotKnown("NCCN_SITE_UNKNOWN")) if "" in disease or undecided & (asked | {""}) else Fact(False, "PET", flags)


def _site_codes(scan: Scan, status: Status) -> set[str]:
    """The sites of regions of one status; empty text for a region without a site."""
    return {one.payload["site"]["value"] if one.payload["site"] else "" for one in scan.lesions if one.payload["status"] == status}


def _of_labs(course: Course, labs: Sequence[Lab], anchor: Anchor, rule: LabRule) -> dict[str, Fact]:
    patient = course.patient
    lacking: dict[str, Fact] = {name: Fact(None) for name in (*FROM_LABS, "cart_peak")}
    if anchor.labs_until is None:
        known = patient.ldh_uln_ratio
        return lacking | {"ldh_uln_ratio": Fact(known, "patients.csv")}
    values = labs_at(labs, patient_id=patient.patient_id, date=anchor.labs_until, rule=rule)
    taken = {name: _lab(course, values[name]) for name in FROM_LABS if name in values}
    ratio = ldh_ratio(patient, labs, date=anchor.labs_until, within_days=rule.within_days)
    uln = (
        Fact(None)
        if ratio is None
        else Fact(ratio.ratio, "patients.csv" if ratio.source == "patients" else _labelled(course, values["ldh"]))
    )
    return lacking | taken | {"ldh_uln_ratio": uln, "cart_peak": _cart_peak(course, labs)}


def _labelled(course: Course, lab: Lab) -> str:
    day = course.patient.day(lab.date)
    return "labs.csv" if day is None else f"labs.csv day {day}"


def _lab(course: Course, lab: Lab) -> Fact:
    return Fact(lab.value, _labelled(course, lab), (LAB_AT_LIMIT.code,) if lab.bound else ())


def _cart_peak(course: Course, labs: Sequence[Lab]) -> Fact:
    infused = course.patient.infusion_date
    if infused is None:
        return Fact(None)
    last = infused + dt.timedelta(days=PEAK_LAST_DAY)
    found = peak(labs, "cart_cells", patient_id=course.patient.patient_id, first=infused, last=last)
    return Fact(None) if found is None else _lab(course, found)


def _of_ct(course: Course, anchor: Anchor) -> dict[str, Fact]:
    """The CT in the time point's window (for the day of lymphodepletion: of TT) that is nearest to the scan, before infusion."""
    unknown = {"spd": Fact(None), "longest_diameter": Fact(None)}
    window = course.windows.get("TT" if anchor.timepoint == BEFORE_LYMPHODEPLETION else anchor.timepoint)
    if window is None or anchor.date is None:
        return unknown
    on = {one: course.patient.day(one.date) for one in course.ct_targets}
    near = course.patient.day(anchor.date)
    day = nearest([day for day in on.values() if day is not None and window.holds(day)], window.nominal_day if near is None else near)
    if day is None:
        return unknown
    rows = [one for one, its in on.items() if its == day and one.kind != "spleen"]
    longest = max((one.ldi_mm for one in rows if one.ldi_mm is not None), default=None)
    return {"spd": _spd(rows, day), "longest_diameter": Fact(longest, f"ct_targets.csv day {day}")}


def _spd(rows: Sequence[CtTarget], day: int) -> Fact:
    targets = [one for one in rows if one.target]
    if len(targets) > MOST_TARGETS:
        return Fact(NotKnown("CT_TARGETS_TOO_MANY"))
    try:
        sizes = [CtLesion(one.lesion, Part(one.kind), one.target, Seen(one.status), one.ldi_mm, one.sdi_mm).size for one in targets]
    except Refused as error:
        return Fact(NotKnown(error.codes[0]))
    known = [size for size in sizes if size is not None]
    return Fact(sum_mm2(known), f"ct_targets.csv day {day}") if known else Fact(None)


def _by_delineation(scan: Scan | None, name: str) -> Fact:
    """One biomarker by every delineation of the scan; not known where the main one has a reason and no other has a number."""
    if scan is None or scan.study is None:
        return Fact(None)
    main, rows = scan.study.payload["segmenter"], list(_rows(scan, name))
    known = {row["segmenter"]: row["value"] for row in rows if row["value"] is not None}
    if not known:
        return Fact(NotKnown(next((row["reason_missing"] for row in rows if row["reason_missing"]), "NOT_ASKED_FOR")))
    flags = tuple(dict.fromkeys(flag for row in rows for flag in row["flags"]))
    return Fact(Delineated(known, main), f"PET day {scan.day}", flags)


def _rows(scan: Scan, name: str) -> Iterator[Mapping[str, Any]]:
    return (one.payload for one in scan.values if one.payload["name"] == name)
