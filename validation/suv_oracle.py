"""A second, slow and literal SUV engine written from METHODS §A alone, run against carpet.suv.quantify on generated headers.

    PYTHONPATH=src python validation/suv_oracle.py [--headers 20000] [--seed 1] [--all]

`oracle` imports nothing from carpet: plain Python, datetime and math, on a dict of facts with the names of core.study.PetFacts. Where
METHODS §A is silent it follows FAILURES rows 1–34. Codes are compared as well as numbers, so far as METHODS or FAILURES name them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import random
import statistics
from collections import Counter
from itertools import combinations
from typing import Any

Facts = dict[str, Any]
Verdict = tuple[list[float] | None, set[str]]  # SUVbw per stored integer for each slice (None: refused), codes

DAY = dt.timedelta(days=1)
HALF_LIVES_S = {"77004003": 6586.2, "35337001": 4057.7, "40565003": 1221.8, "63360001": 282240.0}  # F-18, Ga-68, C-11, Zr-89
F18 = "77004003"
FDG = "35321007"


class No(Exception):
    """A refusal, by its code."""


def oracle(f: Facts, *, named: str = "auto", repair: bool = False) -> Verdict:
    """METHODS A.3 from step 1 to step 7; every refusal ends it, so at most one refusing code is returned."""
    codes: set[str] = set()
    try:
        return _steps(f, codes, named, repair), codes
    except No as no:
        return None, codes | {str(no)}


def _steps(f: Facts, codes: set[str], named: str, repair: bool) -> list[float]:
    _series_gate(f)
    if f.get("tracer_code") != FDG:  # A.4
        codes.add("TRACER_NOT_FDG")
    kind, scale = _units(f, codes)
    _tokens(f, kind)
    if kind == "suv":
        return [s["slope"] * scale for s in f["slices"]]
    weight = _weight(f, codes)
    dose = _dose(f, codes)
    half_life, nuclide = _half_life(f, codes)
    lam = math.log(2) / half_life
    acquired = [s["acquired_at"] for s in f["slices"]]
    if any(t is None for t in acquired):
        raise No("ACQUISITION_TIME_MISSING")
    earliest = min(acquired)
    start = f["decay_correction"] == "START"
    t_ref = _reference(f, codes, lam, earliest, named) if start else earliest
    t_inj = _injection(f, codes, earliest, t_ref, half_life, repair)
    _window(codes, (t_ref - t_inj).total_seconds(), half_life, nuclide)
    out = []
    for s in f["slices"]:
        if f["decay_correction"] == "ADMIN":
            factor = weight * 1000 / dose
        elif start:
            factor = weight * 1000 / (dose * math.exp(-lam * (t_ref - t_inj).total_seconds()))
        else:
            if not s["frame_duration_ms"] or s["frame_duration_ms"] <= 0:
                raise No("TREF_UNKNOWN")
            t = s["frame_duration_ms"] / 1000
            factor = weight * 1000 / dose * lam * t / (1 - math.exp(-lam * t)) * math.exp(lam * (s["acquired_at"] - t_inj).total_seconds())
            codes.add("DECAY_NONE_CORRECTED")
        out.append(s["slope"] * scale * factor)
    return out


def _series_gate(f: Facts) -> None:
    """Step 1, of what the facts hold."""
    series_type = f.get("series_type")
    if not series_type or series_type[0] not in ("STATIC", "WHOLE BODY"):
        raise No("DYNAMIC_OR_GATED")
    if len(series_type) < 2 or series_type[1] != "IMAGE":
        raise No("DERIVED_IMAGE")
    if "ATTN" not in (f.get("corrected_image") or ()):
        raise No("NAC_SERIES")
    for s in f["slices"]:
        if s["slope"] is None or s["slope"] <= 0:
            raise No("SLOPE_MISSING")
        if s["intercept"] not in (None, 0.0):
            raise No("INTERCEPT_NONZERO")


def _units(f: Facts, codes: set[str]) -> tuple[str, float]:
    """Step 2: ("suv", SUVbw per stored × slope) or ("activity", Bq/mL per stored × slope)."""
    units, kind = f.get("units"), f.get("suv_type") or ""
    if units == "BQML":
        return "activity", 1.0
    if units == "CNTS":
        return _counts(f)
    if units == "GML":
        return "suv", _from_gml(f, codes, kind)
    if units != "CM2ML":
        raise No("UNITS_NOT_QUANTITATIVE" if units else "UNITS_MISSING")
    if kind not in ("", "BSA"):
        raise No("SUV_TYPE_UNSUPPORTED")
    weight = _weight(f, codes)
    height = _height(f, codes, weight)
    if height is None:
        raise No("BODY_FACT_NEEDED")
    return "suv", weight * 1000 / (0.007184 * (100 * height) ** 0.725 * weight**0.425 * 1e4)


def _counts(f: Facts) -> tuple[str, float]:
    suv, activity = f.get("philips_suv_factor") or 0.0, f.get("philips_activity_factor") or 0.0
    if suv < 0 or activity < 0:
        raise No("SCALE_UNREADABLE")
    if suv != 0 and f.get("decay_correction") != "NONE":
        return "suv", suv
    if activity != 0:
        return "activity", activity
    raise No("COUNTS_NOT_DECAYED" if suv else "COUNTS_WITHOUT_SCALE")


def _from_gml(f: Facts, codes: set[str], kind: str) -> float:
    if kind in ("", "BW"):
        return 1.0
    if kind not in ("LBM", "LBMJAMES128", "LBMJANMA", "IBW"):
        raise No("SUV_TYPE_UNSUPPORTED")
    weight = _weight(f, codes)
    return weight / _lean(kind, weight, _height(f, codes, weight), f.get("sex"))


def _tokens(f: Facts, kind: str) -> None:
    """Step 3, second half. Where the values are SUV already no decay is applied here, but the tokens must still not contradict."""
    correction, decayed = f.get("decay_correction"), "DECY" in (f.get("corrected_image") or ())
    if correction not in ("START", "ADMIN", "NONE"):
        if kind == "activity":
            raise No("DECAY_CORRECTION_UNKNOWN")
        return
    if decayed == (correction == "NONE"):
        raise No("DECAY_FLAG_CONFLICT")


def _lean(kind: str, w: float, height: float | None, sex: str | None) -> float:
    if height is None or sex not in ("M", "F"):
        raise No("BODY_FACT_NEEDED")
    h, m = 100 * height, sex == "M"
    if kind == "LBM":
        mass = 1.10 * w - 120 * (w / h) ** 2 if m else 1.07 * w - 148 * (w / h) ** 2
    elif kind == "LBMJAMES128":
        mass = 1.10 * w - 128 * (w / h) ** 2 if m else 1.07 * w - 148 * (w / h) ** 2
    elif kind == "LBMJANMA":
        bmi = w / height**2
        mass = 9270 * w / (6680 + 216 * bmi) if m else 9270 * w / (8780 + 244 * bmi)
    else:
        mass = 48.0 + 1.06 * (h - 152) if m else 45.5 + 0.91 * (h - 152)
    if mass <= 0:
        raise No("BODY_FACT_NEEDED")
    return mass


def _weight(f: Facts, codes: set[str]) -> float:
    """A.4, FAILURES 20 and 21."""
    w: float | None = f.get("weight_kg")
    if w is None or w <= 0:
        raise No("WEIGHT_MISSING")
    if w >= 1000:
        w /= 1000
        codes.add("WEIGHT_IN_GRAMS")
    height = _height(f, codes, w)
    if not 2 <= w <= 400 or (height is not None and not 10 <= w / height**2 <= 80):
        raise No("WEIGHT_IMPLAUSIBLE")
    if w < 20 or w > 300:
        codes.add("WEIGHT_UNUSUAL")
    return w


def _height(f: Facts, codes: set[str], weight: float) -> float | None:
    h: float | None = f.get("height_m")
    if h is None or h <= 0:
        codes.add("HEIGHT_MISSING")
        return None
    if h <= 3:
        return h
    if h > 260 or not 10 <= weight / (h / 100) ** 2 <= 80:
        raise No("WEIGHT_IN_SIZE")
    codes.add("HEIGHT_IN_CM")
    return h / 100


def _dose(f: Facts, codes: set[str]) -> float:
    d: float | None = f.get("dose")
    if d is None or d <= 0:
        raise No("DOSE_MISSING")
    if d >= 1e7:
        return d
    if 20 <= d < 1e5:
        codes.add("DOSE_MBQ")
        return d * 1e6
    raise No("DOSE_UNIT_AMBIGUOUS")


def _half_life(f: Facts, codes: set[str]) -> tuple[float, str]:
    """A.3, last paragraph; FAILURES 26 for other nuclides."""
    code, value = f.get("nuclide_code"), f.get("half_life_s")
    if value is None:
        if code not in HALF_LIVES_S:
            raise No("HALFLIFE_MISMATCH")
        codes.add("HALFLIFE_FROM_NUCLIDE")
        return HALF_LIVES_S[code], code
    for nuclide in [code] if code in HALF_LIVES_S else HALF_LIVES_S:
        if abs(value - HALF_LIVES_S[nuclide]) <= 0.01 * HALF_LIVES_S[nuclide]:
            return value, nuclide
    raise No("HALFLIFE_MISMATCH")


def _reference(f: Facts, codes: set[str], lam: float, earliest: dt.datetime, named: str) -> dt.datetime:
    """Step 4, the table and the paragraph below it."""
    passed = _explicit(f, codes, earliest)
    explicit = list(passed)
    back = _back_computed(f, lam)
    if back is not None:
        passed["back_computed"] = back
    said = f.get("number_of_slices")
    if said is not None and said <= len(f["slices"]):
        passed["earliest_acquisition"] = earliest
    if named != "auto":
        if named not in passed:
            raise No("TREF_UNKNOWN")
        return passed[named]
    if _cut_and_reset(f, passed, earliest):
        del passed["series_time"]
        explicit.remove("series_time")
    if not passed:
        raise No("TREF_UNKNOWN")
    _agreement(codes, max((_change(lam, passed[one], passed[other]) for one, other in combinations(explicit, 2)), default=0.0))
    rule = next(iter(passed))
    if rule in explicit and back is not None and _change(lam, passed[rule], back) > 0.01:
        codes.add("TREF_BACKCOMP_DISAGREE")
    if rule == "earliest_acquisition":
        codes.add("TREF_EARLIEST_ACQ")
    return passed[rule]


def _agreement(codes: set[str], change: float) -> None:
    if change > 0.10:
        raise No("TREF_DISAGREE, refused")
    if change > 0.01:
        codes.add("TREF_DISAGREE")


def _cut_and_reset(f: Facts, passed: dict[str, dt.datetime], earliest: dt.datetime) -> bool:
    """docs/decisions/0008: slices were cut away, and SeriesTime is what remained."""
    said, series, back = f.get("number_of_slices"), passed.get("series_time"), passed.get("back_computed")
    if said is None or said <= len(f["slices"]) or series is None or back is None:
        return False
    return back < earliest - dt.timedelta(seconds=60) and series >= earliest - dt.timedelta(seconds=1)


def _explicit(f: Facts, codes: set[str], earliest: dt.datetime) -> dict[str, dt.datetime]:
    """Ranks 1 to 3 that are there and pass, in this order."""
    passed: dict[str, dt.datetime] = {}
    stamp: dt.datetime | None = f.get("decay_reference_at")
    if stamp is not None and abs((stamp.date() - earliest.date()).days) <= 1:
        passed["decay_correction_datetime"] = stamp
    stamp = f.get("ge_scan_at")
    if stamp is not None and 0 <= (earliest - stamp).total_seconds() <= 6 * 3600:
        passed["ge_scan_datetime"] = stamp
    stamp = f.get("series_at")
    if stamp is not None and stamp <= earliest + dt.timedelta(seconds=1):
        passed["series_time"] = stamp
    elif stamp is not None:
        codes.add("SERIES_TIME_REWRITTEN")
    stamp = f.get("siemens_reference_at")  # docs/decisions/0008: METHODS only compares it
    if stamp is not None and 0 <= (earliest - stamp).total_seconds() <= 6 * 3600:
        passed["siemens_datetime"] = stamp
    return passed


def _change(lam: float, one: dt.datetime, other: dt.datetime) -> float:
    """Relative change of SUV between two reference times; beyond 100 half-lives the number does not matter."""
    return math.exp(min(lam * abs((one - other).total_seconds()), 100.0)) - 1


def _back_computed(f: Facts, lam: float) -> dt.datetime | None:
    times: list[dt.datetime] = []
    for s in f["slices"]:
        t, frt = s["frame_duration_ms"], s["frame_reference_ms"]
        if (f.get("manufacturer") or "").split(" ")[0] == "GE" and frt is not None:  # docs/decisions/0008: to the frame's start
            times.append(s["acquired_at"] - dt.timedelta(seconds=frt / 1000))
            continue
        if not t or t < 0 or frt is None:
            return None
        t, frt = t / 1000, frt / 1000
        mean_count = math.log(lam * t / (1 - math.exp(-lam * t))) / lam
        times.append(s["acquired_at"] + dt.timedelta(seconds=mean_count - frt))
    if (max(times) - min(times)).total_seconds() > 60:
        return None
    return times[0] + dt.timedelta(seconds=statistics.median([(t - times[0]).total_seconds() for t in times]))


def _injection(f: Facts, codes: set[str], earliest: dt.datetime, t_ref: dt.datetime, half_life: float, repair: bool) -> dt.datetime:
    """Step 5; FAILURES 2, 3 and 5."""
    full: dt.datetime | None = f.get("injected_at")
    clock: dt.time | None = f.get("injected_time")
    ge: dt.datetime | None = f.get("ge_injected_at")
    if full is not None:
        if clock is not None and abs((dt.datetime.combine(full.date(), clock) - full).total_seconds()) > 60:
            codes.add("START_CONFLICT")
        if abs((t_ref - full).total_seconds()) > 86400 and repair:
            moved = dt.datetime.combine(t_ref.date(), full.time())
            moved = moved - DAY if moved > t_ref else moved
            if (t_ref - moved).total_seconds() <= 6 * 3600:
                codes.add("DATE_SHIFT")
                return moved
        return full
    if clock is not None:
        if half_life >= 11.5 * 3600:
            raise No("DATE_REQUIRED")
        at = dt.datetime.combine(earliest.date(), clock)
        if at > t_ref:
            at -= DAY
            codes.add("MIDNIGHT")
        return at
    if ge is not None:
        return ge
    raise No("INJECTION_TIME_MISSING")


def _window(codes: set[str], uptake_s: float, half_life: float, nuclide: str) -> None:
    """Step 6; FAILURES 1 for other nuclides."""
    limit = 6 * 3600 if nuclide == F18 else 2 * half_life
    if not 0 < uptake_s <= limit:
        raise No("UPTAKE_IMPLAUSIBLE")
    if not 45 <= uptake_s / 60 <= 90:
        codes.add("UPTAKE_OUTSIDE_WINDOW")


# ---------------------------------------------------------------------------------------------------------------- headers


def header(rng: random.Random) -> Facts:
    """A valid header with jitter, then none to three defects."""
    base = dt.datetime(2024, 3, 5) + dt.timedelta(seconds=rng.choice([rng.randrange(86400), rng.randrange(-3600, 7200)]))
    bed_s, per_bed, beds = rng.choice([90, 120, 150, 180, 240]), rng.choice([1, 2]), rng.choice([1, 2, 5, 7])
    uptake = rng.choice([60, 60, 60, 70, 90, 45, 44.9, 90.1, 120, 359, 360, 361, 5]) * 60 + rng.choice([0, 0, rng.uniform(-60, 60)])
    half_life = rng.choice([6586.2, 6586.2, 6588.0, 6584.0, 6586.2 * 1.0099, 6586.2 * 0.9901])
    lam = math.log(2) / 6586.2
    slices = []
    maker = rng.choice(["SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "GEMINI", None])
    mean_count = math.log(lam * bed_s / (1 - math.exp(-lam * bed_s))) / lam
    jitter = rng.choice([0.0, 0.0, 0.3, 1.0, 20.0, 50.0])
    for bed in range(beds):
        for _ in range(per_bed):
            at = base + dt.timedelta(seconds=bed * bed_s + rng.uniform(0, jitter) * rng.choice([0, 1]))
            slices.append(
                {
                    "slope": rng.uniform(0.1, 3.0),
                    "intercept": rng.choice([0.0, 0.0, 0.0, None]),
                    "acquired_at": at.replace(microsecond=at.microsecond // 10000 * 10000),
                    "frame_reference_ms": (bed * bed_s + (0.0 if maker == "GE MEDICAL SYSTEMS" else mean_count)) * 1000,
                    "frame_duration_ms": bed_s * 1000.0,
                }
            )
    rng.shuffle(slices)
    injected = base - dt.timedelta(seconds=uptake)
    f: Facts = {
        "manufacturer": maker,
        "units": rng.choice(["BQML"] * 8 + ["GML", "GML", "CNTS", "CNTS", "CM2ML"]),
        "suv_type": None,
        "decay_correction": rng.choice(["START"] * 8 + ["ADMIN", "NONE"]),
        "series_type": ("WHOLE BODY", "IMAGE"),
        "weight_kg": rng.uniform(40, 130),
        "height_m": rng.uniform(1.5, 2.0),
        "sex": rng.choice(["M", "F"]),
        "dose": rng.uniform(1.5e8, 5e8),
        "half_life_s": half_life,
        "nuclide_code": rng.choice([F18, F18, None]),
        "tracer_code": FDG,
        "injected_at": injected,
        "injected_time": injected.time(),
        "series_at": base,
        "number_of_slices": len(slices),
        "slices": slices,
    }
    f["corrected_image"] = ("NORM", "SCAT", "ATTN") + (() if f["decay_correction"] == "NONE" else ("DECY",))
    if f["units"] == "GML":
        f["suv_type"] = rng.choice([None, "BW", "LBM", "LBMJAMES128", "LBMJANMA", "IBW"])
    if f["units"] == "CM2ML":
        f["suv_type"] = rng.choice([None, "BSA"])
    if f["units"] == "CNTS":
        f["philips_suv_factor"] = rng.choice([3.6e-4, 3.6e-4, 0.0, None])
        f["philips_activity_factor"] = rng.choice([0.938, 0.938, 0.0, None])
    _add_stamps(f, rng, base, injected)
    if rng.random() < 0.6:
        f[rng.choice(["injected_at", "injected_time"])] = None
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        rng.choice(DEFECTS)(f, rng)
    return f


def _add_stamps(f: Facts, rng: random.Random, base: dt.datetime, injected: dt.datetime) -> None:
    """Times that not every header has."""
    if rng.random() < 0.3:
        f["ge_scan_at"], f["ge_injected_at"] = base, injected
    if rng.random() < 0.15:
        f["decay_reference_at"] = base
    if rng.random() < 0.2:
        f["siemens_reference_at"] = base


def _shift(key: str, seconds: tuple[float, ...]) -> Any:
    def apply(f: Facts, rng: random.Random) -> None:
        if f.get(key) is not None:
            f[key] += dt.timedelta(seconds=rng.choice(seconds) * rng.choice([1, -1]))

    return apply


def _put(key: str, values: tuple[Any, ...]) -> Any:
    def apply(f: Facts, rng: random.Random) -> None:
        f[key] = rng.choice(values)

    return apply


def _in_slices(key: str, values: tuple[Any, ...]) -> Any:
    def apply(f: Facts, rng: random.Random) -> None:
        whole = rng.random() < 0.6
        value = rng.choice(values)
        for s in f["slices"] if whole else [rng.choice(f["slices"])]:
            s[key] = value

    return apply


def _no_dates(f: Facts, rng: random.Random) -> None:
    f["injected_at"] = f["injected_time"] = None


def _reset_frames(f: Facts, rng: random.Random) -> None:
    for s in f["slices"]:
        s["frame_reference_ms"] = rng.choice([0.0, s["frame_reference_ms"], (s["frame_reference_ms"] or 0.0) + 90_000])


def _no_explicit(f: Facts, rng: random.Random) -> None:
    for key in ("decay_reference_at", "ge_scan_at", "series_at", "siemens_reference_at"):
        f[key] = None


TIME_SHIFTS = (0.5, 1.0, 1.5, 30.0, 59.0, 61.0, 94.0, 96.0, 600.0, 905.0, 906.0, 3600.0, 21600.0, 21601.0, 86400.0, 31536000.0)
TEXTS = (("STATIC", "IMAGE"), ("DYNAMIC", "IMAGE"), ("GATED", "IMAGE"), ("WHOLE BODY", "REPROJECTION"), ("WHOLE BODY",), None)
TOKENS = (("ATTN",), ("DECY",), ("ATTN", "DECY"), ("NORM", "ATTN", "SCAT", "DECY"), None)
DEFECTS = (
    _put("units", ("BQML", "PROPCNTS", "CPS", "1CM", "bqml", None, "GML", "CNTS")),
    _put("suv_type", ("BSA", "LBM", "BW", "XYZ")),
    _put("decay_correction", ("START", "ADMIN", "NONE", "start", None)),
    _put("corrected_image", TOKENS),
    _put("series_type", TEXTS),
    _put("weight_kg", (None, 0.0, -1.0, 1.9, 2.0, 19.0, 301.0, 400.0, 401.0, 1000.0, 999.9, 75000.0)),
    _put("height_m", (None, 0.0, 0.5, 3.0, 3.1, 75.0, 150.0, 180.0, 260.0, 261.0, 1750.0)),
    _put("sex", ("O", None, "m")),
    _put("dose", (None, 0.0, 19.9, 20.0, 350.0, 99999.0, 1e5, 9.99e6, 1e7, -3.0)),
    _put("half_life_s", (None, 6500.0, 109.77, 4057.7, 1221.8, 282240.0, 0.0)),
    _put("nuclide_code", (None, "35337001", "80751004", "63360001", "40565003", "nonsense")),
    _put("tracer_code", (None, "126752001")),
    _put("philips_suv_factor", (None, 0.0, -1.0, 1e-4)),
    _put("philips_activity_factor", (None, 0.0, -1.0, 1.1)),
    _put("number_of_slices", (None, 1, 99)),
    _shift("injected_at", TIME_SHIFTS),
    _shift("series_at", TIME_SHIFTS),
    _shift("series_at", (50.0, 60.0, 100.0, 600.0)),
    _shift("ge_scan_at", TIME_SHIFTS),
    _shift("siemens_reference_at", TIME_SHIFTS),
    _shift("decay_reference_at", TIME_SHIFTS),
    _in_slices("slope", (None, 0.0, -1.0, 1.0)),
    _in_slices("intercept", (1.0, -1000.0, None)),
    _in_slices("acquired_at", (None,)),
    _in_slices("frame_duration_ms", (None, 0.0, -1.0, 1000.0)),
    _in_slices("frame_reference_ms", (None, 0.0, 90000.0)),
    _put("injected_time", (dt.time(23, 50), dt.time(0, 5), None)),
    _no_dates,
    _reset_frames,
    _no_explicit,
    _no_explicit,
)


# ------------------------------------------------------------------------------------------------------------- comparison

COMPARED = frozenset(
    (
        "TRACER_NOT_FDG",
        "WEIGHT_IN_GRAMS",
        "WEIGHT_UNUSUAL",
        "HEIGHT_IN_CM",
        "DOSE_MBQ",
        "HALFLIFE_FROM_NUCLIDE",
        "SERIES_TIME_REWRITTEN",
        "TREF_DISAGREE",
        "TREF_BACKCOMP_DISAGREE",
        "TREF_EARLIEST_ACQ",
        "START_CONFLICT",
        "MIDNIGHT",
        "DATE_SHIFT",
        "UPTAKE_OUTSIDE_WINDOW",
        "DECAY_NONE_CORRECTED",
    )
)

BODY = frozenset({"WEIGHT_IN_GRAMS", "WEIGHT_UNUSUAL", "HEIGHT_IN_CM"})


def engine(f: Facts, named: str, repair: bool) -> tuple[list[float] | None, set[str], set[str]]:
    """carpet's answer: factors or None, refusing codes, flags."""
    from carpet.core.protocol import SuvProtocol
    from carpet.core.study import Fact, PetFacts, SliceFacts
    from carpet.suv import quantify

    slices = tuple(SliceFacts(sop_instance_uid=str(n), **s) for n, s in enumerate(f["slices"]))
    facts = {key: Fact(value, key) for key, value in f.items() if key != "slices" and value is not None}
    protocol = SuvProtocol(reference_time=named, repair_date_shift=repair)
    got = quantify(PetFacts(slices=slices, **facts), protocol)
    factors = None if got.slice_factors is None else [float(x) for x in got.slice_factors]
    refused = {"TREF_DISAGREE, refused" if n.code == "TREF_DISAGREE" else n.code for n in got.refusals}  # the same code also flags
    return factors, refused, {n.code for n in got.flags}


def compare(f: Facts, named: str, repair: bool) -> str:
    """How they differ; empty when both agree."""
    mine, codes = oracle(f, named=named, repair=repair)
    try:
        theirs, refusals, flags = engine(f, named, repair)
    except Exception as error:  # quantify promises to raise nothing
        return f"ENGINE CRASHES: {type(error).__name__}, oracle {'gives a number' if mine else sorted(codes - COMPARED)}"
    if mine is None and theirs is None:
        refusing = codes - COMPARED - {"HEIGHT_MISSING"}
        return "" if refusing & refusals else f"both refuse, but the engine does not name {sorted(refusing)}"
    if mine is None:
        return f"ORACLE refuses {sorted(codes - COMPARED - {'HEIGHT_MISSING'})}, engine gives a number"
    if theirs is None:
        return f"ENGINE refuses {sorted(refusals)}, oracle gives a number"
    off = max(abs(a / b - 1) for a, b in zip(mine, theirs, strict=True))
    if off > 1e-9:
        return f"NUMBERS differ by {'more' if off > 1e-3 else 'less'} than 0.1 %"
    compared = COMPARED - BODY if f["units"] in ("GML", "CNTS") else COMPARED  # not read here where no weight is needed
    if codes & compared != flags & compared:
        return f"flags: only oracle {sorted(codes & compared - flags)}, only engine {sorted(flags & compared - codes)}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--headers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="print every disagreement, not one example of each kind")
    args = parser.parse_args()
    rng = random.Random(args.seed)  # noqa: S311 - headers, not secrets
    kinds: Counter[str] = Counter()
    numbers = 0
    for n in range(args.headers):
        f = header(rng)
        named = rng.choice(
            ["auto"] * 12 + ["series_time", "ge_scan_datetime", "siemens_datetime", "back_computed", "decay_correction_datetime"]
        )
        repair = rng.random() < 0.2
        numbers += oracle(f, named=named, repair=repair)[0] is not None
        said = compare(f, named, repair)
        if not said:
            continue
        kinds[said] += 1
        if args.all or kinds[said] == 1:
            rest = {key: str(value) for key, value in f.items() if key != "slices" and value is not None}
            print(f"header {n}: {said}\n    named={named} repair={repair} {rest}\n    slice 1 of {len(f['slices'])}: {f['slices'][0]}")
    print(f"\n{args.headers} headers, seed {args.seed}: the oracle gives a number for {numbers}; {args.headers - kinds.total()} agree")
    for said, count in kinds.most_common():
        print(f"{count:6d}  {said}")


if __name__ == "__main__":
    main()
