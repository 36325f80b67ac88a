"""What the patient's page says of response: every criterion at every time point with its rule, and where criteria differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from carpet.report.content import clean, letter
from carpet.report.drawing import UNREVIEWED
from carpet.report.numbers import DASH, decimal_text, number_text, reason_text

Row = Mapping[str, Any]

MACHINE = "carpet"
MACHINE_SAYS = "carpet, by the numbers: for a reader to confirm"
CRITERIA: Mapping[str, str] = {  # in the order in which they are shown; others follow
    "lugano": "Lugano, PET and CT",
    "lugano_pet": "Lugano by PET",
    "lugano_ct": "Lugano by CT",
    "lyric": "LYRIC",
    "lyric_follow_up": "LYRIC, follow-up",
    "recil": "RECIL 2017",
    "cheson2007": "Cheson 2007",
    "deauville": "Deauville score",
    "qpet": "qPET",
    "percist": "PERCIST",
    "delta_suv_max": "ΔSUVmax",
}
CODED = re.compile(r"\b([a-z0-9_]+)@[0-9]+")
RULES: Mapping[str, str] = {"READING": "the reader's call", "NOT_COMPUTABLE": "no rule: a fact is lacking"}  # what stands for a rule
RESPONSES = ("CR", "CMR", "PR", "PMR", "MR", "SD", "NMR", "PD", "PMD", "DISCORDANT", "IR1", "IR2", "IR3")  # scores are no responses
KIND_OF: Mapping[str, str] = {  # category → how it is tinted; the word itself always stands there
    **dict.fromkeys(("CR", "CMR"), "complete"),
    **dict.fromkeys(("PR", "PMR", "MR"), "partial"),
    **dict.fromkeys(("PD", "PMD"), "progression"),
    **dict.fromkeys(("DISCORDANT", "IR1", "IR2", "IR3"), "open"),
    **dict.fromkeys(("NE", "X"), "none"),
}


def day_text(day: int | None) -> str:
    """`day −3`; `no day` where there is none."""
    return "no day" if day is None else f"day {decimal_text(day, 0) if day else '0'}"


def at_text(timepoint: str, day: int | None) -> str:
    """`M1 (day 29)`."""
    return f"{clean(timepoint) or 'no time point'} ({day_text(day)})"


def criterion_text(criterion: str) -> str:
    """A criterion's name as a physician writes it; an unknown one as it is, without its version."""
    name = criterion.partition("@")[0]
    return CRITERIA.get(name, clean(name))


def spelled_criteria(text: str) -> str:
    """A text in which every criterion with its version, such as `lugano_ct@1`, stands as a physician writes it."""
    return CODED.sub(lambda found: CRITERIA.get(found.group(1), found.group()), text)


def _first_shown(criterion: str) -> tuple[int, str]:
    name = criterion.partition("@")[0]
    return (list(CRITERIA).index(name) if name in CRITERIA else len(CRITERIA)), name


def said_text(code: str, says: Mapping[str, str]) -> str:
    """The sentence of a code; where nobody has given one, the code in words."""
    return clean(says.get(code) or reason_text(code))


def rule_text(rule: str) -> str:
    """The id of the rule that decided, or what stood for one."""
    return RULES.get(rule, clean(rule))


def assessors(rows: Iterable[Row], says: Mapping[str, str]) -> list[dict[str, Any]]:
    """The table of responses of each assessor, readers first; [] without a response. says: code → sentence."""
    by: dict[str, list[Row]] = {}
    for row in rows:
        by.setdefault(row["assessor"], []).append(row)
    return [_assessor(name, by[name], says) for name in sorted(by, key=lambda name: (name == MACHINE, name))]


def _assessor(name: str, rows: Sequence[Row], says: Mapping[str, str]) -> dict[str, Any]:
    moments = sorted({(row["day"], row["timepoint"]) for row in rows}, key=lambda one: (one[0] is None, one[0] or 0, one[1]))
    cells = {(row["criterion"], row["day"], row["timepoint"]): row for row in rows}
    criteria = sorted({row["criterion"] for row in rows}, key=_first_shown)
    return {
        "name": MACHINE_SAYS if name == MACHINE else clean(name),
        "machine": name == MACHINE,
        "timepoints": [{"name": clean(timepoint) or DASH, "day": day_text(day)} for day, timepoint in moments],
        "rows": [{"criterion": criterion_text(one), "cells": [_cell(cells.get((one, *moment))) for moment in moments]} for one in criteria],
        "because": [_because([row for row in rows if (row["day"], row["timepoint"]) == moment], moment, says) for moment in moments],
    }


def _cell(row: Row | None) -> dict[str, str]:
    if row is None:
        return {"category": DASH, "rule": "", "kind": "none"}
    rule = "" if row["rule"] == "NOT_COMPUTABLE" else rule_text(row["rule"])
    return {"category": clean(row["category"]), "rule": f"{_value(row)} {rule}".strip(), "kind": KIND_OF.get(row["category"], "other")}


def _value(row: Row) -> str:
    """The number of a criterion that has one: a ratio; or how SUVmax changed, in a word, for kinetics count with the other sign."""
    value = row.get("value")
    if value is None:
        return ""
    if not row["criterion"].startswith("delta_suv_max"):
        return number_text(float(value), "1")
    return f"{'fall' if float(value) >= 0 else 'rise'} {decimal_text(abs(float(value)), 0)} %"


def _because(rows: Sequence[Row], moment: tuple[int | None, str], says: Mapping[str, str]) -> dict[str, Any]:
    """The reasons of one time point; criteria that say the same for the same reason share a line. Marks are lettered, see `notes`."""
    day, timepoint = moment
    lines: dict[tuple[Any, ...], list[str]] = {}
    for row in sorted(rows, key=lambda row: _first_shown(row["criterion"])):
        flags = tuple(sorted(set(row["flags"]) - {UNREVIEWED}))
        lines.setdefault((row["category"], _reason(row), row["rule"], flags), []).append(row["criterion"])
    letters = {code: letter(n) for n, code in enumerate(sorted({code for *_, flags in lines for code in flags}))}
    return {
        "at": at_text(timepoint, day),
        "rows": [
            {
                "criteria": ", ".join(map(criterion_text, names)),
                "category": clean(category),
                "kind": KIND_OF.get(category, "other"),
                "because": clean(because),
                "rule": rule_text(rule),
                "letters": ",".join(letters[code] for code in flags),
            }
            for (category, because, rule, flags), names in lines.items()
        ],
        "notes": [[mark, said_text(code, says)] for code, mark in letters.items()],
    }


def _reason(row: Row) -> str:
    dated = row.get("dated_to_day")
    return str(row["because"]) + ("" if dated is None else f"; dated to {day_text(dated)}")


def best(rows: Iterable[Row]) -> list[dict[str, str]]:
    """Best response by assessor, readers first; criteria with the same one for the same reason share a line."""
    lines: dict[tuple[Any, ...], list[str]] = {}
    for row in sorted(rows, key=lambda row: (row["assessor"] == MACHINE, row["assessor"], _first_shown(row["criterion"]))):
        key = tuple(row[name] for name in ("assessor", "category", "timepoint", "day", "ended_by", "because"))
        lines.setdefault(key, []).append(row["criterion"])
    return [
        {
            "assessor": clean(assessor),
            "criteria": ", ".join(map(criterion_text, names)),
            "category": clean(category),
            "kind": KIND_OF.get(category, "other"),
            "at": at_text(timepoint, day) if timepoint else DASH,
            "ended_by": clean(ended_by or DASH),
            "because": clean(because),
        }
        for (assessor, category, timepoint, day, ended_by, because), names in lines.items()
    ]


def conversions(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Each later improvement, with whether new therapy came between; criteria that convert alike share a line."""
    names = ("assessor", "from_day", "from_timepoint", "from_category", "to_timepoint", "to_day", "to_category", "new_therapy_before")
    lines: dict[tuple[Any, ...], list[str]] = {}
    for row in sorted(rows, key=lambda row: (row["assessor"] == MACHINE, row["assessor"], row["from_day"], _first_shown(row["criterion"]))):
        lines.setdefault(tuple(row[name] for name in names), []).append(row["criterion"])
    return [
        {
            "assessor": clean(assessor),
            "criteria": ", ".join(map(criterion_text, criteria)),
            "from": f"{clean(before)} at {at_text(timepoint, day)}",
            "to": f"{clean(after)} at {at_text(later, later_day)}",
            "therapy": "after new therapy" if therapy in (True, "yes") else "without new therapy",
        }
        for (assessor, day, timepoint, before, later, later_day, after, therapy), criteria in lines.items()
    ]


def differences(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Where criteria differ: a row a time point, assessor and question, with who says yes and who says no, each by its rule."""
    ranked = sorted(rows, key=lambda row: (row["day"] is None, row["day"] or 0, row["assessor"] == MACHINE, row["assessor"]))
    return [
        {
            "at": at_text(row["timepoint"], row["day"]),
            "assessor": clean(row["assessor"]),
            "question": f"{clean(str(row['question']).capitalize())}?",
            "yes": [_answer(one) for one in row["yes"]],
            "no": [_answer(one) for one in row["no"]],
        }
        for row in ranked
    ]


def agreement_text(rows: Iterable[Row]) -> str:
    """What it means that no criteria differ: they agree, or there were no two to compare."""
    known = Counter((row["assessor"], row["day"], row["timepoint"]) for row in rows if row["category"] in RESPONSES)
    if max(known.values(), default=0) < 2:
        return "There were no two criteria to compare: one at most could be evaluated at any time point."
    return "Nowhere: all criteria that could be evaluated agree on progression, response and complete response."


def _answer(one: Row) -> dict[str, str]:
    return {
        "criterion": criterion_text(one["criterion"]),
        "category": clean(one["category"]),
        "because": clean(one["because"]),
        "rule": rule_text(one["rule"]),
    }
