"""The contract every biomarker must pass: its unit, no dependence on storage order, an answer or a reason when nothing is there."""

from __future__ import annotations

import math
import numbers

from carpet.core.body import Body
from carpet.core.errors import CarpetError, ContractError, NotMeasurable
from carpet.core.method import Method
from carpet.core.protocol import BiomarkerProtocol
from carpet.core.record import Flagged
from carpet.testing.blocks import BODY, BlockScene, block_scene

SUV_FACTOR = 2.0  # exact in floating point
STRETCH = 1.25  # > 1, so that the fixed sphere of SUVpeak still fits into the hot cores
STORAGE_ORDERS = ("IPL", "SAL", "SPR", "IAR", "SLP", "LPS", "PRI", "AIL", "RSA")
SAME_REL = 1e-9  # sums in another order differ by rounding only
FAULTS = (ArithmeticError, AssertionError, AttributeError, CarpetError, LookupError, RuntimeError, TypeError, ValueError)
SCALE_REL = 1e-6  # surfaces may be meshed in float32


def check_biomarker(method: Method) -> None:
    """Raise ContractError where a biomarker breaks a law, saying which and with which numbers; return None when it keeps all.

    Laws: (unit) doubling SUV multiplies by 2 ** unit.uptake, stretching the patient by s multiplies by s ** unit.length; (storage)
    flipping or permuting the stored axes changes nothing; (empty) without lesions, anatomy or body facts there is a finite number or
    NotMeasurable, never NaN, None or another exception.
    """
    if method.kind != "biomarker":
        raise ContractError(f"{method.name} is a {method.kind}, not a biomarker")
    scene = block_scene()
    value = _number(method, scene, "with three lesions and complete anatomy")
    unit = method.unit
    if value == 0.0 and (unit.uptake or unit.length):
        raise ContractError(f"{method.name}: gives 0 for three lesions, so its unit {unit.ucum} cannot be tested")
    doubled = _number(method, scene.with_suv_times(SUV_FACTOR), "with doubled SUV")
    _compare(method, "doubling SUV", value, doubled, SUV_FACTOR**unit.uptake, SAME_REL)
    grown = _number(method, scene.stretched(STRETCH), f"stretched by {STRETCH}")
    _compare(method, f"stretching space by {STRETCH}", value, grown, STRETCH**unit.length, SCALE_REL)
    for orientation in STORAGE_ORDERS:
        turned = _number(method, scene.stored_as(orientation), f"stored as {orientation}")
        _compare(method, f"storing (k, j, i) as {orientation} instead of SPL", value, turned, 1.0, SAME_REL)
    _number_or_reason(method, scene.with_lesions(0), "without lesions")
    _number_or_reason(method, scene.with_lesions(1), "with one lesion")
    _number_or_reason(method, scene.without_anatomy(), "without anatomy")
    _number_or_reason(method, scene.with_body(Body(BODY.weight_kg, None, None)), "without height and sex")
    _number_or_reason(method, scene.with_body(None), "without weight, height and sex")


def _number(method: Method, scene: BlockScene, when: str) -> float:
    value = _number_or_reason(method, scene, when)
    if value is None:
        raise ContractError(f"{method.name}: raises NotMeasurable {when}, where all it may ask for is given")
    return value


def _number_or_reason(method: Method, scene: BlockScene, when: str) -> float | None:
    """The finite number, None for NotMeasurable; ContractError for anything else."""
    try:
        value = method(scene.lesions, scene.suv, body=scene.body, anatomy=scene.anatomy, options=BiomarkerProtocol())
    except NotMeasurable:
        return None
    except FAULTS as error:
        raise ContractError(f"{method.name}: {type(error).__name__} {when}: {error}") from error
    if isinstance(value, Flagged):
        value = value.value
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ContractError(f"{method.name}: gives {value!r} {when}; a biomarker gives a number or raises NotMeasurable")
    if not math.isfinite(value):
        raise ContractError(f"{method.name}: gives {float(value)} {when}; where there is no number it raises NotMeasurable")
    return float(value)


def _compare(method: Method, law: str, before: float, after: float, factor: float, tolerance: float) -> None:
    if not math.isclose(after, before * factor, rel_tol=tolerance, abs_tol=0.0):
        raise ContractError(
            f"{method.name} [{method.unit.ucum}]: {law} should multiply the value by {factor:g}, "
            f"but {before!r} became {after!r} (× {after / before if before else math.nan:g})"
        )
