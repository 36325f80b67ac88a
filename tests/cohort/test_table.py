"""Truth: closed form: columns, rows and follow-up written by hand."""

from __future__ import annotations

import pytest

from carpet.cohort.table import Cohort, Column
from carpet.core.errors import ProtocolError, Refused

COLUMNS = (
    Column("patient_id", "", "the patient", "patient", "category"),
    Column("tmtv", "mL", "volume", "marker", "number", doubling=True),
    Column("nrm_days", "d", "days", "outcome", "number"),
    Column("nrm_event", "", "event", "outcome", "number"),
)
COHORT = Cohort(
    COLUMNS,
    (
        {"patient_id": "P1", "tmtv": 100.0, "nrm_days": 30, "nrm_event": 1},
        {"patient_id": "P2", "tmtv": None, "nrm_days": 60, "nrm_event": 2},
        {"patient_id": "P3", "tmtv": 5.0, "nrm_days": 90, "nrm_event": 0},
    ),
    competing={"NRM": "progression"},
)


def test_rows_with_all_that_is_asked_for_are_known() -> None:
    assert COHORT.known(["nrm_days"]).tolist() == [0, 1, 2]
    assert COHORT.known(["nrm_days", "tmtv"]).tolist() == [0, 2]


def test_the_follow_up_names_the_competing_event() -> None:
    survival = COHORT.survival("NRM", COHORT.known(["nrm_days"]))
    assert survival.causes == ("NRM", "progression")
    assert survival.days.tolist() == [30, 60, 90]
    assert survival.event.tolist() == [1, 2, 0]


def test_no_patient_is_refused() -> None:
    with pytest.raises(Refused):
        COHORT.survival("NRM", COHORT.known(["nrm_days"])[:0])


def test_a_misspelt_column_is_answered_with_the_nearest() -> None:
    with pytest.raises(ProtocolError, match="did you mean 'tmtv'"):
        COHORT.values("tmvt")
