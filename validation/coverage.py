"""Do 95 % intervals cover, and does the P of a searched cut keep its 5 %: simulated patients whose truth is known, many times over.

Run: python validation/coverage.py [COUNT], which prints the page docs/reference/coverage.md (made with COUNT = 4000). Exit status 1 where
a band is missed. The bands were written down before the first run.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtri

from carpet.cohort.concordance_harrell import concordance_harrell
from carpet.cohort.concordance_uno import concordance_uno
from carpet.cohort.corrected_p import p_lausen_1994, p_miller_siegmund, p_naive, p_permutation
from carpet.cohort.cox import cox, hazard_ratios
from carpet.cohort.cox_firth import cox_firth
from carpet.cohort.cox_profile import profile_interval
from carpet.cohort.cumulative_incidence import cumulative_incidence
from carpet.cohort.cut_bootstrap import cut_bootstrap
from carpet.cohort.kaplan_meier import days_to, kaplan_meier, survival_at
from carpet.cohort.log_rank import log_rank
from carpet.cohort.logistic import logistic
from carpet.cohort.logistic_firth import logistic_firth
from carpet.cohort.maximal_log_rank import maximal_log_rank
from carpet.cohort.proportional_odds import proportional_odds
from carpet.cohort.rmst import restricted_mean
from carpet.cohort.survival import Survival
from carpet.core.errors import Refused

COUNT, SEED = 200, 20_261_123
LEVEL, SIZE = 0.95, 0.05
Z_PRINTED, Z_JUDGED = 1.959964, 3.290527  # 95 % is printed; a band is missed when the 99.9 % interval lies wholly outside it
HORIZON = 365  # days
FOLLOWED = (180, 900)  # days of follow-up, evenly: patients enter over two years
PLATEAU, SCALE = 0.35, 120.0  # PFS after CAR T-cells: 35 % never fail, the others after 120 days on average [P]
RARE = 0.88  # as many never have the rare event [P]
SPREAD = 1.5  # standard deviation of log2 TMTV [P]
PER_DOUBLING, EXTRANODAL, OF_GROUP = math.log(1.35), math.log(1.6), math.log(2.0)  # log hazard ratios [P]
HAZARDS = 1.0 / 400.0, 1.0 / 1500.0  # a day, of the frequent and of the competing event [P]
ABOVE_CUT = math.log(3.0)  # log hazard ratio above the true cut, the marker's median [P]
PERMUTATIONS, SAMPLES = 499, 100  # of each simulated cohort
TOXIC = 0.6, 0.35, 0.2, 0.05  # of the patients with a median marker reach grade 1, 2, 3, 4 or more [P]
RARELY = 0.08  # of them have the rare toxicity [P]
PER_STEP = math.log(1.6)  # log odds ratio per doubling [P]
SHORT_OF = 0.92  # coverage surely below this is told beside the bands [P]
Answers = Iterator[tuple[str, bool | None]]


@dataclass(frozen=True)
class Band:
    """Between which shares the answer must be yes, and why there."""

    low: float
    high: float
    why: str


@dataclass(frozen=True)
class Study:
    """One kind of cohort: what is asked of each simulated one (True, False, None where refused), and the band of each question.

    share: of COUNT, for what takes long.
    """

    kind: str
    patients: int
    ask: Callable[[np.random.Generator, int], Answers]
    bands: Mapping[str, Band]
    share: float = 1.0


@dataclass(frozen=True)
class Found:
    """How often the answer was yes, of those that got one; refused: of all, those without an answer."""

    study: Study
    question: str
    yes: int
    answered: int
    refused: int

    @property
    def rate(self) -> float:
        return self.yes / self.answered if self.answered else math.nan

    @property
    def missed(self) -> bool:
        """Whether the band cannot be held by what was seen; where nothing was answered, it is missed."""
        if not self.answered:
            return True
        low, high = interval(self.yes, self.answered, Z_JUDGED)
        band = self.study.bands[self.question]
        return high < band.low or low > band.high


def interval(events: int, count: int, z: float = Z_PRINTED) -> tuple[float, float]:
    """Interval of a share (Wilson 1927)."""
    rate, spread = events / count, z**2 / count
    middle = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(rate * (1 - rate) / count + spread / (4 * count))
    return middle - half, middle + half


def free(day: Any, ratio: Any = 1.0, plateau: float = PLATEAU) -> Any:
    """Survival on a day under the proportional hazards `ratio`."""
    return (plateau + (1.0 - plateau) * np.exp(-np.asarray(day) / SCALE)) ** ratio


def followed(rng: np.random.Generator, ratio: Any, plateau: float = PLATEAU) -> Survival:
    """Follow-up of patients (n,) with these hazard ratios, in whole days: the event on the day within which it falls."""
    level = rng.random(np.size(ratio)) ** (1.0 / np.asarray(ratio))
    left = (level - plateau) / (1.0 - plateau)
    fails = np.where(left > 0.0, np.ceil(-SCALE * np.log(np.where(left > 0.0, left, 1.0))), np.inf)
    ends = rng.integers(FOLLOWED[0], FOLLOWED[1] + 1, np.size(ratio))
    return Survival.of(np.minimum(fails, ends).astype(np.int64), (fails <= ends).astype(np.int64))


def within(low: float | None, truth: float, high: float | None) -> bool:
    """Whether the interval holds the truth; a limit that does not exist is no limit."""
    return (low is None or low <= truth) and (high is None or truth <= high)


def one_curve(rng: np.random.Generator, patients: int) -> Answers:
    """Kaplan–Meier on a day, its median, and the restricted mean, of which the truth is closed form."""
    survival = followed(rng, np.ones(patients))
    curve = kaplan_meier(survival, level=LEVEL)
    at = survival_at(curve, [HORIZON])[0]
    yield "Kaplan–Meier at day 365, log-log", None if at.low is None else within(at.low, float(free(HORIZON)), at.high)
    median = days_to(curve)
    truth = math.ceil(-SCALE * math.log((0.5 - PLATEAU) / (1.0 - PLATEAU)))
    below = median.high is None or truth < median.high  # on the day of the upper limit the curve's own limit has passed 0.5
    yield "median, from the log-log limits", median.low is not None and median.low <= truth and below
    mean = restricted_mean(survival, horizon=HORIZON, level=LEVEL)
    yield "restricted mean to day 365", within(mean.low, float(free(np.arange(HORIZON)).sum()), mean.high)


def model(rng: np.random.Generator, patients: int) -> Answers:
    """Two covariates: the hazard ratio of the first by both intervals, and the concordance of the true linear predictor."""
    doublings, sites = SPREAD * rng.standard_normal(patients), rng.random(patients) < 0.4
    predictor = PER_DOUBLING * doublings + EXTRANODAL * sites
    survival = followed(rng, np.exp(predictor))
    fitted = cox(survival, {"doublings": doublings, "sites": sites.astype(float)})
    wald, truth = hazard_ratios(fitted, level=LEVEL)[0], math.exp(PER_DOUBLING)
    yield "Cox, Wald", within(wald.low, truth, wald.high)
    low, high = profile_interval(fitted, "doublings", level=LEVEL)
    yield "Cox, profile likelihood", within(low, truth, high)
    harrell, uno = concordance_harrell(survival, predictor), concordance_uno(survival, predictor, before=HORIZON)
    yield "C (Harrell)", within(harrell.low, true_concordance(censored=True), harrell.high)
    yield "C (Uno, to day 365)", within(uno.low, true_concordance(censored=False), uno.high)


@cache
def true_concordance(*, censored: bool) -> float:
    """C of the true predictor among all pairs, day by day; Harrell's with the pairs that censoring leaves, Uno's up to the horizon."""
    grid = SPREAD * ndtri((np.arange(1000) + 0.5) / 1000)
    predictor = np.concatenate([PER_DOUBLING * grid, PER_DOUBLING * grid + EXTRANODAL])
    weight = np.concatenate([np.full(1000, 0.6), np.full(1000, 0.4)]) / 1000
    days = np.arange(1, FOLLOWED[1] + 1 if censored else HORIZON)
    staying = np.clip((FOLLOWED[1] + 1 - days) / (FOLLOWED[1] + 1 - FOLLOWED[0]), 0.0, 1.0) if censored else np.ones(days.size)
    ratio = np.exp(predictor)[:, None]
    later = free(days, ratio)
    now = free(days - 1, ratio) - later
    pairs = (now * staying**2 * weight[:, None]) @ (later * weight[:, None]).T
    right = 0.5 * (np.sign(predictor[:, None] - predictor) + 1.0)
    return float((pairs * right).sum() / pairs.sum())


def few_events(rng: np.random.Generator, patients: int) -> Answers:
    """A group of half the patients and some seven events: ordinary and penalised likelihood."""
    group = np.arange(patients) % 2
    survival, truth = followed(rng, np.exp(OF_GROUP * group), plateau=RARE), math.exp(OF_GROUP)
    firth = cox_firth(survival, {"group": group}, level=LEVEL)[0]
    yield "Firth, profile penalised likelihood", within(firth.low, truth, firth.high)
    low, high = profile_interval(cox(survival, {"group": group}), "group", level=LEVEL)
    yield "Cox, profile likelihood", within(low, truth, high)


def competing(rng: np.random.Generator, patients: int) -> Answers:
    """Two causes with constant hazards: the incidence of each on a day."""
    both = sum(HAZARDS)
    fails = np.ceil(rng.exponential(1.0 / both, patients)).astype(np.int64)
    cause = np.where(rng.random(patients) < HAZARDS[0] / both, 1, 2)
    ends = rng.integers(FOLLOWED[0], FOLLOWED[1] + 1, patients)
    survival = Survival.of(np.minimum(fails, ends), np.where(fails <= ends, cause, 0), causes=("progression", "other death"))
    for number, name in ((1, "cumulative incidence at day 365"), (2, "the same, of the rarer cause")):
        found = cumulative_incidence(survival, cause=number, level=LEVEL)
        at = int(np.searchsorted(found.days, HORIZON, side="right")) - 1
        truth = HAZARDS[number - 1] / both * (1.0 - math.exp(-both * HORIZON))
        known = at >= 0 and math.isfinite(found.low[at])
        yield name, within(float(found.low[at]), truth, float(found.high[at])) if known else None


def toxicity(rng: np.random.Generator, patients: int) -> Answers:
    """Grades that rise with the marker by one odds ratio: of any grade, and of the ordered model."""
    doublings, truth = SPREAD * rng.standard_normal(patients), math.exp(PER_STEP)
    chances = expit(logit(np.array(TOXIC)) + PER_STEP * doublings[:, None])
    grade = (rng.random(patients)[:, None] < chances).sum(axis=1)
    one = logistic(grade >= 1, {"doublings": doublings}, level=LEVEL)[0]
    yield "odds ratio of any grade, profile", within(one.low, truth, one.high)
    ordered = proportional_odds(grade, {"doublings": doublings}, level=LEVEL).odds_ratios[0]
    yield "proportional odds, profile", within(ordered.low, truth, ordered.high)


def rare_toxicity(rng: np.random.Generator, patients: int) -> Answers:
    """Some five events: ordinary and penalised logistic regression."""
    doublings, truth = SPREAD * rng.standard_normal(patients), math.exp(PER_STEP)
    had = rng.random(patients) < expit(logit(RARELY) + PER_STEP * doublings)
    firth = logistic_firth(had, {"doublings": doublings}, level=LEVEL)[0]
    yield "odds ratio, Firth, profile penalised", within(firth.low, truth, firth.high)
    plain = logistic(had, {"doublings": doublings}, level=LEVEL)[0]
    yield "odds ratio, profile", within(plain.low, truth, plain.high)


def searched_for_nothing(rng: np.random.Generator, patients: int) -> Answers:
    """A marker that says nothing: how often each P of its best cut is 0.05 or less."""
    survival, marker = followed(rng, np.ones(patients)), rng.standard_normal(patients)
    cuts = maximal_log_rank(survival, marker)
    yield "a cut fixed beforehand: log-rank P", log_rank(survival, marker > np.median(marker)).p <= SIZE
    yield "searched: naive P", p_naive(cuts.maximum) <= SIZE
    yield "searched: permutation P", p_permutation(cuts, samples=PERMUTATIONS, seed=int(rng.integers(2**32))) <= SIZE
    yield "searched: Lausen 1994 P", p_lausen_1994(cuts.maximum, cuts.low, patients) <= SIZE
    yield "searched: Miller–Siegmund P", p_miller_siegmund(cuts.maximum) <= SIZE


def searched_cut(rng: np.random.Generator, patients: int) -> Answers:
    """A marker with a true cut at its median: does the bootstrap's interval hold it, and the corrected ratio's the ratio."""
    marker = rng.standard_normal(patients)
    survival = followed(rng, np.exp(ABOVE_CUT * (marker > 0.0)))
    found = cut_bootstrap(survival, marker, samples=SAMPLES, seed=int(rng.integers(2**32)))
    below = marker[marker <= 0.0]
    yield "searched cut, bootstrap", bool(below.size) and found.low <= float(below.max()) <= found.high
    yield "its hazard ratio, bootstrap", within(found.ratio_low, math.exp(ABOVE_CUT), found.ratio_high)


def searched_cut_of_nothing(rng: np.random.Generator, patients: int) -> Answers:
    """A marker that says nothing: do the percentiles of the shrunken ratio hold 1?"""
    survival, marker = followed(rng, np.ones(patients)), rng.standard_normal(patients)
    found = cut_bootstrap(survival, marker, samples=SAMPLES, seed=int(rng.integers(2**32)))
    yield "its hazard ratio of 1, bootstrap", within(found.ratio_low, 1.0, found.ratio_high)


CLOSE = "close to 95 % by theory from some twenty events on"
EXACT = "a permutation test should keep its size, but for ties of P"
BOUND = "a bound, so at most 5 %; the fewer cuts overlap, the closer"
LIMIT = "the limit for many patients, conservative in few"
FIXED = "a chi-square approximation, good from some twenty events on"
NAIVE = "the search makes 5 % into 20 to 50 %: shown so that nobody trusts it"


def _curve_bands(low: float, why: str) -> dict[str, Band]:
    return {
        "Kaplan–Meier at day 365, log-log": Band(0.93, 0.975, CLOSE),
        "median, from the log-log limits": Band(0.93, 0.98, "days are discrete, so slightly above 95 %"),
        "restricted mean to day 365": Band(low, 0.97, why),
    }


def _model_bands(low: float, why: str) -> dict[str, Band]:
    return {
        "Cox, Wald": Band(0.93, 0.97, CLOSE),
        "Cox, profile likelihood": Band(low, 0.97, CLOSE),
        "C (Harrell)": Band(low, 0.97, why),
        "C (Uno, to day 365)": Band(low - 0.01, 0.975, f"{why}; the censoring weights are taken as known"),
    }


def _cut_bands(exact: float, naive: float) -> dict[str, Band]:
    return {
        "a cut fixed beforehand: log-rank P": Band(0.04, 0.07, FIXED),
        "searched: naive P": Band(naive, 0.6, NAIVE),
        "searched: permutation P": Band(exact, 0.055, EXACT),
        "searched: Lausen 1994 P": Band(0.005, 0.055, BOUND),
        "searched: Miller–Siegmund P": Band(0.0, 0.055, LIMIT),
    }


FEW = "a normal interval of a bounded number: too narrow in few patients"
COMPETING = {
    "cumulative incidence at day 365": Band(0.925, 0.975, CLOSE),
    "the same, of the rarer cause": Band(0.92, 0.985, "log-log on few events: to either side"),
}
FIRTH = {
    "Firth, profile penalised likelihood": Band(0.93, 0.99, "made for few events: 95 % or above (Heinze & Schemper 2001)"),
    "Cox, profile likelihood": Band(0.90, 1.0, "where it has an answer at all; refused under separation"),
}
TOXICITY = {
    "odds ratio of any grade, profile": Band(0.925, 0.97, CLOSE),
    "proportional odds, profile": Band(0.925, 0.97, CLOSE),
}
RARE_TOXICITY = {
    "odds ratio, Firth, profile penalised": Band(0.93, 0.99, "made for few events: 95 % or above (Heinze & Schemper 2002)"),
    "odds ratio, profile": Band(0.90, 1.0, "where it has an answer at all; refused under separation"),
}
BOOTSTRAPPED = {
    "searched cut, bootstrap": Band(0.85, 1.0, "the bootstrap of a jump is not exact (Seijo & Sen 2011); no more than this is claimed"),
    "its hazard ratio, bootstrap": Band(0.80, 1.0, "the optimism is an average over samples; no more than this is claimed"),
}
OF_NOTHING = {"its hazard ratio of 1, bootstrap": Band(0.80, 1.0, "shrunken to 1 and no further; no more than this is claimed")}
STUDIES = (
    Study("one curve", 30, one_curve, _curve_bands(0.90, FEW)),
    Study("one curve", 80, one_curve, _curve_bands(0.925, FEW)),
    Study("one curve", 200, one_curve, _curve_bands(0.935, CLOSE)),
    Study("model", 40, model, _model_bands(0.90, FEW)),
    Study("model", 80, model, _model_bands(0.92, FEW)),
    Study("model", 200, model, _model_bands(0.93, CLOSE)),
    Study("few events", 40, few_events, FIRTH),
    Study("two causes", 80, competing, COMPETING),
    Study("two causes", 200, competing, COMPETING),
    Study("toxicity", 80, toxicity, TOXICITY),
    Study("toxicity", 200, toxicity, TOXICITY),
    Study("rare toxicity", 40, rare_toxicity, RARE_TOXICITY),
    Study("searched cut", 100, searched_cut, BOOTSTRAPPED, share=0.2),
    Study("marker that says nothing", 30, searched_for_nothing, _cut_bands(0.035, 0.15)),
    Study("marker that says nothing", 80, searched_for_nothing, _cut_bands(0.045, 0.2)),
    Study("marker that says nothing", 200, searched_for_nothing, _cut_bands(0.045, 0.2)),
    Study("searched cut where nothing is", 80, searched_cut_of_nothing, OF_NOTHING, share=0.05),
)


def asked(study: Study, place: int, count: int) -> tuple[Found, ...]:
    """A study of `count` cohorts, each with a seed of its own, which does not depend on how many there are."""
    yes, answered = dict.fromkeys(study.bands, 0), dict.fromkeys(study.bands, 0)
    number = max(1, round(count * study.share))
    for cohort in range(number):
        for question, answer in _answers(study, np.random.default_rng([SEED, place, cohort])).items():
            answered[question] += 1
            yes[question] += answer
    return tuple(Found(study, name, yes[name], answered[name], number - answered[name]) for name in study.bands)


def _answers(study: Study, rng: np.random.Generator) -> dict[str, bool]:
    """Question → answer, of one cohort; what is refused, and all that follows it, has none."""
    answers: dict[str, bool] = {}
    try:
        for question, answer in study.ask(rng, study.patients):
            if answer is not None:
                answers[question] = bool(answer)
    except Refused:
        pass
    return answers


def everything(count: int = COUNT, studies: Sequence[Study] = STUDIES) -> tuple[Found, ...]:
    """Every question of every study."""
    return tuple(found for place, study in enumerate(studies) for found in asked(study, place, count))


HEADING = """# Do the intervals cover, and does a searched cut keep its 5 %

Printed by `validation/coverage.py {count}`; a test runs it smaller. Patients are simulated with a known truth, {count} cohorts a row
({fewer} for the bootstrap, {fewest} of them where nothing is to be found); every number comes from the function that `carpet cohort`
calls. The bands were written down before the first run, from theory and from what is known of few patients; a band is missed where the
99.9 % interval of what was seen lies outside it.

- PFS as after CAR T-cells: {plateau:g} % never fail, the others after {scale:g} days on average; follow-up ends between day {first} and
  {last}, evenly.
- The marker is normal, as log2 TMTV with standard deviation {spread:g}; hazard ratio {ratio:.2f} per doubling, {sites:.2f} for extranodal
  sites in 40 % of patients.
- Few events: {rare:g} % never have it; hazard ratio 2 for half of {few} patients, some seven events.
- Toxicity: {toxic} % reach grade 1, 2, 3 and 4 at the median marker, odds ratio {odds:.2f} per doubling; the rare one {rarely:g} % there.
- Refused: cohorts in which there is no answer (separation, a curve that ends before). They count neither way.
"""


def page(count: int = COUNT, found: Sequence[Found] | None = None) -> str:
    """docs/reference/coverage.md."""
    found = everything(count) if found is None else found
    facts = {
        "count": count,
        "fewer": round(0.2 * count),
        "fewest": round(0.05 * count),
        "plateau": 100 * PLATEAU,
        "scale": SCALE,
        "first": FOLLOWED[0],
        "last": FOLLOWED[1],
    }
    facts |= {"spread": SPREAD, "ratio": math.exp(PER_DOUBLING), "sites": math.exp(EXTRANODAL), "rare": 100 * RARE, "few": 40}
    facts |= {"toxic": ", ".join(f"{100 * one:g}" for one in TOXIC), "odds": math.exp(PER_STEP), "rarely": 100 * RARELY}
    size = [one for one in found if one.study.ask is searched_for_nothing]
    cover = [one for one in found if one.study.ask is not searched_for_nothing]
    missed = sum(one.missed for one in found)
    parts = [HEADING.format(**facts), _table("Coverage of 95 % intervals", "coverage", cover)]
    parts += [_table("P ≤ 0.05 where the marker says nothing", "P ≤ 0.05", size), _short_of_95(cover), _above_size(size)]
    parts += [f"Bands missed: {missed} of {len(found)}."]
    return "\n".join([*parts, ""])


def _short_of_95(found: Sequence[Found]) -> str:
    """What a band that was set wide must not hide."""
    short = [one for one in found if one.answered and interval(one.yes, one.answered)[1] < SHORT_OF]
    told = "; ".join(f"{one.question}, {one.study.patients} patients: {100 * one.rate:.1f} %" for one in short)
    return f"Held by its band, but below {100 * SHORT_OF:g} %, so no 95 % interval: {told or 'none'}.\n"


def _above_size(found: Sequence[Found]) -> str:
    """Tests whose printed interval lies above 5 %, though their band is held by the wider one; the naive P is meant to be above."""
    above = [one for one in found if "naive" not in one.question and one.answered and interval(one.yes, one.answered)[0] > SIZE]
    told = "; ".join(f"{one.question}, {one.study.patients} patients: {100 * one.rate:.1f} %" for one in above)
    return f"Held by its band, but by the interval printed above {100 * SIZE:g} %: {told or 'none'}.\n"


def _table(title: str, said: str, found: Sequence[Found]) -> str:
    lines = [
        f"## {title}\n",
        f"| patients | what | {said}, % (95 % interval) | band | refused | why this band |",
        "|---|---|---|---|---|---|",
    ]
    for one in found:
        band = one.study.bands[one.question]
        low, high = interval(one.yes, one.answered) if one.answered else (math.nan, math.nan)
        rate = f"{100 * one.rate:.1f} ({100 * low:.1f}–{100 * high:.1f}){' **missed**' if one.missed else ''}"
        limits = f"{100 * band.low:.1f}–{100 * band.high:.1f}"
        lines.append(f"| {one.study.patients} | {one.study.kind}: {one.question} | {rate} | {limits} | {one.refused} | {band.why} |")
    return "\n".join([*lines, ""])


def main(words: Sequence[str]) -> int:
    """Print the page; 1 where a band is missed."""
    count = next((int(word) for word in words if word.isdigit()), COUNT)
    found = everything(count)
    print(page(count, found), end="")
    return int(any(one.missed for one in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
