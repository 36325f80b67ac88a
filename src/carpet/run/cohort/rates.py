"""Response and toxicity rates with exact intervals: by criterion, assessor and time point; of all infused, and of those known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carpet.clinical.episodes import ASTCT
from carpet.cohort.endpoints.facts import COMPLETE, RESPONSE
from carpet.cohort.notices import NO_PATIENTS
from carpet.cohort.proportion import clopper_pearson
from carpet.cohort.table import PATIENT, Cohort
from carpet.run.cohort.columns import RESPONSE_AT
from carpet.run.cohort.content_input import Analysed
from carpet.run.trial.moments import CARPET
from carpet.run.trial.tables import Rows

AS_ENDPOINTS = "endpoints"
BEST = "best"
CRITERIA = ("lugano", "lugano_pet", "lugano_ct", "lyric", "recil", "cheson2007")
MEASURES = {"ORR": RESPONSE, "CR": COMPLETE}
NOT_EVALUABLE = ("", "NE")
GRADES = {"CRS": "crs_grade", "ICANS": "icans_grade"}
FROM_GRADE = {"any": 1, ">= 3": 3}
INFUSED, EVALUATED = "infused", "evaluated"
Row = dict[str, Any]
Calls = Mapping[str, str]  # patient → category


def rate_rows(analysed: Analysed) -> list[Row]:
    """Rows of the table rates, from which the report's rates are taken too. Each assessor's calls are as they were made, but none of a scan
    after new therapy counts: it shows no response to CAR T-cells (METHODS D.9)."""
    cohort, rows = analysed.cohort, analysed.rows
    whole = sorted({one.patient_id for one in analysed.patients if one.infusion_date is not None})
    made: list[Row] = []
    for timepoint in (*RESPONSE_AT, BEST):
        made += _response(
            {"criterion": "lugano", "assessor": AS_ENDPOINTS, "timepoint": timepoint}, _as_endpoints(cohort, timepoint), whole
        )
        for (criterion, assessor), calls in _by_assessor(rows, timepoint, analysed.new_therapy_days):
            everybody = whole if assessor == CARPET else []
            made += _response({"criterion": criterion, "assessor": assessor, "timepoint": timepoint}, calls, everybody)
    for name, column in GRADES.items():
        graded = {str(row[PATIENT]): row[column] for row in cohort.rows if row[column] is not None}
        what = {"criterion": ASTCT, "assessor": "", "timepoint": ""}
        for word, least in FROM_GRADE.items():
            counted = sum(int(grade or 0) >= least for grade in graded.values())
            made.append(_rate({"measure": f"{name} {word}", **what, "of": EVALUATED}, counted, len(graded)))
    return made


def own_rate(found: Sequence[Row], measure: str, *, timepoint: str = "", of: str = EVALUATED) -> Row:
    """The rate the report prints: of responses at a time point as endpoints read them, of toxicity without a time point."""
    wanted = (measure, timepoint, of, AS_ENDPOINTS if timepoint else "")
    return next(row for row in found if (row["measure"], row["timepoint"], row["of"], row["assessor"]) == wanted)


def _as_endpoints(cohort: Cohort, timepoint: str) -> Calls:
    column = f"{timepoint}_lugano" if timepoint == BEST else f"lugano_{timepoint.lower()}"
    return {str(row[PATIENT]): str(row[column]) for row in cohort.rows if row[column] is not None}


def _by_assessor(rows: Rows, timepoint: str, new_therapy_days: Mapping[str, int]) -> Iterator[tuple[tuple[str, str], Calls]]:
    """(criterion@version, assessor) → calls, in their order."""
    table, wanted = ("best_responses", None) if timepoint == BEST else ("responses", timepoint)
    source = [row for row in rows.get(table, ()) if row.get("timepoint") == wanted or wanted is None]
    source = [row for row in source if not _after(row.get("day"), new_therapy_days.get(row[PATIENT]))]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in source:
        if row["criterion"].partition("@")[0] in CRITERIA:
            found.setdefault((row["criterion"], row["assessor"]), {})[row[PATIENT]] = row["category"]
    yield from sorted(found.items())


def _after(day: int | None, therapy_day: int | None) -> bool:
    return day is not None and therapy_day is not None and day > therapy_day


def _response(what: Row, calls: Calls, infused: Sequence[str]) -> Iterator[Row]:
    known = {who: category for who, category in calls.items() if category not in NOT_EVALUABLE}
    for measure, categories in MEASURES.items():
        counted = {who for who, category in known.items() if category in categories}
        if infused:
            yield _rate({"measure": measure, **what, "of": INFUSED}, len(counted & set(infused)), len(infused))
        yield _rate({"measure": measure, **what, "of": EVALUATED}, len(counted), len(known))


def _rate(what: Row, numerator: int, denominator: int) -> Row:
    row = {**what, "numerator": numerator, "denominator": denominator, "percent": None, "low": None, "high": None, "flags": []}
    if not denominator:
        return row | {"reason_missing": NO_PATIENTS.code}
    low, high = clopper_pearson(numerator, denominator)
    return row | {"percent": 100.0 * numerator / denominator, "low": 100.0 * low, "high": 100.0 * high, "reason_missing": ""}
