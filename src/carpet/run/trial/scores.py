"""The tables `scores`, `toxicity` and `missing_data` of a trial: every score at its time points, every episode, what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carpet.clinical import ClinicalTables
from carpet.clinical.cut_offs import CUT_OFFS, CutOff, apply
from carpet.clinical.episodes import episodes
from carpet.clinical.missing_data import missing_data
from carpet.clinical.score import INPUTS, Delineated, NotKnown, Score, Scored, evaluate, scores
from carpet.core.errors import Refused
from carpet.run.trial.course import Course
from carpet.run.trial.score_facts import Anchor, Fact, ScoreRules, anchors, facts_at, own_tables

Row = dict[str, Any]
LATER_BIOMARKERS = ("tmtv", "tlg", "suv_max")  # of which a cut-off after infusion is published
NO_NUMBER: Mapping[str, Any] = {"value": None, "group": "", "reason_missing": "", "segmenter": ""}


def score_rows(course: Course, tables: ClinicalTables, rules: ScoreRules | None = None) -> list[Row]:
    """A row a score and time point at which it is asked, a number or the reason why there is none; then each cut-off of a later scan."""
    rules, tables = rules or ScoreRules(), own_tables(course, tables)
    rows: list[Row] = []
    for anchor in anchors(course):
        facts = facts_at(course, tables, anchor, rules)
        rows += [_scored(course, anchor, facts, one, rules) for one in scores().values() if anchor.timepoint in one.timepoints]
        rows += [_cut(course, anchor, one, rules) for one in CUT_OFFS.values() if _is_asked(one, anchor)]
    return rows


def toxicity_rows(course: Course, tables: ClinicalTables) -> list[Row]:
    """A row an episode; days from infusion."""
    names = ("event", "scale", "grade", "rule", "because", "onset_day", "resolution_day", "duration_days")
    return [
        {
            "patient_id": one.patient_id,
            "derived_grade": one.derived,
            "worst": one.is_worst,
            "flags": list(one.flags),
            **{name: getattr(one, name) for name in names},
        }
        for one in episodes(tables.toxicity, course.patient)
    ]


def missing_rows(courses: Sequence[Course], tables: ClinicalTables, rules: ScoreRules | None = None) -> list[Row]:
    """A row an input and time point before infusion, over all patients."""
    rules = rules or ScoreRules()
    by: dict[str, dict[str, dict[str, Any]]] = {}
    for course in courses:
        own = own_tables(course, tables)
        for anchor in anchors(course):
            facts = facts_at(course, own, anchor, rules)
            by.setdefault(anchor.timepoint, {})[course.patient.patient_id] = {name: fact.value for name, fact in facts.items()}
    asked = {name: _asked(name) for name in by}
    return [
        {
            "timepoint": name,
            "input": row.name,
            "unit": INPUTS[row.name].unit,
            "patients": row.patients,
            "missing": row.missing,
            "percent": row.percent,
            "reasons": [f"{reason} {number}" for reason, number in row.reasons.items()],
        }
        for name, patients in by.items()
        for row in missing_data(patients, asked[name])
    ]


def _asked(timepoint: str) -> list[str]:
    """The inputs of the scores of one time point, in the order of INPUTS."""
    needed = {name for one in scores().values() if timepoint in one.timepoints for name in one.inputs}
    return [name for name in INPUTS if name in needed]


def _whose(course: Course, anchor: Anchor) -> Row:
    day = None if anchor.date is None else course.patient.day(anchor.date)
    return {"patient_id": course.patient.patient_id, "timepoint": anchor.timepoint, "day": day}


def _scored(course: Course, anchor: Anchor, facts: Mapping[str, Fact], one: Score, rules: ScoreRules) -> Row:
    used = {name: facts[name] for name in one.inputs}
    found = evaluate(one, {name: fact.value for name, fact in used.items()}, timepoint=anchor.timepoint, options=rules.options)
    row = _whose(course, anchor) | {
        "score": one.name,
        "unit": one.unit.ucum,
        "made_for": one.made_for,
        "method": f"{one.name}@{one.version}",
        "source": one.source,
        "inputs": [text for name, fact in used.items() if (text := _told(name, fact))],
        **NO_NUMBER,
        "flags": sorted({flag for fact in used.values() for flag in fact.flags}),
    }
    if not isinstance(found, Scored):
        return row | {"reason_missing": found.reason}
    return row | {"value": found.value, "group": found.group, "segmenter": found.segmenter, "flags": sorted({*row["flags"], *found.flags})}


def _told(name: str, fact: Fact) -> str:
    """An input as the table says it: what, how much, from where."""
    if fact.value is None or isinstance(fact.value, NotKnown):
        return ""
    unit = INPUTS[name].unit
    tail = "" if unit in ("", "1", "a", "{score}", "{stage}", "{count}") else f" {unit}"
    if isinstance(fact.value, Delineated):
        shown = ", ".join(f"{segmenter} {value:g}" for segmenter, value in sorted(fact.value.by.items())) + tail
    else:
        shown = {True: "yes", False: "no"}[fact.value] if isinstance(fact.value, bool) else f"{fact.value:g}{tail}"
    return f"{name} {shown} ({fact.source})"


def _is_asked(one: CutOff, anchor: Anchor) -> bool:
    """Cut-offs of later scans; those before infusion are scores of their own."""
    return anchor.timepoint in one.timepoints and anchor.timepoint not in ("TD", "TT") and one.biomarker in LATER_BIOMARKERS


def _cut(course: Course, anchor: Anchor, one: CutOff, rules: ScoreRules) -> Row:
    """A scan's biomarker against a cut-off: by the cut-off's own delineation where it was measured, else by the main one."""
    row = _whose(course, anchor) | {
        "score": f"cut_off {one.name}",
        "unit": one.unit,
        "made_for": f"{one.population}, {', '.join(one.timepoints)}",
        "method": f"{one.biomarker} {one.sign} {one.value:g}",
        "source": one.source,
        "inputs": [],
        **NO_NUMBER,
        "flags": [],
    }
    found = _measured(anchor, one)
    if found is None or found["value"] is None:
        return row | {"reason_missing": (found or {}).get("reason_missing") or "NOT_ASKED_FOR"}
    flags, segmenter = set(found["flags"]), found["segmenter"]
    row |= {"segmenter": segmenter, "inputs": [f"{one.biomarker} {segmenter} {found['value']:g} {one.unit} (PET)"], "flags": sorted(flags)}
    try:
        said = apply(one, found["value"], delineation=segmenter, timepoint=anchor.timepoint, override=rules.options.overrides.get(one.name))
    except Refused as error:
        return row | {"reason_missing": ";".join(error.codes)}
    return row | {"value": found["value"], "group": said.group, "flags": sorted({*flags, *said.flags})}


def _measured(anchor: Anchor, one: CutOff) -> Mapping[str, Any] | None:
    if anchor.scan is None or anchor.scan.study is None:
        return None
    own: Iterator[Mapping[str, Any]] = (
        row.payload for row in anchor.scan.values if row.payload["name"] == one.biomarker and row.payload["segmenter"] == one.delineation
    )
    return next(own, None) or anchor.scan.value(one.biomarker) or None
