"""Published cohorts beside one's own figures: rates in a forest plot, the slips of the publications as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carpet.cohort.kaplan_meier import survival_at
from carpet.cohort.proportion import clopper_pearson
from carpet.report.cohort_content import Heads, Picture, Row, Section, Table, Words
from carpet.report.cohort_figures.forest import ForestData, ForestRow
from carpet.report.numbers import DASH
from carpet.report.published_cohorts import ASTCT, RATES, SCALE_WORDS, TOXICITY, Beside, beside_own
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_patients import NOT_ASSESSED, NOT_EVALUABLE, PatientDays, patient_days
from carpet.run.cohort.rates import BEST, EVALUATED, INFUSED, own_rate, rate_rows

PARTS = (
    ("published_outcome", "Response and survival", ("orr", "cr", "pfs_12m", "os_12m", "os_36m", "early_progression")),
    ("published_toxicity", "Toxicity and late conversion",
     ("crs_any", "crs_ge3", "icans_any", "icans_ge3", "pr_m1_to_cr_m3", "sd_m1_to_cr_m3")),
)  # fmt: skip
AT_DAY = {"pfs_12m": ("PFS", 365), "os_12m": ("OS", 365), "os_36m": ("OS", 1096)}
OF_RATES = {  # measure → the rate of the table `rates`
    "orr": ("ORR", BEST, INFUSED),
    "cr": ("CR", BEST, INFUSED),
    "crs_any": ("CRS any", "", EVALUATED),
    "crs_ge3": ("CRS >= 3", "", EVALUATED),
    "icans_any": ("ICANS any", "", EVALUATED),
    "icans_ge3": ("ICANS >= 3", "", EVALUATED),
}
NONE = (None, None, None, "")
Own = tuple[float | None, float | None, float | None, str]


def published(analysed: Analysed) -> Section:
    """Of each rate that is published: this cohort's above, the others below."""
    if not analysed.cohort.rows:
        return Section("published", "Published cohorts", (), "There is no patient to set beside them.")
    says = Words(
        "Other products, patients, scales and years: the plots orient, they are no comparison. Toxicity by another scale than one's own is "
        "shown and marked as not comparable. Notes name the slips of the publications.", "quiet",
    )  # fmt: skip
    return Section("published", "Published cohorts", (says, *(_picture(analysed, *part) for part in PARTS), _sources()))


def _sources() -> Table:
    """Where the published figures come from, each cohort that the plots show."""
    names = [name for _, _, part in PARTS for name in part]
    shown = [one.row.source for name in names for one in _beside(name)]
    rows = tuple(Row((one.cohort, one.source, one.doi or DASH, one.population)) for one in dict.fromkeys(shown))
    heads: Heads = (("Cohort", "text"), ("Source", "text"), ("doi", "text"), ("Patients and product", "text"))
    return Table("published", "Sources of the published figures.", heads, rows, (), (1.1, 1.9, 1.7, 2.6))


def _picture(analysed: Analysed, name: str, title: str, measures: Sequence[str]) -> Picture:
    rows = tuple(row for measure in measures for row in _rows(analysed, measure))
    data = ForestData(f"{title}: this cohort and published ones", "Patients (%)", rows, log=False, null=None, decimals=0)
    caption = f"{title} of this cohort beside published figures; their sources stand in the table below."
    unit = "Patients, %; bars: 95% intervals where printed or derivable from the counts. A single count is n."
    return Picture(name, caption, f"This cohort: n = {len(analysed.cohort.rows)}.", unit, data)


def _rows(analysed: Analysed, measure: str) -> Iterator[ForestRow]:
    everybody = [one for one in patient_days(analysed) if one.infused]
    beside = _beside(measure)
    if not beside:
        return
    rate, low, high, counts = _own(analysed, everybody, measure)
    heading = RATES[measure][:1].upper() + RATES[measure][1:]
    why = "not followed so long" if measure in AT_DAY and _has_curve(analysed, AT_DAY[measure][0]) else "no value in this cohort"
    text = why if rate is None else ""
    yield ForestRow("This cohort" + (", ASTCT 2019" if measure in TOXICITY else ""), rate, low, high, counts, heading=heading, text=text)
    yield from (_published(one, heading) for one in beside)


def _beside(measure: str) -> tuple[Beside, ...]:
    return beside_own(measure, clopper_pearson, scale=ASTCT if measure in TOXICITY else "")


def _published(one: Beside, heading: str) -> ForestRow:
    row = one.row
    counts = f"{row.events}/{row.n}" if row.events is not None and row.n else f"{row.n}" if row.n else ""
    label = row.source.cohort + (f" ({SCALE_WORDS.get(row.scale, row.scale)})" if row.scale else "")
    return ForestRow(label, row.value, row.low, row.high, counts, own=False, heading=heading, note=one.note)


def _own(analysed: Analysed, everybody: list[PatientDays], measure: str) -> Own:
    if measure in AT_DAY:
        return _survival(analysed, *AT_DAY[measure])
    if not everybody:
        return NONE
    if measure in OF_RATES:
        name, timepoint, of = OF_RATES[measure]
        rate = own_rate(rate_rows(analysed), name, timepoint=timepoint, of=of)
        return rate["percent"], rate["low"], rate["high"], f"{rate['numerator']}/{rate['denominator']}" if rate["denominator"] else ""
    return _share(*_counted(analysed, everybody, measure))


def _has_curve(analysed: Analysed, endpoint: str) -> bool:
    return any(one.endpoint == endpoint and not one.group_by and not one.landmark and one.curves for one in analysed.survival)


def _survival(analysed: Analysed, endpoint: str, day: int) -> Own:
    """Of all patients, from infusion; no number of events beside it, for those of the whole follow-up are not those up to the day."""
    rules = analysed.protocol.cohort.rules
    for one in analysed.survival:
        if one.endpoint == endpoint and not one.group_by and not one.landmark and one.rules == rules and one.curves:
            (at,) = survival_at(one.curves[0].curve, day)
            if at.survival is None:
                return NONE
            low, high = (None if limit is None else 100 * limit for limit in (at.low, at.high))
            return 100 * at.survival, low, high, f"{one.patients}"
    return NONE


def _counted(analysed: Analysed, everybody: list[PatientDays], measure: str) -> tuple[int, int]:
    """(with it, of so many); a response at M1 whose patient died, progressed or was treated anew before M3 was not completed."""
    if measure == "early_progression":
        known = [one.values.get("early_progression") for one in everybody if one.values.get("early_progression") is not None]
        return sum(value is True for value in known), len(known)
    if "M3" not in analysed.protocol.timepoints:
        return 0, 0
    last = analysed.protocol.timepoints["M3"].last_day
    states = [one.state("M3", last) for one in everybody if one.response("M1") == measure[:2].upper()]
    known = [one for one in states if one not in (NOT_ASSESSED, NOT_EVALUABLE)]
    return known.count("CR"), len(known)


def _share(part: int, whole: int) -> Own:
    if not whole:
        return NONE
    low, high = clopper_pearson(part, whole)
    return 100 * part / whole, 100 * low, 100 * high, f"{part}/{whole}"
