"""The registry of published cut-offs: each with its delineation, population, time point and source; and what it says of a value.

A cut-off of what an outline makes (volumes, distances between lesions) is valid only for the delineation it was found with: of another
one it is refused, unless somebody overrides it by its name, and that is then told with the result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from carpet.clinical.limits import exceeds, reaches
from carpet.clinical.notices import (
    CUTOFF_OTHER_DELINEATION,
    CUTOFF_OTHER_POPULATION,
    CUTOFF_OTHER_TIMEPOINT,
    CUTOFF_OVERRIDDEN,
    CUTOFF_UNVERIFIED,
)
from carpet.core.errors import Notice, Refused

CAR_T, FIRST_LINE = "car_t", "first_line"  # populations
BEFORE_INFUSION = ("TD", "TT")
DIAGNOSIS = ("diagnosis",)
OF_OUTLINE = ("tmtv", "tlg", "mbv", "sdmax", "dmax", "tvsr")  # these change with the delineation as well as with the disease


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff:
    """One published cut-off. sign: ">" or "≥", what makes a value high. worse: which side does worse, empty where the source is silent.

    delineation: a segmenter, "manual", or empty: the source, as far as it was read, names none (or none is needed). unverified: what
    could not be verified, in words. timepoints: where it was found, by the protocol's names.
    """

    name: str
    biomarker: str
    value: float
    unit: str
    sign: str
    worse: str
    delineation: str
    population: str
    timepoints: tuple[str, ...]
    source: str
    unverified: str = ""

    def is_high(self, value: float) -> bool:
        """Whether a value lies on the high side; equality goes by `sign`."""
        return exceeds(value, self.value) if self.sign == ">" else reaches(value, self.value)


class Applied(NamedTuple):
    """What a cut-off says of a value: "high" or "low", and what must be known with it."""

    group: str
    notices: tuple[Notice, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(notice.code for notice in self.notices)


VERCELLINO = "Vercellino 2020, Blood Adv 4:5607, doi:10.1182/bloodadvances.2020003001"
COTTEREAU = "Cottereau 2021, Ann Oncol 32:404, doi:10.1016/j.annonc.2020.11.019"
EARLY_PET = "PET at months 1 and 3, 61 patients: J Nucl Med 2025, jnumed.125.269670"
CASASNOVAS = "Casasnovas 2011, Blood 118:37"
WANG_F = "Wang F 2023, BMC Cancer, doi:10.1186/s12885-023-11333-z (253 patients)"
SIGN_ASSUMED = "whether equality is high is not stated; ≥ is our convention"


def _early(timepoint: str, biomarker: str, value: float, unit: str) -> CutOff:
    delineation = "suv4.0" if biomarker in OF_OUTLINE else ""
    return CutOff(
        name=f"{timepoint.lower()}_{biomarker}", biomarker=biomarker, value=value, unit=unit, sign="≥", worse="high",
        delineation=delineation, population=CAR_T, timepoints=(timepoint,), source=EARLY_PET, unverified=SIGN_ASSUMED,
    )  # fmt: skip


_ALL = (
    CutOff(
        name="two_factor_tmtv", biomarker="tmtv", value=80.0, unit="mL", sign=">", worse="high", delineation="max41", population=CAR_T,
        timepoints=("TT",), source=VERCELLINO, unverified="the delineation: probably 41 % of SUVmax",
    ),
    CutOff(
        name="two_factor_extranodal", biomarker="extranodal_sites", value=2.0, unit="{count}", sign="≥", worse="high", delineation="",
        population=CAR_T, timepoints=BEFORE_INFUSION, source=VERCELLINO,
    ),
    CutOff(
        name="two_factor_extranodal_review", biomarker="extranodal_sites", value=2.0, unit="{count}", sign=">", worse="high",
        delineation="", population=CAR_T, timepoints=BEFORE_INFUSION,
        source="Vercellino 2021, Front Oncol 11:664688, doi:10.3389/fonc.2021.664688, which prints > 2 for the ≥ 2 of its source",
    ),
    CutOff(
        name="dean_tmtv", biomarker="tmtv", value=147.5, unit="mL", sign=">", worse="high", delineation="manual", population=CAR_T,
        timepoints=("TT",), source="Dean 2020, Blood Adv 4:3268 (median of the first cohort, n = 48; a review prints 147)",
    ),
    CutOff(
        name="transcend_spd", biomarker="spd", value=50.0, unit="cm2", sign="≥", worse="high", delineation="", population=CAR_T,
        timepoints=BEFORE_INFUSION, source="TRANSCEND: Abramson 2020, Lancet 396:839",
    ),
    CutOff(
        name="zuma1_bulk", biomarker="longest_diameter", value=10.0, unit="cm", sign=">", worse="high", delineation="", population=CAR_T,
        timepoints=BEFORE_INFUSION, source="ZUMA-1: Neelapu 2017, N Engl J Med 377:2531",
    ),
    CutOff(
        name="sdmax_032", biomarker="sdmax", value=0.32, unit="/m", sign=">", worse="high", delineation="max41", population=FIRST_LINE,
        timepoints=DIAGNOSIS, source=COTTEREAU,
    ),
    CutOff(
        name="sdmax_tmtv", biomarker="tmtv", value=220.0, unit="mL", sign=">", worse="high", delineation="max41", population=FIRST_LINE,
        timepoints=DIAGNOSIS, source=COTTEREAU, unverified="the value, quoted from memory of the paper",
    ),
    CutOff(
        name="dmax_wang", biomarker="dmax", value=453.4, unit="mm", sign="≥", worse="high", delineation="", population=FIRST_LINE,
        timepoints=DIAGNOSIS, source=WANG_F, unverified=f"the delineation; {SIGN_ASSUMED}",
    ),
    CutOff(
        name="mbv_wang", biomarker="mbv", value=21.65, unit="mL", sign="≥", worse="high", delineation="", population=FIRST_LINE,
        timepoints=DIAGNOSIS, source=WANG_F, unverified=f"the delineation; {SIGN_ASSUMED}",
    ),
    CutOff(
        name="dmax_lnh07", biomarker="dmax", value=580.0, unit="mm", sign="≥", worse="high", delineation="", population=FIRST_LINE,
        timepoints=DIAGNOSIS, source="LNH07-3B trial", unverified=f"the value, quoted from memory of the paper; {SIGN_ASSUMED}",
    ),
    CutOff(
        name="tvsr_decazes", biomarker="tvsr", value=6.0, unit="mm", sign="≥", worse="", delineation="", population=FIRST_LINE,
        timepoints=DIAGNOSIS, source="Decazes 2018, Eur J Nucl Med Mol Imaging 45:1672, doi:10.1007/s00259-018-4041-0",
        unverified=f"the unit: its abstract prints cm, which no lesion can reach; {SIGN_ASSUMED}",
    ),
    CutOff(
        name="delta_suv_max_2_cycles", biomarker="delta_suv_max", value=66.0, unit="%", sign=">", worse="low", delineation="",
        population=FIRST_LINE, timepoints=("after 2 cycles",), source=CASASNOVAS,
    ),
    CutOff(
        name="delta_suv_max_4_cycles", biomarker="delta_suv_max", value=70.0, unit="%", sign=">", worse="low", delineation="",
        population=FIRST_LINE, timepoints=("after 4 cycles",), source=CASASNOVAS,
    ),
    _early("M1", "suv_max", 9.1, "g/mL"), _early("M3", "suv_max", 6.3, "g/mL"),
    _early("M1", "tmtv", 60.8, "mL"), _early("M3", "tmtv", 120.1, "mL"),
    _early("M1", "tlg", 97.0, "g"), _early("M3", "tlg", 436.9, "g"),
)  # fmt: skip
CUT_OFFS: Mapping[str, CutOff] = MappingProxyType({one.name: one for one in _ALL})


def apply(
    cut_off: CutOff, value: float, *, delineation: str, timepoint: str, population: str | None = CAR_T, override: str | None = None
) -> Applied:
    """The side of the cut-off that a value (in its unit) lies on, with all that differs from its source.

    delineation: the segmenter of the value, empty where it comes from none. population: None where not known. override: who accepts, and
    why, that a value of another delineation is held against it. Raises Refused(CUTOFF_OTHER_DELINEATION) without that.
    """
    told = tuple(_told(cut_off, delineation, timepoint, population, override))
    return Applied("high" if cut_off.is_high(value) else "low", told)


def _told(cut_off: CutOff, delineation: str, timepoint: str, population: str | None, override: str | None) -> Iterator[Notice]:
    where = f"cut-off {cut_off.name}"
    if _other_delineation(cut_off, delineation):
        found, allowed = delineation or "not stated", cut_off.delineation or "that of the source, which is not known here"
        if override and override.strip():
            yield replace(CUTOFF_OVERRIDDEN.at(where, found, more=override.strip()), allowed=allowed)
        else:
            raise Refused(replace(CUTOFF_OTHER_DELINEATION.at(where, found), allowed=allowed))
    if cut_off.unverified:
        yield CUTOFF_UNVERIFIED.at(where, more=cut_off.unverified)
    if timepoint not in cut_off.timepoints:
        yield replace(CUTOFF_OTHER_TIMEPOINT.at(where, timepoint), allowed=", ".join(cut_off.timepoints))
    if population is not None and population != cut_off.population:
        yield replace(CUTOFF_OTHER_POPULATION.at(where, population), allowed=cut_off.population)


def _other_delineation(cut_off: CutOff, delineation: str) -> bool:
    return cut_off.biomarker in OF_OUTLINE and (not cut_off.delineation or delineation != cut_off.delineation)
