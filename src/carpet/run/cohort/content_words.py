"""How the cohort report says numbers: P, ratios, percents, months, what a column is called, and why there is no number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from carpet.cohort import notices
from carpet.cohort.kaplan_meier import DaysTo
from carpet.cohort.table import Cohort, Column
from carpet.core.errors import NoticeKind
from carpet.report.cohort_figures.step_curves import LEAST_BANDED
from carpet.report.cohort_figures.style import DAYS_PER_MONTH
from carpet.report.numbers import DASH, decimal_text, number_text, unit_text
from carpet.run.cohort import notices as cohort_notices
from carpet.run.trial import words

if TYPE_CHECKING:
    from carpet.cohort.analyses.by_group import ByGroup
    from carpet.cohort.analyses.effects import Effect
    from carpet.run.cohort.content_input import Analysed

NOT_REACHED = "not reached"
SHORT_LEVELS = ("good", "very good", "poor", "low-intermediate", "high-intermediate", "I", "II", "III", "IV")
NEAR_FIVE_PERCENT = (0.045, 0.055)  # here two digits would hide on which side P lies
ENDPOINT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "OS": "overall survival",
        "PFS": "progression-free survival",
        "EFS": "event-free survival",
        "DOR": "duration of response",
        "TTP": "time to progression",
        "NRM": "non-relapse mortality",
    }
)
EVENT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "OS": "death",
        "PFS": "progression or death",
        "EFS": "event",
        "DOR": "progression or death of lymphoma",
        "TTP": "progression",
        "NRM": "death without progression",
    }
)
CAUSE_WORDS: Mapping[str, str] = MappingProxyType({"NRM": "non-relapse death", "DOR": "progression", "TTP": "progression"})
COMPETING_WORDS: Mapping[str, str] = MappingProxyType({"NRM": "progression", "DOR": "other death", "TTP": "other death"})
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "site": "Centre",
        "sex": "Sex",
        "age_years": "Age",
        "histology": "Histology",
        "product": "Product",
        "bridging": "Bridging therapy",
        "ann_arbor_stage": "Ann Arbor stage",
        "advanced_stage": "Ann Arbor stage III or IV",
        "ecog": "ECOG performance status",
        "prior_lines": "Prior lines of therapy",
        "ldh_uln_ratio": "LDH over upper limit of normal",
        "extranodal_sites": "Extranodal sites",
        "crp_mg_l": "CRP",
        "ferritin_ug_l": "Ferritin",
        "tmtv": "TMTV",
        "tlg": "TLG",
        "suv_max": "SUVmax",
        "sdmax": "SDmax",
        "dmax": "Dmax",
        "lesion_count": "Lesions",
        "spd_cm2": "SPD on CT",
        "tmtv_bridging_percent": "Change of TMTV over bridging",
        "suv_max_bridging_percent": "Change of SUVmax over bridging",
        "tmtv_m1_percent": "Change of TMTV to M1",
        "ipi": "IPI",
        "ipi_group": "IPI group",
        "r_ipi": "R-IPI",
        "nccn_ipi": "NCCN-IPI",
        "two_factor": "Two-factor group",
        "easix": "EASIX",
        "car_hematotox": "CAR-HEMATOTOX",
        "dean_median": "TMTV by Dean's median",
        "sdmax_032": "SDmax by 0.32 m⁻¹",
        "transcend_burden": "SPD by 50 cm²",
        "bulk_10": "Bulk above 10 cm",
        "crs_grade": "CRS grade",
        "icans_grade": "ICANS grade",
        "lugano_m1": "Response at M1",
        "lugano_m3": "Response at M3",
        "lugano_m6": "Response at M6",
        "best_lugano": "Best response",
        "deauville_m1": "Deauville score at M1",
        "early_progression": "Early progression",
        "CR": "Complete response",
    }
)
UNITS: Mapping[str, str] = MappingProxyType({"a": "years", "ug/L": "µg/L", "{score}": "", "{grade}": "", "{count}": "", "cm2": "cm²"})
WHOLE = ("years", "%", "mm", "cm²", "µg/L")  # units of which no decimal is printed


def label(name: str) -> str:
    """What a column is called in tables and figures; its own name where nothing else is known."""
    return LABELS.get(name, name.replace("_", " "))


def term_words(term: str, per: str) -> str:
    """`TMTV, per doubling`; the label alone where nothing could be estimated."""
    return ", ".join(part for part in (label(term) if term else "", per.replace(" %", "%")) if part)


def unit_of(column: Column) -> str:
    """The unit as a physician writes it; empty for none."""
    return "" if column.unit.startswith("(U/L)") else UNITS.get(column.unit, unit_text(column.unit))


def value_text(value: float, column: Column) -> str:
    """A value of a column, without its unit."""
    if unit_of(column) in WHOLE:
        return decimal_text(value, 0) if abs(value) >= 0.5 else "0"
    if column.unit in ("{count}", "{score}", "{grade}"):
        return decimal_text(value, 0 if float(value).is_integer() else 1)
    if column.unit == "g/mL":
        return decimal_text(value, 1)
    if column.unit == "mL" or abs(value) >= 100:
        return decimal_text(value, 0 if abs(value) >= 100 else 1)
    return number_text(value, column.unit) if column.unit in ("/m", "g") else decimal_text(value, 1)


def p_text(p: float | None) -> str:
    """`P < 0.001`, `P = 0.03`; a dash where there is none."""
    if p is None:
        return DASH
    if p < 0.001:
        return "P < 0.001"
    decimals = 3 if p < 0.01 or NEAR_FIVE_PERCENT[0] <= p < NEAR_FIVE_PERCENT[1] else 2
    return "P > 0.99" if round(p, 2) >= 1.0 else f"P = {p:.{decimals}f}"


def ratio_number(value: float) -> str:
    """A ratio with two decimals, fewer where it is large."""
    if math.isinf(value):
        return "∞"
    return decimal_text(value, 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0) if value else "0"


def ratio_text(ratio: float | None, low: float | None, high: float | None) -> str:
    """`1.45 (95% CI 1.10–1.92)`; a limit that does not exist is said."""
    if ratio is None:
        return DASH
    return f"{ratio_number(ratio)} (95% CI {_limit(low)}{DASH}{_limit(high)})"


def _limit(value: float | None) -> str:
    return "not estimable" if value is None else ratio_number(value)


def percent_number(share: float, *, decimals: int = 0) -> str:
    """A share from 0 to 1 in percent without its sign."""
    return f"{100 * share:.{decimals}f}"


def percent_interval(share: float | None, low: float | None, high: float | None) -> str:
    """`47% (38–56)`, the share alone where it has no interval, a dash where there is none."""
    if share is None:
        return DASH
    known = low is not None and high is not None and low < high
    limits = f" ({percent_number(low)}{DASH}{percent_number(high)})" if known and low is not None and high is not None else ""
    return f"{percent_number(share)}%{limits}"


def months(days: float) -> str:
    """Months of 365.25/12 days, one decimal."""
    return decimal_text(days / DAYS_PER_MONTH, 1) if days else "0"


def months_word(days: float) -> str:
    """`12 months`: whole where it is nearly so."""
    exact = days / DAYS_PER_MONTH
    return f"{round(exact)} months" if abs(exact - round(exact)) < 0.05 else f"{exact:.1f} months"


def median_text(found: DaysTo) -> str:
    """`8.2 (5.1–not reached)`, months; without the lower limit, which only a curve without interval lacks, `9.2 (no interval)`."""
    middle = NOT_REACHED if found.days is None else months(found.days)
    if found.low is None:
        return middle if found.days is None else f"{middle} (no interval)"
    return f"{middle} ({months(found.low)}{DASH}{NOT_REACHED if found.high is None else months(found.high)})"


def patients_text(number: int) -> str:
    """`1 patient`, `3 patients`."""
    return f"{number} patient{'' if number == 1 else 's'}"


def counts_text(patients: int, events: int | None = None) -> str:
    """`n = 118, 64 events`."""
    return f"n = {patients}" + ("" if events is None else f", {events} {'event' if events == 1 else 'events'}")


@cache
def _kinds() -> Mapping[str, NoticeKind]:
    """The codes of the cohort's statistics; all others stand with the trial's."""
    return MappingProxyType(
        {one.code: one for place in (cohort_notices, notices) for one in vars(place).values() if isinstance(one, NoticeKind)}
    )


def reason_text(codes: str | Iterable[str]) -> str:
    """Codes of why there is no number, or of what must be known with it, each in words; empty for none."""
    each = codes.split(";") if isinstance(codes, str) else codes
    return "; ".join(_kinds()[one].message if one in _kinds() else words.sentence(one) for one in each if one)


def share_text(part: int, whole: int) -> str:
    """`31 (26%)`; the number alone of none."""
    return f"{part} ({percent_number(part / whole)}%)" if whole else str(part)


def counted_reasons(codes: Iterable[str]) -> str:
    """`no baseline (3); no injected dose (1)`, the most frequent first."""
    found = Counter(reason_text(one) or "not recorded" for one in codes)
    return "; ".join(f"{why} ({n})" for why, n in sorted(found.items(), key=lambda one: (-one[1], one[0])))


def sentence(text: str) -> str:
    """With a capital letter, whatever follows as it is."""
    return text[:1].upper() + text[1:]


def inside(name: str) -> str:
    """A label within a sentence: `TMTV` stays, `Best response` loses its capital."""
    return name if name[1:2].isupper() or name[1:2] == "-" or name == "Dmax" else name[:1].lower() + name[1:]


def group_name(column: str, group: str) -> str:
    """What a group is called beside its curve: `Two-factor group 1`, `Bridging therapy yes`; a word stands for itself."""
    if not column:
        return "all patients"
    return f"{label(column)} {group}" if group.isdigit() or group in ("yes", "no", "low", "high", *SHORT_LEVELS) else group


def group_inside(column: str, group: str) -> str:
    """The same within a sentence: the column's label may lose its capital, a group that stands for itself never does."""
    named = group_name(column, group)
    return named if named == group else inside(named)


def _before_number(column: str, group: str) -> str:
    """The group before a number of its own: after a digit stands a colon."""
    named = group_inside(column, group)
    return f"{named}:" if named[-1:].isdigit() else named


def bands_text(patients: Iterable[int]) -> str:
    """That small groups are drawn without a band; empty where no group is small. patients: of each group."""
    return f" Groups of fewer than {LEAST_BANDED} patients have none." if any(0 < one < LEAST_BANDED for one in patients) else ""


def shared_horizon(one: ByGroup) -> int | None:
    """The latest horizon up to which every group was followed; None for none."""
    days = [at.day for at in one.curves[0].at] if one.curves else []
    known = [day for n, day in enumerate(days) if all(curve.at[n].survival is not None for curve in one.curves)]
    return max(known, default=None)


def tested(one: ByGroup) -> str:
    """What the log-rank test compares, before its P: survival of the groups on a day that all reach, else events observed and expected."""
    day, test = shared_horizon(one), one.log_rank
    if day is not None:
        found = []
        for curve in one.curves:
            at = next(at for at in curve.at if at.day == day)
            found.append(f"{_before_number(one.group_by, curve.group)} {percent_interval(at.survival, at.low, at.high)}")
        return f"{one.endpoint} at {months_word(day)} (95% CI): {'; '.join(found)}"
    if test is None:
        return ""
    pairs = zip(test.groups, test.observed, test.expected, strict=True)
    said = [f"{_before_number(one.group_by, name)} {seen:.0f}/{awaited:.1f}" for name, seen, awaited in pairs]
    return f"Events observed/expected: {'; '.join(said)}"


def first_group(analysed: Analysed) -> str:
    """The first of the protocol's groups that tells two groups or more apart in these patients; empty for none."""
    names = {one.name for one in analysed.cohort.columns}
    asked = (name for name in analysed.protocol.cohort.groups if name in names)
    return next((name for name in asked if len({value for value in analysed.cohort.values(name) if value is not None}) > 1), "")


def lacking(cohort: Cohort, name: str) -> str:
    """` (Two-factor group is not known of 26: …)`: why patients lack a column, empty where none does."""
    lost = [why for (_, column), why in sorted(cohort.reasons.items()) if column == name]
    return f" ({label(name)} is not known of {patients_text(len(lost))}: {counted_reasons(lost)})" if lost else ""


def follow_up_of(analysed: Analysed) -> ByGroup | None:
    """Where follow-up is read: overall survival, which new therapy does not end, else the main endpoint; None where neither has curves."""
    whole = {one.endpoint: one for one in analysed.survival if not one.group_by and not one.landmark and one.curves}
    return whole.get("OS", whole.get(analysed.protocol.cohort.endpoints[0]))


def effect_of_group(effects: Iterable[Effect], one: ByGroup) -> Effect | None:
    """The hazard ratio that belongs to curves of two groups from infusion on; None for others."""
    if not one.group_by or one.landmark or len(one.curves) != 2:
        return None
    wanted = (one.endpoint, one.rules, one.group_by, "univariable")
    return next((e for e in effects if (e.endpoint, e.rules, e.term, e.model) == wanted and e.ratio is not None), None)
