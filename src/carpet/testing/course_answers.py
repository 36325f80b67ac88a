"""What the demonstration trial must come out as: responses found by hand from METHODS D, patient by patient, criterion by criterion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from carpet.testing.courses import lines

CRITERIA = ("deauville", "lugano_pet", "lugano_ct", "lugano", "lyric", "recil", "cheson2007", "qpet", "percist")
NOT_FOR_READERS = ("qpet", "percist")  # numbers only

# patient, time point, assessor, then the categories of CRITERIA in their order
ANSWERS = """
P01 M1  carpet 1  CMR PR CR CR  CR CR 1-2 CMR
P01 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P01 M1  Dr_A   1  CMR PR CR CR  CR CR
P01 M3  Dr_A   1  CMR CR CR CR  CR CR
P02 M1  carpet 1  CMR PR CR CR  MR CR 1-2 CMR
P02 M3  carpet 1  CMR PR CR CR  CR CR 1-2 CMR
P02 M1  Dr_A   2  CMR PR CR CR  MR CR
P03 M1  carpet 4  PMR PR PR PR  PR PR 4  PMR
P03 M3  carpet 1  CMR PR CR CR  CR CR 1-2 CMR
P03 M6  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P04 M1  carpet 5  NMR SD SD SD  SD SD 5  NMR
P04 M3  carpet 4  PMR PR PR PR  PR PR 4  PMR
P04 M6  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P05 M1  carpet 5  PMD PD PD IR1 PD PD 5  PMD
P06 M1  carpet 5  PMD PD PD IR2 PD PD 5  PMD
P06 M3  carpet 5  PMD PD PD PD  PD PD 5  PMD
P07 M1  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P07 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P07 M6  carpet 5  PMD PD PD PD  PD PD 5  PMD
P07 M6  Dr_B   5  PMD PD PD PD  PD PD
P08 D7  carpet 5  PMD PD PD IR1 PD SD 5  PMD
P08 D7  Dr_A   5  PMD PD PD IR1 PD SD
P08 M1  carpet 4  PMR PR PR PR  PR PR 4  PMR
P08 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P09 M1  carpet 1  CMR PD DISCORDANT IR1 PD CR 1-2 CMR
P09 M1  Dr_B   2  CMR PD DISCORDANT IR1 PD CR
P09 M3  carpet 1  CMR PR CR CR  CR CR 1-2 CMR
P10 M1  carpet NE NE  PR PR PR  PR PR NE NE
P10 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P11 M3  carpet 2  CMR CR CR CR  CR CR 1-2 PMR
P12 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P13 M1  carpet 4  PMR PR PR PR  PR PR 4  PMR
P13 M3  carpet 4  NE  PR PR PR  PR PR 4  NE
P14 M1  carpet 1  CMR PR CR CR  CR CR 1-2 CMR
P14 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P15 M1  carpet 4  PMR PR PR PR  PR PR 4  PMR
P15 M3  carpet 5  NMR PD PD PD  PD PD 5  NMR
P16 M1  carpet 1  CMR PR CR CR  CR PR 1-2 CMR
P16 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P17 M1  carpet 4  PMR PR PR PR  PR PR 4  PMR
P17 M3  carpet 5  PMD PD PD PD  PD PD 5  PMD
P18 M1  carpet 4  PMR PR PR PR  PR PR 4  PMR
P18 M3  carpet 4  PMR PR PR PR  PR PR 4  PMR
P18 M6  carpet 4  PMR PR PR PR  PR PR 4  PMR
P19 M1  carpet 5  PMR PR PR PR  PR PR 5  PMR
P19 M3  carpet 5  PMD PD PD PD  PD SD 5  PMD
P20 M1  carpet 3  CMR PR CR CR  CR PR 1-2 PMR
P20 M1  Dr_A   3  CMR PR CR CR  CR PR
P20 M1  Dr_B   4  PMR PR PR PR  PR PR
P20 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P20 M3  Dr_A   2  CMR CR CR CR  CR CR
P20 M3  Dr_B   2  CMR CR CR CR  CR CR
P21 M1  carpet 4  PMR NE PR PR  NE NE NE PMR
P21 M12 carpet 1  CMR NE CR CR  NE NE 1-2 CMR
P22 M1  carpet 5  PMD SD PD IR3 SD SD 5  PMD
P22 M3  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P23 M1  carpet 1  CMR CR CR CR  CR CR 1-2 CMR
P23 M3  carpet 5  PMD CR PD IR2 PR PR 5  PMD
P23 M3  Dr_A   1  CMR CR CR CR  CR CR
P24 M1  carpet 5  NMR SD SD SD  MR SD 5  NMR
P24 M3  carpet 5  NMR PD PD IR2 PD SD 5  NMR
P25 M1  carpet 1  CMR NE CR CR  NE NE 1-2 CMR
P25 M3  carpet 5  PMD NE PD NE  NE NE 5  PMD
P26 M1  carpet 5  PMR SD PR PR  MR SD 5  PMR
P26 M3  carpet 4  PMR PR PR PR  PR PR 4  PMR
P26 M6  carpet 4  PMR PR PR PR  PR PR 4  PMR
P26 M12 carpet 1  CMR PR CR CR  CR CR 1-2 CMR
"""

# best response by Lugano without a reader, before progression and new therapy
BEST = """
P01 CR
P02 CR
P03 CR
P04 CR
P05 PD
P06 PD
P07 CR
P08 PD
P09 CR
P10 CR
P11 CR
P12 CR
P13 PR
P14 CR
P15 PR
P16 CR
P17 PR
P18 PR
P19 PR
P20 CR
P21 CR
P22 PD
P23 CR
P24 SD
P25 CR
P26 CR
"""

# by Lugano without a reader: partial response or stable disease, and the first better response after it without new therapy
CONVERSIONS = """
P03 M1 PR M3  CR
P04 M1 SD M3  PR
P04 M3 PR M6  CR
P08 M1 PR M3  CR
P10 M1 PR M3  CR
P21 M1 PR M12 CR
P26 M1 PR M12 CR
P26 M3 PR M12 CR
P26 M6 PR M12 CR
"""

# patient, time point, what a person must look at
FINDINGS = """
P05 M1 EARLY_PROGRESSION
P06 M1 EARLY_PROGRESSION
P08 D7 EARLY_GROWTH_REGRESSED
P18 M1 DEAUVILLE_4_AT_M1
P19 M1 DEAUVILLE_5_AT_M1
P20 M1 DEAUVILLE_1_3_AT_M1
P21 M1 DEAUVILLE_4_AT_M1
P23 M3 SYMMETRIC_NODES
"""

# patient, code of the flag, where it stands
FLAGS = """
P10 SCAN_NOT_USABLE_IN_WINDOW M1
P11 NO_SCAN_IN_WINDOW        M1
P12 OUTSIDE_WINDOWS          scan
P13 RECON_CHANGED            M3
P14 BASELINE_BEFORE_BRIDGING TD
"""


@dataclass(frozen=True, slots=True)
class PlannedResponse:
    """One answer: the category of one criterion at one time point by one assessor."""

    patient_id: str
    timepoint: str
    criterion: str
    assessor: str
    category: str


@dataclass(frozen=True, slots=True)
class PlannedFlag:
    """A flag or finding that must be told of a patient's course, and where it stands."""

    patient_id: str
    code: str
    where: str


@dataclass(frozen=True, slots=True)
class PlannedConversion:
    """From one time point's category to a later, better one."""

    patient_id: str
    from_timepoint: str
    from_category: str
    to_timepoint: str
    to_category: str


@cache
def planned_responses() -> tuple[PlannedResponse, ...]:
    """Every answer, in the order of the table and of CRITERIA."""
    return tuple(answer for words in lines(ANSWERS) for answer in _answers(words))


def _answers(words: list[str]) -> list[PlannedResponse]:
    patient_id, timepoint, who, *categories = words
    of_reader = who != "carpet"
    asked = [name for name in CRITERIA if not (of_reader and name in NOT_FOR_READERS)]
    assessor = f"reader {who.replace('_', ' ')}" if of_reader else who
    return [PlannedResponse(patient_id, timepoint, name, assessor, category) for name, category in zip(asked, categories, strict=True)]


@cache
def planned_flags() -> tuple[PlannedFlag, ...]:
    """Flags of courses that must be told; there may be others."""
    return tuple(PlannedFlag(*words) for words in lines(FLAGS))


@cache
def planned_findings() -> tuple[PlannedFlag, ...]:
    """Findings that must be told, each at its time point; there may be others."""
    return tuple(PlannedFlag(patient_id, code, timepoint) for patient_id, timepoint, code in lines(FINDINGS))


@cache
def planned_best() -> dict[str, str]:
    """Patient → best response by Lugano without a reader."""
    return {words[0]: words[1] for words in lines(BEST)}


@cache
def planned_conversions() -> tuple[PlannedConversion, ...]:
    """All of them by Lugano, without a reader, from partial response or stable disease."""
    return tuple(PlannedConversion(*words) for words in lines(CONVERSIONS))
