"""A made cohort of 120 patients (a fixed seed) as the data of every figure; survival by the project's own estimators."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from carpet.cohort.cumulative_incidence import cumulative_incidence
from carpet.cohort.kaplan_meier import days_to, kaplan_meier
from carpet.cohort.survival import Survival
from carpet.report.cohort_figures import (
    alluvial,
    auc_over_time,
    calibration,
    decision_curve,
    flow,
    forest,
    specification_curve,
    spider,
    swimmer,
    toxicity,
    waterfall,
)
from carpet.report.cohort_figures import cumulative_incidence as incidence_figure
from carpet.report.cohort_figures import kaplan_meier as survival_figure

PATIENTS = 120
CATEGORIES = ("CR", "PR", "SD", "PD", "NE", "dead")
STAGES = ("M1", "M3", "M6", "M12")


@dataclass(frozen=True)
class Made:
    """A figure's data, of many patients, of one, and of none, with its two functions."""

    many: Any
    one: Any
    none: Any
    figure: Callable[[Any], Any]
    rows: Callable[[Any], list[dict[str, Any]]]


def follow_up(n: int, seed: int = 7) -> tuple[Any, Any, Any]:
    """Group 0, 1 or 2, day and event (0 censored, 1 progression, 2 death without)."""
    chance = np.random.default_rng(seed)
    group = np.arange(n) % 3
    days = np.ceil(chance.exponential(np.array([700.0, 260.0, 90.0])[group])).astype(int) + 12
    end = chance.integers(150, 1100, n)
    event = np.where(days <= end, np.where(chance.random(n) < 0.85, 1, 2), 0)
    return group, np.minimum(days, end), event


def limits(values: Any) -> tuple[float | None, ...]:
    return tuple(float(one) if np.isfinite(one) else None for one in values)


def median_words(curve: Any) -> str:
    one = days_to(curve)
    days = [f"{day / 30.4375:.1f}" if day is not None else "not reached" for day in (one.days, one.low, one.high)]
    return f"{days[0]} ({days[1]}–{days[2]})"


def survival_group(name: str, days: Any, event: Any) -> survival_figure.SurvivalGroup:
    curve = kaplan_meier(Survival.of(days, (event > 0).astype(int)))
    counts = [tuple(int(one) for one in part) for part in (curve.days, curve.at_risk, curve.events, curve.censored)]
    values = tuple(float(one) for one in curve.survival)
    return survival_figure.SurvivalGroup(name, *counts, values, limits(curve.low), limits(curve.high), median_words(curve))


def survival_data(n: int) -> survival_figure.KaplanMeierData:
    group, days, event = follow_up(n)
    names = ("0 factors", "1 factor", "2 factors")
    groups = tuple(survival_group(names[g], days[group == g], event[group == g]) for g in range(3) if (group == g).any())
    says = ("Log-rank P < 0.001. Hazard ratio (95% CI) against 0 factors: 1 factor 2.41 (1.37–4.22), 2 factors 5.90 (3.32–10.5).",)
    return survival_figure.KaplanMeierData("PFS by two-factor group", "Progression-free survival", groups, says if n > 1 else ())


def incidence_data(n: int) -> incidence_figure.IncidenceData:
    group, days, event = follow_up(n)
    groups = []
    for g, name in enumerate(("TMTV ≤ 80 mL", "TMTV > 80 mL")):
        mine = (group > 0) == bool(g)
        if mine.any():
            groups.append(incidence_group(name, days[mine], event[mine]))
    says = ("Gray's test: relapse P < 0.001, death without relapse P = 0.64.",)
    return incidence_figure.IncidenceData("Relapse and death without relapse", tuple(groups), "at 12 months (95% CI)", says)


def incidence_group(name: str, days: Any, event: Any) -> incidence_figure.IncidenceGroup:
    times = Survival.of(days, event, causes=("relapse", "death without relapse"))
    causes = []
    for number, cause in enumerate(times.causes, start=1):
        one = cumulative_incidence(times, cause=number)
        when = tuple(int(day) for day in one.days)
        value = tuple(float(x) for x in one.incidence)
        at_12 = value[max(np.searchsorted(one.days, 365) - 1, 0)] if value else 0.0
        words = f"{100 * at_12:.0f}% (…)"
        causes.append(incidence_figure.CauseCurve(cause, when, value, limits(one.low), limits(one.high), int(one.events.sum()), words))
    return incidence_figure.IncidenceGroup(name, tuple(int(day) for day in days), tuple(causes))


def paths(n: int, seed: int = 3) -> tuple[tuple[str, ...], ...]:
    """A patient's category at M1, M3, M6, M12; death stays."""
    chance = np.random.default_rng(seed)
    later = {
        "CR": (0.86, 0.0, 0.0, 0.10, 0.03, 0.01),
        "PR": (0.38, 0.22, 0.02, 0.33, 0.02, 0.03),
        "SD": (0.12, 0.10, 0.12, 0.56, 0.02, 0.08),
        "PD": (0.0, 0.0, 0.0, 0.62, 0.0, 0.38),
        "NE": (0.3, 0.1, 0.1, 0.3, 0.1, 0.1),
        "dead": (0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    }
    found = []
    for _ in range(n):
        path = [str(chance.choice(CATEGORIES, p=(0.40, 0.26, 0.07, 0.22, 0.03, 0.02)))]
        for _ in STAGES[1:]:
            path.append(str(chance.choice(CATEGORIES, p=later[path[-1]])))
        found.append(tuple(path))
    return tuple(found)


def swimmer_data(n: int) -> swimmer.SwimmerData:
    chance = np.random.default_rng(11)
    patients = []
    for number, path in enumerate(paths(n)):
        days = [
            int(day) for day in (chance.integers(26, 36), chance.integers(84, 98), chance.integers(175, 190), chance.integers(350, 380))
        ]
        dead = path.index("dead") if "dead" in path else None
        bad = path.index("PD") if "PD" in path else None
        last = int(chance.integers(190, 900)) if dead is None else days[dead] - int(chance.integers(1, 15))
        responses = tuple((day, one) for day, one in zip(days, path, strict=True) if one != "dead" and day <= last)
        events: list[tuple[int, swimmer.What]] = [(last, "death")] if dead is not None else []
        if bad is not None and days[bad] + 12 < last:
            events.append((days[bad] + 12, "therapy"))
        if path[1] == "CR" and path[0] == "PR" and last > 150:
            events.append((130, "hsct"))
        ongoing = dead is None and bad is None
        patients.append(swimmer.SwimmerPatient(f"P{number + 1:03d}", last, responses, tuple(events), ongoing))
    return swimmer.SwimmerData("Courses after infusion", tuple(patients))


def change_of(response: str, chance: Any) -> float:
    middle = {"CR": -97.0, "PR": -68.0, "SD": -15.0, "PD": 60.0}[response]
    width = {"CR": 4.0, "PR": 12.0, "SD": 22.0, "PD": 90.0}[response]
    return float(max(round(chance.normal(middle, width), 1), -100.0))


def waterfall_data(n: int) -> waterfall.WaterfallData:
    chance = np.random.default_rng(5)
    changes = []
    for number, path in enumerate(paths(n)):
        best = min(path[:2], key=CATEGORIES.index)
        if best in ("NE", "dead") and n > 1:
            changes.append(waterfall.Change(f"P{number + 1:03d}", None, "NE", "no scan after infusion"))
        else:
            changes.append(waterfall.Change(f"P{number + 1:03d}", change_of(best if best in "CR PR SD PD" else "PD", chance), best))
    return waterfall.WaterfallData("Best change of tumour volume", "TMTV", tuple(changes))


def spider_data(n: int) -> spider.SpiderData:
    chance = np.random.default_rng(5)
    patients = []
    for number, path in enumerate(paths(n)):
        points, response = [(-int(chance.integers(3, 20)), 0.0)], min(path, key=CATEGORIES.index)
        for day, one in zip((30, 91, 183, 365), path, strict=True):
            if one not in CATEGORIES[:4]:
                break
            points.append((day + int(chance.integers(-4, 9)), change_of(one, chance)))
            if one == "PD":
                break
        patients.append(spider.SpiderPatient(f"P{number + 1:03d}", tuple(points), response))
    return spider.SpiderData("Tumour volume over time", "TMTV", tuple(patients))


def forest_data(n: int) -> forest.ForestData:
    row = forest.ForestRow
    rows = (
        row("TMTV > 80 mL", 2.61, 1.62, 4.22, counts="71/120", heading="This cohort, univariable"),
        row("Extranodal sites ≥ 2", 1.74, 1.10, 2.75, counts="71/120", heading="This cohort, univariable"),
        row("CRP > 30 mg/L at infusion", 1.48, 0.92, 2.37, counts="69/117", heading="This cohort, univariable"),
        row("SDmax > 0.32 m⁻¹", None, counts="70/118", heading="This cohort, univariable", text="not estimable: 0 events"),
        row("TMTV > 80 mL", 2.28, 1.38, 3.77, counts="69/117", heading="This cohort, with IPI and product"),
        row(
            "Dean 2020: TMTV ≤ 147.5 mL",
            0.40,
            0.18,
            0.89,
            counts="48",
            own=False,
            heading="Published",
            note="The review prints 147 mL; the paper's median is 147.5 mL.",
        ),
        row("Dean 2020, second cohort", 0.29, 0.12, 0.69, counts="48", own=False, heading="Published"),
        row(
            "Vercellino 2020: ≥ 2 extranodal sites",
            2.6,
            1.5,
            31.0,
            counts="55/116",
            own=False,
            heading="Published",
            note="The review prints more than 2 sites; the paper's rule is 2 or more.",
        ),
    )
    return forest.ForestData("Progression or death after infusion", "Hazard ratio", rows[:n], sides=("longer PFS", "shorter PFS"))


def flow_data() -> flow.FlowData:
    steps = (
        flow.FlowStep("Patients in the trial folder", 138, (("no infusion", 9), ("no consent for research", 2))),
        flow.FlowStep(
            "Infused with CAR T-cells",
            127,
            (("no baseline PET/CT", 3), ("PET can't be quantified: decay correction of the series unknown", 2)),
        ),
        flow.FlowStep("Baseline PET/CT measured", 122, (("no follow-up after infusion", 2),)),
        flow.FlowStep("Analysed", 120),
    )
    return flow.FlowData("Flow of patients", steps, (("0 factors", 40), ("1 factor", 40), ("2 factors", 40)))


def specification_data() -> specification_curve.SpecificationData:
    chance = np.random.default_rng(2)
    segmenters = ("suv4.0", "suv2.5", "max41", "max50", "a50p", "mv2")
    rules = ("PFS, new therapy censored", "PFS, new therapy ignored", "EFS, new therapy is an event")
    adjusted = ("TMTV alone", "with IPI")
    found = []
    for a, segmenter in enumerate(segmenters):
        for b, rule in enumerate(rules):
            for c, model in enumerate(adjusted):
                middle, width = 0.75 - 0.1 * a + 0.1 * b - 0.12 * c + float(chance.normal(0, 0.06)), 0.45
                ends = [float(np.exp(middle + k * width)) for k in (0, -1, 1)]
                found.append(specification_curve.Specification((segmenter, rule, model), *ends, main=(a, b, c) == (0, 0, 0)))
    found.append(specification_curve.Specification(("watershed", rules[0], adjusted[0]), None, because="no convergence"))
    return specification_curve.SpecificationData(
        "Robustness of the main result", "Hazard ratio, TMTV > median", ("Segmenter", "Endpoint rule", "Model"), tuple(found)
    )


def toxicity_data() -> toxicity.ToxicityData:
    bar = toxicity.ToxicityBar
    bars = (
        bar("CRS", "ASTCT 2019", (14, 25, 14, 4, 2, 0), "TMTV ≤ 80 mL"),
        bar("CRS", "ASTCT 2019", (4, 16, 18, 10, 5, 1), "TMTV > 80 mL", 1),
        bar("CRS", "Lee 2014", (1, 2, 3, 1, 0, 0), "", 0),
        bar("ICANS", "ASTCT 2019", (40, 8, 6, 4, 1, 0), "TMTV ≤ 80 mL"),
        bar("ICANS", "ASTCT 2019", (31, 9, 8, 5, 2, 0), "TMTV > 80 mL"),
    )
    says = ("CRS grade against TMTV (ordinal model): odds ratio 2.9 (95% CI 1.5–5.7).",)
    return toxicity.ToxicityData("Toxicity by tumour volume", bars, says)


def auc_data() -> auc_over_time.AucData:
    days = tuple(range(30, 731, 50))
    curves = []
    for n, name in enumerate(("IPI and TMTV", "IPI alone", "TMTV alone")):
        value = tuple(0.76 - 0.05 * n + 0.03 * float(np.sin(day / 120 + n)) for day in days)
        curves.append(auc_over_time.AucCurve(name, days, value, tuple(v - 0.07 for v in value), tuple(v + 0.06 for v in value)))
    says = ("Cumulative/dynamic AUC, IPCW; corrected for optimism by 500 bootstrap samples.",)
    return auc_over_time.AucData("Discrimination over time", "progression or death", tuple(curves), says)


def calibration_data(n: int) -> calibration.CalibrationData:
    chance = np.random.default_rng(9)
    group = calibration.CalibrationGroup
    groups = tuple(
        group(p, o, max(o - 0.19, 0), min(o + 0.18, 1), 24) for p, o in ((0.18, 0.21), (0.34, 0.29), (0.5, 0.58), (0.66, 0.62), (0.83, 0.9))
    )
    smooth = tuple((float(x), float(x + 0.04 * np.sin(7 * x))) for x in np.linspace(0.1, 0.92, 40))
    predictions = tuple(float(x) for x in np.clip(chance.beta(2, 2, n), 0.02, 0.98))
    says = ("Slope 0.94 (95% CI 0.68–1.21); observed/expected 1.03; ICI 0.028.",)
    one = (group(0.4, 1.0, None, None, 1),)
    return calibration.CalibrationData(
        "Calibration", "progression or death", "12 months", groups if n > 1 else one, smooth if n > 1 else (), predictions, says
    )


def decision_data() -> decision_curve.DecisionData:
    thresholds = tuple(n / 100 for n in range(1, 81))
    risk = 0.45
    every = tuple(risk - (1 - risk) * t / (1 - t) for t in thresholds)
    both = tuple(max(risk * (1 - 0.6 * t) - (1 - risk) * 0.75 * (1 - t) ** 1.5 * t / (1 - t), every[n]) for n, t in enumerate(thresholds))
    ipi = tuple(one - 0.12 * t if t < 0.75 else None for one, t in zip(both, thresholds, strict=True))
    models = (decision_curve.BenefitCurve("IPI and TMTV", both), decision_curve.BenefitCurve("IPI alone", ipi))
    return decision_curve.DecisionData("Decision curve", "progression or death", "12 months", thresholds, models, every)


@pytest.fixture(scope="session")
def artists() -> Callable[[Any, str], list[Any]]:
    """What a figure draws under an id; all whose id starts with it where it ends in `*`."""

    def found(figure: Any, name: str) -> list[Any]:
        every = figure.findobj(lambda one: one.get_gid() is not None)
        return [one for one in every if one.get_gid() == name or (name.endswith("*") and one.get_gid().startswith(name[:-1]))]

    return found


@pytest.fixture(scope="session")
def told() -> Callable[[Any], list[str]]:
    """Every text of a figure that is not empty."""

    def found(figure: Any) -> list[str]:
        figure.canvas.draw()
        return [one.get_text() for one in figure.findobj(lambda one: hasattr(one, "get_text") and one.get_visible()) if one.get_text()]

    return found


@pytest.fixture(scope="session")
def made() -> Mapping[str, Made]:
    """Every figure by the name of its file."""
    return everything()


def everything() -> dict[str, Made]:
    return {name: Made(*data, module_of(name)[0], module_of(name)[1]) for name, data in every_data().items()}


def module_of(name: str) -> tuple[Any, Any]:
    """The two functions of a figure, found by its name."""
    module = importlib.import_module(f"carpet.report.cohort_figures.{name}")
    return getattr(module, f"{name}_figure"), getattr(module, f"{name}_rows")


def every_data() -> dict[str, tuple[Any, Any, Any]]:
    """The data of every figure: of many patients, of one, of none."""
    km, ci, sc, au, ca, de = survival_figure, incidence_figure, specification_curve, auc_over_time, calibration, decision_curve
    main, criterion, by = specification_data(), "Lugano PET/CT", "12 months"
    one_bar = toxicity.ToxicityBar("CRS", "ASTCT 2019", (0, 0, 1, 0, 0, 0))
    one_curve, one_model = au.AucCurve("m", (30,), (0.7,), (None,), (None,)), de.BenefitCurve("m", (0.1,))
    flows = [alluvial.AlluvialData("t", criterion, STAGES, paths(n)) for n in (PATIENTS, 1, 0)]
    specifications = [sc.SpecificationData("t", main.effect, main.dimensions, found) for found in (main.specifications[:1], ())]
    decisions = [de.DecisionData("t", "death", by, *part) for part in (((0.2,), (one_model,), (0.0,)), ((), (), ()))]
    return {
        "kaplan_meier": (survival_data(PATIENTS), survival_data(1), km.KaplanMeierData("t", "PFS", ())),
        "cumulative_incidence": (incidence_data(PATIENTS), incidence_data(1), ci.IncidenceData("t", (), "")),
        "swimmer": (swimmer_data(PATIENTS), swimmer_data(1), swimmer.SwimmerData("t", ())),
        "waterfall": (waterfall_data(PATIENTS), waterfall_data(1), waterfall.WaterfallData("t", "TMTV", ())),
        "spider": (spider_data(PATIENTS), spider_data(1), spider.SpiderData("t", "TMTV", ())),
        "forest": (forest_data(8), forest_data(1), forest_data(0)),
        "alluvial": (replace(flows[0], title="Conversion of response"), flows[1], flows[2]),
        "flow": (flow_data(), flow.FlowData("t", (flow.FlowStep("Analysed", 1),)), flow.FlowData("t", ())),
        "specification_curve": (main, *specifications),
        "toxicity": (toxicity_data(), toxicity.ToxicityData("t", (one_bar,)), toxicity.ToxicityData("t", ())),
        "auc_over_time": (auc_data(), au.AucData("t", "death", (one_curve,)), au.AucData("t", "death", ())),
        "calibration": (calibration_data(PATIENTS), calibration_data(1), ca.CalibrationData("t", "death", by, ())),
        "decision_curve": (decision_data(), *decisions),
    }
