"""The flow of patients from enrolment to each assessment, every exclusion with its reason, and who takes part in which analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from carpet.report.cohort_content import Block, Picture, Row, Section, Table
from carpet.report.cohort_figures.flow import FlowData, FlowStep
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_patients import DEAD, NOT_ASSESSED, NOT_EVALUABLE, PROGRESSED, TREATED, PatientDays, patient_days
from carpet.run.cohort.content_words import inside, label, reason_text

TMTV = "tmtv"
WHY = {
    DEAD: "died before it",
    PROGRESSED: "progressed before it, not assessed there",
    TREATED: "new therapy before it",
    NOT_EVALUABLE: "response not evaluable",
    NOT_ASSESSED: "no scan, or no response called",
}
Reason = Callable[[PatientDays], str]


def flow(analysed: Analysed) -> Section:
    """Enrolled, infused, measurable before infusion, assessed at months; a patient who leaves a step is counted with the reason."""
    everybody = patient_days(analysed)
    if not everybody:
        return Section("flow", "Flow of patients", (), "There is no patient.")
    data = FlowData("", flow_steps(analysed))
    caption = (
        "Flow of patients. A step holds those of the step above it who were not left out there; a reason is given for each. Analyses take "
        "all patients who have what they need, and are not nested in this order: see the table."
    )
    blocks: tuple[Block, ...] = (Picture("flow", caption, f"n = {len(everybody)}.", "", data),)
    rows = tuple(_takes_part(analysed))
    return Section("flow", "Flow of patients", (*blocks, _table(rows)) if rows else blocks)


def flow_steps(analysed: Analysed) -> tuple[FlowStep, ...]:
    """The steps, from all patients to those assessed at M3."""
    return tuple(_steps(analysed, patient_days(analysed)))


def _steps(analysed: Analysed, everybody: Sequence[PatientDays]) -> Iterator[FlowStep]:
    enrolled = all(one.enrolled for one in everybody)
    timepoint = analysed.protocol.cohort.timepoint
    tests: list[tuple[str, Reason]] = [
        ("Infused with CAR T-cells", lambda one: "" if one.infused else "not infused"),
        (f"Baseline PET measurable ({timepoint})", _unmeasured),
    ]
    for name in ("M1", "M3"):
        if name in analysed.protocol.timepoints:
            last = analysed.protocol.timepoints[name].last_day
            tests.append((f"Response assessed at {name} (up to day {last})", partial(_unassessed, timepoint=name, last_day=last)))
    says, here = "Enrolled" if enrolled else "Patients of the trial", list(everybody)
    for next_says, why in tests:
        left = Counter(reason for one in here if (reason := why(one)))
        yield FlowStep(says, len(here), tuple(sorted(left.items(), key=lambda one: (-one[1], one[0]))))
        says, here = next_says, [one for one in here if not why(one)]
    yield FlowStep(says, len(here))


def _unmeasured(one: PatientDays) -> str:
    return "" if one.values.get(TMTV) is not None else reason_text(one.reasons.get(TMTV, "")) or "no baseline PET"


def _unassessed(one: PatientDays, *, timepoint: str, last_day: int) -> str:
    return "" if one.response(timepoint) else WHY[one.state(timepoint, last_day)]


def _table(rows: tuple[Row, ...]) -> Table:
    return Table(
        "analysed",
        "Who takes part in which analysis, and who does not: without a value, or with the event or out of follow-up before the landmark.",
        (
            ("Analysis", "text"),
            ("Patients", "number"),
            ("Events", "number"),
            ("Without a value", "number"),
            ("Before the landmark", "number"),
        ),
        rows,
        widths=(3.4, 0.8, 0.7, 1.0, 1.1),
    )


def _takes_part(analysed: Analysed) -> Iterator[Row]:
    for one in analysed.survival:
        named = (
            one.endpoint
            + (f" by {inside(label(one.group_by))}" if one.group_by else "")
            + (f", from {one.landmark}" if one.landmark else "")
        )
        before = str(one.left_out) if one.landmark else ""
        yield Row((f"Survival: {named}", str(one.patients), str(one.events), str(one.missing), before))
    seen = set()
    for effect in analysed.effects:
        if effect.model == "multivariable" and effect.endpoint not in seen:
            seen.add(effect.endpoint)
            terms = _joined([effect.term, *effect.adjusted_for])
            counts = (str(effect.patients), str(effect.events), str(effect.missing), "")
            yield Row((f"Multivariable model of {effect.endpoint}: {terms}", *counts))


def _joined(terms: Iterable[str]) -> str:
    return ", ".join(label(one) for one in dict.fromkeys(terms))
