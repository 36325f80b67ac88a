"""What was published of lymphoma after CAR T-cells: every number with its source, interval, scale and the slips known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from carpet.core.errors import ProtocolError

Interval = Literal["", "printed, 95 %", "range", "Clopper–Pearson, derived here"]
PRINTED: Interval = "printed, 95 %"
DERIVED: Interval = "Clopper–Pearson, derived here"
Exact = Callable[[int, int], tuple[float, float]]  # events, n → limits from 0 to 1
REVIEW, PRIMARY = "as the review prints it", "from the paper itself"
SEED = "Vercellino 2021, Front Oncol 11:664688"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the numbers of a cohort come from; doi empty: it has none that is known here."""

    cohort: str
    source: str
    doi: str
    population: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One printed number. value None: only the direction was printed, or `values` holds several.

    measure: what it is, the same word for the same quantity of all cohorts; group: of whom, empty for all. n: patients it is of, None
    where not printed; events of them. scale: of a toxicity's grade. primary: what the paper itself has, where the review differs.
    """

    id: str
    measure: str
    unit: str
    value: float | None = None
    values: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    interval: Interval = ""
    n: int | None = None
    events: int | None = None
    group: str = ""
    timepoint: str = ""
    scale: str = ""
    read: str = REVIEW
    primary: float | None = None
    note: str = ""

    @property
    def source(self) -> Source:
        return SOURCES[self.id]


@dataclass(frozen=True, slots=True)
class Beside:
    """A published rate beside one's own. comparable: False where the scales differ; then `note` says so, and no difference may be read."""

    row: Published
    comparable: bool
    note: str


def beside_own(measure: str, interval: Exact, *, scale: str = "") -> tuple[Beside, ...]:
    """What can stand beside one's own rate of this measure, in percent, as RATES names them; () where nothing was published.

    interval: of events and n, the exact one from 0 to 1, for rates whose counts alone were printed.
    scale: of one's own grades; a rate by another scale comes as not comparable, never left out and never silently. Raises ProtocolError
    for an unknown measure, and for a toxicity without a scale.
    """
    if measure not in RATES:
        raise ProtocolError(f"no published rate is called {measure!r}. There are: {', '.join(RATES)}.")
    if measure in TOXICITY and not scale:
        raise ProtocolError(f"{measure} without a scale can't stand beside anything: name it, as {ASTCT!r}")
    return tuple(_beside(row, scale, interval) for row in PUBLISHED if row.measure == measure and row.value is not None and not row.group)


def _beside(row: Published, scale: str, interval: Exact) -> Beside:
    if row.interval == DERIVED and row.events is not None and row.n is not None:
        low, high = interval(row.events, row.n)
        row = replace(row, low=100.0 * low, high=100.0 * high)
    own = scale if row.measure in TOXICITY else ""
    differs = ""
    if own and own != row.scale:
        theirs = "by a scale that is not named" if row.scale == UNNAMED else f"by {SCALE_WORDS.get(row.scale, row.scale)}"
        differs = f"graded {theirs}, here by {SCALE_WORDS.get(own, own)}: not comparable"
    derived = f"interval by {row.interval} from {row.events}/{row.n}" if row.interval == DERIVED else ""
    none = "no interval printed" if row.low is None else ""
    return Beside(row, not differs, "; ".join(one for one in (differs, row.note, derived, none) if one))


LEE, PENN, CTCAE, ASTCT, UNNAMED = "lee2014", "penn", "ctcae", "astct2019", "not named"
SCALE_WORDS: Mapping[str, str] = MappingProxyType(
    {LEE: "Lee 2014", PENN: "Penn", CTCAE: "CTCAE", ASTCT: "ASTCT 2019", UNNAMED: "scale not named"}
)
RATES: Mapping[str, str] = MappingProxyType(
    {
        "orr": "overall response",
        "cr": "complete response",
        "pfs_12m": "PFS at 12 months",
        "os_12m": "OS at 12 months",
        "os_36m": "OS at 3 years",
        "os_60m": "OS at 5 years",
        "ongoing": "response ongoing",
        "crs_any": "CRS, any grade",
        "crs_ge3": "CRS, grade ≥ 3",
        "icans_any": "ICANS or neurologic events, any grade",
        "icans_ge3": "ICANS or neurologic events, grade ≥ 3",
        "pr_m1_to_cr": "partial response at month 1, later complete",
        "sd_m1_to_cr": "stable disease at month 1, later complete",
        "pr_m1_to_cr_m3": "partial response at month 1, complete at month 3",
        "sd_m1_to_cr_m3": "stable disease at month 1, complete at month 3",
        "early_progression": "progression by month 1",
    }
)
TOXICITY = ("crs_any", "crs_ge3", "icans_any", "icans_ge3")
AXI, LBCL = "axicabtagene ciloleucel", "relapsed or refractory large B-cell lymphoma"


def _source(cohort: str, source: str, doi: str, population: str) -> Source:
    return Source(cohort=cohort, source=source, doi=doi, population=population)


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "schuster2017": _source("Schuster 2017", "Schuster 2017, N Engl J Med 377:2545", "10.1056/NEJMoa1708566",
                                "CTL019; refractory diffuse large B-cell and follicular lymphoma"),
        "transcend": _source("TRANSCEND NHL 001", "Abramson 2020, Lancet 396:839", "10.1016/S0140-6736(20)31366-0",
                             f"lisocabtagene maraleucel; {LBCL}"),
        "zuma1_bulk": _source("ZUMA-1, 2017", "Neelapu 2017, N Engl J Med 377:2531", "10.1056/NEJMoa1707447", f"{AXI}; {LBCL}"),
        "zuma1_2019": _source("ZUMA-1, 2 years", "Locke 2019, Lancet Oncol 20:31", "10.1016/S1470-2045(18)30864-7", f"{AXI}; {LBCL}"),
        "zuma1_2020": _source("ZUMA-1, 3 years", "Jacobson, ASH 2020, abstract 134362", "", f"{AXI}; {LBCL}"),
        "zuma1_2023": _source("ZUMA-1, 5 years", "Neelapu 2023, Blood 141:2307", "10.1182/blood.2022018893", f"{AXI}; {LBCL}"),
        "wang2019": _source("Wang & Galal 2019", "Wang 2019, Biol Blood Marrow Transplant 25:e187", "10.1016/j.bbmt.2019.05.003",
                            "CD19 CAR T-cells; non-Hodgkin lymphoma"),
        "dean2020": _source("Dean 2020", "Dean 2020, Blood Adv 4:3268", "10.1182/bloodadvances.2020001900", f"{AXI}; {LBCL}"),
        "vercellino2020": _source("LYSA, two centres", "Vercellino 2020, Blood Adv 4:5607", "10.1182/bloodadvances.2020003001",
                                  "axicabtagene ciloleucel (49) or tisagenlecleucel (67); relapsed or refractory DLBCL"),
        "galtier2022": _source("LYSA, month 1", "Galtier 2022, Haematologica 108:171", "10.3324/haematol.2021.280550",
                               f"anti-CD19 CAR T-cells; {LBCL}"),
        "nastoupil2020": _source("US consortium", "Nastoupil 2020, J Clin Oncol 38:3119", "10.1200/JCO.19.02104",
                                 f"{AXI} as standard of care; {LBCL}"),
        "shah2018": _source("Shah 2018", "Shah 2018, Cytotherapy 20:1415", "10.1016/j.jcyt.2018.10.003",
                            "CTL019; aggressive and indolent non-Hodgkin lymphoma"),
        "derlin2021": _source("Derlin 2021", "Derlin 2021, Ann Nucl Med 35:132", "10.1007/s12149-020-01544-w",
                              "tisagenlecleucel; relapsed or refractory diffuse large B-cell lymphoma"),
        "juliet": _source("JULIET", "Schuster 2019, N Engl J Med 380:45", "10.1056/NEJMoa1804980",
                          "tisagenlecleucel; relapsed or refractory diffuse large B-cell lymphoma"),
        "tordo2020": _source("Tordo 2020", "Tordo, EHA 2020 (abstract)", "", "anti-CD19 CAR T-cells; aggressive B-cell lymphoma"),
        "review_general": _source("Review", SEED, "10.3389/fonc.2021.664688", "trials as the review sums them up"),
        "figure1": _source("Review, figure 1", SEED, "10.3389/fonc.2021.664688", "one patient, transformed follicular lymphoma"),
    }
)  # fmt: skip


def _rows(cohort: str, *rows: dict[str, Any]) -> Iterator[Published]:
    """The rows of one source; a percentage with events and n can have its interval derived, one without a value gets its rate."""
    for said in rows:
        row = Published(id=cohort, **said)
        if row.events is not None and row.n is not None and row.unit == "%" and row.low is None:
            rate = 100.0 * row.events / row.n if row.value is None else row.value
            row = replace(row, value=rate, interval=DERIVED)
        yield row


def _row(measure: str, unit: str, value: float | None = None, **more: Any) -> dict[str, Any]:
    return {"measure": measure, "unit": unit, "value": value, **more}


BULK_CI = "the review prints this interval as proportions beside a percentage"
LEE_NOTE = "CRS by Lee 2014, which the review sets beside JULIET's Penn scale: not comparable with each other"
CTCAE_NOTE = "neurologic events by CTCAE; the review calls them ICANS, a term and a scale that came later"
PENN_NOTE = "CRS by the Penn scale, which the review sets beside ZUMA-1's Lee 2014: not comparable with each other"
NEURO_JULIET = "neurologic events, not ICANS by ASTCT; the scale is not named where this was read"
NO_DELINEATION = "the review names no delineation for this volume"
LATER = "5-year follow-up exists (Neelapu 2023)"
COUNT_FROM_RATE = "events recomputed from the rounded percentage"
AMBIGUOUS = "the review's order of the two numbers (above or below the median) is ambiguous: left unassigned"
UP_TO = "“up to”; the same review's text gives 82 % and 83 % for the overall response"
DS_M1 = "from month 1, by Deauville score there"

PUBLISHED: tuple[Published, ...] = (
    *_rows("schuster2017",
        _row("spd_median", "cm2", 20.0, low=3.0, high=100.0, interval="range", group="responders", timepoint="baseline"),
        _row("spd_median", "cm2", 30.0, low=3.0, high=157.0, interval="range", group="non-responders", timepoint="baseline")),
    *_rows("transcend",
        _row("orr", "%", 76.8, group="SPD < 50 cm²"),
        _row("orr", "%", 61.4, group="SPD ≥ 50 cm²")),
    *_rows("zuma1_bulk",
        _row("orr", "%", 71.0, low=44.0, high=90.0, interval=PRINTED, group="bulk > 10 cm", note=BULK_CI),
        _row("orr", "%", 85.0, low=75.0, high=91.0, interval=PRINTED, group="no bulk", note=BULK_CI)),
    *_rows("wang2019",
        _row("orr", "%", 79.0, n=19, events=15, timepoint="best response", note=COUNT_FROM_RATE),
        _row("tmtv_median", "mL", 72.0, n=19, timepoint="baseline", note=NO_DELINEATION),
        _row("tmtv_median", "mL", 58.1, n=19, group="responders", timepoint="baseline", note="not significant"),
        _row("tmtv_median", "mL", 110.8, n=19, group="non-responders", timepoint="baseline", note="not significant"),
        _row("os_by_tmtv", "mo", values=(8.6, 11.5), n=19, note=f"{AMBIGUOUS}; not significant"),
        _row("pseudoprogression_day", "d", values=(4.0, 5.0), n=3, timepoint="after infusion")),
    *_rows("dean2020",
        _row("tmtv_median", "mL", 147.0, n=48, group="first cohort", timepoint="TT", primary=147.5, note="the paper has 147.5 mL; by hand"),
        _row("tmtv_median", "mL", 72.8, n=48, group="second cohort", timepoint="TT", note="by hand"),
        _row("true_baseline", "{count}", 72.0, n=72, note="no bridging, or PET after it"),
        _row("hr_low_tmtv_os", "1", 0.25, low=0.10, high=0.66, interval=PRINTED, n=48, group="first cohort", read=PRIMARY),
        _row("hr_low_tmtv_pfs", "1", 0.40, low=0.18, high=0.89, interval=PRINTED, n=48, group="first cohort", read=PRIMARY),
        _row("hr_low_tmtv_os", "1", 0.14, low=0.05, high=0.42, interval=PRINTED, n=48, group="second cohort", read=PRIMARY),
        _row("hr_low_tmtv_pfs", "1", 0.29, low=0.12, high=0.69, interval=PRINTED, n=48, group="second cohort", read=PRIMARY)),
    *_rows("vercellino2020",
        _row("cut_tmtv", "mL", 80.0, n=116, timepoint="TT", note=f"above is high; {NO_DELINEATION}"),
        _row("cut_extranodal_sites", "{count}", 2.0, n=116, timepoint="TD and TT", note="the review prints > 2, the paper ≥ 2"),
        _row("pfs_12m", "%", 47.2, low=38.0, high=58.6, interval=PRINTED, n=116, read=PRIMARY, note="median follow-up 8.2 months"),
        _row("os_12m", "%", 67.0, low=57.0, high=79.0, interval=PRINTED, n=116, read=PRIMARY, note="median follow-up 8.2 months"),
        _row("early_progression", "%", n=116, events=27, timepoint="M1", read=PRIMARY)),
    *_rows("galtier2022",
        _row("pfs_12m", "%", 67.3, low=51.8, high=78.8, interval=PRINTED, group="Deauville 1–3 at M1", read=PRIMARY, note=DS_M1),
        _row("pfs_12m", "%", 78.9, low=58.9, high=89.9, interval=PRINTED, group="Deauville 4 at M1", read=PRIMARY, note=DS_M1),
        _row("pfs_12m", "%", 8.6, low=1.8, high=22.4, interval=PRINTED, group="Deauville 5 at M1", read=PRIMARY, note=DS_M1)),
    *_rows("zuma1_2019",
        _row("orr", "%", 83.0, n=101, events=84, timepoint="best response", note=COUNT_FROM_RATE),
        _row("cr", "%", 58.0, n=101, events=59, timepoint="best response", note=COUNT_FROM_RATE),
        _row("dor_median", "mo", 11.0, primary=11.1, note="the paper has 11.1 months"),
        _row("ongoing", "%", 39.0, timepoint="27.1 months of median follow-up", note=LATER),
        _row("pr_m1_to_cr", "%", n=33, events=11, timepoint="M1 and later"),
        _row("sd_m1_to_cr", "%", n=24, events=11, timepoint="M1 and later"),
        _row("crs_ge3", "%", 11.0, scale=LEE, note=LEE_NOTE),
        _row("icans_ge3", "%", 32.0, scale=CTCAE, note=CTCAE_NOTE)),
    *_rows("zuma1_2020", _row("os_36m", "%", 47.0, note=LATER)),
    *_rows("zuma1_2023",
        _row("os_60m", "%", 42.6, read=PRIMARY),
        _row("ongoing", "%", 31.0, timepoint="5 years", read=PRIMARY),
        _row("os_median", "mo", 25.8, read=PRIMARY)),
    *_rows("nastoupil2020",
        _row("orr", "%", 82.0, timepoint="best response"),
        _row("cr", "%", 64.0, timepoint="best response"),
        _row("pfs_12m", "%", 47.0),
        _row("os_12m", "%", 68.0),
        _row("pr_m1_to_cr_m3", "%", 32.0, timepoint="M1 to M3"),
        _row("sd_m1_to_cr_m3", "%", n=14, events=1, timepoint="M1 to M3")),
    *_rows("shah2018",
        _row("cmr_m1_disease_free_24m", "%", n=7, events=3, timepoint="M1", note="all three had follicular lymphoma"),
        _row("pmr_later_pd", "%", n=7, events=2, timepoint="M3 and M6"),
        _row("pd_m1", "%", n=7, events=2, timepoint="M1")),
    *_rows("derlin2021",
        _row("responders_bad_outcome", "{count}", 1.0, n=10, note="of early metabolic responders, whose number is not printed")),
    *_rows("juliet",
        _row("crs_any", "%", 58.0, scale=PENN, note=PENN_NOTE),
        _row("crs_ge3", "%", 22.0, scale=PENN, note=PENN_NOTE),
        _row("icans_any", "%", 21.0, scale=UNNAMED, note=NEURO_JULIET),
        _row("icans_ge3", "%", 12.0, scale=UNNAMED, note=NEURO_JULIET)),
    *_rows("review_general",
        _row("cr_range", "%", values=(40.0, 59.0), note="range of trials in aggressive lymphoma (Chavez 2019)"),
        _row("cr_up_to", "%", 90.0, group="acute lymphoblastic leukaemia", note="“up to”"),
        _row("response_complete_lasting", "%", values=(80.0, 60.0, 40.0), note=UP_TO)),
    *_rows("tordo2020", _row("kinetics_under_bridging", "1", n=72, note="better than baseline values for PFS; no number printed")),
    *_rows("figure1", _row("tmtv", "mL", 47.0, n=1, note="the review prints mm³, which would be less than one voxel; it must be mL")),
)  # fmt: skip
