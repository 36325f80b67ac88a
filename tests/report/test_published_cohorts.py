"""Truth: published table (the machine-readable copy in the shared reference); closed form; ZUMA-1's printed exact intervals."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from carpet.core.errors import ProtocolError
from carpet.report.published_cohorts import (
    ASTCT,
    DERIVED,
    LEE,
    PENN,
    PUBLISHED,
    RATES,
    REVIEW,
    SOURCES,
    TOXICITY,
    Published,
    beside_own,
)

# statistic in the shared copy → (measure, a word of the group) here
SAID = {
    "median SPD responders": ("spd_median", "responders"),
    "median SPD non-responders": ("spd_median", "non-responders"),
    "ORR if SPD<50 cm2": ("orr", "SPD < 50 cm²"),
    "ORR if SPD>=50 cm2": ("orr", "SPD ≥ 50 cm²"),
    "ORR bulky >10 cm": ("orr", "bulk > 10 cm"),
    "ORR not bulky": ("orr", "no bulk"),
    "best ORR": ("orr", ""),
    "median TMTV": ("tmtv_median", ""),
    "TMTV responders": ("tmtv_median", "responders"),
    "TMTV non-responders": ("tmtv_median", "non-responders"),
    "OS by median TMTV, order ambiguous in the review": ("os_by_tmtv", ""),
    "pseudoprogression day after infusion": ("pseudoprogression_day", ""),
    "median TMTV cohort 1": ("tmtv_median", "first cohort"),
    "median TMTV cohort 2": ("tmtv_median", "second cohort"),
    "true-baseline subgroup size": ("true_baseline", ""),
    "TMTV cut-off at treatment": ("cut_tmtv", ""),
    "extranodal sites cut-off": ("cut_extranodal_sites", ""),
    "ORR": ("orr", ""),
    "CR": ("cr", ""),
    "median DOR": ("dor_median", ""),
    "ongoing response at 27.1 months median follow-up": ("ongoing", ""),
    "3-year OS": ("os_36m", ""),
    "PR at M1 later CR": ("pr_m1_to_cr", ""),
    "SD at M1 later CR": ("sd_m1_to_cr", ""),
    "grade>=3 CRS (Lee 2014)": ("crs_ge3", ""),
    "grade>=3 neurologic (CTCAE; called ICANS in the review)": ("icans_ge3", ""),
    "12-month PFS": ("pfs_12m", ""),
    "12-month OS": ("os_12m", ""),
    "PR at M1 converting to CR at M3": ("pr_m1_to_cr_m3", ""),
    "SD at M1 converting to CR at M3": ("sd_m1_to_cr_m3", ""),
    "CMR at M1, disease-free at 2 y": ("cmr_m1_disease_free_24m", ""),
    "PMR with later PD at 3 and 6 months": ("pmr_later_pd", ""),
    "PD at M1": ("pd_m1", ""),
    "early metabolic responders with unfavourable outcome": ("responders_bad_outcome", ""),
    "CRS any grade (Penn scale)": ("crs_any", ""),
    "CRS grade>=3 (Penn scale)": ("crs_ge3", ""),
    "neurologic events any": ("icans_any", ""),
    "neurologic events grade>=3": ("icans_ge3", ""),
    "aggressive lymphoma CR range": ("cr_range", ""),
    "ALL CR up to": ("cr_up_to", "acute lymphoblastic leukaemia"),
    "response/CR/long-term up to": ("response_complete_lasting", ""),
    "kinetics under bridging better than baseline for PFS": ("kinetics_under_bridging", ""),
    "TMTV": ("tmtv", ""),
}


@pytest.fixture(scope="module")
def shared_rows(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    path: Path = request.getfixturevalue("shared_data").parent / "reference" / "published_cohorts.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return rows


def ours(cohort: str, statistic: str) -> Published:
    measure, group = SAID[statistic]
    found = [one for one in PUBLISHED if (one.id, one.measure, one.group, one.read) == (cohort, measure, group, REVIEW)]
    assert len(found) == 1, (cohort, statistic)
    return found[0]


@pytest.mark.shared
def test_every_number_is_the_printed_one(shared_rows: list[dict[str, Any]]) -> None:
    for said in shared_rows:
        row = ours(said["id"], said["statistic"])
        value = said["value"]
        if isinstance(value, list):
            assert row.values == tuple(value)
        elif value is None:
            assert row.value is None
        elif row.events is not None and "unit" not in said:
            assert row.events == value
        else:
            assert row.value == value
        assert row.n == said.get("n"), said
        for name in ("range", "ci95"):
            if name in said:
                assert (row.low, row.high) == tuple(said[name])
        assert row.primary == said.get("primary_value")
        if "unit" in said:
            assert row.unit == said["unit"].replace("months", "mo").replace("days", "d"), said
        if "significant" in said:
            assert "not significant" in row.note


@pytest.mark.shared
def test_nothing_is_left_out_and_nothing_added_in_the_review_s_name(shared_rows: list[dict[str, Any]]) -> None:
    assert Counter(row["id"] for row in shared_rows) == Counter(one.id for one in PUBLISHED if one.read == REVIEW)
    assert {row["id"] for row in shared_rows} <= SOURCES.keys()


@pytest.mark.shared
def test_citations_are_those_of_the_shared_copy(shared_rows: list[dict[str, Any]]) -> None:
    for said in shared_rows:
        if said.get("ref", "").count(";") == 1:
            place = said["ref"].split(";")[1]
            assert SOURCES[said["id"]].source.endswith(place), said["ref"]


def halves(events: int, n: int) -> tuple[float, float]:
    """An interval that is told from every other: half the rate, and half way to 1."""
    return 0.5 * events / n, 0.5 + 0.5 * events / n


def test_rates_say_how_their_interval_came_about() -> None:
    for one in PUBLISHED:
        assert (one.low is None) == (one.high is None) == (one.interval in ("", DERIVED))
        if one.interval == DERIVED:
            assert one.events is not None
            assert one.n is not None
            assert one.value == pytest.approx(100.0 * one.events / one.n, abs=0.5)
    (converted,) = beside_own("pr_m1_to_cr", halves)
    assert (converted.row.events, converted.row.n, converted.row.interval) == (11, 33, DERIVED)
    assert (converted.row.low, converted.row.high) == (pytest.approx(100 / 6), pytest.approx(200 / 3))


def test_toxicity_of_another_scale_is_said_never_compared() -> None:
    with pytest.raises(ProtocolError, match="scale"):
        beside_own("crs_ge3", halves)
    by_astct = beside_own("crs_ge3", halves, scale=ASTCT)
    assert [one.row.value for one in by_astct] == [11.0, 22.0]
    assert not any(one.comparable for one in by_astct)
    assert all("not comparable" in one.note and "ASTCT 2019" in one.note for one in by_astct)
    assert [(one.row.scale, one.comparable) for one in beside_own("crs_ge3", halves, scale=LEE)] == [(LEE, True), (PENN, False)]
    assert all(one.row.scale for measure in TOXICITY for one in beside_own(measure, halves, scale=ASTCT))


def test_what_stands_beside_a_rate() -> None:
    year = {one.row.id: (one.row.value, one.row.low, one.row.high) for one in beside_own("pfs_12m", halves)}
    assert year == {"vercellino2020": (47.2, 38.0, 58.6), "nastoupil2020": (47.0, None, None)}  # groups by Deauville stay out
    assert all(one.comparable for one in beside_own("orr", halves))
    derived = next(one for one in beside_own("sd_m1_to_cr_m3", halves))
    assert "1/14" in derived.note
    with pytest.raises(ProtocolError, match="pfs_12m"):
        beside_own("pfs", halves)


@pytest.mark.parametrize("measure", RATES)
def test_every_rate_has_somebody_beside_it(measure: str) -> None:
    found = beside_own(measure, halves, scale=ASTCT)
    assert found
    assert all(one.row.unit == "%" for one in found)
    assert all(one.row.low is not None or "no interval printed" in one.note for one in found)


def test_the_slips_of_the_review_are_told() -> None:
    notes = {(row.source.cohort, row.measure, row.group): row.note for row in PUBLISHED}
    assert "≥ 2" in notes["LYSA, two centres", "cut_extranodal_sites", ""]
    assert "147.5" in notes["Dean 2020", "tmtv_median", "first cohort"]
    assert "mm³" in notes["Review, figure 1", "tmtv", ""]
    assert "ambiguous" in notes["Wang & Galal 2019", "os_by_tmtv", ""]
    assert "11.1" in notes["ZUMA-1, 2 years", "dor_median", ""]
