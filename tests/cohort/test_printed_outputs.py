"""Truth: other program R survival and maxstat, what they printed (in the shared data), command by command where no other test asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carpet.cohort.corrected_p import p_lausen_1994, p_miller_siegmund
from carpet.cohort.cox import Cox, chi_square, cox, hazard_ratios
from carpet.cohort.cox_baseline import predicted_curve
from carpet.cohort.intervals import Scale
from carpet.cohort.kaplan_meier import days_to, kaplan_meier
from carpet.cohort.log_rank import log_rank
from carpet.cohort.survival import Survival

pytestmark = pytest.mark.shared
R_SCALE: Scale = "log"  # what R's survfit takes unless told otherwise
# Therneau & Grambsch 2000, appendix E: data sets 1 and 2
ONE = Survival.of([9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0])
ONE_X = {"x": np.array([0, 1, 1, 1, 0, 0])}
TWO = Survival.of([2, 3, 6, 7, 8, 9, 9, 9, 14, 17], [1, 1, 1, 1, 1, 1, 1, 0, 0, 0], entry=[1, 2, 5, 2, 1, 7, 3, 4, 8, 8])
TWO_X = {"x": np.array([1, 0, 0, 1, 0, 1, 1, 1, 0, 0])}
BOOKS = {
    "book1": (ONE, ONE_X, "breslow"),
    "book2": (ONE, ONE_X, "efron"),
    "book3": (TWO, TWO_X, "breslow"),
    "book4": (TWO, TWO_X, "efron"),
}


def numbers_of(table: dict[str, list[str]], *names: str) -> list[np.ndarray]:
    return [np.array([float(one) if one else np.nan for one in table[name]]) for name in names]


def shown(value: float, like: str) -> bool:
    """Whether a number is the printed one: within half a unit of its last digit."""
    mantissa, _, power = like.partition("e")
    unit = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
    return abs(value - float(like)) <= 0.5 * unit * (1 + 1e-9)


def tables(folder: Path, file: str, command: str) -> Iterator[list[str]]:
    """The words of each line of the table that R printed after `command`."""
    lines = (folder / "survival" / "reference_outputs" / f"{file}.Rout.save").read_text(encoding="utf-8").splitlines()
    start = lines.index(f"> {command}")
    for line in lines[start + 1 :]:
        if line.startswith("> "):
            return
        if re.match(r" +\d", line):
            yield line.split()


@pytest.mark.parametrize("book", BOOKS)
def test_the_book_s_curves(book: str, shared_data: Path) -> None:
    survival, x, ties = BOOKS[book]
    model = cox(survival, x, ties=ties)  # type: ignore[arg-type]
    asked = {"summary(survfit(fit, list(x=2)))": 2.0}
    if book != "book1":
        asked["summary(survfit(fit))"] = float(np.mean(x["x"]))
    for command, at in asked.items():
        curve = predicted_curve(model, {"x": at}, scale=R_SCALE)
        rows = list(tables(shared_data, book, command))
        assert [int(row[0]) for row in rows] == curve.days.tolist()
        for n, row in enumerate(rows):
            error = curve.std_error_log[n] * curve.survival[n]
            ours = (curve.survival[n], error, curve.low[n], curve.high[n])
            assert all(shown(value, like) for value, like in zip(ours, row[3:7], strict=True)), (command, row, ours)


@pytest.mark.parametrize("book", BOOKS)
def test_the_book_s_linear_predictors(book: str, shared_data: Path) -> None:
    survival, x, ties = BOOKS[book]
    model = cox(survival, x, ties=ties)  # type: ignore[arg-type]
    text = (shared_data / "survival" / "reference_outputs" / f"{book}.Rout.save").read_text(encoding="utf-8")
    printed = text.split("> predict(fit, type='lp'")[1].split("$se.fit")[0].split("> predict")[0]
    values = [word for word in re.findall(r"-?\d+\.\d+", printed) if "." in word]
    ours = model.linear_predictor(x)
    assert len(values) == ours.size
    assert all(shown(value, like) for value, like in zip(ours, values, strict=True))


def ovarian(data_set: Any) -> tuple[Survival, dict[str, np.ndarray]]:
    table = data_set("ovarian")
    days, event, age, residual, rx, ecog = numbers_of(table, "futime", "fustat", "age", "resid.ds", "rx", "ecog.ps")
    return Survival.of(days, event), {"age": age, "resid.ds": residual, "rx": rx, "ecog.ps": ecog}


def test_survdiff_of_two_groups(data_set: Any, printed: Any) -> None:
    survival, x = ovarian(data_set)
    found = log_rank(survival, x["rx"])
    rows = [
        line.split() for line in printed("survival-Ex", "survdiff(Surv(futime, fustat) ~ rx,data=ovarian)", 9) if line.startswith("rx=")
    ]
    for n, row in enumerate(rows):
        ahead = found.observed[n] - found.expected[n]
        ours = (found.patients[n], found.observed[n], found.expected[n], ahead**2 / found.expected[n], ahead**2 / found.variance[n, n])
        assert all(shown(float(value), like) for value, like in zip(ours, row[1:], strict=True))
    assert len(rows) == 2
    score = cox(survival, {"rx": x["rx"]}, ties="breslow").score_test
    line = printed("survival-Ex", "round(summary(check)$sctest, 3)", 2)[1].split()
    assert [shown(value, like) for value, like in zip((score.chi_square, score.degrees, score.p), line, strict=True)] == [True] * 3


def test_curves_of_two_groups(data_set: Any, shared_data: Path) -> None:
    survival, x = ovarian(data_set)
    rows = list(tables(shared_data, "survival-Ex", "summary( survfit( Surv(futime, fustat)~rx, data=ovarian))"))
    seen = 0
    for arm in (1.0, 2.0):
        curve = kaplan_meier(survival.take(x["rx"] == arm), scale=R_SCALE)
        for n in np.flatnonzero(curve.events):
            row = rows[seen]
            assert [curve.days[n], curve.at_risk[n], curve.events[n]] == [int(word) for word in row[:3]]
            ours = (curve.survival[n], curve.std_error[n], curve.low[n], curve.high[n])
            assert all(shown(value, like) for value, like in zip(ours, row[3:], strict=True))
            seen += 1
    assert seen == len(rows) == 12


def test_models_in_sequence(data_set: Any, printed: Any) -> None:
    """anova: the log-likelihood of each model, and twice its gain over the one before."""
    survival, x = ovarian(data_set)
    x = x | {"resid.ds:rx": x["resid.ds"] * x["rx"]}
    rows = [line.split() for line in printed("survival-Ex", "anova(fit)", 10)[5:]]
    first = cox(survival, {"resid.ds": x["resid.ds"]})
    assert shown(first.log_likelihood_null, rows[0][1])
    before = first.log_likelihood_null
    for n, row in enumerate(rows[1:], start=1):
        model = cox(survival, {name: x[name] for name in ("resid.ds", "rx", "ecog.ps", "resid.ds:rx")[:n]})
        test = chi_square(2.0 * (model.log_likelihood - before), 1)
        assert [shown(model.log_likelihood, row[1]), shown(test.chi_square, row[2]), shown(test.p, row[4])] == [True] * 3
        before = model.log_likelihood


def lung(data_set: Any, *names: str) -> tuple[Survival, dict[str, np.ndarray]]:
    table = data_set("lung")
    columns = dict(zip(names, numbers_of(table, *names), strict=True))
    days, status = numbers_of(table, "time", "status")
    whole = np.all([np.isfinite(one) for one in columns.values()], axis=0)
    return Survival.of(days[whole], status[whole] - 1), {name: one[whole] for name, one in columns.items()}


def test_quartiles_with_limits(data_set: Any, printed: Any) -> None:
    survival, x = lung(data_set, "ph.ecog")
    lines = printed("survival-Ex", "quantile(fit)", 20)
    parts = {"$quantile": "days", "$lower": "low", "$upper": "high"}
    for part, attribute in parts.items():
        at = lines.index(part)
        for n, line in enumerate(lines[at + 2 : at + 6]):
            curve = kaplan_meier(survival.take(x["ph.ecog"] == n), scale=R_SCALE)
            ours = [getattr(days_to(curve, share), attribute) for share in (0.25, 0.5, 0.75)]
            assert ["NA" if one is None else str(one) for one in ours] == line.split()[1:], line


def test_quantiles_of_a_stratum_s_predicted_curve(data_set: Any, printed: Any) -> None:
    survival, x = lung(data_set, "age", "ph.ecog")
    curve = predicted_curve(cox(survival, {"age": x["age"]}, strata=x["ph.ecog"]), {"age": 80.0}, stratum="1")
    days = [int(curve.days[np.flatnonzero(curve.survival <= 1.0 - share + 1e-12)[0]]) for share in (0.1, 0.2, 0.3, 0.4, 0.5)]
    lines = printed("survival-Ex", "temp[2,3,]  # quantiles for second level of ph.ecog, age=80", 2)
    assert [str(day) for day in days] == lines[1].split()


def test_the_score_test_of_eight_groups_in_strata(data_set: Any, printed: Any) -> None:
    survival, x = lung(data_set, "pat.karno", "inst")
    levels = np.unique(x["pat.karno"])
    dummies = {f"{level:g}": (x["pat.karno"] == level).astype(float) for level in levels[1:]}
    score = cox(survival, dummies, strata=x["inst"]).score_test
    assert (f"{score.chi_square:.3f}", score.degrees, f"{score.p:.3f}") == ("21.368", 7, "0.003")
    second = printed("survival-Ex", "check <- coxph(Surv(time, status) ~ factor(pat.karno) + strata(inst), lung)", 3)
    assert second[2].split() == [f"{score.chi_square:.3f}", f"{score.degrees:.3f}", f"{score.p:.3f}"]


def test_linear_predictors_within_strata(data_set: Any, shared_data: Path) -> None:
    """R centres each stratum on its own mean."""
    table = data_set("lung")
    survival, x = lung(data_set, "age", "ph.ecog", "inst")
    model = cox(survival, {"age": x["age"], "ph.ecog": x["ph.ecog"]}, strata=x["inst"])
    ours = model.linear_predictor({"age": x["age"], "ph.ecog": x["ph.ecog"]})
    for one in np.unique(x["inst"]):
        ours[x["inst"] == one] -= ours[x["inst"] == one].mean()
    text = (shared_data / "survival" / "reference_outputs" / "survival-Ex.Rout.save").read_text(encoding="utf-8")
    block = text.split('> predict(fit,type="lp")\n')[1].split("\n> ")[0].splitlines()
    values = [word for line in block[1::2] for word in line.split()]
    known = [i for i in range(len(table["time"])) if all(table[name][i] for name in ("age", "ph.ecog", "inst"))]
    assert [i for i, word in enumerate(values) if word != "NA"] == known
    assert all(shown(value, values[i]) for value, i in zip(ours, known, strict=True))


def test_a_curve_of_ties_and_censorings(data_set: Any, shared_data: Path) -> None:
    table = data_set("aml")
    curve = kaplan_meier(Survival.of(*numbers_of(table, "time", "status")))
    lines = (shared_data / "survival" / "reference_outputs" / "survival-Ex.Rout.save").read_text(encoding="utf-8").splitlines()
    at = lines.index("> cbind(time=afit$time, KM= afit$surv, RTTR= 1-cdf)")
    rows = {int(line.split()[-3]): line.split()[-2] for line in lines[at + 2 : at + 2 + curve.days.size]}
    assert list(rows) == curve.days.tolist()
    assert all(shown(value, like) for value, like in zip(curve.survival, rows.values(), strict=True))


def periods(survival: Survival, cuts: tuple[int, ...]) -> tuple[Survival, np.ndarray, np.ndarray]:
    """Rows of each patient within each period, with whose row and which period it is."""
    start, stop, event, whose, period = [], [], [], [], []
    for patient, (last, had) in enumerate(zip(survival.days.tolist(), survival.event.tolist(), strict=True)):
        for n, (low, high) in enumerate(zip((0, *cuts), (*cuts, 10**6), strict=True)):
            if last > low:
                start.append(low)
                stop.append(min(last, high))
                event.append(had if last <= high else 0)
                whose.append(patient)
                period.append(n)
    return Survival.of(stop, event, entry=start, patient=whose), np.array(whose), np.array(period)


def test_an_effect_that_fades_by_period(data_set: Any, printed: Any) -> None:
    table = data_set("veteran")
    days, event, karno, age, arm = numbers_of(table, "time", "status", "karno", "age", "trt")
    survival = Survival.of(days, event)
    overall = cox(survival, {"karno": karno, "age": age, "trt": arm}).coefficients[0]
    rows, whose, period = periods(survival, (60, 120))
    x = {f"karno {n}": np.where(period == n, karno[whose], 0.0) for n in range(3)} | {"age": age[whose], "trt": arm[whose]}
    split: Cox = cox(rows, x, strata=period)
    lines = printed("survival-Ex", "c(overall= coef(fit1)[1],", 2)
    ours = (overall, *split.coefficients[:3])
    assert all(shown(value, like) for value, like in zip(ours, lines[1].split(), strict=True))


@pytest.mark.parametrize(
    ("maximum", "method", "p"),
    [("3.5691", "Lau92", "0.01065"), ("3.5639", "Lau92", "0.01083"), ("3.171", "Lau92", "0.03611")],
)
def test_p_of_data_that_are_not_here(maximum: str, method: str, p: str, shared_data: Path) -> None:
    """hohnloser is not in the shared data, but its M and P are printed; M is rounded."""
    text = (shared_data / "survival" / "reference_outputs" / "maxstat-Ex.Rout.save").read_text(encoding="utf-8")
    assert re.search(rf"using {method}\n\ndata: .*\nM = {maximum}, p-value = {p}\n", text)
    assert p_miller_siegmund(float(maximum)) == pytest.approx(float(p), rel=2e-3)


def test_the_improved_bound_of_its_paper(shared_data: Path) -> None:
    text = (shared_data / "survival" / "reference_outputs" / "maxstat-Ex.Rout.save").read_text(encoding="utf-8")
    assert "p <- pLausen94(2.5, 20, 0.25, 0.75)" in text
    assert "if (round(p, 3) != 0.073)" in text  # Lausen 1994, page 489
    assert round(p_lausen_1994(2.5, np.arange(5, 16), 20), 3) == 0.073
    assert round(p_lausen_1994(2.5, np.arange(50, 151, 10), 200), 3) == 0.073


def test_weights_as_so_many_patients(shared_data: Path) -> None:
    """Case weights are not offered; each row written as often as it weighs is the same under Breslow's ties."""
    rows = np.repeat(np.arange(9), [1, 2, 3, 4, 3, 2, 1, 2, 1])
    days, event, x = (
        np.array(one)[rows] for one in ([1, 1, 2, 2, 2, 2, 3, 4, 5], [1, 0, 1, 1, 1, 0, 0, 1, 0], [2, 0, 1, 1, 0, 1, 0, 1, 0])
    )
    model = cox(Survival.of(days, event), {"x": x}, ties="breslow")
    (found,) = hazard_ratios(model)
    text = (shared_data / "survival" / "reference_outputs" / "book5.Rout.save").read_text(encoding="utf-8").split("> summary(fit)")[1]
    effect, limits = (line.split() for line in text.splitlines() if line.startswith("x "))
    ours = (found.coefficient, found.ratio, found.std_error, found.coefficient / found.std_error, found.p)
    assert all(shown(value, like) for value, like in zip(ours, effect[1:], strict=True))
    assert all(shown(value, like) for value, like in zip((found.ratio, 1 / found.ratio, found.low, found.high), limits[1:], strict=True))
    tests = re.findall(r"test\)? *= ([\d.]+)  on 1 df", text)
    ours = (model.likelihood_ratio.chi_square, model.wald.chi_square, model.score_test.chi_square)
    assert all(shown(value, like) for value, like in zip(ours, tests, strict=True))
