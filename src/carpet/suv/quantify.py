"""The whole decision: from what a series says of itself to one SUVbw factor a slice, or to the refusals (docs/decisions/0008)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carpet.core.body import Body
from carpet.core.errors import Notice, Severity
from carpet.core.protocol import SuvProtocol
from carpet.core.study import Fact, PetFacts
from carpet.suv import notices
from carpet.suv.clock import SIX_HOURS_S, Reference, earliest_acquisition, injection_time, reference_time
from carpet.suv.decay_factor import decay_factor_check
from carpet.suv.nuclide import HalfLife, half_life, tracer_flags
from carpet.suv.patient import body_of, dose_bq
from carpet.suv.stored import Stored, stored_as, suv_scale

CORRECTIONS = ("START", "ADMIN", "NONE")
SIX_HOUR_NUCLIDES = frozenset({"F-18"})
HALF_LIVES_ALLOWED = 2.0


@dataclass(frozen=True)
class Quantification:
    """How stored values become SUVbw.

    slice_factors: (slices,) SUVbw per stored integer, slope included; None when refused.
    factor_bw_per_bqml: SUVbw per Bq/mL, None when the stored values are SUV already or slices need different factors.
    """

    slice_factors: NDArray[np.float64] | None
    factor_bw_per_bqml: float | None
    per_slice_bw_per_bqml: tuple[float, ...]
    reference: Reference
    injected_at: dt.datetime | None
    uptake_s: float | None
    body: Body | None
    half_life: HalfLife | None
    dose_bq: float | None
    units: str
    facts_used: tuple[tuple[str, str, str, str], ...] = ()
    refusals: tuple[Notice, ...] = ()
    flags: tuple[Notice, ...] = ()

    @property
    def quantifiable(self) -> bool:
        return self.slice_factors is not None and not self.refusals


def quantify(facts: PetFacts, protocol: SuvProtocol, *, weight_kg: float | None = None) -> Quantification:
    """Decide. Nothing is raised: a series that cannot be quantified carries its refusals. `weight_kg`: given by the user."""
    stored, found = stored_as(facts)
    slopes, slope_found = _slopes(facts)
    body, body_found = body_of(facts, weight_kg)
    found += slope_found + tracer_flags(facts)
    decay, per_unit = NO_DECAY, None
    if stored is Stored.ACTIVITY:
        decay, more = _decay(facts, body, protocol)
        found += body_found + more
        per_unit = None if decay.per_slice is None else decay.per_slice * _activity_scale(facts)
    elif stored is not None:
        needs_weight = stored not in (Stored.SUV_BW, Stored.COUNTS_SUV)
        scale, more = suv_scale(stored, facts, body, protocol)
        found += (body_found if needs_weight else _softened(body_found)) + more + _decay_tokens(facts, suv_is_stored=True)
        found += _stored_uptake(facts, protocol)
        per_unit = None if scale is None else np.full(len(facts.slices), scale)
    factors = slopes * per_unit if slopes is not None and per_unit is not None else None
    refusals = tuple(notice for notice in found if notice.severity == "E")
    return Quantification(
        slice_factors=None if refusals else factors,
        factor_bw_per_bqml=None if refusals else decay.factor,
        per_slice_bw_per_bqml=() if refusals or decay.factor is not None or decay.per_slice is None else tuple(decay.per_slice.tolist()),
        reference=decay.reference,
        injected_at=decay.injected.value if decay.injected else None,
        uptake_s=decay.uptake_s,
        body=body,
        half_life=decay.half_life,
        dose_bq=decay.dose_bq,
        units=facts.units.value if facts.units else "",
        facts_used=_facts_used(facts, decay),
        refusals=refusals,
        flags=tuple(notice for notice in found if notice.severity != "E"),
    )


NO_REFERENCE = Reference(None, None)


@dataclass(frozen=True)
class _Decay:
    """The road from activity: `factor` and `per_slice` are SUVbw per Bq/mL."""

    half_life: HalfLife | None = None
    dose_bq: float | None = None
    reference: Reference = NO_REFERENCE
    injected: Fact[dt.datetime] | None = None
    uptake_s: float | None = None
    factor: float | None = None
    per_slice: NDArray[np.float64] | None = None


NO_DECAY = _Decay()


def _slopes(facts: PetFacts) -> tuple[NDArray[np.float64] | None, tuple[Notice, ...]]:
    for number, one in enumerate(facts.slices, start=1):
        if one.slope is None or one.slope <= 0:
            return None, (notices.SLOPE_MISSING.at("(0028,1053)", f"slice {number}: {one.slope}"),)
        if one.intercept:
            return None, (notices.INTERCEPT_NONZERO.at("(0028,1052)", f"slice {number}: {one.intercept:g}"),)
    return np.array([one.slope for one in facts.slices], dtype=np.float64), ()


def _activity_scale(facts: PetFacts) -> float:
    """Bq/mL per stored × slope: 1 for BQML, the Philips activity factor for counts."""
    if facts.units and facts.units.value == "CNTS" and facts.philips_activity_factor:
        return facts.philips_activity_factor.value
    return 1.0


def _decay(facts: PetFacts, body: Body | None, protocol: SuvProtocol) -> tuple[_Decay, tuple[Notice, ...]]:
    """SUVbw per Bq/mL, for all slices or for each."""
    life, found = half_life(facts)
    dose, more = dose_bq(facts)
    found += more
    found += _decay_tokens(facts, suv_is_stored=False)
    correction = facts.decay_correction.value if facts.decay_correction else ""
    nothing = _Decay(life, dose)
    if life is None or correction not in CORRECTIONS:
        return nothing, found
    reference, more = _reference(facts, correction, life.seconds, protocol)
    found += more
    if reference.at is None:
        return _Decay(life, dose, reference), found
    injected, more = injection_time(facts, reference.at, life.seconds, protocol)
    found += more
    if injected is None:
        return _Decay(life, dose, reference), found
    uptake_s = (reference.at - injected.value).total_seconds()
    implausible = _uptake(uptake_s, life, protocol)
    found += implausible + decay_factor_check(facts, injected.value if correction == "ADMIN" else reference.at, life.seconds)
    factor, per_slice, more = None, None, ()
    if body is not None and dose is not None and not any(notice.severity == "E" for notice in implausible):
        factor, per_slice, more = _factors(facts, correction, body.weight_kg, dose, life.seconds, uptake_s, injected.value)
    return _Decay(life, dose, reference, injected, uptake_s, factor, per_slice), found + more


def _decay_tokens(facts: PetFacts, *, suv_is_stored: bool) -> tuple[Notice, ...]:
    """DecayCorrection and CorrectedImage must tell the same story; stored SUV must not be undecayed."""
    correction = facts.decay_correction.value if facts.decay_correction else ""
    decayed = bool(facts.corrected_image and "DECY" in facts.corrected_image.value)
    if correction not in CORRECTIONS:
        if suv_is_stored and not correction:
            return ()
        return (notices.DECAY_CORRECTION_UNKNOWN.at("(0054,1102)", correction or "absent"),)
    if decayed == (correction == "NONE"):
        state = "with DECY" if decayed else "without DECY"
        return (notices.DECAY_FLAG_CONFLICT.at("(0054,1102) (0028,0051)", f"{correction} {state}"),)
    return (notices.NOT_DECAYED.at("(0054,1102)", correction),) if suv_is_stored and correction == "NONE" else ()


def _stored_uptake(facts: PetFacts, protocol: SuvProtocol) -> tuple[Notice, ...]:
    """Where SUV is stored no time is needed; an uptake time outside the window is flagged all the same, if it can be told."""
    life, _ = half_life(facts)
    if life is None:
        return ()
    reference, _ = reference_time(facts, life.seconds, protocol)
    injected, _ = injection_time(facts, reference.at, life.seconds, protocol) if reference.at else (None, ())
    if reference.at is None or injected is None:
        return ()
    minutes = (reference.at - injected.value).total_seconds() / 60
    low, high = protocol.uptake_window_min
    return () if low <= minutes <= high else (notices.UPTAKE_OUTSIDE_WINDOW.at("injection and scan time", f"{minutes:.1f} min"),)


def _softened(found: tuple[Notice, ...]) -> tuple[Notice, ...]:
    """The same findings where the number does not need them: a refusal becomes a flag."""
    return tuple(replace(notice, severity=Severity.WARNING) if notice.severity is Severity.ERROR else notice for notice in found)


def _reference(facts: PetFacts, correction: str, half_life_s: float, protocol: SuvProtocol) -> tuple[Reference, tuple[Notice, ...]]:
    """START by the ranked procedure; ADMIN and NONE need only the first acquisition, for the uptake time."""
    if correction == "START":
        return reference_time(facts, half_life_s, protocol)
    earliest = earliest_acquisition(facts)
    if earliest is None:
        return Reference(None, None), (notices.ACQUISITION_TIME_MISSING.at("(0008,0022) (0008,0032)", "absent in a slice"),)
    rule = "administration" if correction == "ADMIN" else "each_slice"
    return Reference(rule, earliest, {"earliest_acquisition": earliest}), ()


def _uptake(uptake_s: float, life: HalfLife, protocol: SuvProtocol) -> tuple[Notice, ...]:
    limit_s = SIX_HOURS_S if life.nuclide in SIX_HOUR_NUCLIDES else HALF_LIVES_ALLOWED * life.seconds
    found = f"{uptake_s / 60:.1f} min"
    if not 0 < uptake_s <= limit_s:
        return (notices.UPTAKE_IMPLAUSIBLE.at("injection and scan time", found),)
    low, high = protocol.uptake_window_min
    return () if low <= uptake_s / 60 <= high else (notices.UPTAKE_OUTSIDE_WINDOW.at("injection and scan time", found),)


def _factors(
    facts: PetFacts,
    correction: str,
    weight_kg: float,
    dose: float,
    half_life_s: float,
    uptake_s: float,
    injected_at: dt.datetime,
) -> tuple[float | None, NDArray[np.float64] | None, tuple[Notice, ...]]:
    slices = len(facts.slices)
    if correction != "NONE":
        remaining = dose * 2.0 ** (-uptake_s / half_life_s) if correction == "START" else dose
        factor = weight_kg * 1000.0 / remaining
        return factor, np.full(slices, factor), ()
    decay = math.log(2.0) / half_life_s
    factors = np.empty(slices)
    for k, one in enumerate(facts.slices):
        if one.acquired_at is None or not one.frame_duration_ms or one.frame_duration_ms <= 0:
            return None, None, (notices.TREF_UNKNOWN.at("(0018,1242)", f"slice {k + 1} has no frame duration"),)
        exposure = decay * one.frame_duration_ms / 1000.0
        since_s = (one.acquired_at - injected_at).total_seconds()
        factors[k] = weight_kg * 1000.0 / dose * exposure / -math.expm1(-exposure) * math.exp(decay * since_s)
    return None, factors, (notices.DECAY_NONE_CORRECTED.at("(0054,1102)", "NONE"),)


def _facts_used(facts: PetFacts, decay: _Decay) -> tuple[tuple[str, str, str, str], ...]:
    """(name, value, unit, read from) of everything the number rests on, for the quality page."""
    rows = []
    for name, unit in FACT_UNITS.items():
        fact = getattr(facts, name)
        if fact is not None:
            rows.append((name, _as_text(fact.value), unit, fact.read_from))
    if decay.half_life:
        rows.append(("half_life_used", f"{decay.half_life.seconds:g} ({decay.half_life.nuclide})", "s", decay.half_life.read_from))
    return tuple(rows)


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return "\\".join(value)
    return value.isoformat() if isinstance(value, dt.datetime | dt.time) else str(value)


FACT_UNITS = {
    "units": "",
    "suv_type": "",
    "decay_correction": "",
    "corrected_image": "",
    "series_type": "",
    "manufacturer": "",
    "model": "",
    "reconstruction": "",
    "weight_kg": "kg",
    "height_m": "m",
    "sex": "",
    "dose": "Bq",
    "half_life_s": "s",
    "nuclide_code": "",
    "tracer_code": "",
    "injected_at": "",
    "injected_time": "",
    "decay_reference_at": "",
    "series_at": "",
    "ge_scan_at": "",
    "siemens_reference_at": "",
    "philips_suv_factor": "",
    "philips_activity_factor": "",
}
