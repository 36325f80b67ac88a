"""Toxicity in the cohort report: grades as bars by event and scale, and their association with markers, never called a prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from carpet.cohort.analyses.associations import Association
from carpet.cohort.analyses.terms import groups_of
from carpet.cohort.table import PATIENT
from carpet.report.cohort_content import Block, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures.forest import ForestData, ForestRow
from carpet.report.cohort_figures.toxicity import ToxicityBar, ToxicityData
from carpet.report.numbers import DASH
from carpet.report.published_cohorts import ASTCT, SCALE_WORDS
from carpet.run.cohort.content_input import Analysed, Rows
from carpet.run.cohort.content_notes import lettered
from carpet.run.cohort.content_words import first_group, group_name, inside, label, p_text, ratio_text, reason_text, sentence, term_words

EVENTS = {"crs": "Cytokine release syndrome", "icans": "Neurotoxicity"}
COLUMNS = {"crs": "crs_grade", "icans": "icans_grade"}
SCALES = {**SCALE_WORDS, "ctcae5": "CTCAE 5"}
GRADES = range(6)
OUTCOMES = {
    "crs_grade >= 1": "CRS of any grade",
    "crs_grade >= 3": "CRS of grade 3 or more",
    "crs_grade, a grade higher": "CRS a grade higher",
    "icans_grade >= 1": "ICANS of any grade",
    "icans_grade >= 3": "ICANS of grade 3 or more",
    "icans_grade, a grade higher": "ICANS a grade higher",
}


def toxicity(analysed: Analysed) -> Section:
    """Bars of the worst grades, then odds ratios of the markers."""
    bars = tuple(_bars(analysed))
    blocks: list[Block] = []
    if bars:
        group = first_group(analysed)
        caption = (
            "Worst grade of each event in each patient, by scale"
            + (f", of all and by {inside(label(group))}" if any(one.group for one in bars) else "")
            + "; grades of two scales never share a bar."
        )
        counts = f"n = {max(one.assessed + one.not_assessed for one in bars)}."
        blocks.append(
            Picture("toxicity", caption, counts, "Patients assessed, %; numbers in the bars: patients.", ToxicityData("Toxicity", bars))
        )
    blocks += _associations(analysed.associations)
    return Section("toxicity", "Toxicity", tuple(blocks), "No event was graded, and no association was asked for.")


def _bars(analysed: Analysed) -> Iterator[ToxicityBar]:
    cohort = analysed.cohort
    names = {one.name for one in cohort.columns}
    group = first_group(analysed)
    for event, column in COLUMNS.items():
        if column not in names or all(value is None for value in cohort.values(column)):
            continue
        yield _bar(event, ASTCT, [row.get(column) for row in cohort.rows])
        names_of, places = groups_of(cohort, group, cohort.known([group])) if group else ((), ())
        for k, level in enumerate(names_of):
            mine = [cohort.rows[n] for n, place in zip(cohort.known([group]), places, strict=True) if place == k]
            yield _bar(event, ASTCT, [row.get(column) for row in mine], group_name(group, level))
    yield from _other_scales(analysed.rows, [str(row[PATIENT]) for row in cohort.rows])


def _bar(event: str, scale: str, grades: Sequence[object], group: str = "") -> ToxicityBar:
    counts = [sum(grade == n for grade in grades) for n in GRADES]
    lost = sum(grade is None for grade in grades)
    return ToxicityBar(EVENTS.get(event, sentence(event)), SCALES.get(scale, scale), tuple(counts), group, lost)  # type: ignore[arg-type]


def _other_scales(rows: Rows, patients: Sequence[str]) -> Iterator[ToxicityBar]:
    """Events graded by other scales, or that ASTCT does not grade: of the patients who have a row."""
    worst = [row for row in rows.get("toxicity", ()) if row["worst"] and row["grade"] is not None and row["patient_id"] in set(patients)]
    kinds = dict.fromkeys((row["event"], row["scale"]) for row in worst if row["scale"] != ASTCT or row["event"] not in COLUMNS)
    for event, scale in sorted(kinds):
        yield _bar(event, scale, [_grade(row) for row in worst if (row["event"], row["scale"]) == (event, scale)])


def _grade(row: Mapping[str, object]) -> int:
    return int(str(row["grade"]))


def _associations(found: Sequence[Association]) -> Iterator[Block]:
    if not found:
        yield Words("No association with a marker was asked for.", "quiet")
        return
    order = list(OUTCOMES)
    rows = tuple(_row(one) for one in sorted(found, key=lambda one: order.index(one.outcome)))
    data = ForestData("Markers and toxicity", "Odds ratio", rows, sides=("less often", "more often"))
    caption = "Odds ratios of toxicity with 95% profile intervals, one marker a model. Associations, not adjusted for each other."
    most = max(found, key=lambda one: one.patients)
    yield Picture(
        "toxicity_associations",
        caption,
        f"Up to {most.patients} patients.",
        "Odds ratio, log axis; counts: patients with the outcome/n.",
        data,
    )
    yield _table(found)


def _row(one: Association) -> ForestRow:
    counts = f"{one.events}/{one.patients}"
    return ForestRow(
        term_words(one.marker, one.per), one.ratio, one.low, one.high, counts, heading=OUTCOMES[one.outcome], text="not estimable"
    )


def _table(found: Sequence[Association]) -> Table:
    order = [one for outcome in OUTCOMES for one in found if one.outcome == outcome]
    marks, notes = lettered([[reason_text(code) for code in one.flags] for one in order])
    rows: list[Row] = []
    for n, one in enumerate(order):
        if n == 0 or one.outcome != order[n - 1].outcome:
            rows.append(Row((OUTCOMES[one.outcome],), heading=True))
        rows.append(_cells(one, marks[n]))
    heads = ("Marker", "Odds ratio (95% CI)", "P", "With it", "Patients", "Missing", "Model")
    return Table(
        "associations",
        "Toxicity and markers. P of the likelihood ratio. In the model of ordered grades one ratio holds at every grade.",
        tuple((head, "text" if n in (0, 6) else "number") for n, head in enumerate(heads)),
        tuple(rows),
        notes,
        (2.4, 1.8, 0.7, 0.7, 0.7, 0.7, 1.4),
    )


def _cells(one: Association, mark: str) -> Row:
    ratio = ratio_text(one.ratio, one.low, one.high).replace("95% CI ", "")
    shown = ratio if one.ratio is not None else f"{DASH} {reason_text(one.reason_missing)}"
    p = p_text(one.p).removeprefix("P ").removeprefix("= ")
    return Row(
        (term_words(one.marker, one.per) + mark, shown, p, str(one.events), str(one.patients), str(one.missing), one.model), indented=True
    )
