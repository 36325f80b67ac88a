"""Truth: this room's parts, each with its own truth, put together by hand; what is planted is found and noise is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.models.candidates import candidates
from carpet.cohort.models.left_out import nested, performances
from carpet.cohort.models.measures import names, times
from carpet.cohort.models.optimism import corrected, optimism
from carpet.cohort.models.performance import Performance
from carpet.cohort.models.pipeline import Pipeline, standard_pipelines
from carpet.cohort.models.samples import drawn_weights
from carpet.cohort.models.validating import models
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError

DAY, SAMPLES, SEED = 365, 40, 7
PIPELINES = standard_pipelines(("tmtv", "suv_max"), ("ipi",))


@pytest.fixture(scope="module")
def rows(cohort: Callable[..., Cohort]) -> tuple[Performance, ...]:
    return models(cohort(50), "PFS", rules="default", pipelines=PIPELINES, day=DAY, samples=SAMPLES, seed=SEED)


def one(rows: tuple[Performance, ...], model: str, measure: str, validation: str) -> Performance:
    (found,) = [row for row in rows if (row.model, row.measure, row.validation) == (model, measure, validation)]
    return found


def test_every_model_by_every_measure(rows: tuple[Performance, ...]) -> None:
    kinds = ("optimism bootstrap", "nested", "leave one site out")
    wanted = {(p.name, m, kind) for p in PIPELINES for m in names(DAY) for kind in kinds}
    wanted |= {(f"full model − {other}", m, kinds[0]) for other in ("IPI alone", "TMTV alone") for m in names(DAY)[:-1]}
    assert {(row.model, row.measure, row.validation) for row in rows} == wanted
    assert len(rows) == len(wanted)
    assert {row.candidates for row in rows if row.model == "full model"} == {3}
    assert all(row.patients == 50 for row in rows)


def test_corrected_is_apparent_less_optimism(rows: tuple[Performance, ...]) -> None:
    whole = [row for row in rows if row.corrected is not None]
    assert len(whole) > 40
    for row in whole:
        assert row.apparent is not None
        assert row.optimism is not None
        assert row.low is not None
        assert row.high is not None
        assert row.corrected == pytest.approx(row.apparent - row.optimism, abs=1e-12)
        assert row.low <= row.high


def test_the_parts_put_together(cohort: Callable[..., Cohort], rows: tuple[Performance, ...]) -> None:
    table = candidates(cohort(50), "PFS", ["tmtv", "suv_max", "ipi"])
    at, weight = times(table.survival, day=DAY), drawn_weights(50, SAMPLES, seed=SEED)
    full, ipi = (optimism(PIPELINES[k], table, at, weight, seed=SEED) for k in (0, 1))
    found = corrected(float(full.apparent[0]), full.inside[:, 0], full.outside[:, 0])
    row = one(rows, "full model", "C (Harrell)", "optimism bootstrap")
    assert (row.apparent, row.optimism, row.low, row.high) == (found.apparent, found.optimism, found.low, found.high)
    apart = corrected(
        float(full.apparent[0] - ipi.apparent[0]), full.inside[:, 0] - ipi.inside[:, 0], full.outside[:, 0] - ipi.outside[:, 0]
    )
    assert one(rows, "full model − IPI alone", "C (Harrell)", "optimism bootstrap").corrected == apart.corrected
    outer = performances(table, nested(PIPELINES[0], table, day=DAY, seed=SEED))
    assert one(rows, "full model", "C (Harrell)", "nested").corrected == pytest.approx(float(outer[0]), abs=1e-12)


def test_what_is_planted_is_found(rows: tuple[Performance, ...]) -> None:
    for kind in ("optimism bootstrap", "nested", "leave one site out"):
        row = one(rows, "TMTV alone", "C (Harrell)", kind)
        assert row.corrected is not None
        assert row.low is not None
        assert row.corrected > 0.6
        assert row.low > 0.5
    full = one(rows, "full model", "C (Harrell)", "optimism bootstrap")
    assert full.optimism is not None
    assert full.optimism > 0.0


def test_a_term_that_cannot_be_used_refuses_its_model_only(cohort: Callable[..., Cohort]) -> None:
    whole = cohort(40)
    rows = tuple(dict(row) | {"ipi": 2} for row in whole.rows)
    found = models(Cohort(whole.columns, rows), "PFS", rules="default", pipelines=PIPELINES[1:], day=DAY, samples=20, seed=SEED)
    assert {row.reason_missing for row in found if row.model == "IPI alone"} == {"COVARIATE_CONSTANT"}
    assert all(row.corrected is None for row in found if row.model == "IPI alone")
    assert one(found, "TMTV alone", "C (Harrell)", "nested").corrected is not None


def test_without_events_every_row_has_its_reason(cohort: Callable[..., Cohort]) -> None:
    whole = cohort(20)
    rows = tuple(dict(row) | {"pfs_event": 0} for row in whole.rows)
    found = models(Cohort(whole.columns, rows), "PFS", rules="default", pipelines=PIPELINES, day=DAY, samples=20, seed=SEED)
    assert len(found) == 15
    assert {row.reason_missing for row in found} == {"NO_EVENTS"}


def test_gaps_and_few_events_are_said(cohort: Callable[..., Cohort]) -> None:
    whole = cohort(30, sites=2)
    rows = tuple(dict(row) | ({"tmtv": None} if n % 10 == 0 else {}) for n, row in enumerate(whole.rows))
    found = models(Cohort(whole.columns, rows), "PFS", rules="default", pipelines=PIPELINES[:1], day=DAY, samples=20, seed=SEED)
    assert {"IMPUTED", "FEW_EVENTS"} <= set(found[0].flags)
    assert {row.validation for row in found} == {"optimism bootstrap", "nested"}  # two sites are too few to leave one out


def test_the_same_seed_gives_the_same(cohort: Callable[..., Cohort]) -> None:
    asked = {"rules": "default", "pipelines": (Pipeline("m", ("tmtv", "ipi"), penalty="lasso"),), "day": DAY, "samples": 20}
    first, same, other = (models(cohort(30), "PFS", seed=seed, **asked) for seed in (1, 1, 2))  # type: ignore[arg-type]
    assert first == same
    assert first != other


def test_one_patient_without_a_site_takes_nothing_from_the_others(cohort: Callable[..., Cohort]) -> None:
    whole = cohort(40)
    rows = tuple(dict(row) | ({"site": None} if n == 0 else {}) for n, row in enumerate(whole.rows))
    found = models(Cohort(whole.columns, rows), "PFS", rules="default", pipelines=PIPELINES[2:], day=DAY, samples=20, seed=SEED)
    by_site = [row for row in found if row.validation == "leave one site out"]
    assert [row.patients for row in by_site] == [39] * 5
    assert all("SITE_NOT_GIVEN" in row.flags for row in by_site)
    assert by_site[0].corrected is not None
    assert {row.patients for row in found if row.validation == "nested"} == {40}


def test_names_differ() -> None:
    with pytest.raises(ProtocolError, match="names"):
        models(Cohort((), ()), "PFS", rules="default", pipelines=(PIPELINES[0], PIPELINES[0]), day=DAY, samples=20, seed=SEED)


def test_what_few_patients_tell_apart_by_the_day_has_no_number(cohort: Callable[..., Cohort]) -> None:
    made = cohort(30)
    followed = sorted(day for day in made.values("pfs_days") if isinstance(day, int | float))
    for left, code in ((5, ""), (4, "FEW_BY_DAY")):
        day = int(followed[-left]) - 1
        found = models(made, "PFS", rules="default", pipelines=PIPELINES[2:], day=day, samples=20, seed=SEED)
        for measure in (f"AUC at day {day}", f"scaled Brier at day {day}"):
            rows = [row for row in found if row.measure == measure]
            assert {row.reason_missing for row in rows} == {code}
            assert all((row.apparent is None) == (row.corrected is None) == (row.low is None) == bool(code) for row in rows)


def test_days_beyond_follow_up_have_no_area(cohort: Callable[..., Cohort]) -> None:
    found = models(cohort(30), "PFS", rules="default", pipelines=PIPELINES[2:], day=5_000, samples=20, seed=SEED)
    late = one(found, "TMTV alone", "AUC at day 5000", "optimism bootstrap")
    assert (late.corrected, late.reason_missing) == (None, "FEW_BY_DAY")
    assert np.isfinite(one(found, "TMTV alone", "C (Harrell)", "optimism bootstrap").corrected or np.nan)
