"""1,000 bootstrap refits of a Cox model, in turn: carpet, lifelines and R's survival on the same drawn patients.

    python benchmarks/survival.py [--refits N] [--patients N] [--covariates N] [--runs N] [--only carpet,lifelines,r]

Makes follow-up with ties and five covariates, fits the model with each program once and checks that the coefficients agree, then times
the refits, program after program, and prints milliseconds a refit and the ratios, run by run. lifelines (pip install lifelines) and R
(Debian: r-cran-survival) are measured where they are installed; each is timed inside its own process, without its start.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import numpy as np

from carpet.cohort.cox import cox
from carpet.cohort.cox_refits import drawn_patients, refits
from carpet.cohort.survival import Survival

SAME = 1e-4  # lifelines stops a little earlier than the others
IN_R = """
library(survival)
folder <- commandArgs(trailingOnly = TRUE)[1]
z <- read.csv(file.path(folder, "patients.csv")); drawn <- as.matrix(read.csv(file.path(folder, "drawn.csv"), header = FALSE)) + 1
model <- as.formula(paste("Surv(days, event) ~", paste(setdiff(names(z), c("days", "event")), collapse = "+")))
found <- matrix(0, nrow(drawn), ncol(z) - 2)
spent <- system.time(for (i in seq_len(nrow(drawn))) found[i, ] <- coxph(model, z[drawn[i, ], ])$coefficients)[["elapsed"]]
cat(spent, "\\n"); write.table(found, file.path(folder, "found.csv"), row.names = FALSE, col.names = FALSE, sep = ",")
"""

Timed = Callable[[], tuple[float, np.ndarray]]


def made(patients: int, covariates: int) -> tuple[Survival, dict[str, np.ndarray]]:
    """Follow-up in whole days, two thirds with the event, and standard normal covariates."""
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(patients, covariates))
    days = np.ceil(rng.exponential(300.0 / np.exp(columns @ np.linspace(0.5, -0.5, covariates))))
    leaves = np.ceil(rng.uniform(100.0, 1_200.0, patients))
    survival = Survival.of(np.minimum(days, leaves), days <= leaves)
    return survival, {f"x{i}": column for i, column in enumerate(columns.T)}


def with_carpet(survival: Survival, columns: dict[str, np.ndarray], drawn: np.ndarray) -> Timed:
    def run() -> tuple[float, np.ndarray]:
        start = time.perf_counter()
        found = refits(cox(survival, columns), drawn)
        return time.perf_counter() - start, found.coefficients

    return run


def with_lifelines(survival: Survival, columns: dict[str, np.ndarray], drawn: np.ndarray) -> Timed:
    import pandas as pd
    from lifelines import CoxPHFitter

    table = pd.DataFrame(columns | {"days": survival.days, "event": survival.event})

    def run() -> tuple[float, np.ndarray]:
        start = time.perf_counter()
        found = [CoxPHFitter().fit(table.iloc[rows], "days", "event").params_.to_numpy() for rows in drawn]
        return time.perf_counter() - start, np.array(found)

    return run


def with_r(survival: Survival, columns: dict[str, np.ndarray], drawn: np.ndarray, folder: Path) -> Timed:
    names = ["days", "event", *columns]
    table = np.column_stack([survival.days, survival.event, *columns.values()])
    np.savetxt(folder / "patients.csv", table, delimiter=",", header=",".join(names), comments="", fmt="%.17g")
    np.savetxt(folder / "drawn.csv", drawn, delimiter=",", fmt="%d")
    (folder / "refits.R").write_text(IN_R)

    def run() -> tuple[float, np.ndarray]:
        ran = subprocess.run(["Rscript", "--vanilla", str(folder / "refits.R"), str(folder)], check=True, capture_output=True, text=True)
        return float(ran.stdout), np.loadtxt(folder / "found.csv", delimiter=",")

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--refits", type=int, default=1_000)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--covariates", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="carpet,lifelines,r", help="programs to measure, separated by commas")
    chosen = parser.parse_args()
    survival, columns = made(chosen.patients, chosen.covariates)
    drawn = drawn_patients(chosen.patients, chosen.refits, seed=1)
    with tempfile.TemporaryDirectory() as scratch:
        programs: dict[str, Timed] = {"carpet": with_carpet(survival, columns, drawn)}
        asked = chosen.only.split(",")
        if "lifelines" in asked and find_spec("lifelines"):
            programs["lifelines"] = with_lifelines(survival, columns, drawn)
        if "r" in asked and which("Rscript"):
            programs["R survival"] = with_r(survival, columns, drawn, Path(scratch))
        programs["carpet"]()  # a warm-up
        seconds: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(chosen.runs):
            answers = {}
            for name, run in programs.items():
                spent, answers[name] = run()
                seconds[name].append(spent)
            for name, found in answers.items():
                if np.abs(found - answers["carpet"]).max() > SAME:
                    raise SystemExit(f"{name} and carpet differ by {np.abs(found - answers['carpet']).max():.2g}")
    events = int(survival.event.sum())
    print(f"{chosen.refits} refits, {chosen.patients} patients, {events} events, {chosen.covariates} covariates; all agree to {SAME:g}")
    for name, spent in seconds.items():
        each = [1e3 * one / chosen.refits for one in spent]
        print(f"{name:<12} {min(each):8.3f} {statistics.median(each):8.3f} {max(each):8.3f} ms a refit (min, median, max)")
    for name in list(seconds)[1:]:
        ratios = [theirs / ours for ours, theirs in zip(seconds["carpet"], seconds[name], strict=True)]
        print(f"{name + ' / carpet':<20} {min(ratios):7.1f} {statistics.median(ratios):7.1f} {max(ratios):7.1f} ×")


if __name__ == "__main__":
    main()
