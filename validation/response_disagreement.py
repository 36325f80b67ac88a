"""Why criteria disagree after CAR T-cells: a simulated cohort is judged by all of them, and the rules behind each disagreement are counted.

Run: python validation/response_disagreement.py [COUNT], which prints the page docs/reference/disagreement.md. Exit status 1 where the
order of the published shares is not reproduced.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from carpet.response.cheson2007 import cheson2007
from carpet.response.ct_scans import CtCourse, CtLesion, CtScan, Part, Seen
from carpet.response.deauville import Deauville, deauville
from carpet.response.disagreement import Question, disagreements
from carpet.response.lugano import lugano
from carpet.response.lugano_ct import lugano_ct
from carpet.response.lugano_pet import LuganoPet, change_of_uptake, lugano_pet
from carpet.response.recil import recil
from carpet.response.rule import Verdict
from carpet.run.trial.lyric import AtMoment, OpenIr, lyric_call
from carpet.run.trial.moments import CARPET, Assessor, Moment

PATIENTS, SEED = 2000, 41
BASELINE, FIRST, SECOND = -7, 30, 90  # days from infusion, as in the published cohort
LIVER_SUV, BLOOD_POOL_SUV = 2.8, 2.2  # SUVmax
CRITERIA = ("lugano", "cheson2007", "recil", "lyric")
OF_PUBLISHED = 41
PUBLISHED = MappingProxyType({"lugano": 13, "cheson2007": 11, "recil": 7, "lyric": 7})  # 32, 27, 17, 17 %
ALIKE = 0.05  # RECIL and LYRIC differ by less than this share of all patients [P]
Z95 = 1.959964
MIXES = 1000

# What may happen to a patient, with its share of all patients [P]: our own choice, so that `mixes` asks for any other as well.
SHARES: Mapping[str, float] = MappingProxyType(
    {
        "response": 0.63,
        "pseudoprogression": 0.05,
        "one lesion grows": 0.08,
        "a new lesion": 0.06,
        "another lesion grows": 0.04,
        "uptake rises": 0.04,
        "all lesions grow": 0.10,
    }
)
AGREED: Mapping[str, float] = MappingProxyType({"response": 0.85, "all lesions grow": 0.15})  # nothing to disagree about


@dataclass(frozen=True)
class Fate:
    """Diameters and uptake at the first and at the second scan, as multiples of baseline, each drawn between two limits."""

    size: tuple[tuple[float, float], tuple[float, float]]
    uptake: tuple[tuple[float, float], tuple[float, float]]


SHRINKS = Fate(((0.5, 0.8), (0.2, 0.5)), ((0.2, 0.5), (0.05, 0.2)))
FLARES = Fate(((1.2, 1.5), (0.4, 0.8)), ((1.0, 1.4), (0.1, 0.5)))
GROWS_ALONE = Fate(((0.8, 1.1), (1.25, 1.6)), ((0.7, 1.1), (1.0, 1.5)))
GLOWS = Fate(((0.85, 1.05), (0.85, 1.1)), ((1.0, 1.2), (1.35, 1.9)))
GROWS = Fate(((1.1, 1.4), (1.4, 1.9)), ((1.0, 1.3), (1.1, 1.6)))
FATES: Mapping[str, Fate] = MappingProxyType({"pseudoprogression": FLARES, "uptake rises": GLOWS, "all lesions grow": GROWS})
LONGEST_MM, SPREAD = 30.0, 0.5  # median, and standard deviation of the logarithm, of the longest diameter of a target
TARGET_MM, BROAD = (16.0, 150.0), (0.55, 0.95)  # limits of the longest diameter; the perpendicular one as a share of it
TARGETS, NODES, OTHERS = (1, 6), 0.75, 0.5  # number of targets; share of nodes; share of patients with a lesion that is no target
SUV, NEW_SUV, NEW_MM = (6.0, 25.0), (4.0, 12.0), (11.0, 30.0)
NEW_TOO, NEW_EARLY = 0.5, 0.5  # share of "all lesions grow" with a new lesion too; of new lesions that are there on the first scan
READER_MM = 1.0  # standard deviation of a reader's diameter; written to the millimetre


@dataclass(frozen=True)
class Planted:
    """One lesion of one patient. diameters_mm, suv: at baseline and on the two later scans; None: not there yet."""

    name: str
    part: Part
    target: bool
    diameters_mm: tuple[tuple[float, float] | None, ...]
    suv: tuple[float, ...]
    new: bool = False
    progresses: bool = False


@dataclass(frozen=True)
class Judged:
    """One patient on one day: what happened in truth, and each criterion's verdict with the rule behind it."""

    fate: str
    day: int
    verdicts: Mapping[str, Verdict]
    adjudicated: bool

    def progressed(self, criterion: str) -> bool:
        return self.verdicts[criterion].category == "PD"


def planted(number: int, shares: Mapping[str, float]) -> tuple[str, tuple[Planted, ...]]:
    """What happens to this patient, and the lesions."""
    rng = np.random.default_rng([SEED, number])
    fate = str(rng.choice(list(shares), p=np.array(list(shares.values())) / sum(shares.values())))
    targets = int(rng.integers(TARGETS[0], TARGETS[1] + 1))
    grower = int(rng.integers(targets))
    lesions = []
    for n in range(targets):
        course = GROWS_ALONE if fate == "one lesion grows" and n == grower else FATES.get(fate, SHRINKS)
        ldi = float(np.clip(LONGEST_MM * math.exp(SPREAD * rng.standard_normal()), *TARGET_MM))
        lesions.append(_lesion(rng, f"t{n}", ldi, course, target=True))
    if fate == "another lesion grows" or rng.random() < OTHERS:
        course = GROWS if fate in ("another lesion grows", "all lesions grow") else FATES.get(fate, SHRINKS)
        other = _lesion(rng, "other", float(rng.uniform(*NEW_MM)), course, target=False)
        lesions.append(replace(other, progresses=course is GROWS))
    if fate == "a new lesion" or (fate == "all lesions grow" and rng.random() < NEW_TOO):
        lesions.append(_new(rng, early=rng.random() < NEW_EARLY))
    return fate, tuple(lesions)


def _lesion(rng: np.random.Generator, name: str, ldi_mm: float, course: Fate, *, target: bool) -> Planted:
    part = Part.NODE if rng.random() < NODES else Part.EXTRANODAL
    sdi_mm, suv = ldi_mm * rng.uniform(*BROAD), rng.uniform(*SUV)
    sizes = [1.0, *(rng.uniform(*limits) for limits in course.size)]
    uptake = [1.0, *(rng.uniform(*limits) for limits in course.uptake)]
    return Planted(name, part, target, tuple(_read(rng, ldi_mm * x, sdi_mm * x) for x in sizes), tuple(suv * x for x in uptake))


def _new(rng: np.random.Generator, *, early: bool) -> Planted:
    """A lesion that was not there at baseline; where it came early it is half as large again by the second scan."""
    ldi_mm, broad, suv = rng.uniform(*NEW_MM), rng.uniform(*BROAD), rng.uniform(*NEW_SUV)
    first = _read(rng, ldi_mm, ldi_mm * broad) if early else None
    second_mm = ldi_mm * (1.5 if early else 1.0)
    part = Part.NODE if rng.random() < NODES else Part.EXTRANODAL
    return Planted("new", part, False, (None, first, _read(rng, second_mm, second_mm * broad)), (0.0, suv if early else 0.0, suv), new=True)


def _read(rng: np.random.Generator, ldi_mm: float, sdi_mm: float) -> tuple[float, float]:
    """As a reader writes the diameters."""
    read = sorted(max(1.0, round(mm + READER_MM * rng.standard_normal())) for mm in (ldi_mm, sdi_mm))
    return float(read[1]), float(read[0])


def _ct(lesions: Sequence[Planted], at: int, day: int) -> CtScan:
    seen = []
    for one in lesions:
        size = one.diameters_mm[at]
        if size is None:
            continue
        status = Seen.NEW if one.new else Seen.UNEQUIVOCAL_PROGRESSION if one.progresses and at == 2 else Seen.PRESENT
        seen.append(CtLesion(one.name, one.part, one.target, status, *size))
    return CtScan(day, tuple(seen))


def judged(number: int, shares: Mapping[str, float]) -> Iterator[Judged]:
    """The patient on the first and on the second later scan."""
    fate, lesions = planted(number, shares)
    open_ir: OpenIr | None = None
    for at, day in ((1, FIRST), (2, SECOND)):
        scans = tuple(_ct(lesions, n, when) for n, when in enumerate((BASELINE, FIRST, SECOND)[: at + 1]))
        verdicts, adjudicated, open_ir = _verdicts(CtCourse(scans), lesions, at, day, open_ir)
        yield Judged(fate, day, verdicts, adjudicated)


def _verdicts(
    ct: CtCourse, lesions: Sequence[Planted], at: int, day: int, open_ir: OpenIr | None
) -> tuple[dict[str, Verdict], bool, OpenIr | None]:
    """Each criterion's verdict on the same facts; whether a person had to decide for Lugano; what stays open for LYRIC."""
    new_focus = any(one.new and one.suv[at] > LIVER_SUV for one in lesions)
    hottest, before = (max(one.suv[n] for one in lesions if not one.new) for n in (at, 0))
    score = deauville(
        hottest, liver_suv_max=LIVER_SUV, blood_pool_suv_max=BLOOD_POOL_SUV, above_background=True, new_lesion=new_focus
    ).category
    by_pet = lugano_pet(LuganoPet(Deauville(score), change_of_uptake(before, hottest), new_focus))
    by_ct = lugano_ct(ct)
    both = lugano(by_pet.category, by_ct.category)
    decided = _decided(both, lesions, at)
    beneath = {"LUG-PMD": by_pet.rule, "LUG-NMR-PD": by_ct.rule, "LUG-DISCORDANT": by_ct.rule}
    called = lyric_call(
        Moment(f"day {day}", day, None, day, ()),
        Assessor(CARPET, None, new_focus, False, ()),
        AtMoment(by_pet.category, by_ct.category, decided.category, ct),
        open_ir=open_ir,
    )
    verdicts = {
        "lugano": replace(decided, rule=" ← ".join((both.rule, beneath[both.rule])) if both.rule in beneath else both.rule),
        "cheson2007": cheson2007(ct, pet_positive=score not in ("1", "2", "3")),
        "recil": recil(ct, deauville=Deauville(score)),
        "lyric": called.verdict,
    }
    return verdicts, both.category == "DISCORDANT", called.open


def _decided(verdict: Verdict, lesions: Sequence[Planted], at: int) -> Verdict:
    """DISCORDANT as a person decides it (decision 0015): progression where what is larger than at baseline takes up more than the liver."""
    if verdict.category != "DISCORDANT":
        return verdict
    sizes = ((one.diameters_mm[0], one.diameters_mm[at], one.suv[at]) for one in lesions)
    lymphoma = any(now is not None and (before is None or now[0] > before[0]) and suv > LIVER_SUV for before, now, suv in sizes)
    return replace(verdict, category="PD") if lymphoma else verdict


def cohort(count: int = PATIENTS, shares: Mapping[str, float] = SHARES) -> tuple[Judged, ...]:
    """Every patient on both days."""
    return tuple(one for number in range(count) for one in judged(number, shares))


def on(day: int, patients: Sequence[Judged], fate: str = "") -> list[Judged]:
    """Those of one day, and of one fate where it is named."""
    return [one for one in patients if one.day == day and fate in ("", one.fate)]


def share(patients: Sequence[Judged], criterion: str) -> float:
    """Patients with progression by this criterion, of all."""
    return sum(one.progressed(criterion) for one in patients) / len(patients)


def interval(events: int, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    rate, spread = events / count, Z95**2 / count
    middle = (rate + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(rate * (1 - rate) / count + spread / (4 * count))
    return middle - half, middle + half


def in_order(shares: Mapping[str, float]) -> bool:
    """Lugano ≥ Cheson 2007 > RECIL ≈ LYRIC, as published."""
    one, two, three, four = (shares[name] for name in CRITERIA)
    return one >= two > max(three, four) and abs(three - four) < ALIKE


def shares_of(patients: Sequence[Judged]) -> dict[str, float]:
    return {name: share(patients, name) for name in CRITERIA}


def behind(patients: Sequence[Judged], yes: str, no: str) -> Counter[tuple[str, str]]:
    """How often which rule said progression by `yes`, and which rule of `no` something else."""
    pairs: Counter[tuple[str, str]] = Counter()
    for one in patients:
        rows = [_row(name, one.verdicts[name]) for name in (yes, no)]
        for differs in disagreements(rows):
            if differs.question is Question.PROGRESSION and differs.yes[0].criterion == yes:
                pairs[differs.yes[0].rule, f"{differs.no[0].category} {differs.no[0].rule}"] += 1
    return pairs


def _row(name: str, verdict: Verdict) -> Mapping[str, Any]:
    return {
        "criterion": name,
        "assessor": CARPET,
        "category": verdict.category,
        "rule": verdict.rule,
        "because": verdict.because,
    }


def mixes(patients: Sequence[Judged]) -> dict[str, float]:
    """How often each part of the order holds where what happens comes in any other proportion (drawn evenly, seed fixed)."""
    fates = [fate for fate in SHARES if fate != "response"]
    rates = np.array([[share(on(SECOND, patients, fate), name) for name in CRITERIA] for fate in fates])
    progressing = sum(SHARES[fate] for fate in fates)
    drawn = progressing * np.random.default_rng(SEED).dirichlet(np.ones(len(fates)), MIXES) @ rates
    parts: dict[str, Any] = {
        "Lugano ≥ Cheson 2007": drawn[:, 0] >= drawn[:, 1],
        "Cheson 2007 > RECIL": drawn[:, 1] > drawn[:, 2],
        "Cheson 2007 > LYRIC": drawn[:, 1] > drawn[:, 3],
        f"RECIL and LYRIC within {100 * ALIKE:g} points": np.abs(drawn[:, 2] - drawn[:, 3]) < ALIKE,
    }
    return {said: float(np.mean(holds)) for said, holds in parts.items()}


HEADING = """# Why criteria disagree after CAR T-cells

Printed by `validation/response_disagreement.py`, as it is; a test judges a smaller cohort. In 41 patients with scans 30 and 90 days after
CAR T-cells progression was 32 % by Lugano, 27 % by Cheson 2007, 17 % by RECIL and 17 % by LYRIC (Cancer Imaging 2023;23:44,
doi:10.1186/s40644-023-00566-7). Here simulated patients are judged by carpet's criteria ([rules](criteria.md)), all on the same facts.

- More uptake without growth is progression by Lugano alone (`PET-PMD-rise`); LYRIC waits (`IR3`).
- One lesion that grows by 50 % of its product is progression by Lugano (`CT-PD1`), while the others shrink. Cheson 2007 wants 50 % of its
  length (`CHE-PD-node`) or of the sum of products, RECIL 20 % of the sum of lengths; LYRIC waits (`IR2`).
- A new lesion is progression by all but LYRIC, which waits (`IR2`) until sizes confirm it.
- Growth of a lesion that is no target is progression by all but RECIL, which looks at targets and new lesions only.
- Growth that goes back (pseudoprogression) is progression on day 30 by all but LYRIC (`IR1`), on day 90 by none.

**What this shows, and what not.** That on day 90 Lugano calls progression most often, then Cheson 2007, then RECIL and LYRIC, comes out of
the rules: it holds in other mixtures of what may happen as well (last but one table); on day 30 it does not. That RECIL and LYRIC come
out alike depends on the mixture: they miss different things. How large the shares are is our choice of mixture; that they are near the
published ones proves nothing.
"""
LIMITS = f"""## Assumptions

{TARGETS[0]} to {TARGETS[1]} targets, evenly; longest diameter log-normal, median {LONGEST_MM:g} mm, between {TARGET_MM[0]:g} and
{TARGET_MM[1]:g} mm, the perpendicular one {BROAD[0]:g} to {BROAD[1]:g} of it; {100 * NODES:g} % nodes; a lesion that is no target in
{100 * OTHERS:g} % of patients. SUVmax {SUV[0]:g} to {SUV[1]:g}; liver {LIVER_SUV:g}, blood pool {BLOOD_POOL_SUV:g}. New lesions
{NEW_MM[0]:g} to {NEW_MM[1]:g} mm long, SUVmax {NEW_SUV[0]:g} to {NEW_SUV[1]:g}, {100 * NEW_EARLY:g} % of them there on day {FIRST}
and half as long again on day {SECOND}. Readers' diameters scatter by {READER_MM:g} mm (standard deviation). No spleen, no marrow;
nobody gets worse clinically, which LYRIC would call progression. No lesion is lost, split or merged. Scans on days {BASELINE},
{FIRST} and {SECOND}. `DISCORDANT` (response by PET, progression by CT) is decided as a person would, for Lugano and for LYRIC:
progression where a lesion longer than at baseline takes up more than the liver.

| what happens | share | diameters × baseline, day {FIRST}, day {SECOND} | SUVmax × baseline, day {FIRST}, day {SECOND} |
|---|---|---|---|
"""
NAMES = MappingProxyType({"lugano": "Lugano", "cheson2007": "Cheson 2007", "recil": "RECIL", "lyric": "LYRIC"})
PAIRS = (("lugano", "cheson2007"), ("lugano", "recil"), ("lugano", "lyric"), ("recil", "lyric"), ("lyric", "recil"))
MOST_PAIRS = 6  # of rules, for each pair of criteria; the rest is counted together


def page(count: int = PATIENTS) -> str:
    """The page docs/reference/disagreement.md."""
    patients = cohort(count)
    rules = [_rules_table(patients, *pair) for pair in PAIRS]
    return "\n".join((HEADING, _shares_table(patients), _fates_table(patients), *rules, _mixes_table(patients), _assumptions()))


def _shares_table(patients: Sequence[Judged]) -> str:
    number = len(on(SECOND, patients))
    lines = [
        f"## {number} patients\n",
        f"| progression | published, n = {OF_PUBLISHED} | day {FIRST} | day {SECOND} |",
        "|---|---|---|---|",
    ]
    for name in CRITERIA:
        simulated = [_told(sum(one.progressed(name) for one in on(day, patients)), number) for day in (FIRST, SECOND)]
        lines.append(f"| {NAMES[name]} | {_told(PUBLISHED[name], OF_PUBLISHED)} | {' | '.join(simulated)} |")
    asked = sum(one.adjudicated for one in on(SECOND, patients))
    return "\n".join([*lines, f"\n95 % intervals by Wilson. On day {SECOND} Lugano was `DISCORDANT` in {asked} patients.\n"])


def _told(events: int, number: int) -> str:
    low, high = interval(events, number)
    return f"{100 * events / number:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _fates_table(patients: Sequence[Judged]) -> str:
    """Progression by what happened in truth."""
    names = " | ".join(NAMES[name] for name in CRITERIA)
    lines = ["## Progression by what happened\n", f"| what happened | day | patients | {names} |", "|---|---|---|---|---|---|---|"]
    for fate, day in (*((fate, SECOND) for fate in SHARES), ("pseudoprogression", FIRST)):
        those = on(day, patients, fate)
        shares = " | ".join(f"{100 * share(those, name):.0f} %" for name in CRITERIA)
        lines.append(f"| {fate} | {day} | {len(those)} | {shares} |")
    return "\n".join([*lines, ""])


def _rules_table(patients: Sequence[Judged], yes: str, no: str) -> str:
    pairs = behind(on(SECOND, patients), yes, no)
    lines = [
        f"## Day {SECOND}, progression by {NAMES[yes]}, not by {NAMES[no]}: {pairs.total()} patients\n",
        f"| {NAMES[yes]} | {NAMES[no]} | patients |",
        "|---|---|---|",
    ]
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    lines += [f"| {one} | {other} | {number} |" for (one, other), number in ordered[:MOST_PAIRS]]
    rest = sum(number for _, number in ordered[MOST_PAIRS:])
    return "\n".join([*lines, *([f"| others | | {rest} |"] if rest else []), ""])


def _mixes_table(patients: Sequence[Judged]) -> str:
    lines = [f"## In {MIXES} other mixtures of what happens\n", "| holds | of the mixtures |", "|---|---|"]
    lines += [f"| {said} | {100 * holds:.1f} % |" for said, holds in mixes(patients).items()]
    return "\n".join([*lines, ""])


def _assumptions() -> str:
    alone = {"one lesion grows": GROWS_ALONE, "another lesion grows": GROWS}
    beside = {
        "one lesion grows": ", a target; the others as in response",
        "another lesion grows": ", no target; targets as in response",
        "a new lesion": "; the others as in response",
        "all lesions grow": f"; {100 * NEW_TOO:g} % with a new one too",
    }
    rows = []
    for fate, of_all in SHARES.items():
        course = alone.get(fate, FATES.get(fate, SHRINKS))
        limits = [", ".join(f"{low:g}–{high:g}" for low, high in pair) for pair in (course.size, course.uptake)]
        rows.append(f"| {fate}{beside.get(fate, '')} | {100 * of_all:.0f} % | {' | '.join(limits)} |")
    return LIMITS + "\n".join([*rows, ""])


def main(words: Sequence[str]) -> int:
    """Print the page; 1 where the order is not the published one."""
    numbers = [int(word) for word in words if word.isdigit()]
    print(page(*numbers[:1]), end="")
    return 0 if in_order(shares_of(on(SECOND, cohort(*numbers[:1])))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
