"""The cohort report from the results: title, key results, and its sections in the order in which a reviewer reads."""

from __future__ import annotations

from collections.abc import Iterator

from carpet.report.cohort_content import CohortContent
from carpet.report.content import RESEARCH_ONLY
from carpet.run.cohort.content_agreement import agreement
from carpet.run.cohort.content_characteristics import characteristics, missing_values
from carpet.run.cohort.content_checklists import checklists
from carpet.run.cohort.content_competing import competing
from carpet.run.cohort.content_cuts import cut_points
from carpet.run.cohort.content_effects import effects
from carpet.run.cohort.content_flags import with_flags
from carpet.run.cohort.content_flow import flow
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_key import key_results
from carpet.run.cohort.content_models import models
from carpet.run.cohort.content_published import published
from carpet.run.cohort.content_reporting import methods, notices, provenance
from carpet.run.cohort.content_response import response
from carpet.run.cohort.content_robustness import robustness
from carpet.run.cohort.content_survival import survival
from carpet.run.cohort.content_toxicity import toxicity
from carpet.run.cohort.content_words import ENDPOINT_WORDS, follow_up_of, median_text

TITLE = "FDG PET/CT before and after CAR T-cells: the cohort"
SAYS = (
    "Every number on this page is printed from the tables of the trial; nobody has typed one. Days count from the infusion of CAR T-cells. "
    "Ratios and rates stand with their 95% intervals; P values are two-sided and not adjusted for how many there are."
)
SECTIONS = (
    flow,
    characteristics,
    response,
    survival,
    effects,
    cut_points,
    competing,
    toxicity,
    models,
    robustness,
    agreement,
    missing_values,
    published,
    methods,
    checklists,
    notices,
    provenance,
)


def cohort_content(analysed: Analysed) -> CohortContent:
    """The whole page; an analysis that gave nothing leaves a section that says why."""
    return CohortContent(
        TITLE,
        SAYS,
        tuple(_facts(analysed)),
        key_results(analysed),
        tuple(with_flags(analysed, make(analysed)) for make in SECTIONS),
        RESEARCH_ONLY,
    )


def _facts(analysed: Analysed) -> Iterator[tuple[str, str]]:
    cohort, asked = analysed.cohort, analysed.protocol.cohort
    yield "Protocol", analysed.protocol.name
    infused = sum(one.infusion_date is not None for one in analysed.patients)
    yield "Patients", f"{len(cohort.rows)}, of whom {infused} were infused"
    whole = follow_up_of(analysed)
    if whole is not None:
        yield "Follow-up", f"median {median_text(whole.follow_up)} months (reverse Kaplan–Meier of {whole.endpoint}, 95% CI in brackets)"
    yield "Endpoints", ", ".join(ENDPOINT_WORDS[one] for one in asked.endpoints) + f"; rules: {asked.rules}"
    yield "Markers", f"of {asked.timepoint}, delineation {analysed.protocol.segment.method}"
    yield "Use", RESEARCH_ONLY
