"""Truth: closed form; R survival (run, and its printed outputs in the shared data)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from carpet.cohort.kaplan_meier import days_to, kaplan_meier, survival_at
from carpet.cohort.survival import Survival
from carpet.core.errors import ProtocolError


def test_by_hand() -> None:
    curve = kaplan_meier(Survival.of([2, 4, 4, 6, 9], [1, 1, 0, 1, 0]))
    assert curve.survival == pytest.approx([4 / 5, 3 / 5, 3 / 10, 3 / 10])
    greenwood = [1 / 20, 1 / 20 + 1 / 12, 1 / 20 + 1 / 12 + 1 / 2]
    assert curve.std_error[:3] == pytest.approx([s * g**0.5 for s, g in zip([0.8, 0.6, 0.3], greenwood, strict=True)])
    assert days_to(curve).days == 6
    assert days_to(curve, 0.8).days is None


def test_without_censoring_it_is_the_share_and_its_binomial_error() -> None:
    curve = kaplan_meier(Survival.of(range(1, 11), [1] * 10))
    share = 1.0 - np.arange(1, 11) / 10
    assert curve.survival == pytest.approx(share, abs=1e-15)
    assert curve.std_error[:-1] == pytest.approx(np.sqrt(share * (1 - share) / 10)[:-1])
    assert days_to(curve).days == 5  # the first day at the half, not the middle of the stretch


def test_order_of_rows_and_labels_change_nothing(survival: Survival) -> None:
    mixed = survival.take(np.random.default_rng(1).permutation(survival.rows))
    assert kaplan_meier(mixed).survival.tobytes() == kaplan_meier(survival).survival.tobytes()


def test_what_does_not_exist_is_none() -> None:
    curve = kaplan_meier(Survival.of([2, 4, 9], [1, 0, 0]))
    before, after = survival_at(curve, [1, 10])
    assert (before.survival, before.low, before.at_risk) == (1.0, 1.0, 3)
    assert (after.survival, after.low, after.high, after.at_risk) == (None, None, None, 0)
    gone = survival_at(kaplan_meier(Survival.of([2, 4], [0, 1])), [5])[0]
    assert (gone.survival, gone.low, gone.high) == (0.0, None, None)
    with pytest.raises(ProtocolError, match="median"):
        days_to(curve, 1.0)


def test_nobody_at_risk_between_late_entries() -> None:
    curve = kaplan_meier(Survival.of([3, 9], [0, 1], entry=[0, 5]))
    assert curve.survival.tolist() == [1.0, 0.0]


@pytest.mark.r
def test_as_r(survival: Survival, r: dict[str, Any]) -> None:
    curve = kaplan_meier(survival)
    for name, ours in [("days", curve.days), ("risk", curve.at_risk), ("events", curve.events), ("survival", curve.survival)]:
        np.testing.assert_allclose(ours, r[f"km.{name}"], rtol=1e-6)
    np.testing.assert_allclose(curve.std_error, r["km.error"], rtol=1e-6)
    for scale in ("log-log", "log", "plain"):
        made = kaplan_meier(survival, scale=scale)
        np.testing.assert_allclose(made.low, r[f"km.{scale}.low"], rtol=1e-6)
        np.testing.assert_allclose(made.high, r[f"km.{scale}.high"], rtol=1e-6)
    found = days_to(curve, 0.4)
    assert [found.days, found.low, found.high] == r["km.quantile"].tolist()


@pytest.mark.r
def test_delayed_entry_as_r(rows: dict[str, Any], r: dict[str, Any]) -> None:
    curve = kaplan_meier(Survival.of(rows["stop"], rows["event"], entry=rows["start"], patient=rows["patient"]))
    np.testing.assert_allclose(curve.survival[curve.events > 0], r["km.entry.survival"], rtol=1e-6)
    assert curve.at_risk[curve.events > 0].tolist() == r["km.entry.risk"].tolist()


@pytest.mark.shared
def test_ovarian_as_printed(data_set: Any, printed: Any) -> None:
    table = data_set("ovarian")
    survival = Survival.of([float(x) for x in table["futime"]], [float(x) for x in table["fustat"]])
    curve = kaplan_meier(survival, scale="log")
    columns = (curve.days, curve.at_risk, curve.events, curve.survival, curve.std_error, curve.low, curve.high)
    lines = printed("survival-Ex", "summary( survfit( Surv(futime, fustat)~1, data=ovarian))", 15)[-12:]
    had = np.flatnonzero(curve.events)
    assert had.size == len(lines)
    for at, line in zip(had, lines, strict=True):
        for ours, word in zip((column[at] for column in columns), line.split(), strict=True):
            assert f"{ours:.{len(word.partition('.')[2])}f}" == word


@pytest.mark.shared
def test_lung_medians_as_printed(data_set: Any, printed: Any) -> None:
    table = data_set("lung")
    ecog = np.array([float(x or "nan") for x in table["ph.ecog"]])
    everybody = Survival.of([float(x) for x in table["time"]], [float(x) - 1 for x in table["status"]])
    lines = printed("survival-Ex", "survfit(Surv(time, status) ~ ph.ecog, data=lung)", 8)[-4:]
    for group, line in enumerate(lines):
        patients = everybody.take(ecog == group)
        found = days_to(kaplan_meier(patients, scale="log"))
        ours = [patients.rows, int(patients.event.sum()), found.days, found.low, found.high]
        assert ["NA" if value is None else str(value) for value in ours] == line.split()[1:]
