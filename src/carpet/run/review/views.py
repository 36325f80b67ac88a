"""A case as the screen shows it: plain data for the answers in `schemas`, from what the room knows. No number is made here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from carpet.anatomy.sites import SITES
from carpet.core.errors import Refused
from carpet.core.lesion import Code
from carpet.core.record import Measurement, Missing
from carpet.core.space import Grid
from carpet.report.numbers import reason_text
from carpet.review.blinding import is_due, queue, sight, waits_for
from carpet.review.cases import Case, CaseState, Reading, ReadingState
from carpet.review.edits import Caliper, Comment, Deauville, NewLesions, Reference, Standing, edits_json
from carpet.review.roles import Person, Role
from carpet.run.review.applied import RADIUS_MM
from carpet.run.review.history import Event
from carpet.run.review.room import Room, Seen
from carpet.run.trial.course import Course

BASELINE_FIRST = ("lugano", "lugano_pet", "deauville", "lyric", "percist", "qpet", "delta_suv_max", "recil", "cheson2007", "lugano_ct")
NOTICE_FIELDS = ("code", "severity", "message", "where", "found", "allowed", "remedy")
_SITE_NAMES = {site.code.value: name for name, site in SITES.items()}


def queue_view(room: Room, person: Person) -> dict[str, Any]:
    """The cases that this person has to do with; what waits for the person comes first."""
    cases = tuple(one for one in room.history.cases() if one.begun or not one.left_out)
    shown = [_queued(room, one, cases, person) for one in queue(cases, person)]
    if person.role is Role.ADMINISTRATOR:
        known = {one["case"] for one in shown}
        shown += [_queued(room, one, cases, person) for one in cases if one.id not in known and one.state is CaseState.PLANNED]
    return {"cases": shown, "refusals": list(_refused_scans(room, {one["patient"] for one in shown}, person))}


def _refused_scans(room: Room, patients: Set[str], person: Person) -> Iterator[dict[str, str]]:
    """The scans that could not be measured, of all patients where one person reads alone or administers, else of those in the queue."""
    every = room.people.only is not None or person.role is Role.ADMINISTRATOR
    for patient_id, patient in sorted(room.patients.items()):
        if not every and patient_id not in patients:
            continue
        for scan in patient.course.scans:
            at = patient_id if scan.day is None else f"{patient_id}, day {scan.day}"
            for one in scan.refusals:
                where = one.payload["where"]
                said = {name: str(one.payload[name]) for name in NOTICE_FIELDS}
                yield said | {"where": at if not where or scan.study_uid in where else f"{at}: {where}"}


def _queued(room: Room, case: Case, cases: Sequence[Case], person: Person) -> dict[str, Any]:
    own = case.reading_of(person.name)
    refused = []
    try:
        room.study(case)
    except Refused as error:
        refused = [one.as_dict() for one in error.notices]
    return {
        "case": case.id,
        "patient": case.patient,
        "timepoint": case.timepoint,
        "day": case.day,
        "state": case.state,
        "reading": own.state if own else None,
        "due": is_due(case, person) and not refused,
        "waits_for": list(waits_for(case, cases, person)),
        "refused": refused,
        "version": case.version_of(person.name),
        "may": {"unlock": _unlockable(case, person), "start_again": _may(case, person)["start_again"]},
    }


def case_view(room: Room, seen: Seen, person: Person) -> dict[str, Any]:
    """All that a screen needs to open a case."""
    case, sees = seen.case, sight(seen.case, person)
    course = room.patients[case.patient].course
    first = course.schedule.baseline
    return changeable(room, seen) | {
        "case": case.id,
        "patient": case.patient,
        "timepoint": case.timepoint,
        "day": case.day,
        "state": case.state,
        "whose": seen.whose or "",
        "case_version": case.version,
        "own_version": case.version_of(person.name),
        "stands": case.stands if case.stands in sees.readings else None,
        "may": _may(case, person),
        "scan": [{"name": name, "value": value} for name, value in _scan_facts(seen)],
        "sites": [{"name": name, "kind": site.kind} for name, site in SITES.items()],
        "spin": seen.scan.spin.layout.as_dict(),
        "grid": _grid(seen.scan.surveyed.suv.grid),
        "has_ct": seen.scan.has_ct,
        "baseline": room.case_at(case.patient, first) if first is not None and _is_earlier(course, first, case) else None,
        "disagreements": [one.model_dump() for one in case.disagreements or ()] if sees.course else [],
        "readings": [_reading_seen(one) for name in sees.readings if (one := case.reading_of(name)) is not None],
    }


def _is_earlier(course: Course, timepoint: str, case: Case) -> bool:
    at = course.at.get(timepoint)
    return at is not None and at.day is not None and at.day < case.day


def _grid(grid: Grid) -> dict[str, Any]:
    return {"size": grid.shape_kji[::-1], "to_lps": [[*row[2::-1], row[3]] for row in grid.affine_lps[:3].tolist()]}


def _may(case: Case, person: Person) -> dict[str, bool]:
    """What would be accepted, as far as the state of the case tells."""
    own = case.reading_of(person.name)
    is_third = own is not None and own is case.third
    reads = own is not None and person.role is (Role.ADJUDICATOR if is_third else Role.READER)
    writes = reads and own is not None and own.state is not ReadingState.SIGNED
    if is_third:
        writes = writes and case.state is CaseState.DISPUTED and case.rules.adjudication == "third_read"
    signed = own is not None and own.state is ReadingState.SIGNED
    by_administrator = person.role is Role.ADMINISTRATOR and own is None and any(one.signature for one in case.readings)
    return {
        "edit": writes,
        "sign": writes,
        "unlock": (reads and signed and own is not None and (is_third or not own.shown)) or by_administrator,
        "start_again": writes and own is not None and own.state is not ReadingState.ASSIGNED and not own.begins,
        "adjudicate": is_third and reads and case.state is CaseState.DISPUTED and case.rules.adjudication == "choose",
    }


def _unlockable(case: Case, person: Person) -> list[dict[str, Any]]:
    """Whose signature this person may void: the own one, or, who administrates, each."""
    own = case.reading_of(person.name)
    every = (own,) if own is not None else (*case.readings, *((case.third,) if case.third else ()))
    return [{"who": one.who, "version": one.version} for one in every if one.signature and _may(case, person)["unlock"]]


def _reading_seen(one: Reading) -> dict[str, Any]:
    said = one.conclusion
    return {
        "who": one.who,
        "category": said.category if said else None,
        "deauville": said.deauville if said else None,
        "tmtv_ml": said.tmtv_ml if said else None,
        "signed": one.signature is not None,
        "not_blind": list(one.not_blind),
    }


def _scan_facts(seen: Seen) -> Iterator[tuple[str, str]]:
    surveyed = seen.scan.surveyed
    pet, facts = surveyed.study.pet, surveyed.study.pet.pet
    yield "PET series", pet.description
    if facts is not None:
        told = (facts.manufacturer, facts.model, facts.reconstruction)
        yield "scanner", ", ".join(one.value for one in told if one is not None and one.value)
    yield "voxel", " × ".join(f"{mm:.2f}" for mm in surveyed.suv.grid.spacing_mm_kji) + " mm"
    if surveyed.quantification.dose_bq is not None:
        yield "injected activity", f"{surveyed.quantification.dose_bq / 1e6:.0f} MBq"
    if surveyed.quantification.body is not None:
        yield "weight", f"{surveyed.quantification.body.weight_kg:g} kg"
    yield "delineation", surveyed.segmenter
    for notice in surveyed.flags:
        yield notice.code, notice.message


def changeable(room: Room, seen: Seen) -> dict[str, Any]:
    """What an edit can change."""
    rows = room.responses(seen)
    return {
        "version": seen.version,
        "reading": seen.reading.state if seen.reading else None,
        "lesions": list(_lesions(room, seen)),
        "references": list(_references(seen)),
        "biomarkers": [_value(one) for one in seen.numbers.values if one.of == "patient"],
        "steps": [{"name": one.name, "volume_ml": one.volume_ml, "clicks": one.clicks, "says": one.says} for one in seen.numbers.steps],
        "response": _response(rows, seen, provisional=room.followed_anew(seen)),
        "deauville": _deauville(rows, seen.standing),
        "new_lesions": _new_lesions(seen.standing),
        "comments": [{"number": one.number, "text": one.edit.text} for one in seen.standing if isinstance(one.edit, Comment)],
        "calipers": list(_calipers(seen.standing).values()),
        "on_ct": room.on_ct(seen),
        "standing": edits_json(seen.standing),
    }


def _value(one: Measurement | Missing) -> dict[str, Any]:
    reason = one.reason if isinstance(one, Missing) else ""
    return {
        "name": one.name,
        "value": one.value if isinstance(one, Measurement) else None,
        "unit": one.unit,
        "reason_missing": reason,
        "because_missing": reason_text(reason),
    }


def _lesions(room: Room, seen: Seen) -> Iterator[dict[str, Any]]:
    machine = {one.id: one for one in seen.scan.surveyed.lesions}
    new, calipers = _new_lesions(seen.standing)["lesions"], _calipers(seen.standing)
    whole = {one.id: one for one in seen.numbers.lesions}
    for row in seen.numbers.lesion_rows:
        lesion, first = whole[row["lesion_id"]], machine.get(row["lesion_id"])
        measured = calipers.get(lesion.id, {})
        yield {
            "id": lesion.id,
            "label": lesion.label,
            "status": lesion.status,
            "decided_by": lesion.decided_by,
            "because": lesion.because,
            "site": _site_name(lesion.site),
            "kind": lesion.kind,
            "suggested_site": _site_name(first.site) if first else "",
            "suggested_kind": first.kind if first else None,
            **{name: row[name] for name in ("centroid_lps_mm", "volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g")},
            "is_new": lesion.id in new,
            "ldi_mm": measured.get("ldi_mm"),
            "sdi_mm": measured.get("sdi_mm"),
        }


def _site_name(site: Code | None) -> str:
    return "" if site is None else _SITE_NAMES.get(site.value, site.meaning)


def _references(seen: Seen) -> Iterator[dict[str, Any]]:
    moved = {one.edit.which for one in seen.standing if isinstance(one.edit, Reference)}
    surveyed = seen.numbers.surveyed
    for name in RADIUS_MM:
        region = surveyed.anatomy.references.get(name)
        if region is None or not region.voxels:
            continue
        values = region.values_of(surveyed.suv)
        yield {
            "name": name,
            "centre_lps_mm": [float(mm) for mm in region.centroid_lps_mm],
            "radius_mm": RADIUS_MM[name],
            "suv_mean": surveyed.anatomy.uptake(name, surveyed.suv).mean,
            "suv_max": float(values.max()),
            "moved": name in moved,
        }


def _response(rows: Sequence[Mapping[str, Any]], seen: Seen, *, provisional: bool) -> list[dict[str, Any]]:
    """Each criterion by the reader where there is such a row, else by the numbers; those that physicians ask for first come first."""
    by_numbers, by_reader = ({row["criterion"]: row for row in rows if row["assessor"] == by} for by in ("carpet", f"reader {seen.whose}"))
    order = {name: place for place, name in enumerate(BASELINE_FIRST)}
    chosen = sorted((by_numbers | by_reader).values(), key=lambda row: order.get(row["criterion"].partition("@")[0], len(order)))
    said = ({name: row[name] for name in ("criterion", "category", "rule", "because")} for row in chosen)
    by = [row["assessor"] for row in chosen]
    return [{"by": who, "provisional": provisional and who == "carpet", **row} for who, row in zip(by, said, strict=True)]


def _deauville(rows: Sequence[Mapping[str, Any]], standing: Standing) -> dict[str, Any]:
    score = next((one.edit.score for one in reversed(standing) if isinstance(one.edit, Deauville)), None)
    found = next((row for row in rows if row["assessor"] == "carpet" and row["criterion"].startswith("deauville@")), None)
    suggested = found["category"] if found is not None and found["category"] != "NE" else None
    return {"score": score, "suggested": suggested, "because": found["because"] if found is not None else ""}


def _new_lesions(standing: Standing) -> dict[str, Any]:
    said = next((one.edit for one in reversed(standing) if isinstance(one.edit, NewLesions)), None)
    return {"present": said.present if said else None, "lesions": list(said.lesions) if said else []}


def _calipers(standing: Standing) -> dict[str, dict[str, Any]]:
    found = {}
    for one in standing:
        if isinstance(one.edit, Caliper):
            ends = {"ldi_lps_mm": one.edit.ldi_lps_mm, "sdi_lps_mm": one.edit.sdi_lps_mm}
            lengths = {"ldi_mm": math.dist(*one.edit.ldi_lps_mm), "sdi_mm": math.dist(*one.edit.sdi_lps_mm)}
            found[one.edit.subject] = {"lesion": one.edit.subject, **ends, **lengths}
    return found


def act_view(event: Event) -> dict[str, Any]:
    """One act of the history."""
    what = event.new["edit"]["kind"] if event.act == "edited" else event.act
    new = event.new["edit"] if event.act == "edited" else {name: value for name, value in event.new.items() if name != "act"}
    return {
        "number": event.version,
        "at": event.created_at,
        "who": event.who,
        "role": event.role,
        "what": what,
        "old": "" if event.old is None else json.dumps(event.old, sort_keys=True),
        "new": json.dumps(new, sort_keys=True),
        "reason": event.reason,
    }
