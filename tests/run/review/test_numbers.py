"""Truth: the whole pipeline. After any edits the numbers are those that `carpet measure` computes of the same regions from the start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carpet.core.lesion import Status
from carpet.core.record import Measurement
from carpet.review.edits import Add, Brush, Edit, Merge, Numbered, Reference, SetSite, SetStatus, Split, Standing
from carpet.run.pipeline import Result, Surveyed, measured_study
from carpet.run.review.applied import edited
from carpet.run.review.numbers import SHOWN, STEPS, Meter, Numbers
from carpet.run.review.room import Room

METHODS = ("suv4.0", "max41", "liver_mean")
STATUSES = st.sampled_from(["disease", "physiologic", "undecided"])


@pytest.fixture(scope="module")
def base(first_room: Room) -> Surveyed:
    return first_room.scans.opened(first_room.study(first_room.history.case("A/TT"))).surveyed


def by_pipeline(one: Surveyed) -> Result:
    relabelled = tuple(replace(lesion, label=n) for n, lesion in enumerate(one.lesions, start=1))
    return measured_study(replace(one, lesions=relabelled))


def told(result: Result | Numbers, names: tuple[str, ...]) -> dict[tuple[str, str], float | str]:
    """(of, name) → number, or why there is none; by the main method."""
    segmenter = result.segmenter if isinstance(result, Result) else result.surveyed.segmenter
    values = [one for one in result.values if one.segmenter == segmenter and (one.of != "patient" or one.name in names)]
    return {(one.of, one.name): one.value if isinstance(one, Measurement) else one.reason for one in values}


def with_method(base: Surveyed, method: str) -> Surveyed:
    protocol = base.protocol.model_copy(update={"segment": base.protocol.segment.model_copy(update={"method": method})})
    return replace(base, protocol=protocol, segmenter=method)


def numbered(*edits: Edit) -> Standing:
    return tuple(Numbered(n, edit) for n, edit in enumerate(edits, start=1))


@pytest.mark.parametrize("method", METHODS)
def test_the_machines_own_result_is_the_pipelines(base: Surveyed, method: str) -> None:
    one = with_method(base, method)
    assert told(Meter(one).numbers(one), SHOWN) == told(by_pipeline(one), SHOWN)


@settings(max_examples=12)
@given(
    changes=st.lists(st.tuples(st.integers(0, 30), STATUSES), max_size=6),
    method=st.sampled_from(METHODS),
)
def test_whatever_is_toggled_the_pipeline_says_the_same(base: Surveyed, changes: list[tuple[int, str]], method: str) -> None:
    """One meter for a whole row of edits: what it keeps of earlier ones must not show."""
    one = with_method(base, method)
    meter, edits = Meter(one), list[Edit]()
    for which, status in changes:
        edits.append(SetStatus(lesion=one.lesions[which % len(one.lesions)].id, status=status))  # type: ignore[arg-type]
        now = edited(one, numbered(*edits), reader="Rea")
        assert told(meter.numbers(now, numbered(*edits)), SHOWN) == told(by_pipeline(now), SHOWN)


def drawn_edits(base: Surveyed) -> tuple[Edit, ...]:
    disease = [one for one in base.lesions if one.status is Status.DISEASE]
    first, second = disease[0], disease[1]
    centres = first.region.centres_lps_mm()
    seeds = tuple(tuple(map(float, centres[n])) for n in (0, -1))
    liver = tuple(map(float, base.anatomy.references["liver"].centroid_lps_mm))
    at = tuple(map(float, second.region.centroid_lps_mm))
    return (
        Brush(points_lps_mm=(at,), radius_mm=14.0, lesion=second.id),  # type: ignore[arg-type]
        Split(lesion=first.id, seeds_lps_mm=seeds),  # type: ignore[arg-type]
        Brush(points_lps_mm=(liver,), radius_mm=12.0),  # type: ignore[arg-type]
        SetSite(lesion=second.id, site="hilar"),
        Reference(which="liver", centre_lps_mm=liver),  # type: ignore[arg-type]
        Merge(lesions=(first.id, second.id)),
    )


@pytest.mark.parametrize("method", METHODS)
def test_regions_drawn_by_hand_stay_as_drawn_and_are_measured_alike(base: Surveyed, method: str) -> None:
    one = with_method(base, method)
    meter, edits = Meter(one), drawn_edits(base)
    for number in range(1, len(edits) + 1):
        now = edited(one, numbered(*edits[:number]), reader="Rea")
        found = meter.numbers(now, numbered(*edits[:number]))
        assert told(found, SHOWN) == told(by_pipeline(now), SHOWN)
        outlines = {lesion.id: lesion.region for lesion in found.lesions}
        for lesion in now.lesions:
            if lesion.id in now.by_hand:
                assert np.array_equal(outlines[lesion.id].mask, lesion.region.mask)


def test_the_benchmark_steps_add_up_by_hand(base: Surveyed) -> None:
    """A region taken out in TMTV1, one drawn in TMTV3: volumes by counting voxels."""
    disease = [one for one in base.lesions if one.status is Status.DISEASE]
    whole = sum(one.region.volume_ml for one in disease)
    centre = tuple(map(float, base.anatomy.references["liver"].centroid_lps_mm))
    edits = numbered(SetStatus(lesion=disease[0].id, status="physiologic"), Brush(points_lps_mm=(centre,), radius_mm=10.0))  # type: ignore[arg-type]
    now = edited(base, edits, reader="Rea")
    steps = {step.name: (step.volume_ml, step.clicks) for step in Meter(base).numbers(now, edits).steps}
    left, ball = whole - disease[0].region.volume_ml, now.lesions[-1].region.volume_ml
    assert tuple(steps) == tuple(STEPS)
    assert steps["TMTV1"] == (pytest.approx(left), 1)
    assert steps["TMTV2"] == (pytest.approx(left), 0)
    assert steps["TMTV3"] == (pytest.approx(left + ball), 1)
    assert steps["TMTV4"] == (pytest.approx(left + ball), 0)


def test_a_small_lesion_counts_in_the_last_step_alone(base: Surveyed) -> None:
    """Where a region is not there at all, a click brings it back: TMTV4 has it, TMTV3 has not."""
    lost = next(one for one in base.lesions if one.status is Status.DISEASE)
    rest = replace(base, lesions=tuple(one for one in base.lesions if one is not lost))
    point = tuple(map(float, lost.region.centres_lps_mm()[0]))
    edits = numbered(Add(point_lps_mm=point))  # type: ignore[arg-type]
    steps = {step.name: step.volume_ml for step in Meter(rest).numbers(edited(rest, edits, reader="Rea"), edits).steps}
    assert steps["TMTV4"] - steps["TMTV3"] == pytest.approx(lost.region.volume_ml)
    assert steps["TMTV3"] == steps["TMTV1"]
