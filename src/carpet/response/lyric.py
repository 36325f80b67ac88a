"""LYRIC: what looks like progression after immune therapy is indeterminate (IR1–IR3) until a later scan decides.

Made for checkpoint blockade; its use after CAR T-cells is an extension (Cheson 2016; METHODS D.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from carpet.response.rule import Criterion, Rule, Verdict, exceeds, reaches
from carpet.response.verdict_notices import DATED_BACK, SPD_NOT_MEASURED

SPD_PERCENT = 50.0  # rise from nadir
IR1_DAYS = 84  # the first 12 weeks, day 84 included
FOLLOW_UP_PERCENT = 10.0  # further rise of SPD over the IR1 scan
SMALL_MM, SMALL_GROWTH_MM, LARGE_GROWTH_MM = 20.0, 5.0, 10.0  # as in Lugano, size at the IR1 scan


class Response(StrEnum):
    """What Lugano says of the same scan."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    DISCORDANT = "DISCORDANT"
    NE = "NE"


class Indeterminate(StrEnum):
    """Why progression is not certain."""

    IR1 = "IR1"
    IR2 = "IR2"
    IR3 = "IR3"


@dataclass(frozen=True)
class Lyric:
    """One scan without an open indeterminate response before it. None: the CT was not measured."""

    deteriorated: bool
    spd_rose: bool | None
    within_12_weeks: bool
    new_lesion: bool
    lesion_rose: bool | None
    uptake_rose: bool
    lugano: Response


def _suspicious(f: Lyric) -> bool:
    return f.spd_rose is True or f.new_lesion or f.lesion_rose is True or f.uptake_rose or f.lugano is Response.PD


def _late_without_sizes(f: Lyric) -> bool:
    """An SPD that rose would be progression, one that did not an indeterminate response."""
    return f.spd_rose is None and not f.within_12_weeks and (f.new_lesion or f.uptake_rose or f.lugano is Response.PD)


def _as_lugano(prefix: str, responses: Iterable[Response]) -> tuple[Rule[Any], ...]:
    """A rule for each category of Lugano, where LYRIC has nothing of its own to say."""
    return tuple(Rule(f"{prefix}-{one}", partial(_is, one), one.value, f"as Lugano: {one}") for one in responses)


def _is(response: Response, f: Lyric | LyricFollowUp) -> bool:
    return f.lugano is response


LYRIC: Criterion[Lyric] = Criterion(
    name="lyric",
    version="1",
    says="LYRIC 2016, Lugano with indeterminate response",
    source="Cheson 2016 Blood 128:2489",
    findings=Lyric,
    categories=("CR", "PR", "SD", "PD", "DISCORDANT", "NE", "IR1", "IR2", "IR3"),
    rules=(
        Rule(
            "LY-PD-clinical",
            lambda f: f.deteriorated and _suspicious(f),
            "PD",
            "growth, a new lesion or more uptake, and the patient is getting worse",
        ),
        Rule(
            "LY-IR1",
            lambda f: f.spd_rose is True and f.within_12_weeks,
            "IR1",
            "SPD at least 50 % above nadir within 12 weeks of infusion",
        ),
        Rule("LY-PD-late", lambda f: f.spd_rose is True, "PD", "SPD at least 50 % above nadir later than 12 weeks after infusion"),
        Rule(
            "LY-NE-late",
            _late_without_sizes,
            "NE",
            "later than 12 weeks after infusion, and SPD was not measured: IR2, IR3 and progression cannot be told apart",
        ),
        Rule("LY-IR2a", lambda f: f.new_lesion, "IR2", "new lesions, while SPD rose by less than 50 %"),
        Rule("LY-IR2b", lambda f: f.lesion_rose is True, "IR2", "a lesion's PPD rose by 50 %, while SPD rose by less"),
        Rule("LY-IR3", lambda f: f.uptake_rose, "IR3", "more uptake without growth"),
        Rule(
            "LY-NE-sizes",
            lambda f: f.spd_rose is None and f.lugano is Response.PD,
            "NE",
            "progression by Lugano, and SPD was not measured: IR1, IR2 and progression cannot be told apart",
        ),
        *_as_lugano("LY", Response),
    ),
)


def lyric(
    *,
    spd_percent: float | None,
    day: int,
    deteriorated: bool,
    new_lesion: bool,
    lesion_rose: bool | None,
    uptake_rose: bool,
    lugano: str,
) -> Verdict:
    """LYRIC of one scan. spd_percent: change of SPD from its nadir; day: from infusion; lesion_rose: PPD of a lesion ≥ 50 % over nadir;
    uptake_rose: without growth that is progression. None: the CT was not measured, flag `SPD_NOT_MEASURED`.
    """
    rose = None if spd_percent is None else reaches(spd_percent, SPD_PERCENT)
    findings = Lyric(deteriorated, rose, day <= IR1_DAYS, new_lesion, lesion_rose, uptake_rose, Response(lugano))
    return LYRIC.decide(findings, (SPD_NOT_MEASURED.code,) if rose is None else ())


@dataclass(frozen=True)
class LyricFollowUp:
    """A scan after an indeterminate one. `enlarged_rose`: SPD of targets plus the new or grown lesions ≥ 50 % above nadir. None: the CT
    was not measured. `grown_or_new`: Lugano's progression is one of size or number, not of uptake alone."""

    open: Indeterminate
    deteriorated: bool
    spd_rose_further: bool | None
    diameter_grew: bool
    enlarged_rose: bool | None
    grown_or_new: bool
    lugano: Response


def _worse(f: LyricFollowUp) -> bool:
    """A patient may get worse for other reasons while the lymphoma regresses."""
    return f.deteriorated and f.lugano not in (Response.CR, Response.PR)


def _without_sizes(f: LyricFollowUp) -> bool:
    unknown = {Indeterminate.IR1: f.spd_rose_further is None, Indeterminate.IR2: f.enlarged_rose is None}
    return f.lugano is Response.PD and unknown.get(f.open, False)


def _still(kind: Indeterminate) -> Rule[LyricFollowUp]:
    return Rule(
        f"LYF-{kind}", lambda f: f.open is kind and f.lugano is Response.PD, kind.value, f"{kind} is not confirmed as progression yet"
    )


LYRIC_FOLLOW_UP: Criterion[LyricFollowUp] = Criterion(
    name="lyric_follow_up",
    version="1",
    says="LYRIC 2016, the scan after an indeterminate response",
    source="Cheson 2016 Blood 128:2489",
    findings=LyricFollowUp,
    categories=LYRIC.categories,
    rules=(
        Rule("LYF-PD-clinical", _worse, "PD", "no response, and the patient is getting worse"),
        Rule(
            "LYF-PD-IR1",
            lambda f: f.open is Indeterminate.IR1 and f.spd_rose_further is True and f.diameter_grew,
            "PD",
            "SPD at least 10 % above the IR1 scan, and a lesion grew by 5 mm (10 mm above 20 mm)",
        ),
        Rule(
            "LYF-PD-IR2",
            lambda f: f.open is Indeterminate.IR2 and f.enlarged_rose is True,
            "PD",
            "SPD of the targets with the new or grown lesions at least 50 % above nadir",
        ),
        Rule(
            "LYF-PD-IR3",
            lambda f: f.open is Indeterminate.IR3 and f.lugano is Response.PD and f.grown_or_new,
            "PD",
            "now progression by size, or a new lesion",
        ),
        Rule("LYF-NE-sizes", _without_sizes, "NE", "progression by Lugano, and the sizes that could confirm it were not measured"),
        *(_still(kind) for kind in Indeterminate),
        *_as_lugano("LYF", [one for one in Response if one is not Response.PD]),
    ),
)


def lyric_follow_up(
    open_since: str,
    *,
    deteriorated: bool,
    spd_percent: float | None,
    growths_mm: Iterable[tuple[float, float]],
    enlarged_spd_percent: float | None,
    grown_or_new: bool,
    lugano: str,
) -> Verdict:
    """The scan after an IR. spd_percent: over the IR scan; growths_mm: (longest diameter at the IR scan, larger growth of both diameters)
    of each lesion; enlarged_spd_percent: over nadir. Progression carries the flag `DATED_BACK`: it is dated to the first IR.
    """
    findings = LyricFollowUp(
        open=Indeterminate(open_since),
        deteriorated=deteriorated,
        spd_rose_further=None if spd_percent is None else reaches(spd_percent, FOLLOW_UP_PERCENT),
        diameter_grew=any(reaches(growth, LARGE_GROWTH_MM if exceeds(mm, SMALL_MM) else SMALL_GROWTH_MM) for mm, growth in growths_mm),
        enlarged_rose=None if enlarged_spd_percent is None else reaches(enlarged_spd_percent, SPD_PERCENT),
        grown_or_new=grown_or_new,
        lugano=Response(lugano),
    )
    flags = (SPD_NOT_MEASURED.code,) if spd_percent is None else ()
    verdict = LYRIC_FOLLOW_UP.decide(findings, flags)
    return LYRIC_FOLLOW_UP.decide(findings, (*flags, DATED_BACK.code)) if verdict.category == "PD" else verdict
