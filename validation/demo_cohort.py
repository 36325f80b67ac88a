"""Whether the cohort of a demonstration trial shows what was planted, and nothing where there is nothing; prints each beside its plan.

Run: python validation/demo_cohort.py FOLDER, where `carpet demo FOLDER` has ended. Exit status 1 where anything differs.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from demo_trial import CARPET, LUGANO, Row, table

from carpet.testing.course_answers import planned_best, planned_conversions, planned_responses
from carpet.testing.course_effects import EFFECTS, ENDPOINTS, PLANTED_P, PlannedEffect, planned_follow_up, planned_two_factor
from carpet.testing.courses import planned_patients

RULES = "default"
NULLS = sum(one.direction == 0 for one in EFFECTS)
RESPONSES = {"ORR": ("CR", "PR"), "CR": ("CR",)}
ALL, GROUP_BY = "all", "two_factor"
Found = tuple[str, list[str]]  # what was looked at, in words, and what differs


def effect_rows(rows: Mapping[str, list[Row]]) -> Iterator[Found]:
    """One line a planted effect and a planned null; rows: of the tables cox and associations."""
    for one in EFFECTS:
        found = [row for row in rows[one.table] if _is_of(row, one)]
        name = f"{one.column} {one.per} → {one.outcome}"
        if len(found) != 1:
            yield name, [f"{name}: {len(found)} rows"]
            continue
        yield f"{name}: {_told(found[0])}; {_planned(one)}", [f"{name}: {text}" for text in _wrong(found[0], one)]


def _is_of(row: Row, one: PlannedEffect) -> bool:
    if one.table == "associations":
        return (row["outcome"], row["marker"], row["per"]) == (one.outcome, one.column, one.per)
    return (row["endpoint"], row["term"], row["per"]) == (one.outcome, one.column, one.per) and (row["model"], row["rules"]) == (
        "univariable",
        RULES,
    )


def _limits(row: Row) -> tuple[float, float]:
    """Of the interval; an open one has none on that side."""
    return float(row["low"] or 0.0), float(row["high"] or "inf")


def _told(row: Row) -> str:
    if not row["ratio"]:
        return f"none, {row['reason_missing']}"
    low, high = _limits(row)
    return f"{float(row['ratio']):.2f} ({low:.2f} to {high:.2f}), P {float(row['p']):.2g}, {row['events']} of {row['patients']}"


def _planned(one: PlannedEffect) -> str:
    return "planned none" if not one.direction else "planted above 1" if one.size is None else f"planted {one.size:g}"


def _wrong(row: Row, one: PlannedEffect) -> Iterator[str]:
    if not row["ratio"]:
        yield f"no ratio: {row['reason_missing']}"
        return
    (low, high), p = _limits(row), float(row["p"])
    if not one.direction:
        if not low <= 1.0 <= high:
            yield f"planned none, the interval is {low:.3g} to {high:.3g}"
        if p < PLANTED_P / NULLS:
            yield f"planned none, P {p:.3g} is below {PLANTED_P:g} over {NULLS} nulls"
        return
    if low <= 1.0 or p >= PLANTED_P:
        yield f"planted above 1, the interval begins at {low:.3g}, P {p:.3g}"
    if one.size is not None and not low <= one.size <= high:
        yield f"planted {one.size:g}, the interval is {low:.3g} to {high:.3g}"


def group_rows(cohort: list[Row]) -> Iterator[Found]:
    """Each patient's two-factor group, and days of PFS and OS; cohort: that table."""
    wanted = planned_two_factor()
    groups = [
        f"{row['patient_id']}: two-factor group {row[GROUP_BY] or 'none'}, planned {wanted.get(row['patient_id'], 'none')}"
        for row in cohort
        if row[GROUP_BY] != wanted.get(row["patient_id"], "")
    ]
    yield f"two-factor groups of {len(cohort)} patients: {dict(sorted(Counter(row[GROUP_BY] or 'none' for row in cohort).items()))}", groups
    follow_up, wrong = planned_follow_up(), []
    for row in cohort:
        for endpoint in ENDPOINTS:
            one, short = follow_up[row["patient_id"], endpoint], endpoint.lower()
            found = (row[f"{short}_days"], row[f"{short}_event"])
            if found != (str(one.days), str(int(one.happened))):
                wrong.append(f"{row['patient_id']} {endpoint}: day {found[0]}, event {found[1]}; planned {one.days}, {int(one.happened)}")
    yield f"days and events of {' and '.join(ENDPOINTS)} of {len(cohort)} patients", wrong


def at_risk_rows(survival: list[Row], there: set[str]) -> Iterator[Found]:
    """Numbers at risk, patients and events of the curves of all and of the two-factor groups; survival: that table."""
    group_of, follow_up, wrong, compared = planned_two_factor(), planned_follow_up(), [], 0
    shown = [row for row in survival if row["statistic"] == "survival" and not row["landmark"] and row["endpoint"] in ENDPOINTS]
    for row in shown:
        if row["group_by"] not in ("", GROUP_BY):
            continue
        mine = [who for who in there if row["group"] == ALL or group_of.get(who) == row["group"]]
        days = [follow_up[who, row["endpoint"]] for who in mine]
        wanted = tuple(str(n) for n in (sum(one.days >= int(row["day"]) for one in days), len(days), sum(one.happened for one in days)))
        found = (row["at_risk"], row["patients"], row["events"])
        compared += 1
        if found != wanted:
            wrong.append(
                f"{row['endpoint']} {row['group_by']} {row['group']} day {row['day']}: at risk, patients, events {found}, planned {wanted}"
            )
    if not compared:
        wrong.append("no curve")
    yield f"numbers at risk, patients and events: {compared} rows", wrong


def response_rows(rates: list[Row], conversions: list[Row], there: set[str]) -> Iterator[Found]:
    """Rates of Lugano by the numbers, of every infused patient, and conversions from partial response or stable disease."""
    called = [one for one in planned_responses() if one.patient_id in there and (one.criterion, one.assessor) == (LUGANO, CARPET)]
    best = [("best", category) for who, category in planned_best().items() if who in there]
    planned, wrong, compared = Counter([*((one.timepoint, one.category) for one in called), *best]), [], 0
    for row in rates:
        if row["measure"] not in RESPONSES or (row["criterion"].partition("@")[0], row["assessor"], row["of"]) != (
            LUGANO,
            CARPET,
            "infused",
        ):
            continue
        wanted = sum(planned[row["timepoint"], category] for category in RESPONSES[row["measure"]])
        compared += 1
        if (row["numerator"], row["denominator"]) != (str(wanted), str(len(there))):
            wrong.append(
                f"{row['measure']} {row['timepoint']}: {row['numerator']} of {row['denominator']}, planned {wanted} of {len(there)}"
            )
    yield f"response rates: {compared} rows", wrong if compared else ["no response rate"]
    found = [
        row
        for row in conversions
        if (row["criterion"].partition("@")[0], row["assessor"]) == (LUGANO, CARPET) and row["from_category"] in ("PR", "SD")
    ]
    number = sum(one.patient_id in there for one in planned_conversions())
    yield f"conversions: {len(found)}", [] if len(found) == number else [f"{len(found)} conversions, planned {number}"]


def main(folder: Path) -> int:
    cohort, wrong = table(folder, "cohort"), 0
    there = {row["patient_id"] for row in cohort}
    if missing := {patient.id for patient in planned_patients()} - there:
        print(f"not the whole demonstration: {', '.join(sorted(missing))} missing")
        return 1
    for told, differs in (
        *effect_rows({name: table(folder, name) for name in ("cox", "associations")}),
        *group_rows(cohort),
        *at_risk_rows(table(folder, "survival"), there),
        *response_rows(table(folder, "rates"), table(folder, "conversions"), there),
    ):
        wrong += len(differs)
        print(f"{'ok ' if not differs else 'NOT'}  {told}")
        for one in differs:
            print(f"       {one}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
