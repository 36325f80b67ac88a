"""When was the tracer injected, and to which moment are the voxels decay-corrected? (docs/decisions/0008)"""

from __future__ import annotations

import datetime as dt
import math
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from carpet.core.errors import Notice
from carpet.core.protocol import SuvProtocol
from carpet.core.study import Fact, PetFacts
from carpet.suv import notices

SIX_HOURS_S = 6 * 3600.0
DAY = dt.timedelta(days=1)
AFTER_ACQUISITION_S = 1.0  # rounding of a stamp that is the first acquisition
BACK_COMPUTED_SPREAD_S = 60.0
START_CONFLICT_S = 60.0
SAME_START_S = 60.0
DISAGREE, CONFLICT = 0.01, 0.10  # of SUV
MOST_HALF_LIVES = 100.0  # beyond, a difference is absurd whatever its size (dates shifted by years)
SHORT_LIVED_S = 11.5 * 3600.0  # below, an injection without a date is on the scan's day or the day before

GE = re.compile(r"GE\b")  # as the manufacturer writes itself: GE MEDICAL SYSTEMS, GE HEALTHCARE

RANKED = ("decay_correction_datetime", "ge_scan_datetime", "series_time", "siemens_datetime", "back_computed", "earliest_acquisition")
EXPLICIT = RANKED[:4]
PRIVATE = ("ge_scan_datetime", "siemens_datetime")


@dataclass(frozen=True)
class Reference:
    """The decay reference time, how it was chosen, and what else was there."""

    rule: str | None
    at: dt.datetime | None
    candidates: Mapping[str, dt.datetime] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)


def mean_count_offset_s(duration_s: float, half_life_s: float) -> float:
    """From the start of a frame to the moment at which activity equals its mean over the frame: (1/λ) ln(λT/(1−e^{−λT}))."""
    decay = math.log(2.0) / half_life_s
    return math.log(decay * duration_s / -math.expm1(-decay * duration_s)) / decay


def earliest_acquisition(facts: PetFacts) -> dt.datetime | None:
    times = [one.acquired_at for one in facts.slices]
    return min(time for time in times if time is not None) if times and None not in times else None


def reference_time(facts: PetFacts, half_life_s: float, protocol: SuvProtocol) -> tuple[Reference, tuple[Notice, ...]]:
    """The reference time of DecayCorrection START: the first candidate, by rank, that is there and passes its test."""
    earliest = earliest_acquisition(facts)
    if earliest is None:
        return Reference(None, None), (notices.ACQUISITION_TIME_MISSING.at("(0008,0022) (0008,0032)", "absent in a slice"),)
    candidates, rejected, found = _candidates(facts, half_life_s, earliest)
    valid = {name: at for name, at in candidates.items() if name not in rejected}
    named = protocol.reference_time
    if named != "auto":
        if named not in valid:
            why = rejected.get(named, "no such time here")
            return Reference(None, None, candidates, rejected), (*found, notices.TREF_UNKNOWN.at("protocol", f"{named}: {why}"))
        return Reference(named, candidates[named], candidates, rejected), (*found, notices.TREF_BY_NAME.at("protocol", named))
    if _restarted(facts, candidates, rejected):
        rejected["series_time"] = "the first acquisition here, but slices are missing and their frame times point to an earlier start"
        del valid["series_time"]
    rule = next((name for name in RANKED if name in valid), None)
    if rule is None:
        reasons = "; ".join(f"{name}: {why}" for name, why in rejected.items()) or "no time stamp at all"
        return Reference(None, None, candidates, rejected), (*found, notices.TREF_UNKNOWN.at("times", reasons))
    reference = Reference(rule, valid[rule], candidates, rejected)
    found += _disagreements(rule, valid, half_life_s) + _unconfirmed(rule, valid, earliest, half_life_s)
    return reference, (*found, *_remarks(rule, valid, earliest, incomplete=_incomplete(facts)))


def _candidates(
    facts: PetFacts, half_life_s: float, earliest: dt.datetime
) -> tuple[dict[str, dt.datetime], dict[str, str], tuple[Notice, ...]]:
    """All candidates, the reason for each that fails its test, and flags about them."""
    stamps = {
        name: fact
        for name, fact in zip(
            EXPLICIT, (facts.decay_reference_at, facts.ge_scan_at, facts.series_at, facts.siemens_reference_at), strict=True
        )
        if fact is not None
    }
    candidates = {name: fact.value for name, fact in stamps.items()}
    rejected, found = _failed_stamps(stamps, earliest)
    computed, spread_s = _back_computed(facts, half_life_s)
    if computed is not None:
        candidates["back_computed"] = computed
        if spread_s > BACK_COMPUTED_SPREAD_S:
            rejected["back_computed"] = f"spread of {spread_s:.0f} s over the slices"
    candidates["earliest_acquisition"] = earliest
    if facts.number_of_slices is None or facts.number_of_slices.value > len(facts.slices):
        rejected["earliest_acquisition"] = "the series is not known to be complete: the first bed may be missing"
    return candidates, rejected, found


def _incomplete(facts: PetFacts) -> bool:
    return facts.number_of_slices is not None and facts.number_of_slices.value > len(facts.slices)


def _restarted(facts: PetFacts, candidates: Mapping[str, dt.datetime], rejected: Mapping[str, str]) -> bool:
    """True where the first bed was cut away and SeriesTime set to the first acquisition that remained."""
    if (
        not _incomplete(facts)
        or "series_time" not in candidates
        or "back_computed" not in candidates
        or rejected.keys() & {"series_time", "back_computed"}
    ):
        return False
    earliest = candidates["earliest_acquisition"]
    at_first = abs((earliest - candidates["series_time"]).total_seconds()) <= AFTER_ACQUISITION_S
    return at_first and (earliest - candidates["back_computed"]).total_seconds() > SAME_START_S


def _failed_stamps(stamps: Mapping[str, Fact[dt.datetime]], earliest: dt.datetime) -> tuple[dict[str, str], tuple[Notice, ...]]:
    """Which explicit time stamps fail their sanity test, and why."""
    rejected: dict[str, str] = {}
    found: tuple[Notice, ...] = ()
    for name, fact in stamps.items():
        ahead_s, days = (earliest - fact.value).total_seconds(), (earliest.date() - fact.value.date()).days
        if name == "decay_correction_datetime":
            if abs(days) > 1:
                rejected[name] = "more than a day from the acquisition"
            continue
        if -AFTER_ACQUISITION_S <= ahead_s <= SIX_HOURS_S:
            continue
        rejected[name] = "more than 6 h before the first acquisition" if ahead_s > 0 else "after the first acquisition"
        apart = f"{abs(ahead_s):.0f} s {'before' if ahead_s > 0 else 'after'} the first acquisition"
        if name == "series_time":
            found += (notices.SERIES_TIME_REWRITTEN.at("(0008,0021) (0008,0031)", apart),)
        elif days:
            found += (notices.PRIVATE_DATE_SHIFTED.at(fact.read_from, f"{days} days"),)
        else:
            found += (notices.PRIVATE_TIME_UNFIT.at(fact.read_from, apart),)
    return rejected, found


def _back_computed(facts: PetFacts, half_life_s: float) -> tuple[dt.datetime | None, float]:
    """The median over slices of acquisition + offset − FrameReferenceTime, and the spread in s.

    FrameReferenceTime is that of the frame's mean count, but GE's is that of the frame's start: there the offset is 0
    (docs/decisions/0008).
    """
    seconds = []
    origin = earliest_acquisition(facts)
    to_start = bool(facts.manufacturer and GE.match(facts.manufacturer.value))
    for one in facts.slices:
        long_ms = one.frame_duration_ms or 0.0
        if origin is None or one.acquired_at is None or one.frame_reference_ms is None or (long_ms <= 0 and not to_start):
            return None, 0.0
        offset_s = 0.0 if to_start else mean_count_offset_s(long_ms / 1000.0, half_life_s)
        seconds.append((one.acquired_at - origin).total_seconds() + offset_s - one.frame_reference_ms / 1000.0)
    if origin is None or not seconds:
        return None, 0.0
    return origin + dt.timedelta(seconds=statistics.median(seconds)), max(seconds) - min(seconds)


def _suv_change(one: dt.datetime, other: dt.datetime, half_life_s: float) -> float:
    """By how much SUV changes, as a fraction, when one reference time is taken for the other."""
    half_lives = abs((one - other).total_seconds()) / half_life_s
    return math.exp2(min(half_lives, MOST_HALF_LIVES)) - 1.0


def _disagreements(rule: str, valid: Mapping[str, dt.datetime], half_life_s: float) -> tuple[Notice, ...]:
    found = []
    for one, other in combinations([name for name in EXPLICIT if name in valid], 2):
        change = _suv_change(valid[one], valid[other], half_life_s)
        kind = notices.TREF_CONFLICT if change > CONFLICT else notices.TREF_DISAGREE
        if change > DISAGREE:
            found.append(kind.at("times", f"{one} and {other} change SUV by {100 * change:.1f} %"))
    if rule in EXPLICIT and "back_computed" in valid:
        change = _suv_change(valid[rule], valid["back_computed"], half_life_s)
        if change > DISAGREE:
            found.append(notices.TREF_BACKCOMP_DISAGREE.at("(0054,1300) (0018,1242)", f"{100 * change:.1f} % from {rule}"))
    return tuple(found)


def _unconfirmed(rule: str, valid: Mapping[str, dt.datetime], earliest: dt.datetime, half_life_s: float) -> tuple[Notice, ...]:
    """A series time before the first acquisition is that of an earlier bed, or of something else: frame times would tell."""
    change = _suv_change(valid[rule], earliest, half_life_s)
    if rule != "series_time" or valid.keys() & {"siemens_datetime", "back_computed"} or change <= DISAGREE:
        return ()
    ahead_s = (earliest - valid[rule]).total_seconds()
    found = f"{ahead_s:.0f} s before the first acquisition, {100 * change:.1f} % of SUV"
    return (notices.TREF_UNCONFIRMED.at("(0008,0021) (0008,0031)", found),)


def _remarks(rule: str, valid: Mapping[str, dt.datetime], earliest: dt.datetime, *, incomplete: bool) -> tuple[Notice, ...]:
    ahead_s = (earliest - valid[rule]).total_seconds()
    start_ahead_s = (earliest - valid.get("back_computed", earliest)).total_seconds()
    found: tuple[Notice, ...] = ()
    if start_ahead_s > SAME_START_S and (incomplete or rule == "back_computed"):
        found += (notices.BED_POSITION_MISSING.at("(0054,1300)", f"scan start {start_ahead_s:.0f} s before the first slice here"),)
    if (rule == "ge_scan_datetime" and ahead_s > SAME_START_S) or rule == "siemens_datetime":
        where = "(0009,xx0D)" if rule == "ge_scan_datetime" else "(0071,xx22)"
        found += (notices.VENDOR_SCAN_START.at(where, f"{ahead_s:.0f} s before the first acquisition"),)
    if rule == "earliest_acquisition":
        found += (notices.TREF_EARLIEST_ACQ.at("(0008,0032)", earliest.isoformat()),)
    return found


def injection_time(
    facts: PetFacts, reference_at: dt.datetime, half_life_s: float, protocol: SuvProtocol
) -> tuple[Fact[dt.datetime] | None, tuple[Notice, ...]]:
    """When the tracer was injected; the first acquisition gives the date where only a time of day is stored."""
    found: tuple[Notice, ...] = ()
    if facts.root_injection_time:
        found += (notices.ROOT_INJECTION_TIME_IGNORED.at(facts.root_injection_time.read_from, "outside (0054,0016)"),)
    if facts.injected_at:
        return _checked_date(facts, reference_at, protocol, found)
    if facts.injected_time:
        if half_life_s >= SHORT_LIVED_S:
            return None, (*found, notices.DATE_REQUIRED.at(facts.injected_time.read_from, "a time without a date"))
        scanned_on = (earliest_acquisition(facts) or reference_at).date()
        at = dt.datetime.combine(scanned_on, facts.injected_time.value)
        if at > reference_at:
            at -= DAY
            found += (notices.MIDNIGHT.at(facts.injected_time.read_from, facts.injected_time.value.isoformat()),)
        return Fact(at, facts.injected_time.read_from), found
    if facts.ge_injected_at:
        used = notices.GE_INJECTION_USED.at(facts.ge_injected_at.read_from, facts.ge_injected_at.value.isoformat())
        return Fact(facts.ge_injected_at.value, facts.ge_injected_at.read_from), (*found, used)
    return None, (*found, notices.INJECTION_TIME_MISSING.at("(0054,0016)", "absent"))


def _checked_date(
    facts: PetFacts, reference_at: dt.datetime, protocol: SuvProtocol, found: tuple[Notice, ...]
) -> tuple[Fact[dt.datetime], tuple[Notice, ...]]:
    assert facts.injected_at is not None
    at, where = facts.injected_at.value, facts.injected_at.read_from
    if facts.injected_time:
        beside = dt.datetime.combine(at.date(), facts.injected_time.value)
        if abs((beside - at).total_seconds()) > START_CONFLICT_S:
            times = f"{at.time().isoformat()} and {facts.injected_time.value.isoformat()}"
            found += (notices.START_CONFLICT.at(where, times),)
    if abs(reference_at - at) > DAY and protocol.repair_date_shift:
        same_day = dt.datetime.combine(reference_at.date(), at.time())
        for repaired in (same_day, same_day - DAY):
            if 0 <= (reference_at - repaired).total_seconds() <= SIX_HOURS_S:
                return Fact(repaired, where), (*found, notices.DATE_SHIFT.at(where, f"{(repaired.date() - at.date()).days} days"))
    return Fact(at, where), found
