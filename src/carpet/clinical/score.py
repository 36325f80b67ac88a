"""What a score declares: a method with the facts it takes, the patients it was made for and the time points it is asked at."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from carpet.core.errors import ContractError, NotMeasurable, ProtocolError, Refused
from carpet.core.method import Method, Unit, methods, pick
from carpet.core.record import Missing

KIND = "score"


@dataclass(frozen=True, slots=True)
class Input:
    """A fact that a score takes: its unit (UCUM) and a sentence."""

    name: str
    unit: str
    says: str


_INPUTS = (
    Input("age_years", "a", "completed years at infusion"),
    Input("ldh_uln_ratio", "1", "LDH over the laboratory's upper limit of normal"),
    Input("ecog", "{score}", "ECOG performance status"),
    Input("ann_arbor_stage", "{stage}", "Ann Arbor stage, 1 to 4"),
    Input("extranodal_sites", "{count}", "extranodal sites; spleen, Waldeyer ring and thymus are lymphatic, bone and marrow count apart"),
    Input("nccn_extranodal_site", "", "marrow, CNS, liver, gastrointestinal tract or lung involved: yes or no"),
    Input("tmtv", "mL", "total metabolic tumour volume, by delineation"),
    Input("sdmax", "/m", "SDmax, by delineation"),
    Input("spd", "mm2", "sum of the products of diameters of the CT targets"),
    Input("longest_diameter", "mm", "longest diameter of any lesion on CT, the spleen not counted"),
    Input("ldh", "U/L", "lactate dehydrogenase"),
    Input("creatinine", "mg/dL", "creatinine"),
    Input("crp", "mg/dL", "C-reactive protein"),
    Input("ferritin", "ng/mL", "ferritin"),
    Input("platelets", "10*9/L", "platelets"),
    Input("anc", "10*9/L", "absolute neutrophil count"),
    Input("hb", "g/dL", "haemoglobin"),
    Input("cart_peak", "/uL", "highest count of CAR T-cells in blood, days 0 to 28"),
)
INPUTS: Mapping[str, Input] = MappingProxyType({one.name: one for one in _INPUTS})

EASIX_UNIT = "(U/L).(mg/dL)/(10*9/L)"  # the paper's number: no unit is cancelled
UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        unit.ucum: unit
        for unit in (
            Unit("{score}", 0, 0, "points"),
            Unit("1", 0, 0, "dimensionless"),
            Unit("mL", 0, 3, "volume"),
            Unit("cm2", 0, 2, "area"),
            Unit("cm", 0, 1, "length"),
            Unit("/m", 0, -1, "length over area"),
            Unit("/uL/mm2", 0, -2, "cells over area"),
            Unit(EASIX_UNIT, 0, 0, "as published"),
            Unit("(U/L)/(10*9/L)", 0, 0, "as published"),
        )
    }
)

# Published without a formula that could be read: none is made up.
NOT_BUILT: Mapping[str, str] = MappingProxyType(
    {
        "easix_f": "Greenbaum 2021, Blood Adv 5:2799: EASIX and ferritin make three groups whose limits could not be verified",
        "easix_fc": "Greenbaum 2021, Blood Adv 5:2799: EASIX, ferritin and CRP make three groups whose limits could not be verified",
    }
)


@dataclass(frozen=True)
class Delineated:
    """One biomarker by several delineations: segmenter → number. main: the trial's own."""

    by: Mapping[str, float]
    main: str

    def nearest_to(self, delineation: str) -> tuple[float, str]:
        """The number of this delineation and its name, else those of the trial's own; NotMeasurable without either."""
        for name in (delineation, self.main):
            if name in self.by:
                return self.by[name], name
        raise NotMeasurable("DELINEATION_NOT_MEASURED")


@dataclass(frozen=True)
class ScoreOptions:
    """What a trial may choose. extranodal_rule: ≥ 2 as the two-factor paper has it, or > 2 as a review prints it.

    overrides: cut-off → who accepts, and why, that it is applied to a volume of another delineation.
    """

    extranodal_rule: Literal["ge2", "gt2_seed"] = "ge2"
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotKnown:
    """In place of a fact: why it is not known, as a stable code."""

    reason: str


@dataclass(frozen=True)
class Scored:
    """A score: the number, its group (empty where none is published), codes of what must be known, the delineation if it took one."""

    value: float
    group: str = ""
    flags: tuple[str, ...] = ()
    segmenter: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ContractError("a score must be a finite number")


@dataclass(frozen=True)
class Score(Method):
    """A method of kind score. made_for: the patients it was published for. timepoints: where carpet asks it."""

    made_for: str
    timepoints: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The facts it takes, in the order of the function."""
        return tuple(name for name in self.needs if name in INPUTS)


def score(
    name: str, *, unit: str, source: str, made_for: str, timepoints: tuple[str, ...] = ("TD", "TT"), version: str = "1"
) -> Callable[[Callable[..., Scored]], Score]:
    """A decorator that turns a function of keyword-only facts into a Score; its sentence is the docstring's first paragraph.

    A fact is an entry of INPUTS; `options` (ScoreOptions) and `timepoint` may be asked for as well.
    """

    def wrap(function: Callable[..., Scored]) -> Score:
        if unit not in UNITS:
            raise ContractError(f"{name}: unit {unit!r} is not one of {', '.join(UNITS)}")
        if not function.__doc__ or not source or not made_for:
            raise ContractError(f"{name}: a score needs a docstring, a source and the patients it was made for")
        needs = tuple(inspect.signature(function).parameters)
        unknown = sorted(set(needs) - set(INPUTS) - {"options", "timepoint"})
        if unknown:
            raise ContractError(f"{name}: no such fact as {', '.join(unknown)}; there are: {', '.join(INPUTS)}")
        says = " ".join(function.__doc__.strip().split("\n\n")[0].split())
        return Score(KIND, name, version, UNITS[unit], says, source, function, needs, made_for, timepoints)

    return wrap


def scores() -> Mapping[str, Score]:
    """Every score there is, by name."""
    found = methods("carpet.clinical.scores", KIND)
    return {name: one for name, one in found.items() if isinstance(one, Score)}


def score_named(name: str) -> Score:
    """The score of this name; ProtocolError naming the nearest one, or why it is not built."""
    if name in NOT_BUILT:
        raise ProtocolError(f"the score {name!r} is not built. {NOT_BUILT[name]}.")
    found = pick(scores(), name, KIND)
    assert isinstance(found, Score)
    return found


def evaluate(one: Score, facts: Mapping[str, Any], *, timepoint: str, options: ScoreOptions) -> Scored | Missing:
    """The score of one patient, or a Missing whose reason names every fact that lacks, or why the score does not exist here."""
    lacking = [_lack(name, facts.get(name)) for name in one.inputs if facts.get(name) is None or isinstance(facts[name], NotKnown)]
    if lacking:
        return _missing(one, ";".join(lacking))
    try:
        found = one(**{**facts, "timepoint": timepoint, "options": options})
    except NotMeasurable as error:
        return _missing(one, error.reason)
    except Refused as error:
        return _missing(one, ";".join(error.codes))
    if not isinstance(found, Scored):
        raise ContractError(f"{one.name} gave a {type(found).__name__}, not a Scored")
    return found


def _lack(name: str, fact: NotKnown | None) -> str:
    return fact.reason if fact is not None else f"{name.upper()}_MISSING"


def _missing(one: Score, reason: str) -> Missing:
    return Missing(one.name, one.unit.ucum, "patient", "", reason)
