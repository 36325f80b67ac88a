"""The tables `agreement` and `adjudications` of a trial: how far readers agree with each other and with the numbers, and on what not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any

from carpet.cohort.agreement.adjudication import Read, Trigger, to_adjudicate
from carpet.cohort.agreement.cohen_kappa import cohen_kappa
from carpet.cohort.agreement.several_readers import fleiss_kappa, gwet_ac1, percent_agreement
from carpet.run.trial.central import as_rated
from carpet.run.trial.course import Course
from carpet.run.trial.moments import CARPET, moments
from carpet.run.trial.volume_agreement import NOT_BLIND, ScanRead, nothing_rows, statistic_row

Row = dict[str, Any]
Responses = Sequence[Mapping[str, Any]]
# what a reader says, by the column of readings.csv: its categories in order, and the criterion by which the numbers say the same
ITEMS: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "deauville": (("1", "2", "3", "4", "5"), "deauville"),
        "metabolic_response": (("CMR", "PMR", "NMR", "PMD"), "lugano_pet"),
        "ct_response": (("CR", "PR", "SD", "PD"), "lugano_ct"),
    }
)
ALL_READERS = "all readers"
STATED = "patients.csv"
OF_PAIR, OF_SEVERAL = ("percent_agreement", "kappa_quadratic", "kappa", "ac1"), ("percent_agreement", "fleiss_kappa", "ac1")
SEVERAL = 3  # from so many readers on, all together beside the pairs


@dataclass(frozen=True, slots=True)
class _Rating:
    """One category by one rater (a reader, or the numbers) of one case (patient and time point). blind: as far as carpet knows."""

    item: str
    case: tuple[str, str]
    rater: str
    category: str
    blind: bool = True


def agreement_rows(courses: Iterable[tuple[Course, Responses]]) -> list[Row]:
    """A row an item, time point (empty: all together), pair of raters and statistic; all readers together where there are three or more.

    Scores X and NE are no ratings. Without two raters of a case there is no row. A case of which one of the raters was not blind in the
    reading room is left out, and counted.
    """
    ratings = [one for course, responses in courses for one in _ratings(course, responses)]
    rows: list[Row] = []
    for item in ITEMS:
        mine = [one for one in ratings if one.item == item]
        for timepoint in ("", *sorted({one.case[1] for one in mine})):
            rows += _of_timepoint(item, timepoint, [one for one in mine if timepoint in ("", one.case[1])])
    return rows


def _ratings(course: Course, responses: Responses) -> Iterator[_Rating]:
    who = course.patient.patient_id
    saw = {(one.day, f"reader {name}") for one in course.central for name, _ in one.not_blind}
    for moment in moments(as_rated(course)):
        for item, (categories, criterion) in ITEMS.items():
            said = [(f"reader {one.reader}", getattr(one, item)) for one in moment.readings]
            said += [(CARPET, row["category"]) for row in responses if _is_by_numbers(row, moment.name, moment.day, criterion)]
            for rater, category in said:
                if category in categories:
                    yield _Rating(item, (who, moment.name), rater, category, (moment.day, rater) not in saw)


def _is_by_numbers(row: Mapping[str, Any], timepoint: str, day: int, criterion: str) -> bool:
    same = (row["timepoint"], row["day"], row["assessor"]) == (timepoint, day, CARPET)
    return same and row["criterion"].partition("@")[0] == criterion


def _of_timepoint(item: str, timepoint: str, ratings: Sequence[_Rating]) -> Iterator[Row]:
    by: dict[tuple[str, str], dict[str, _Rating]] = {}
    for one in ratings:
        by.setdefault(one.case, {})[one.rater] = one
    raters = sorted({one.rater for one in ratings})
    start = {"item": item, "timepoint": timepoint}
    for pair in combinations(raters, 2):
        shared = [[by[case][rater] for rater in pair] for case in sorted(by) if by[case].keys() >= set(pair)]
        both = [[one.category for one in case] for case in shared if all(one.blind for one in case)]
        said = start | {"raters": "; ".join(pair), "left_out": len(shared) - len(both)}
        if both:
            yield from _statistics(said, both, ITEMS[item][0])
        elif shared:
            yield from nothing_rows(said, OF_PAIR, n=0, reason=NOT_BLIND)
    readers = [one for one in raters if one != CARPET]
    if len(readers) >= SEVERAL:
        yield from _together(start, [[by[case].get(rater) for rater in readers] for case in sorted(by)], ITEMS[item][0])


def _statistics(start: Row, both: Sequence[Sequence[str]], categories: Sequence[str]) -> Iterator[Row]:
    first, second = ([case[place] for case in both] for place in (0, 1))
    n = len(both)
    yield statistic_row(start, "percent_agreement", n, lambda: percent_agreement(both, categories=categories))
    yield statistic_row(start, "kappa_quadratic", n, lambda: cohen_kappa(first, second, categories=categories, weights="quadratic"))
    yield statistic_row(start, "kappa", n, lambda: cohen_kappa(first, second, categories=categories))
    yield statistic_row(start, "ac1", n, lambda: gwet_ac1(both, categories=categories))


def _together(start: Row, cases: Sequence[Sequence[_Rating | None]], categories: Sequence[str]) -> Iterator[Row]:
    read = [case for case in cases if any(case)]
    blind = [case for case in read if all(one is None or one.blind for one in case)]
    said = start | {"raters": ALL_READERS, "left_out": len(read) - len(blind)}
    if blind:
        yield from _several(said, [[None if one is None else one.category for one in case] for case in blind], categories)
    else:
        yield from nothing_rows(said, OF_SEVERAL, n=0, reason=NOT_BLIND)


def _several(start: Row, table: Sequence[Sequence[str | None]], categories: Sequence[str]) -> Iterator[Row]:
    n = sum(any(case) for case in table)
    yield statistic_row(start, "percent_agreement", n, lambda: percent_agreement(table, categories=categories))
    yield statistic_row(start, "fleiss_kappa", n, lambda: fleiss_kappa(table, categories=categories))
    yield statistic_row(start, "ac1", n, lambda: gwet_ac1(table, categories=categories))


def adjudication_rows(courses: Iterable[tuple[Course, Responses]], *, reads: Iterable[ScanRead] = ()) -> list[Row]:
    """A row a case that a third person must see: two readers, or a reader and the date that patients.csv states for progression.

    reads: scans on whose regions two readers or more decided, of any patient: of these each reader's TMTV is compared. What was compared
    in the reading room when the second reader signed first stands as it was found there, with what became of it and how it was settled.
    """
    rows: list[Row] = []
    scans = {(one.patient_id, one.timepoint): one for one in reads}
    for course, responses in courses:
        days = {name: scan.day for name, scan in course.at.items()} | {moment.name: moment.day for moment in moments(course)}
        rows += _of_reading_room(course)
        signed = {(one.timepoint, one.pair) for one in course.central}
        for case in to_adjudicate(_reads(course, responses, _volumes(course, scans))):
            if (case.timepoint, case.readers) in signed:
                continue
            said = {"patient_id": case.patient_id, "timepoint": case.timepoint, "day": days.get(case.timepoint)}
            settled = scans[case.patient_id, case.timepoint].adjudicated_by if case.trigger is Trigger.TMTV else ""
            because = f"{case.because}, adjudicated by {settled}" if settled else case.because
            rows.append(said | {"readers": "; ".join(case.readers), "trigger": case.trigger.value, "because": because, "not_blind": ""})
    return rows


def _of_reading_room(course: Course) -> Iterator[Row]:
    for one in course.central:
        said = {"patient_id": one.patient_id, "timepoint": one.timepoint, "day": one.day, "readers": "; ".join(one.pair)}
        for trigger, because in one.found:
            words = f"{because}, {one.settled}" if one.settled else because
            yield said | {"trigger": trigger, "because": words, "not_blind": one.marks}


def _volumes(course: Course, scans: Mapping[tuple[str, str], ScanRead]) -> dict[tuple[str, str], float]:
    """Time point and reader → TMTV, where it is known."""
    mine = [one for (who, _), one in scans.items() if who == course.patient.patient_id]
    return {
        (one.timepoint, f"reader {reader}"): one.volume_ml(reader) for one in mine for reader in one.disease if reader not in one.not_drawn
    }


def _reads(course: Course, responses: Responses, volumes: Mapping[tuple[str, str], float]) -> Iterator[Read]:
    who, left = course.patient.patient_id, dict(volumes)
    by: dict[str, list[tuple[int, str]]] = {}
    for row in responses:
        if row["assessor"] != CARPET and row["criterion"].partition("@")[0] == "lugano" and row["category"] != "NE":
            by.setdefault(row["assessor"], []).append((row["day"], row["category"]))
    for moment in moments(course):
        for one in moment.readings:
            name = f"reader {one.reader}"
            category = next((called for day, called in by.get(name, ()) if day == moment.day), None)
            yield Read(who, moment.name, name, category, one.deauville, left.pop((moment.name, name), None))
    for (timepoint, name), ml in left.items():
        yield Read(who, timepoint, name, tmtv_ml=ml)
    last = max((day for calls in by.values() for day, _ in calls), default=0)
    for name, calls in by.items():
        first = min((day for day, category in calls if category == "PD"), default=None)
        yield Read(who, "", name, progression_day=first, no_progression=first is None and max(calls)[0] == last)
    stated = course.patient.progression_date
    if stated is not None and course.patient.infusion_date is not None:
        yield Read(who, "", STATED, progression_day=course.patient.day(stated))
