"""REMARK and TRIPOD+AI in our own words: what the software knows of each item, and what is for the authors to state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

AUTHORS = "for the authors to state"
REMARK_SOURCE = "McShane 2005; Altman 2012, PLoS Med 9:e1001216"
TRIPOD_SOURCE = "Collins 2024, BMJ 385:e078378"
Status = Literal["from the data", "in part", "for the authors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFacts:
    """One endpoint as analysed: patients who have it, events among them; competing: events of the other kind."""

    name: str
    patients: int
    events: int
    competing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """One model as fitted: candidates is the number of its candidate coefficients; C as found, and corrected by the first of `validations`,
    all of which it went through."""

    name: str
    endpoint: str
    candidates: int
    validations: tuple[str, ...]
    c_apparent: float | None = None
    c_corrected: float | None = None
    slope: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortFacts:
    """What a run of the cohort knows of itself. None and (): not known or not done, and nothing is then said.

    excluded: reason → patients, in order of the flow. missing: column → patients without a value. pre_specified, exploratory: markers with
    such a cut-point. not_proportional: effects whose test of proportional hazards was below 0.05, of `ph_tested`.
    """

    version: str
    protocol: str
    patients: int | None = None
    analysed: int | None = None
    excluded: tuple[tuple[str, int], ...] = ()
    sites: int | None = None
    products: tuple[str, ...] = ()
    endpoints: tuple[EndpointFacts, ...] = ()
    rules: str = ""
    rule_sets: int | None = None
    follow_up_days: tuple[int, int | None, int | None] | None = None
    timepoint: str = ""
    delineation: str = ""
    other_delineations: tuple[str, ...] = ()
    scans: int | None = None
    scans_read: int | None = None
    agreement: int | None = None
    markers: tuple[str, ...] = ()
    adjusted_for: tuple[str, ...] = ()
    characteristics: int | None = None
    missing: tuple[tuple[str, int], ...] | None = None
    missing_handled: str = ""
    pre_specified: tuple[str, ...] = ()
    exploratory: tuple[str, ...] = ()
    univariable: int | None = None
    multivariable: tuple[str, ...] = ()
    ph_tested: int | None = None
    not_proportional: int | None = None
    models: tuple[ModelFacts, ...] = ()
    samples: int | None = None
    permutations: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist. known: what the software can say; authors: what only they can, empty where nothing is left."""

    number: int
    section: str
    topic: str
    known: str
    authors: str

    @property
    def status(self) -> Status:
        return "for the authors" if not self.known else "in part" if self.authors else "from the data"


Say = Callable[[CohortFacts], str]
Entry = tuple[str, str, Say, str]  # section, topic, what is known, what is left to the authors


def remark(facts: CohortFacts) -> tuple[Item, ...]:
    """The 20 items of REMARK (tumour marker prognostic studies), in order."""
    return _filled(REMARK, facts)


def tripod_ai(facts: CohortFacts) -> tuple[Item, ...]:
    """The 27 items of TRIPOD+AI (prediction models), in order."""
    return _filled(TRIPOD_AI, facts)


def _filled(entries: Sequence[Entry], facts: CohortFacts) -> tuple[Item, ...]:
    items = []
    for n, (section, topic, say, left) in enumerate(entries):
        known = say(facts)
        items.append(Item(n + 1, section, topic, known, left if known else f"{AUTHORS}{f': {left}' if left else ''}"))
    return tuple(items)


def _nothing(facts: CohortFacts) -> str:
    return ""


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _flow(facts: CohortFacts) -> str:
    if facts.patients is None:
        return ""
    out = ", ".join(f"{count} {reason}" for reason, count in facts.excluded)
    kept = f"{facts.analysed} with an endpoint" if facts.analysed is not None else ""
    lost = f"lost at a step of the flow: {out}" if out else ""
    return _joined(f"{_counted(facts.patients, 'patient')} in the tables", lost, kept, _events(facts))


def _events(facts: CohortFacts) -> str:
    return ", ".join(f"{one.name}: {_counted(one.events, 'event')} in {one.patients}" for one in facts.endpoints)


def _participants(facts: CohortFacts) -> str:
    sites = "" if facts.sites is None else _counted(facts.sites, "site")
    return _joined("" if facts.patients is None else _counted(facts.patients, "patient"), sites)


def _products(facts: CohortFacts) -> str:
    return f"CAR T-cell products: {_listed(facts.products)}" if facts.products else ""


def _scans(facts: CohortFacts) -> str:
    return f"{_counted(facts.scans, 'PET/CT scan')}, markers at {facts.timepoint}" if facts.scans is not None and facts.timepoint else ""


def _assay(facts: CohortFacts) -> str:
    if not facts.delineation:
        return ""
    others = f"also {_listed(facts.other_delineations)}" if facts.other_delineations else ""
    both = facts.scans_read is not None and facts.scans is not None
    read = f"{facts.scans_read} of {facts.scans} scans confirmed by a reader" if both else ""
    agree = f"{_counted(facts.agreement, 'statistic')} of agreement" if facts.agreement else ""
    return _joined(f"delineation {facts.delineation} by CARPET {facts.version}", others, read, agree)


def _design(facts: CohortFacts) -> str:
    return f"median follow-up {_days(facts.follow_up_days)} by reverse Kaplan–Meier" if facts.follow_up_days else ""


def _days(days: tuple[int, int | None, int | None]) -> str:
    low, high = ("not reached" if one is None else str(one) for one in days[1:])
    return f"{days[0]} days (95 % {low} to {high})"


def _endpoints(facts: CohortFacts) -> str:
    if not facts.endpoints:
        return ""
    return _joined(_listed([one.name for one in facts.endpoints]), f"rule set {facts.rules}" if facts.rules else "")


def _candidates(facts: CohortFacts) -> str:
    beside = f"beside {_listed(facts.adjusted_for)}" if facts.adjusted_for else ""
    return _joined(f"markers {_listed(facts.markers)}", beside) if facts.markers else ""


def _size(facts: CohortFacts) -> str:
    candidates = dict.fromkeys(f"{one.name}: {_counted(one.candidates, 'candidate coefficient')}" for one in facts.models)
    return _joined(_events(facts), ", ".join(candidates))


def _missing(facts: CohortFacts) -> str:
    if facts.missing is None:
        return ""
    lacking = ", ".join(f"{column} in {count}" for column, count in facts.missing if count)
    return _joined(f"without a value: {lacking}" if lacking else "no value is missing", facts.missing_handled)


def _analysis(facts: CohortFacts) -> str:
    draws = f"{facts.samples} bootstrap samples" if facts.samples is not None and facts.models else ""
    return _joined(f"methods text printed from the protocol {facts.protocol}", facts.missing_handled, draws)


def _modelling(facts: CohortFacts) -> str:
    return _joined(_analysis(facts), _validation(facts)) if facts.models else ""


def _cut_points(facts: CohortFacts) -> str:
    fixed = f"pre-specified cut-points of {_listed(facts.pre_specified)}" if facts.pre_specified else ""
    found = f"searched for, and labelled exploratory, of {_listed(facts.exploratory)}" if facts.exploratory else ""
    if found and facts.permutations is not None:
        found += f", P corrected by {facts.permutations} permutations"
    return _joined(f"continuous in the models: {_listed(facts.markers)}" if facts.markers else "", fixed, found)


def _characteristics(facts: CohortFacts) -> str:
    return "" if facts.characteristics is None else _joined(f"table 1 with {_counted(facts.characteristics, 'column')}", _missing(facts))


def _univariable(facts: CohortFacts) -> str:
    return f"{_counted(facts.univariable, 'hazard ratio')} with intervals, one column a model" if facts.univariable else ""


def _multivariable(facts: CohortFacts) -> str:
    return f"one model of {_listed(facts.multivariable)}, every ratio with its interval" if facts.multivariable else ""


def _with_standards(facts: CohortFacts) -> str:
    both = facts.multivariable and facts.adjusted_for
    return f"{_listed(facts.adjusted_for)} stayed in the model whatever their P" if both else ""


def _assumptions(facts: CohortFacts) -> str:
    below = "" if facts.not_proportional is None else f", below 0.05 in {facts.not_proportional}"
    tested = f"proportional hazards tested in {facts.ph_tested}{below}" if facts.ph_tested else ""
    runs = f"{_counted(facts.rule_sets, 'endpoint rule set')} compared" if facts.rule_sets else ""
    segmenters = f"{_counted(len(facts.other_delineations), 'other delineation')} compared" if facts.other_delineations else ""
    return _joined(tested, runs, segmenters, _validation(facts))


def _validation(facts: CohortFacts) -> str:
    """Each validation with its models, every one once."""
    found: dict[str, dict[str, None]] = {}
    for one in facts.models:
        for validation in one.validations:
            found.setdefault(validation, {})[one.name] = None
    return "; ".join(f"{validation} of {_listed(tuple(names))}" for validation, names in found.items())


def _performance(facts: CohortFacts) -> str:
    return "; ".join(f"{one.name}, {one.endpoint}: {_c(one)}" for one in facts.models if one.c_apparent is not None)


def _c(model: ModelFacts) -> str:
    corrected = "" if model.c_corrected is None else f", {model.c_corrected:.2f} corrected by {model.validations[0]}"
    return f"C {model.c_apparent:.2f} as found{corrected}" + ("" if model.slope is None else f", calibration slope {model.slope:.2f}")


def _heterogeneity(facts: CohortFacts) -> str:
    several = facts.sites is not None and facts.sites > 1
    held_out = list(dict.fromkeys(one.name for one in facts.models if any("site" in each for each in one.validations)))
    return f"{_listed(held_out)} tested on each site left out of {facts.sites}" if several and held_out else ""


def _performed(facts: CohortFacts) -> str:
    return _joined(_performance(facts), _heterogeneity(facts))


def _described(facts: CohortFacts) -> str:
    return _joined(_flow(facts), _design(facts), _characteristics(facts))


def _development(facts: CohortFacts) -> str:
    return ", ".join(f"{one.name}, {one.endpoint}: {_counted(one.candidates, 'candidate coefficient')}" for one in facts.models)


def _code(facts: CohortFacts) -> str:
    seed = "" if facts.seed is None else f"seed {facts.seed}"
    return _joined(f"analysis code: CARPET {facts.version}, Apache-2.0", f"settings: trial.toml of {facts.protocol}", seed)


def _prepared(facts: CohortFacts) -> str:
    return f"SUV, delineation and endpoints by CARPET {facts.version}, the same for all patients; columns in the codebook"


REMARK: tuple[Entry, ...] = (
    ("Introduction", "The marker, the aims, and hypotheses fixed beforehand", _candidates, "aims and hypotheses"),
    ("Patients", "Who the patients are, where they come from, who was left out", _flow, "stage of disease, eligibility and recruitment"),
    ("Patients", "Treatment, and how it was chosen", _products, "lymphodepletion, bridging, and why each was chosen"),
    ("Specimens", "What was measured on: here the scans, and controls", _scans, "acquisition and reconstruction at each site"),
    ("Assay", "How the marker was measured, by whom, and blinded to what", _assay, "whether readers were blinded to outcome"),
    ("Design", "How cases were selected, over what time, how long followed", _design, "prospective or not, period of inclusion, matching"),
    ("Design", "Endpoints, exactly defined", _endpoints, ""),
    ("Design", "All variables looked at first or considered", _candidates, "variables considered elsewhere"),
    ("Design", "Why this many patients", _size, "the reason for the size, or the effect that could be found"),
    ("Statistics", "All methods, how variables were chosen, missing values handled", _analysis, ""),
    ("Statistics", "How marker values entered, and how cut-points were found", _cut_points, ""),
    ("Data", "Flow of patients through each step, with events", _flow, "patients before they entered the tables"),
    ("Data", "Distribution of characteristics and of the marker, with missing values", _characteristics, ""),
    ("Analysis", "The marker against standard prognostic variables", _nothing, "how the marker relates to them"),
    ("Analysis", "The marker and outcome alone: effect with interval", _univariable, "the same for all variables reported"),
    ("Analysis", "The marker and outcome with others: effects with intervals", _multivariable, ""),
    ("Analysis", "The same with standard prognostic variables kept in, whatever their significance", _with_standards, ""),
    ("Analysis", "Assumptions checked, sensitivity analyses, internal validation", _assumptions, ""),
    ("Discussion", "What the results mean beside the hypotheses and other studies; limits", _nothing, ""),
    ("Discussion", "What follows for research and for patients", _nothing, ""),
)

TRIPOD_AI: tuple[Entry, ...] = (
    ("Title", "A prediction model, for whom and for what, developed or evaluated", _nothing, ""),
    ("Abstract", "A structured summary", _nothing, ""),
    ("Background", "Why the model, for whom, and known inequalities", _nothing, ""),
    ("Objectives", "Aims; development, evaluation or both", _nothing, ""),
    ("Data", "Where the data come from, and from when", _participants, "sources, dates, how well they represent the patients meant"),
    ("Participants", "Setting, eligibility, treatments", _products, "setting and eligibility"),
    ("Data preparation", "What was done to the data, alike in all groups", _prepared, "corrections made before the tables were written"),
    ("Outcome", "What is predicted, how and when assessed, by whom", _endpoints, "who assessed it, and blinded to what"),
    ("Predictors", "Which, why these, how and when measured", _candidates, "why these; blinding of readers"),
    ("Sample size", "How it was arrived at", _size, "the reason for the size"),
    ("Missing data", "How many, and how handled", _missing, "why values are missing"),
    ("Analytical methods", "Use of the data, types of model, building, validation, measures of performance", _modelling, ""),
    ("Class imbalance", "Whether anything was done about it", _nothing, ""),
    ("Fairness", "How fairness of the model was looked at", _nothing, ""),
    ("Model output", "What the model gives, and how groups are made of it", _nothing, ""),
    ("Training and evaluation", "How the data of both differ", _validation, "differences in patients between them"),
    ("Ethics", "Approval and consent", _nothing, ""),
    ("Open science", "Funding, interests, protocol, registration, data, code", _code, "funding, interests, registration, data sharing"),
    ("Patients and public", "Their part in the research", _nothing, ""),
    ("Participants", "Flow, characteristics with missing values, follow-up", _described, ""),
    ("Model development", "Patients and events in each analysis", _development, "tuning of models made elsewhere"),
    (
        "Model specification",
        "The whole model, so that others can predict with it",
        _nothing,
        "coefficients and baseline of the final model",
    ),
    ("Model performance", "Estimates with intervals, and by site or group", _performed, ""),
    ("Model updating", "Results of any update", _nothing, ""),
    ("Interpretation", "What the main results mean, fairness included", _nothing, ""),
    ("Limitations", "Of the study, and their effect", _nothing, ""),
    ("Usability", "How the model would be used: poor input, who uses it, next steps", _nothing, ""),
)
