"""The SUV reference objects: IBSI's list of 43 with an answer and 15 where refusal is the answer, made from their descriptions.

List: oncoray/suv_computation, DRO_list v3. The right answer is SUVbw 0.20 / 1.00 / 4.00 (minimum, median, maximum of the object).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from carpet.core.protocol import SuvProtocol
from carpet.core.space import Volume
from carpet.testing.reference_description import PSMA, ZIRCONIUM, Description, clock, stored_values
from carpet.testing.reference_enhanced import write_enhanced
from carpet.testing.reference_header import write_slices

ANSWER = (0.20, 1.00, 4.00)  # minimum, median, maximum SUVbw


@dataclass(frozen=True)
class ReferenceObject:
    """One object of the list.

    answer: SUVbw minimum, median, maximum; None where refusal is right. refused: the codes any one of which is a right refusal.
    flags: the codes that a right answer carries. switches: settings of `SuvProtocol` without which this object is refused.
    """

    name: str
    says: str
    described: Description
    flags: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    switches: tuple[tuple[str, Any], ...] = ()

    @property
    def answer(self) -> tuple[float, float, float] | None:
        return None if self.refused else ANSWER

    @property
    def protocol(self) -> SuvProtocol:
        return SuvProtocol(**dict(self.switches))


@dataclass(frozen=True)
class WrittenReference:
    """Where an object lies, and the SUVbw that its stored integers stand for (0 outside the object); meaningless where refused."""

    path: Path
    files: tuple[Path, ...]
    suv: Volume


def write_reference_object(name: str, folder: Path) -> WrittenReference:
    """Write an object of `REFERENCE_OBJECTS` below `folder` (made if absent); the same bytes each time. KeyError: no such name."""
    described = REFERENCE_OBJECTS[name].described
    stored, suv = stored_values(described)
    write = write_enhanced if described.enhanced else write_slices
    return WrittenReference(folder, write(name, described, stored, folder), suv)


SIEMENS, GE, PHILIPS = "SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems"
MEAN = (("sex_undefined", "mean_of_sexes"),)
STRANGER, NO_SEX = "VENDOR_UNKNOWN", "SEX_UNDEFINED"  # flags of the maker "Synthetic" and of PatientSex O
USUAL = (STRANGER, NO_SEX)
LATE = clock("11:30")  # a series time that post-processing has rewritten
TWO_BEDS, FOUR_BEDS = (clock("11:00"), clock("11:05")), tuple(clock(f"11:{minute:02d}") for minute in (0, 5, 10, 15))
UNEVEN = (4.0,) * 8 + (3.0,) * 4 + (4.0,) * 8
MIDNIGHT = Description(injected_at=clock("23:30"), scan_at=clock("00:30", 2), series_at=clock("00:30", 2), beds=(clock("00:30", 2),))
LONG = Description(tracer=ZIRCONIUM, scan_at=clock("11:00", 3), series_at=clock("11:00", 3), beds=(clock("11:00", 3),))
COUNTS = Description(units="CNTS", manufacturer=PHILIPS)
ACTIVITY_COUNTS = replace(COUNTS, counts_are="activity")
IBW = Description(units="GML", slopes=(0.001,), suv_type="IBW", sex="M")
LATE_SERIES = Description(series_at=LATE, beds=TWO_BEDS)
UNDECAYED = Description(decay="NONE", beds=FOUR_BEDS, slopes=(0.5,))


def _by_sex(number: int, suv_type: str) -> list[ReferenceObject]:
    return [
        ReferenceObject(
            f"DRO_2_{number}_{at}",
            f"GML, SUVType {suv_type}, PatientSex {sex}",
            replace(IBW, suv_type=suv_type, sex=sex),
            flags=USUAL if sex == "O" else (STRANGER,),
            switches=MEAN if sex == "O" else (),
        )
        for at, sex in enumerate("MFO")
    ]


def _by_vendor(number: int, says: str, described: Description, *flags: str) -> list[ReferenceObject]:
    return [
        ReferenceObject(
            f"DRO_3_{number}_{at}",
            f"{says}: {manufacturer}",
            replace(described, manufacturer=manufacturer),
            flags=(*flags, *(USUAL if manufacturer == "Synthetic" else (NO_SEX,))),
        )
        for at, manufacturer in enumerate((SIEMENS, GE, PHILIPS, "Synthetic"))
    ]


def _undecayed() -> list[ReferenceObject]:
    """The Philips among them stores counts."""
    objects = _by_vendor(4, "DecayCorrection NONE, four acquisition times", UNDECAYED, "DECAY_NONE_CORRECTED")
    counted = replace(objects[2].described, units="CNTS", counts_are="activity")
    return [*objects[:2], replace(objects[2], says=f"{objects[2].says}, CNTS", described=counted), objects[3]]


def _refused(number: str, says: str, code: str, described: Description, **rewritten: str | None) -> ReferenceObject:
    return ReferenceObject(f"DRO_error_{number}", says, replace(described, rewritten=tuple(rewritten.items())), refused=(code,))


_CLASSIC = (
    ReferenceObject("DRO_0_0", "BQML, START: the default", Description(), flags=USUAL),
    ReferenceObject("DRO_1_0", "several RescaleSlopes", Description(slopes=UNEVEN), flags=USUAL),
    ReferenceObject("DRO_2_0", "GML, SUVType BW", Description(units="GML", suv_type="BW", slopes=(0.1,)), flags=USUAL),
    *_by_sex(1, "LBMJAMES128"),
    *_by_sex(2, "IBW"),
    ReferenceObject("DRO_2_3", "CM2ML, SUVType BSA", Description(units="CM2ML", suv_type="BSA", slopes=(0.001,)), flags=USUAL),
    ReferenceObject("DRO_2_4", "CNTS with Philips' SUV factor", replace(COUNTS, counts_are="SUV"), flags=(NO_SEX,)),
    ReferenceObject("DRO_2_5", "CNTS with Philips' activity factor", ACTIVITY_COUNTS, flags=(NO_SEX,)),
    *_by_sex(6, "LBMJANMA"),
    ReferenceObject("DRO_3_0", "dose in MBq", Description(dose_in_mbq=True), flags=("DOSE_MBQ", *USUAL)),
    ReferenceObject("DRO_3_1", "DecayCorrection ADMIN", Description(decay="ADMIN"), flags=USUAL),
    *_by_vendor(2, "START, series time after the acquisition, two bed positions", LATE_SERIES, "SERIES_TIME_REWRITTEN"),
    ReferenceObject(
        "DRO_3_3_0",
        "START, series time after the acquisition, Siemens' private decay reference time",
        replace(LATE_SERIES, manufacturer=SIEMENS, private_at=clock("11:00")),
        flags=("SERIES_TIME_REWRITTEN", "VENDOR_SCAN_START", NO_SEX),
    ),
    ReferenceObject(
        "DRO_3_3_1",
        "START, series time after the acquisition, GE's private scan start; frame times count from the acquisition, as in IBSI's object",
        Description(manufacturer=GE, series_at=clock("12:00"), beds=(LATE,), frames_from=LATE, private_at=clock("11:00")),
        flags=("SERIES_TIME_REWRITTEN", "TREF_BACKCOMP_DISAGREE", "VENDOR_SCAN_START", NO_SEX),
    ),
    *_undecayed(),
    *_by_vendor(5, "START, series time equals acquisition time", Description()),
    ReferenceObject("DRO_4_0", "only RadiopharmaceuticalStartDateTime", Description(injection="datetime"), flags=USUAL),
    ReferenceObject("DRO_4_1", "only RadiopharmaceuticalStartTime", Description(injection="time"), flags=USUAL),
    ReferenceObject("DRO_4_2", "over midnight, no date-time", replace(MIDNIGHT, injection="time"), flags=("MIDNIGHT", *USUAL)),
    ReferenceObject("DRO_4_3", "over midnight, with date-time", MIDNIGHT, flags=USUAL),
    ReferenceObject(
        "DRO_4_4",
        "over midnight, AcquisitionDate anonymised",
        replace(MIDNIGHT, rewritten=(("AcquisitionDate", "20010101"),)),
        flags=("DATE_SHIFT", "SERIES_TIME_REWRITTEN", *USUAL),
        switches=(("repair_date_shift", True),),
    ),
    ReferenceObject("DRO_4_5", "Zr-89, 49 h of uptake, with date-time", LONG, flags=("TRACER_NOT_FDG", "UPTAKE_OUTSIDE_WINDOW", *USUAL)),
    ReferenceObject("DRO_5_0", "Ga-68", Description(tracer=PSMA), flags=("TRACER_NOT_FDG", *USUAL)),
)
_ENHANCED = (
    ReferenceObject("DRO_7_0_0", "Enhanced PET: the default", Description(enhanced=True), flags=USUAL),
    ReferenceObject("DRO_7_1_0", "Enhanced PET, several RescaleSlopes", Description(enhanced=True, slopes=UNEVEN), flags=USUAL),
    ReferenceObject(
        "DRO_7_2_0", "Enhanced PET of SUVbw", Description(enhanced=True, units="GML", suv_type="BW", slopes=(0.1,)), flags=USUAL
    ),
    ReferenceObject(
        "DRO_7_3_0", "Enhanced PET, series time after DecayCorrectionDateTime", replace(LATE_SERIES, enhanced=True), flags=USUAL
    ),
    ReferenceObject(
        "DRO_7_3_1",
        "Enhanced PET, DecayCorrected NO, several FrameReferenceDateTimes",
        replace(UNDECAYED, enhanced=True),
        flags=("DECAY_NONE_CORRECTED", *USUAL),
    ),
)
_TO_REFUSE = (
    _refused("2_0", "BQML, PatientWeight absent", "WEIGHT_MISSING", Description(), PatientWeight=None),
    _refused("2_1", "BQML, PatientWeight 0", "WEIGHT_MISSING", Description(), PatientWeight="0"),
    _refused("2_2", "GML, IBW, PatientSex absent", "BODY_FACT_NEEDED", IBW, PatientSex=None),
    _refused("2_3", "GML, IBW, PatientSex X", "BODY_FACT_NEEDED", IBW, PatientSex="X"),
    _refused("2_4", "GML, IBW, PatientSize absent", "BODY_FACT_NEEDED", IBW, PatientSize=None),
    _refused("2_5", "GML, IBW, PatientSize 0", "BODY_FACT_NEEDED", IBW, PatientSize="0"),
    _refused("2_6", "CNTS without Philips' factors", "COUNTS_WITHOUT_SCALE", COUNTS),
    _refused("2_7", "PROPCNTS", "UNITS_NOT_QUANTITATIVE", Description(units="PROPCNTS")),
    _refused("3_0", "dose absent", "DOSE_MISSING", Description(), RadionuclideTotalDose=None),
    _refused("3_1", "dose negative", "DOSE_MISSING", Description(), RadionuclideTotalDose="-368080000"),
    _refused(
        "3_2",
        "START, series time after the acquisition, ActualFrameDuration absent, not GE; nor is it said that all slices are there",
        "TREF_UNKNOWN",
        replace(LATE_SERIES, manufacturer=SIEMENS),
        ActualFrameDuration=None,
        NumberOfSlices=None,
    ),
    _refused(
        "4_0",
        "no injection time",
        "INJECTION_TIME_MISSING",
        Description(),
        RadiopharmaceuticalStartDateTime=None,
        RadiopharmaceuticalStartTime=None,
    ),
    _refused("4_1", "Zr-89, 49 h of uptake, no date-time", "DATE_REQUIRED", replace(LONG, injection="time")),
    _refused(
        "4_2",
        "Zr-89, 49 h of uptake, date-time anonymised",
        "UPTAKE_IMPLAUSIBLE",
        LONG,
        RadiopharmaceuticalStartDateTime="20010101100000.000000",
    ),
    _refused(
        "5_0",
        "half-life absent, and no code that names the radionuclide",
        "HALFLIFE_MISMATCH",
        Description(),
        RadionuclideHalfLife=None,
        RadionuclideCodeSequence=None,
    ),
)
REFERENCE_OBJECTS: Mapping[str, ReferenceObject] = MappingProxyType({one.name: one for one in (*_CLASSIC, *_ENHANCED, *_TO_REFUSE)})
