"""Responses in the cohort report: rates with intervals, conversion from one time point to the next, swimmer, waterfall and spider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carpet.core.protocol import Protocol
from carpet.report.cohort_content import Block, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures import style
from carpet.report.cohort_figures.alluvial import AlluvialData
from carpet.report.cohort_figures.spider import SpiderData, SpiderPatient
from carpet.report.cohort_figures.swimmer import SwimmerData, SwimmerPatient, What
from carpet.report.cohort_figures.waterfall import Change, WaterfallData
from carpet.report.numbers import DASH
from carpet.run.cohort.columns import RESPONSE_AT
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_patients import AT_MONTHS, TREATED, PatientDays, patient_days
from carpet.run.cohort.content_words import counts_text, percent_interval, reason_text
from carpet.run.cohort.rates import BEST, EVALUATED, INFUSED, own_rate, rate_rows
from carpet.run.trial.moments import CARPET

CRITERION = "Lugano 2014, readers before numbers"
BASELINES = ("TT", "TD")
NOT_EVALUABLE = "NE"


def response(analysed: Analysed) -> Section:
    """The four pictures, each as far as there is something to draw."""
    everybody = [one for one in patient_days(analysed) if one.infused]
    if not everybody:
        return Section("response", "Response", (), "No patient was infused.")
    blocks: list[Block] = [_rates(analysed, everybody), *_conversion(analysed, everybody)]
    blocks.append(_swimmer(analysed, everybody))
    blocks += [_waterfall(analysed, everybody), _spider(analysed, everybody)]
    return Section("response", "Response", tuple(blocks))


def _rates(analysed: Analysed, everybody: Sequence[PatientDays]) -> Table:
    """Responses at each month and at best; rates of all infused patients, and of those with a response called."""
    names = [(f"lugano_{one.lower()}", one) for one in _months(analysed.protocol)] + [("best_lugano", "Best")]
    heads = ("Response", *(shown for _, shown in names))
    called = {name: [str(one.values[name]) for one in everybody if one.values.get(name) is not None] for name, _ in names}
    found = style.in_order({category for values in called.values() for category in values})
    rows = [Row((style.response_words(category), *(str(called[name].count(category)) for name, _ in names))) for category in found]
    rows.append(Row(("no response called", *(str(len(everybody) - len(called[name])) for name, _ in names))))
    rates, times = rate_rows(analysed), [BEST if shown == "Best" else shown for _, shown in names]
    for title, of in (("Of all infused, % (95% CI)", INFUSED), ("Of those evaluated (a response called), % (95% CI)", EVALUATED)):
        rows.append(Row((title,), heading=True))
        for says, measure in (("overall response (CR or PR)", "ORR"), ("complete response", "CR")):
            cells = (rate_text(own_rate(rates, measure, timepoint=time, of=of)) for time in times)
            rows.append(Row((says, *cells), indented=True))
    return Table(
        "rates",
        f"Response by {CRITERION}: infused patients (n = {len(everybody)}).",
        tuple((head, "number" if n else "text") for n, head in enumerate(heads)),
        tuple(rows),
        (
            "Intervals: Clopper–Pearson. Best: until progression or new therapy. No scan after new therapy counts. The same numbers, and "
            "those of every criterion and reader, stand in the table rates.",
        ),
        (2.2, *(1.0,) * len(names)),
    )


def rate_text(rate: Mapping[str, Any]) -> str:
    """`9/20, 45% (23–68)` of a row of rates; a dash of nobody."""
    if rate["percent"] is None:
        return DASH
    share, low, high = (rate[name] / 100 for name in ("percent", "low", "high"))
    return f"{rate['numerator']}/{rate['denominator']}, {percent_interval(share, low, high)}"


def _months(protocol: Protocol) -> list[str]:
    return [name for name in AT_MONTHS if name in protocol.timepoints]


def _conversion(analysed: Analysed, everybody: Sequence[PatientDays]) -> Iterator[Block]:
    months = _months(analysed.protocol)
    if len(months) < 2:
        yield Words("No conversion is shown: the protocol has fewer than two of the time points M1, M3 and M6.", "quiet")
        return
    paths = tuple(tuple(one.state(name, analysed.protocol.timepoints[name].last_day) for name in months) for one in everybody)
    data = AlluvialData("Response over time", CRITERION, tuple(months), paths)
    caption = (
        "How responses change between time points. Every infused patient stands at every time point: without a call there as dead or "
        "PD (progressed by the end of its window), treated anew, not evaluable (NE) or not assessed (n/a)."
    )
    yield Picture("conversion", caption, counts_text(len(everybody)) + ".", "Height: patients.", data)


def _swimmer(analysed: Analysed, everybody: Sequence[PatientDays]) -> Block:
    calls = _calls(analysed)
    patients = []
    for one in everybody:
        if one.last is None:
            continue
        marks: list[tuple[int, What]] = [(day, "scan") for day, _ in calls.get(one.patient_id, ())]
        marks += [(day, what) for day, what in _ends(one) if day is not None]
        ongoing = one.death is None and one.progression is None
        own = [(day, category) for day, category in calls.get(one.patient_id, ()) if one.treated is None or day <= one.treated]
        shown = (*own, *([] if one.treated is None else [(one.treated, TREATED)]))
        patients.append(SwimmerPatient(one.patient_id, one.last, shown, tuple(sorted(marks)), ongoing))
    lost = len(everybody) - len(patients)
    caption = (
        "Each patient's course from infusion, coloured by the last response called, and grey from new therapy on; longest follow-up first."
    )
    counts = counts_text(len(patients)) + (f"; {lost} without follow-up are not shown." if lost else ".")
    return Picture("swimmer", caption, counts, "Months of 365.25/12 days.", SwimmerData("Course of each patient", tuple(patients)))


def _ends(one: PatientDays) -> tuple[tuple[int | None, What], ...]:
    therapy = None if one.therapy == one.hsct else one.therapy
    return (therapy, "therapy"), (one.hsct, "hsct"), (one.death, "death")


def _calls(analysed: Analysed) -> dict[str, list[tuple[int, str]]]:
    """Patient → Lugano responses after infusion by day: the cohort's at its months, elsewhere the readers' before the numbers', the least
    favourable of readers who differ."""
    cohort = {str(row["patient_id"]): row for row in analysed.cohort.rows}
    found: dict[str, dict[int, list[tuple[bool, int, str]]]] = {}
    for row in analysed.rows.get("responses", ()):
        if row["criterion"].partition("@")[0] != "lugano" or row["day"] is None or row["day"] < 1:
            continue
        at_month = row["timepoint"] in RESPONSE_AT
        own = cohort.get(row["patient_id"], {}).get(f"lugano_{row['timepoint'].lower()}") if at_month else row["category"]
        if own is not None and own != NOT_EVALUABLE:
            order = style.in_order({*style.RESPONSES, str(own)})
            mine = found.setdefault(row["patient_id"], {}).setdefault(row["day"], [])
            mine.append((row["assessor"] != CARPET, order.index(str(own)), str(own)))
    return {who: [(day, max(calls)[-1]) for day, calls in sorted(days.items())] for who, days in found.items()}


def _changes(analysed: Analysed) -> dict[str, list[tuple[int, float]]]:
    """Patient → change of TMTV from baseline in percent, by day up to new therapy; baseline itself with 0."""
    found: dict[str, dict[int, float]] = {}
    for row in analysed.rows.get("kinetics", ()):
        treated = analysed.new_therapy_days.get(row["patient_id"], row["to_day"])
        if row["biomarker"] == "tmtv" and row["from_baseline"] and row["percent"] is not None and 0 < row["to_day"] <= treated:
            mine = found.setdefault(row["patient_id"], {row["from_day"]: 0.0})
            mine[row["to_day"]] = float(row["percent"])
    return {who: sorted(days.items()) for who, days in found.items()}


def _best(one: PatientDays) -> str:
    return str(one.values.get("best_lugano") or NOT_EVALUABLE)


def _waterfall(analysed: Analysed, everybody: Sequence[PatientDays]) -> Block:
    changes = _changes(analysed)
    bars = []
    for one in everybody:
        after = [percent for day, percent in changes.get(one.patient_id, ()) if day > 0]
        why = "" if after else _no_change(analysed, one)
        bars.append(Change(one.patient_id, min(after) if after else None, _best(one), why))
    data = WaterfallData("Best change of TMTV after infusion", "TMTV", tuple(bars))
    shown = sum(one.percent is not None for one in bars)
    caption = (
        "Largest decrease, or smallest growth, of TMTV from baseline in each patient after infusion and up to new therapy, coloured by "
        "best response. Progression does not end the count."
    )
    return Picture("waterfall", caption, counts_text(shown) + ".", "Change of TMTV, % of baseline. Lines: −50% and +50%.", data)


def _no_change(analysed: Analysed, one: PatientDays) -> str:
    """The first reason of the patient's rows of kinetics from baseline; else that there are no two scans."""
    rows = [row for row in analysed.rows.get("kinetics", ()) if row["patient_id"] == one.patient_id and row["biomarker"] == "tmtv"]
    reasons = [row["reason_missing"] for row in rows if row["from_baseline"] and row["to_day"] > 0 and row["reason_missing"]]
    if reasons:
        return reason_text(reasons[0])
    if one.treated is not None and any(row["from_baseline"] and row["to_day"] > one.treated for row in rows):
        return "no scan before new therapy"
    return "no scan after infusion" if one.values.get("tmtv") is not None else "no baseline"


def _spider(analysed: Analysed, everybody: Sequence[PatientDays]) -> Block:
    changes = _changes(analysed)
    lines = tuple(SpiderPatient(one.patient_id, tuple(changes.get(one.patient_id, ())), _best(one)) for one in everybody)
    data = SpiderData("Change of TMTV over time", "TMTV", lines)
    shown = len(data.drawn)
    caption = "Change of TMTV from baseline over time, up to new therapy, a line a patient, coloured by best response."
    return Picture("spider", caption, counts_text(shown) + ".", "Change of TMTV, % of baseline; months of 365.25/12 days.", data)
