"""The half-life to decay by: the header's, where it is the nuclide's own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from carpet.core.errors import Notice
from carpet.core.study import PetFacts
from carpet.suv import notices

HALF_LIFE_TOLERANCE = 0.01
FDG_TEXT = re.compile(r"\bFDG\b|fluoro-?deoxy-?glucose", re.IGNORECASE)
FDG_CODES = frozenset({"35321007", "C-B1031", "Y-X1743"})  # SCT, SRT, 99SDM


@dataclass(frozen=True, slots=True)
class Nuclide:
    name: str
    half_life_s: float
    codes: frozenset[str]


# half-lives of the positron emitters seen in practice (ENSDF, rounded)
NUCLIDES = (
    Nuclide("F-18", 6586.2, frozenset({"77004003", "C-111A1"})),
    Nuclide("Ga-68", 4057.7, frozenset({"35337001", "C-131A3"})),
    Nuclide("C-11", 1221.8, frozenset({"40565003", "C-105A1"})),
    Nuclide("N-13", 597.9, frozenset({"21576001", "C-107A1"})),
    Nuclide("O-15", 122.2, frozenset({"129504001", "C-B1038"})),
    Nuclide("Cu-64", 45721.0, frozenset({"3932008", "C-127A2"})),
    Nuclide("Zr-89", 282240.0, frozenset({"63360001", "C-168A4"})),
    Nuclide("I-124", 360800.0, frozenset({"40937006", "C-114A5"})),
    Nuclide("Rb-82", 76.4, frozenset({"79197006", "C-159A2"})),
)


@dataclass(frozen=True, slots=True)
class HalfLife:
    nuclide: str
    seconds: float
    read_from: str


def half_life(facts: PetFacts) -> tuple[HalfLife | None, tuple[Notice, ...]]:
    """The half-life, or the reason why there is none; a header value must be within 1 % of the nuclide's own."""
    where = "(0054,0016)▸(0018,1075)"
    code = facts.nuclide_code.value if facts.nuclide_code else None
    named = next((nuclide for nuclide in NUCLIDES if code in nuclide.codes), None)
    stored = facts.half_life_s
    if stored is None:
        if named is None:
            return None, (notices.HALFLIFE_MISMATCH.at(where, "absent, and no known radionuclide code"),)
        flag = notices.HALFLIFE_FROM_NUCLIDE.at(where, f"{named.name}, {named.half_life_s:g} s")
        return HalfLife(named.name, named.half_life_s, f"radionuclide code {code}"), (flag,)
    candidates = (named,) if named else NUCLIDES
    for nuclide in candidates:
        if abs(stored.value - nuclide.half_life_s) <= HALF_LIFE_TOLERANCE * nuclide.half_life_s:
            return HalfLife(nuclide.name, stored.value, stored.read_from), ()
    expected = f"{named.name} has {named.half_life_s:g} s" if named else "no known positron emitter"
    return None, (notices.HALFLIFE_MISMATCH.at(where, f"{stored.value:g} s; {expected}"),)


def tracer_flags(facts: PetFacts) -> tuple[Notice, ...]:
    """A flag unless the tracer is coded as FDG or, without a code, its free text names FDG."""
    code = facts.tracer_code.value if facts.tracer_code else ""
    text = facts.tracer_text.value if facts.tracer_text else ""
    if code in FDG_CODES or (not code and FDG_TEXT.search(text)):
        return ()
    return (notices.TRACER_NOT_FDG.at("(0054,0016)▸(0054,0304)", code or text or "no code, no text"),)
