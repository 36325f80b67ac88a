"""The methods section of a paper, printed from the protocol: each sentence follows from a setting, citations are numbered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from carpet.core.protocol import Protocol, RedcapProtocol
from carpet.report.methods_phrases import BIOMARKERS, COLUMNS, DELINEATIONS, ENDPOINTS, REFERENCE_TIME, REFERENCES, RULE_SETS
from carpet.report.numbers import MINUS, NARROW_SPACE

CITED = re.compile(r" ?\[(@[a-z0-9_@;]+)\]")
LEAN = "percist_liver"  # the one delineation that needs lean body mass
Sentences = Iterator[str]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A heading and its text, citations as `[1, 2]`."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class MethodsProse:
    """The section; references[0] is cited as [1]."""

    paragraphs: tuple[Paragraph, ...]
    references: tuple[str, ...]


def methods_prose(protocol: Protocol, *, version: str) -> MethodsProse:
    """What was done, for the authors to shorten; version: of the software, printed with it. What has no effect is listed at the end."""
    drafts = {
        "Time points": _timepoints(protocol),
        "Quantification of PET": _quantification(protocol),
        "Delineation": _delineation(protocol),
        "Biomarkers": _biomarkers(protocol),
        "Reading": _reading(protocol),
        "Response": _response(),
        "Scores and toxicity": _scores(protocol),
        "Endpoints": _endpoints(protocol),
        "Statistics": _statistics(protocol),
        "Prediction models": _models(protocol),
        "Software and settings": _settings(protocol, version),
    }
    texts = {heading: " ".join(sentences) for heading, sentences in drafts.items()}
    order = {key: n + 1 for n, key in enumerate(dict.fromkeys(key for text in texts.values() for key in _keys(text)))}
    paragraphs = tuple(Paragraph(heading, CITED.sub(lambda found: _numbered(found[1], order), text)) for heading, text in texts.items())
    return MethodsProse(paragraphs, tuple(REFERENCES[key] for key in order))


def _keys(text: str) -> list[str]:
    return [key for found in CITED.findall(text) for key in found.replace("@", "").split(";")]


def _numbered(keys: str, order: Mapping[str, int]) -> str:
    return f" [{', '.join(str(number) for number in sorted(order[key] for key in keys.replace('@', '').split(';')))}]"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _code(name: str) -> str:
    return f"“{name}”"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", NARROW_SPACE)


def _column(name: str) -> str:
    return COLUMNS.get(name, _code(name))


def _day(day: int) -> str:
    return str(day).replace("-", MINUS)


def _timepoints(protocol: Protocol) -> Sentences:
    windows = [
        f"{name} (day {_day(one.first_day)} to {_day(one.last_day)}, nominal day {_day(one.nominal_day)})"
        for name, one in protocol.timepoints.items()
    ]
    yield "Days are counted from CAR T-cell infusion, which is day 0."
    yield f"Scans stood for the time points {_listed(windows)}."
    yield "Of several scans within a window the one nearest to its nominal day was taken."
    yield f"Markers were measured at {protocol.cohort.timepoint}; without a scan there, at the earlier baseline, which was flagged."


def _quantification(protocol: Protocol) -> Sentences:
    suv = protocol.suv
    low, high = suv.uptake_window_min
    yield "SUV was normalised to body weight (SUVbw, g/mL) from the decay-corrected injected activity [@dicom]."
    yield (
        "Where the scanner had corrected for decay to a start of the scan, that moment was "
        f"{REFERENCE_TIME[suv.reference_time]}; a scan whose moment stayed in doubt was refused."
    )
    yield (
        "Injection dates that an anonymiser had shifted apart from the scan's were accepted where the times of day fitted."
        if suv.repair_date_shift
        else "Injection dates that did not fit the scan's were refused."
    )
    yield f"Uptake times outside {low:g} to {high:g} min were flagged."
    if LEAN in _delineations(protocol):
        cited = " [@janmahasatian]" if suv.lean_mass == "janmahasatian" else ""
        yield f"SUL used lean body mass by the formula {_code(suv.lean_mass.value)}{cited}."
        yield (
            "Where the sex was recorded as other, SUL was refused."
            if suv.sex_undefined == "refuse"
            else "Where the sex was recorded as other, lean body mass was the mean of both formulas."
        )


def _delineations(protocol: Protocol) -> tuple[str, ...]:
    return tuple(dict.fromkeys((protocol.segment.method, *protocol.segment.also)))


def _delineation(protocol: Protocol) -> Sentences:
    segment = protocol.segment
    yield (
        f"Candidate regions were connected voxels (26 neighbours) with SUVbw ≥ {segment.preselect_suv:g} and a volume of at least "
        f"{segment.preselect_min_ml:g} mL; regions added by a reader had no lower limit [@benchmark]."
    )
    yield "Physiologic uptake was told from disease by rules, and by readers where they had decided; unread scans were flagged."
    yield f"Lesions were delineated as {DELINEATIONS.get(segment.method, f'the method {_code(segment.method)} gives them')}."
    also = [DELINEATIONS.get(name, f"by the method {_code(name)}") for name in _delineations(protocol)[1:]]
    yield f"The same lesions were also delineated as {'; '.join(also)}." if also else "No other delineation was compared."
    yield f"A delineation reached at most {segment.margin_mm:g} mm beyond its candidate region."


def _biomarkers(protocol: Protocol) -> Sentences:
    asked = protocol.biomarkers
    names = asked.names or tuple(BIOMARKERS)
    said = [BIOMARKERS.get(name, _code(name)) for name in names]
    yield f"{'The following were' if asked.names else 'All biomarkers of the software were'} computed: {'; '.join(said)}."
    peak = "the hottest 1 cm³ sphere of the lesion" if asked.suv_peak == "0F91" else "the 1 cm³ sphere at the hottest voxel"
    yield f"SUVpeak was {peak} (IBSI {asked.suv_peak})."
    cited = {"mosteller": "Mosteller [@mosteller]", "du_bois": "Du Bois [@du_bois]"}[asked.surface_area.value]
    yield f"Body surface area was computed by the formula of {cited}."


def _response() -> Sentences:
    yield (
        "Response was graded by the Deauville five-point scale [@barrington] and by Lugano 2014 from PET and CT [@lugano;@barrington]; "
        "beside it stand LYRIC [@lyric], RECIL 2017 [@recil], Cheson 2007 [@cheson2007] and PERCIST 1.0 [@percist], each from an ordered "
        "list of rules, and every category names the rule that decided."
    )
    yield (
        "Rates count every infused patient, whoever was not assessed as without response, with exact intervals [@clopper]; scans after new "
        "therapy count for no response."
    )


def _reading(protocol: Protocol) -> Sentences:
    review = protocol.review
    third = "chose one of both readings" if review.adjudication == "choose" else "read the scan again"
    yield "Where a scan had been read and signed in CARPET's reading room, that reading stood before the machine's suggestions."
    if review.readers == 1:
        yield "Each scan was read there by one reader."
    else:
        yield (
            "Each scan was read there by two readers without sight of each other until both had signed; "
            f"where they differed, a third person {third}."
        )
    shown = {"hidden": "hidden from", "shown": "shown to"}
    yield f"Clinical data were {shown[review.clinical]} readers there, later scans than the one read {shown[review.later_scans]} them."


def _scores(protocol: Protocol) -> Sentences:
    scores = protocol.scores
    yield f"Laboratory values were the nearest drawn within {scores.lab_within_days} days before a time point, never after it."
    yield (
        "The two-factor group counted at least 2 extranodal sites and TMTV > 80 mL [@vercellino]."
        if scores.extranodal_rule == "ge2"
        else "The two-factor group counted more than 2 extranodal sites, as a review prints it [@vercellino_review], and TMTV > 80 mL."
    )
    yield "A published cut-off was applied only to volumes of the delineation it was found with."
    for name, why in sorted(scores.overrides.items()):
        yield f"The cut-off {_code(name)} was nevertheless applied to another delineation: {why.strip().rstrip('.')}."
    yield "Cytokine release syndrome and neurotoxicity were graded by ASTCT 2019 [@astct]; grades of other scales were kept apart."


def _endpoints(protocol: Protocol) -> Sentences:
    cohort = protocol.cohort
    first, *others = (ENDPOINTS[name] for name in cohort.endpoints)
    yield f"The main endpoint was {first}."
    if others:
        yield f"Beside it stand {_listed(others)}."
    yield f"Rule set {_code(cohort.rules)}: {RULE_SETS.get(cohort.rules, 'as the protocol names it')}."
    yield "Every other rule set of the software was run as a sensitivity analysis."


def _statistics(protocol: Protocol) -> Sentences:
    cohort = protocol.cohort
    yield "Survival was estimated by Kaplan–Meier, intervals on the log(−log) scale, and follow-up by reverse Kaplan–Meier [@schemper]."
    yield (
        "Survival, restricted mean survival time [@royston], calibration, prediction error and Youden's index are given at day "
        f"{cohort.horizon_days}."
    )
    yield from _comparisons(protocol)
    yield from _effects(protocol)
    yield (
        "Where events compete, cumulative incidence was compared by Gray's test [@gray], and effects are cause-specific and Fine–Gray "
        "[@fine_gray]."
    )
    yield "Intervals are of 95 %; P values are two-sided."


def _comparisons(protocol: Protocol) -> Sentences:
    cohort = protocol.cohort
    if cohort.groups:
        yield f"Groups defined by {_listed([_column(name) for name in cohort.groups])} were compared by log-rank tests."
    else:
        yield "No groups were compared by log-rank tests."
    if cohort.landmarks:
        yield (
            f"Patients were compared by their response at {_listed(cohort.landmarks)} in landmark analyses, which start at the last day of "
            "the time point's window and hold those still followed and free of the event."
        )
    else:
        yield "No landmark analysis was made."


def _effects(protocol: Protocol) -> Sentences:
    cohort = protocol.cohort
    if not cohort.markers:
        yield "No marker's effect was estimated, and no cut-point was searched for."
        return
    markers = _listed([_column(name) for name in cohort.markers])
    beside = f" adjusted for {_listed([_column(name) for name in cohort.adjusted_for])}" if cohort.adjusted_for else " alone"
    yield (
        f"Effects of {markers} on the endpoints are hazard ratios of Cox models [@cox] with profile-likelihood intervals [@venzon], of "
        f"volumes per doubling; the multivariable model held {_column(cohort.markers[0])}{beside}."
    )
    yield (
        "Complete response was also entered as a covariate that changes on the day after the scan that showed it [@andersen]; changes of "
        "TMTV and SUVmax over bridging were estimated where both scans exist, and stand in no other model."
    )
    yield "Where a covariate separated events or events were few, Firth's penalised likelihood was used [@heinze]; each row says which."
    yield "Proportional hazards were tested by scaled Schoenfeld residuals [@grambsch]."
    yield "Associations of the same markers with toxicity are odds ratios of logistic and proportional-odds models."
    yield (
        "Published cut-points of the markers come first; those searched for by the maximally selected log-rank statistic [@lausen] or by "
        "Youden's index [@youden] are labelled exploratory."
    )
    yield (
        f"Beside their naive P stands one that allows for the search, from {_thousands(cohort.permutations)} permutations [@hothorn]; of "
        "the log-rank statistic in 200 patients or more by the improved Bonferroni bound [@lausen94]."
    )


def _models(protocol: Protocol) -> Sentences:
    cohort = protocol.cohort
    terms = tuple(dict.fromkeys((*cohort.markers, *cohort.adjusted_for)))
    if not terms:
        yield "No prediction model was made."
        return
    yield f"A Cox model of {_listed([_column(name) for name in terms])} with a ridge penalty was set beside IPI alone and TMTV alone."
    yield (
        "Inside every resample missing values were imputed by chained equations that hold the outcome [@white], and the penalty was chosen "
        "by cross-validation."
    )
    yield (
        f"Bootstrap intervals of cut-points and models rest on {cohort.samples} samples of patients; models were validated by the optimism "
        "bootstrap [@harrell] and nested cross-validation, and with three sites or more by leaving out one after the other."
    )
    yield "Performance is C by Harrell [@harrell] and by Uno [@uno], time-dependent AUC, scaled Brier score and calibration slope."
    yield (
        "AUC over time, calibration and net benefit are those of patients on whom the model was not fitted; patients needed are by Riley's "
        "criteria [@riley], and a learning curve shows what fewer patients would have given."
    )


def _settings(protocol: Protocol, version: str) -> Sentences:
    yield f"All numbers were computed with CARPET {version} under the protocol {_code(protocol.name)}."
    yield f"Random draws have the seed {protocol.cohort.seed}."
    if protocol.redcap.file:
        mapping = protocol.redcap
        unknown = f"; {_listed([_code(word) for word in mapping.missing])} stood for not known" if mapping.missing else ""
        yield (
            f"Clinical tables were filled from a REDCap export by a mapping of {len(mapping.parts)} part{'s' * (len(mapping.parts) != 1)}, "
            f"patients named by the field {_code(mapping.record)}{unknown}."
        )
    settings, defaults = (dict(_leaves(one)) for one in (protocol, Protocol()))
    changed = [f"{name} = {value}" for name, value in settings.items() if defaults.get(name) != value]
    changed += [f"{name} left out" for name in defaults if name not in settings]
    yield f"Settings other than the software's defaults: {'; '.join(changed) or 'none'}."
    if LEAN not in _delineations(protocol):
        unused = [f"{name} = {settings[name]}" for name in ("suv.lean_mass", "suv.sex_undefined")]
        yield f"Without effect here, as nothing was delineated on SUL: {'; '.join(unused)}."
    if protocol.review.readers == 1:
        yield f"Without effect here, as scans had one reader: review.adjudication = {settings['review.adjudication']}."


def _leaves(section: BaseModel | Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Every setting by its name in the protocol, with its value in words; but the mapping of an export, which is no method."""
    parts = {name: getattr(section, name) for name in type(section).model_fields} if isinstance(section, BaseModel) else section
    for name, value in parts.items():
        if isinstance(value, RedcapProtocol):
            continue
        if isinstance(value, BaseModel | Mapping) and value:
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", _value_text(value)


def _value_text(value: Any) -> str:
    if isinstance(value, tuple | Mapping):
        return f"({', '.join(_value_text(one) for one in value)})" if value else "(none)"
    return str(getattr(value, "value", value))
