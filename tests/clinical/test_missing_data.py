"""Truth: three patients counted by hand."""

from __future__ import annotations

import pytest

from carpet.clinical.missing_data import missing_data
from carpet.clinical.score import NotKnown


def test_counted_by_hand() -> None:
    patients = {
        "A": {"ecog": 0, "tmtv": NotKnown("NO_LESION")},
        "B": {"ecog": None, "tmtv": NotKnown("NOT_ASKED_FOR")},
        "C": {"ecog": 2, "tmtv": NotKnown("NO_LESION")},
    }
    ecog, tmtv, hb = missing_data(patients, ("ecog", "tmtv", "hb"))
    assert (ecog.name, ecog.patients, ecog.missing, ecog.reasons) == ("ecog", 3, 1, {"ECOG_MISSING": 1})
    assert ecog.percent == pytest.approx(100.0 / 3)
    assert (tmtv.missing, list(tmtv.reasons.items())) == (3, [("NO_LESION", 2), ("NOT_ASKED_FOR", 1)])
    assert (hb.missing, hb.reasons) == (3, {"HB_MISSING": 3})


def test_nobody() -> None:
    (row,) = missing_data({}, ("ecog",))
    assert (row.patients, row.missing, row.percent) == (0, 0, None)
