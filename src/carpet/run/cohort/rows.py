"""The results of the cohort as rows of its tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from carpet.cohort.analyses.by_group import ByGroup, GroupCurve
from carpet.cohort.analyses.competing import GroupIncidence, Incidences
from carpet.cohort.analyses.cutting import Cut
from carpet.cohort.cox import ChiSquare
from carpet.cohort.kaplan_meier import DaysTo
from carpet.cohort.log_rank import LogRank
from carpet.cohort.rmst import Estimate
from carpet.cohort.table import PATIENT, Cohort
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.rates import rate_rows
from carpet.run.cohort.schemas import COHORT_SCHEMAS

NOT_REACHED = "NOT_REACHED"  # the curve never falls so low, or nobody is followed so long
SAID_OF_ALL = ("endpoint", "rules", "group_by", "missing")
Row = dict[str, Any]


def cohort_table(cohort: Cohort) -> list[Row]:
    """A row a patient: the columns, then why cells are empty and what must be known."""
    return [_patient(cohort, row) for row in cohort.rows]


def _patient(cohort: Cohort, row: Mapping[str, Any]) -> Row:
    who, names = row[PATIENT], [one.name for one in cohort.columns]
    reasons = [f"{name} {cohort.reasons[who, name]}" for name in names if (who, name) in cohort.reasons]
    flags = [f"{name} {flag}" for name in names for flag in cohort.flags.get((who, name), ())]
    return {**row, "reason_missing": reasons, "flags": flags}


def result_rows(results: Analysed) -> dict[str, list[Row]]:
    """Table → rows, of every table of COHORT_SCHEMAS."""
    return {
        "cohort": cohort_table(results.cohort),
        "survival": [*_of_curves(results.survival), *_of_incidences(results.competing)],
        "cox": [_fields("cox", one) for one in results.effects],
        "robustness": [_fields("robustness", one.effect, delineation=one.delineation, main=one.main) for one in results.specifications],
        "cutpoints": [_cut(one) for one in results.cuts],
        "associations": [_fields("associations", one) for one in results.associations],
        "models": [_fields("models", one) for one in results.performances],
        "rates": rate_rows(results),
    }


def _fields(table: str, result: object, **more: Any) -> Row:
    """The fields of a result as its table has them."""
    return {name: more[name] if name in more else _said(getattr(result, name)) for name in COHORT_SCHEMAS[table]}


def _said(value: Any) -> Any:
    """As the store and the tables can hold it: an open limit is no number."""
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cut(one: Cut) -> Row:
    return _fields("cutpoints", one, beside=[f"{name} {p:.4g}" for name, p in one.beside])


def _of_curves(found: Iterable[ByGroup]) -> Iterator[Row]:
    for one in found:
        base = {name: getattr(one, name) for name in (*SAID_OF_ALL, "landmark", "from_day", "left_out", "patients", "events")}
        base |= {"group": "", "cause": "", "reason_missing": one.reason_missing, "flags": list(one.flags)}
        if not one.curves:
            yield _stated(base, "survival")
            continue
        if one.group_by:
            test = one.log_rank
            yield _stated(base, "log-rank", **_test(test))
        told = base | {"reason_missing": ""}
        yield _stated(told, "median follow-up", unit="d", **_days(one.follow_up))
        if one.rmst is not None:
            yield _stated(told, "difference of restricted means", unit="d", day=one.rmst.horizon, **_estimate(one.rmst.difference))
        for curve in one.curves:
            yield from _of_group(told, curve, one.restricted_to)


def _of_group(base: Row, one: GroupCurve, horizon: int) -> Iterator[Row]:
    own = base | {"group": one.group, "patients": one.patients, "events": one.events}
    yield _stated(own, "median", unit="d", **_days(one.median))
    for at in one.at:
        yield _stated(own, "survival", day=at.day, at_risk=at.at_risk, value=at.survival, low=at.low, high=at.high)
    mean = {} if one.rmst is None else _estimate(one.rmst)
    yield _stated(own, "restricted mean", unit="d", day=horizon, reason=one.rmst_reason, **mean)


def _of_incidences(found: Iterable[Incidences]) -> Iterator[Row]:
    for one in found:
        base = {name: getattr(one, name) for name in SAID_OF_ALL} | {"landmark": "", "from_day": 0, "left_out": 0}
        base |= {"patients": sum(each.patients for each in one.groups), "events": sum(each.events for each in one.groups)}
        base |= {"group": "", "cause": one.endpoint, "reason_missing": one.reason_missing, "flags": list(one.flags)}
        if not one.groups:
            yield _stated(base, "cumulative incidence")
            continue
        if one.group_by:
            tests = {one.endpoint: one.gray, **({one.competing: one.gray_competing} if one.competing else {})}
            for cause, test in tests.items():
                yield _stated(base | {"cause": cause}, "Gray", **_test(test))
        for group in one.groups:
            yield from _of_causes(base | {"reason_missing": ""}, group)


def _of_causes(base: Row, one: GroupIncidence) -> Iterator[Row]:
    own = base | {"group": one.group, "patients": one.patients, "events": one.events}
    for at in one.at:
        yield _stated(own, "cumulative incidence", day=at.day, at_risk=at.at_risk, value=at.incidence, low=at.low, high=at.high)


def _stated(base: Row, statistic: str, *, unit: str = "1", reason: str = "", **numbers: Any) -> Row:
    """A row with these numbers; without a value the reason that is known, else that the curve does not reach it."""
    row = {**base, "statistic": statistic, "unit": unit, **dict.fromkeys(("day", "value", "low", "high", "p", "at_risk"))}
    row |= {name: _said(value) for name, value in numbers.items()}
    if row["value"] is not None:
        return row | {"reason_missing": ""}
    return row | {"reason_missing": reason or base["reason_missing"] or NOT_REACHED}


def _test(found: LogRank | ChiSquare | None) -> Row:
    return {} if found is None else {"value": found.chi_square, "p": found.p}


def _days(found: DaysTo) -> Row:
    return {"value": found.days, "low": found.low, "high": found.high}


def _estimate(found: Estimate) -> Row:
    """Without an error (no event, or everybody left has it on one day) there is no interval: one of no width would look certain."""
    known = found.std_error > 0.0
    return {"value": found.value, "low": found.low if known else None, "high": found.high if known else None, "p": found.p}
