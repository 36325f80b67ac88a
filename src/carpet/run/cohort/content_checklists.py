"""The checklists REMARK and TRIPOD+AI, filled where the results know the answer; the rest says that it is for the authors."""

from __future__ import annotations

from collections.abc import Sequence

from carpet.cohort import notices
from carpet.cohort.analyses.by_group import ByGroup
from carpet.cohort.analyses.cutting import EXPLORATORY, PRE_SPECIFIED
from carpet.cohort.models.performance import Performance
from carpet.report.checklists import CohortFacts, EndpointFacts, Item, ModelFacts, remark, tripod_ai
from carpet.report.cohort_content import Heads, Row, Section, Table
from carpet.run.cohort.content_flow import flow_steps
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_models import MAIN_MEASURE
from carpet.run.cohort.content_words import follow_up_of, inside, label

HANDLED = "complete cases in each analysis; models impute inside every resample"
BASELINE_ROLES = ("patient", "marker", "kinetics", "laboratory", "score")
REVIEWED = "REVIEWED"
BOOTSTRAP = "optimism bootstrap"  # the validation that every model has


def checklists(analysed: Analysed) -> Section:
    """Two tables, an item a row."""
    facts = cohort_facts(analysed)
    made = (
        ("remark", "REMARK: tumour marker prognostic studies.", remark(facts)),
        ("tripod_ai", "TRIPOD+AI: prediction models.", tripod_ai(facts)),
    )
    return Section("checklists", "Checklists", tuple(_table(name, caption, items) for name, caption, items in made))


def _table(name: str, caption: str, items: Sequence[Item]) -> Table:
    rows = [Row((str(one.number), one.topic, one.known or "–", one.authors)) for one in items]
    titled: list[Row] = []
    for one, row in zip(items, rows, strict=True):
        if not titled or (one.section and one.section != _last_heading(titled)):
            titled.append(Row((one.section,), heading=True))
        titled.append(row)
    heads: Heads = (("Item", "number"), ("Topic", "text"), ("From the results", "text"), ("For the authors", "text"))
    return Table(name, caption, heads, tuple(titled), (), (0.35, 1.6, 3.2, 2.0))


def _last_heading(rows: Sequence[Row]) -> str:
    return next((row.cells[0] for row in reversed(rows) if row.heading), "")


def cohort_facts(analysed: Analysed) -> CohortFacts:
    """What the checklists ask, from the results; what is not known stays open."""
    cohort, protocol = analysed.cohort, analysed.protocol
    asked = protocol.cohort
    steps = flow_steps(analysed)
    names = {one.name for one in cohort.columns}
    studies = analysed.rows.get("studies")
    main = [one for one in analysed.effects if one.rules == asked.rules]
    tested = [one for one in main if one.ph_p is not None]
    return CohortFacts(
        version=analysed.software.get("carpet", ""),
        protocol=protocol.name,
        patients=len(cohort.rows),
        analysed=next((one.patients for one in _whole(analysed)), None),
        excluded=tuple(one for step in steps for one in step.excluded),
        sites=len({row["site"] for row in cohort.rows if row.get("site")}) or None if "site" in names else None,
        products=tuple(sorted({str(row["product"]) for row in cohort.rows if row.get("product")})),
        endpoints=tuple(EndpointFacts(name=one.endpoint, patients=one.patients, events=one.events) for one in _whole(analysed)),
        rules=asked.rules,
        rule_sets=len({one.rules for one in analysed.specifications}) or None,
        follow_up_days=_follow_up(analysed),
        timepoint=asked.timepoint,
        delineation=protocol.segment.method,
        other_delineations=protocol.segment.also,
        scans=None if studies is None else len(studies),
        scans_read=None if studies is None else sum(row["status"] == REVIEWED for row in studies),
        agreement=sum(row["value"] is not None for row in analysed.rows.get("agreement", ())) or None,
        markers=tuple(inside(label(name)) for name in asked.markers),
        adjusted_for=tuple(inside(label(name)) for name in asked.adjusted_for),
        characteristics=sum(one.role in BASELINE_ROLES for one in cohort.columns),
        missing=_missing(analysed),
        missing_handled=HANDLED,
        pre_specified=_cut_markers(analysed, PRE_SPECIFIED),
        exploratory=_cut_markers(analysed, EXPLORATORY),
        univariable=sum(one.model == "univariable" and one.ratio is not None for one in main) or None,
        multivariable=tuple(dict.fromkeys(inside(label(one.term)) for one in main if one.model == "multivariable" and one.term)),
        ph_tested=len(tested) or None,
        not_proportional=sum(notices.HAZARDS_NOT_PROPORTIONAL.code in one.flags for one in tested) if tested else None,
        models=_models(analysed),
        samples=asked.samples if analysed.cuts or analysed.performances else None,
        permutations=asked.permutations if analysed.cuts else None,
        seed=asked.seed,
    )


def _whole(analysed: Analysed) -> list[ByGroup]:
    return [one for one in analysed.survival if not one.group_by and not one.landmark and one.curves]


def _follow_up(analysed: Analysed) -> tuple[int, int | None, int | None] | None:
    found = follow_up_of(analysed)
    return None if found is None or found.follow_up.days is None else (found.follow_up.days, found.follow_up.low, found.follow_up.high)


def _missing(analysed: Analysed) -> tuple[tuple[str, int], ...]:
    asked = analysed.protocol.cohort
    names = dict.fromkeys((*asked.markers, *asked.adjusted_for, *asked.groups))
    known = {one.name for one in analysed.cohort.columns}
    return tuple((inside(label(name)), sum(value is None for value in analysed.cohort.values(name))) for name in names if name in known)


def _cut_markers(analysed: Analysed, kind: str) -> tuple[str, ...]:
    mine = (one for one in analysed.cuts if one.label == kind and one.cut is not None and not one.reason_missing)
    return tuple(inside(label(name)) for name in dict.fromkeys(one.marker for one in mine))


def _validations(analysed: Analysed, model: Performance) -> tuple[str, ...]:
    """The bootstrap first, by which the C index is corrected, then the others that gave a number."""
    mine = (one for one in analysed.performances if (one.model, one.endpoint, one.measure) == (model.model, model.endpoint, model.measure))
    return tuple(dict.fromkeys((BOOTSTRAP, *(one.validation for one in mine if one.corrected is not None))))


def _models(analysed: Analysed) -> tuple[ModelFacts, ...]:
    kept = [one for one in analysed.performances if one.measure == MAIN_MEASURE and " − " not in one.model and one.validation == BOOTSTRAP]
    slopes = {
        (one.model, one.endpoint, one.validation): one.corrected for one in analysed.performances if one.measure == "calibration slope"
    }
    return tuple(
        ModelFacts(
            name=one.model,
            endpoint=one.endpoint,
            candidates=one.candidates,
            validations=_validations(analysed, one),
            c_apparent=one.apparent,
            c_corrected=one.corrected,
            slope=slopes.get((one.model, one.endpoint, one.validation)),
        )
        for one in kept
    )
