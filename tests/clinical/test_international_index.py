"""Truth: Shipp 1993, METHODS E.1: five questions; 60.5 years are 60 completed ones."""

from __future__ import annotations

import pytest

from carpet.clinical.international_index import index_points, is_elderly, shared_points


@pytest.mark.parametrize(("years", "elderly"), [(60, False), (60.99, False), (61, True)])
def test_elderly(years: float, elderly: bool) -> None:
    assert is_elderly(years) is elderly


def test_points() -> None:
    assert shared_points(ldh_uln_ratio=1.0, ecog=1, ann_arbor_stage=2) == 0
    assert shared_points(ldh_uln_ratio=1.1, ecog=2, ann_arbor_stage=3) == 3
    assert index_points(age_years=61, ldh_uln_ratio=1.1, ecog=2, ann_arbor_stage=3, extranodal_sites=2) == 5
    assert index_points(age_years=60, ldh_uln_ratio=1.0, ecog=1, ann_arbor_stage=2, extranodal_sites=1) == 0
