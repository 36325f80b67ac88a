"""Contract: a pipeline is data; what cannot be meant is refused where it is written."""

from __future__ import annotations

import pytest

from carpet.cohort.models.pipeline import Pipeline, standard_pipelines
from carpet.core.errors import ProtocolError


def test_the_standard_ones_compare_with_ipi_and_with_volume() -> None:
    full, ipi, tmtv = standard_pipelines(("tmtv", "sdmax"), ("ipi", "tmtv"))
    assert full.terms == ("tmtv", "sdmax", "ipi")
    assert full.penalty == "ridge"
    assert (ipi.terms, tmtv.terms) == (("ipi",), ("tmtv",))
    assert {ipi.penalty, tmtv.penalty} == {"none"}


@pytest.mark.parametrize(
    "wrong",
    [{"terms": ()}, {"terms": ("a", "a")}, {"cut": ("b",)}, {"harmonised": ("b",)}, {"folds": 1}, {"imputations": 0}, {"mixing": 0.0}],
)
def test_what_cannot_be_meant(wrong: dict[str, object]) -> None:
    with pytest.raises(ProtocolError, match="model"):
        Pipeline(**({"name": "model", "terms": ("a",)} | wrong))  # type: ignore[arg-type]
