"""Truth: law (toy biomarkers that keep or break one law each)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from carpet.core.anatomy import Anatomy
from carpet.core.body import Body
from carpet.core.errors import ContractError, NotMeasurable
from carpet.core.lesion import Lesion
from carpet.core.method import Method, declare
from carpet.core.record import Flagged
from carpet.core.space import Volume
from carpet.testing.contracts import check_biomarker


def declared(function: Callable[..., Any], unit: str) -> Method:
    function.__doc__ = "A toy."
    return declare("biomarker", "toy", unit=unit, source="none")(function)


def volume(lesions: Sequence[Lesion], suv: Volume) -> float:
    return sum(lesion.region.volume_ml for lesion in lesions)


def hottest(lesions: Sequence[Lesion], suv: Volume) -> float:
    if not lesions:
        raise NotMeasurable("NO_LESION")
    return float(max(lesion.region.values_of(suv).max() for lesion in lesions))


def to_liver(lesions: Sequence[Lesion], suv: Volume, *, anatomy: Anatomy) -> Flagged:
    if "liver" not in anatomy.references:
        raise NotMeasurable("LIVER_MISSING")
    liver = anatomy.references["liver"].values_of(suv).mean(dtype=np.float64)
    return Flagged(hottest(lesions, suv) / float(liver), ("toy",))


@pytest.mark.parametrize(("function", "unit"), [(volume, "mL"), (hottest, "g/mL"), (to_liver, "1")])
def test_good_biomarkers_pass(function: Callable[..., Any], unit: str) -> None:
    check_biomarker(declared(function, unit))


@pytest.mark.parametrize(
    ("function", "unit", "law"),
    [
        (volume, "g", "doubling SUV"),
        (hottest, "1", "doubling SUV"),
        (volume, "mm2", "stretching space"),
        (hottest, "g", "stretching space"),
    ],
)
def test_a_wrong_unit_is_caught(function: Callable[..., Any], unit: str, law: str) -> None:
    with pytest.raises(ContractError, match=law):
        check_biomarker(declared(function, unit))


def test_dependence_on_storage_order_is_caught() -> None:
    def slices(lesions: Sequence[Lesion], suv: Volume) -> float:
        return float(sum(lesion.region.mask.shape[0] for lesion in lesions))

    def first_voxel(lesions: Sequence[Lesion], suv: Volume) -> float:
        first = [lesion.region.centres_lps_mm()[0] for lesion in lesions]
        return float(np.linalg.norm(first[0] - first[-1])) if first else 0.0

    with pytest.raises(ContractError, match="storing"):
        check_biomarker(declared(slices, "{count}"))
    with pytest.raises(ContractError, match="storing"):
        check_biomarker(declared(first_voxel, "mm"))


def test_nan_and_crashes_without_lesions_are_caught() -> None:
    def nan(lesions: Sequence[Lesion], suv: Volume) -> float:
        return hottest(lesions, suv) if lesions else float("nan")

    def crash(lesions: Sequence[Lesion], suv: Volume) -> float:
        return float(max(lesion.region.values_of(suv).max() for lesion in lesions))

    def nothing(lesions: Sequence[Lesion], suv: Volume) -> float | None:
        return hottest(lesions, suv) if lesions else None

    with pytest.raises(ContractError, match="nan without lesions"):
        check_biomarker(declared(nan, "g/mL"))
    with pytest.raises(ContractError, match="ValueError without lesions"):
        check_biomarker(declared(crash, "g/mL"))
    with pytest.raises(ContractError, match="None without lesions"):
        check_biomarker(declared(nothing, "g/mL"))


def test_missing_anatomy_and_body_must_be_handled() -> None:
    def no_liver(lesions: Sequence[Lesion], suv: Volume, *, anatomy: Anatomy) -> float:
        return float(anatomy.references["liver"].values_of(suv).mean(dtype=np.float64))

    def per_metre(lesions: Sequence[Lesion], suv: Volume, *, body: Body) -> float:
        return 1.0 / float(body.height_m)  # type: ignore[arg-type]

    with pytest.raises(ContractError, match="KeyError without anatomy"):
        check_biomarker(declared(no_liver, "g/mL"))
    with pytest.raises(ContractError, match="TypeError without height and sex"):
        check_biomarker(declared(per_metre, "/m"))


def test_a_method_that_never_answers_or_answers_zero_cannot_pass() -> None:
    def never(lesions: Sequence[Lesion], suv: Volume) -> float:
        raise NotMeasurable("NEVER")

    def zero(lesions: Sequence[Lesion], suv: Volume) -> float:
        return 0.0

    with pytest.raises(ContractError, match="raises NotMeasurable with three lesions"):
        check_biomarker(declared(never, "mL"))
    with pytest.raises(ContractError, match="gives 0"):
        check_biomarker(declared(zero, "mL"))


def test_only_biomarkers() -> None:
    method = declare("segmenter", "toy", unit="1", source="none")(to_liver) if to_liver.__doc__ else declared(to_liver, "1")
    with pytest.raises(ContractError, match="not a biomarker"):
        check_biomarker(Method("segmenter", "toy", "1", method.unit, "A toy.", "none", volume, ()))
