"""Truth: closed form: tables written by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from carpet.cohort.models.candidates import NO_SITE, candidates, of_all
from carpet.cohort.table import Cohort
from carpet.core.errors import ProtocolError, Refused


def with_rows(cohort: Cohort, **changes: object) -> Cohort:
    """The cohort with values of its first patients replaced, column by column."""
    rows = [dict(row) for row in cohort.rows]
    for name, values in changes.items():
        for row, value in zip(rows, values, strict=False):  # type: ignore[call-overload]
            row[name] = value
    return Cohort(cohort.columns, tuple(rows), flags={("P1", "tmtv"): ("EARLIER",)})


def test_columns_on_the_scale_of_the_model(cohort: Callable[..., Cohort]) -> None:
    given = with_rows(cohort(), tmtv=[8.0, None, 32.0], suv_max=[10.0, 20.0], stage=["I", "III", "II"])
    found = candidates(given, "PFS", ["tmtv", "stage", "suv_max"])
    assert found.columns == ("tmtv", "stage: II", "stage: III", "suv_max")
    assert found.of.tolist() == [0, 1, 1, 2]
    assert found.per == ("per doubling", "II vs I", "III vs I", "per 5 g/mL")
    assert found.values[0].tolist() == [3.0, 0.0, 0.0, 2.0]
    assert np.isnan(found.values[1, 0])
    assert found.values[1, 1:].tolist() == [0.0, 1.0, 4.0]
    assert found.flags == ("EARLIER",)
    assert (found.only(["tmtv"]).flags, found.only(["stage", "suv_max"]).flags) == (("EARLIER",), ())
    assert found.site is not None
    some = found.only(["suv_max", "stage"])
    assert some.columns == ("suv_max", "stage: II", "stage: III")
    assert some.of.tolist() == [0, 1, 1]
    assert some.values[0].tolist() == [2.0, 0.0, 0.0]


def test_who_is_left_out(cohort: Callable[..., Cohort]) -> None:
    found = candidates(with_rows(cohort(), tmtv=[0.0], pfs_event=[1, None]), "PFS", ["tmtv"])
    assert (found.patients, found.left_out) == (38, 2)
    assert "NOT_POSITIVE" in found.flags


def test_competing_events_are_censored(cohort: Callable[..., Cohort]) -> None:
    given = with_rows(cohort(), pfs_event=[2, 1, 2])
    given = Cohort(given.columns, given.rows, competing={"PFS": "other"})
    assert candidates(given, "PFS", ["tmtv"]).survival.event[:3].tolist() == [0, 1, 0]


def test_what_cannot_be_used_is_refused(cohort: Callable[..., Cohort]) -> None:
    with pytest.raises(Refused, match=r"VALUES_TOO_FEW[\s\S]*suv_max"):
        candidates(with_rows(cohort(), suv_max=[None] * 30), "PFS", ["suv_max"])
    with pytest.raises(Refused, match="COVARIATE_CONSTANT"):
        candidates(with_rows(cohort(), suv_max=[5.0] * 40), "PFS", ["suv_max"])
    with pytest.raises(Refused, match="NO_EVENTS"):
        candidates(with_rows(cohort(), pfs_event=[0] * 40), "PFS", ["tmtv"])
    with pytest.raises(Refused, match="NO_PATIENTS"):
        candidates(with_rows(cohort(), pfs_event=[None] * 40), "PFS", ["tmtv"])
    with pytest.raises(ProtocolError):
        candidates(cohort(), "PFS", [])


def test_who_has_no_site_is_told_apart(cohort: Callable[..., Cohort]) -> None:
    found = candidates(with_rows(cohort(), site=[None]), "PFS", ["tmtv"])
    assert found.site is not None
    assert (found.site == NO_SITE).tolist() == [True] + [False] * 39
    kept = found.taken(found.site != NO_SITE)
    assert (kept.patients, kept.left_out, kept.values.shape, kept.survival.rows) == (39, 1, (39, 1), 39)
    assert candidates(with_rows(cohort(), site=[None] * 40), "PFS", ["tmtv"]).site is None


def test_a_patient_who_is_not_analysed_needs_no_site(cohort: Callable[..., Cohort]) -> None:
    found = candidates(with_rows(cohort(), site=[None], pfs_event=[None], pfs_days=[None]), "PFS", ["tmtv"])
    assert found.site is not None
    assert (found.site >= 0).all()


def test_one_table_of_the_terms_that_can_be_used(cohort: Callable[..., Cohort]) -> None:
    found, reasons = of_all(with_rows(cohort(), suv_max=[5.0] * 40), "PFS", ["tmtv", "suv_max", "ipi"])
    assert found is not None
    assert (found.terms, reasons) == (("tmtv", "ipi"), {"suv_max": "COVARIATE_CONSTANT"})
    assert of_all(with_rows(cohort(), pfs_event=[0] * 40), "PFS", ["tmtv"]) == (None, {"": "NO_EVENTS"})
