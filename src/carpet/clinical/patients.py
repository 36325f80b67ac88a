"""patients.csv: one patient, one row; who it is, the dates that endpoints need, and what the scores need at the start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated

from carpet.clinical.avidity import reliably_avid
from carpet.clinical.cells import YES_NO, Choice, Day, Number, Text, Whole, one_of
from carpet.clinical.notices import (
    AGE_CONFLICT,
    AGE_UNKNOWN,
    CAUSE_WITHOUT_DEATH,
    DATE_ORDER,
    DATE_UNUSUAL,
    FDG_AVIDITY_UNUSUAL,
    FDG_AVIDITY_VARIABLE,
    FOLLOW_UP_UNKNOWN,
    LAST_CONTACT_EARLY,
    NOT_INFUSED,
)
from carpet.clinical.table import Column, Schema, Table, checked, place, read_table, single
from carpet.core.errors import Notice

FILE = "patients.csv"
OLDEST_YEARS = 120
LYMPHODEPLETION_DAYS = 14  # it starts 3–5 days before infusion (METHODS D.9); earlier than this is unusual

# stage → number; the letters that may follow (A, B, E, S, X and pairs) say nothing that a score asks for
STAGE_LETTERS = ("", "A", "B", "E", "S", "X", "AE", "BE", "EA", "EB", "AS", "BS", "SA", "SB", "AX", "BX")
STAGES = MappingProxyType(
    {f"{roman}{letters}": number for number, roman in enumerate(("I", "II", "III", "IV"), start=1) for letters in STAGE_LETTERS}
    | {f"{number}{letters}": number for number in (1, 2, 3, 4) for letters in STAGE_LETTERS}
)
IDENTIFIER = Text("text, the same in all tables", 64)
WORDS = Text("text", 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One patient; None is "not known". Dates of what follows are on or after the infusion, those of what precedes on or before it."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym; the key of all tables")]
    dicom_patient_id: Annotated[str | None, Column(Text("text", 64), "PatientID (0010,0020) in the images, where it differs")] = None
    site: Annotated[str | None, Column(WORDS, "hospital or centre")] = None
    sex: Annotated[str | None, Column(one_of("F", "M", "O"), "sex as DICOM has it: F, M, O")] = None
    birth_year: Annotated[
        int | None,
        Column(Whole(1880, 2100), "year of birth; this or age. The age is then the difference of years, one too many before the birthday"),
    ] = None
    age: Annotated[float | None, Column(Number(0, OLDEST_YEARS, "years"), "age in years at infusion (at enrolment without infusion)")] = (
        None
    )
    height_cm: Annotated[float | None, Column(Number(50, 250, "cm"), "body height")] = None
    histology: Annotated[str | None, Column(WORDS, "lymphoma, such as DLBCL")] = None
    product: Annotated[str | None, Column(WORDS, "CAR T-cell product, such as axi-cel")] = None
    infusion_date: Annotated[dt.date | None, Column(Day(), "infusion of CAR T-cells: day 0")] = None
    enrolment_date: Annotated[dt.date | None, Column(Day(), "decision for CAR T-cells or leukapheresis; start of intention-to-treat")] = (
        None
    )
    lymphodepletion_date: Annotated[dt.date | None, Column(Day(), "first day of lymphodepletion")] = None
    bridging: Annotated[bool | None, Column(YES_NO, "therapy between enrolment and lymphodepletion")] = None
    ann_arbor_stage: Annotated[
        int | None, Column(Choice(STAGES, "I to IV or 1 to 4, letters A, B, E, S, X after it passed over"), "stage before CAR T-cells")
    ] = None
    ecog: Annotated[int | None, Column(Whole(0, 4), "ECOG performance status before lymphodepletion")] = None
    ldh_uln_ratio: Annotated[float | None, Column(Number(0.05, 200), "LDH over the laboratory's upper limit of normal")] = None
    extranodal_sites: Annotated[int | None, Column(Whole(0, 30), "extranodal sites involved")] = None
    prior_lines: Annotated[int | None, Column(Whole(0, 30), "lines of therapy before CAR T-cells, bridging not counted")] = None
    progression_date: Annotated[dt.date | None, Column(Day(), "first progression after infusion")] = None
    death_date: Annotated[dt.date | None, Column(Day(), "death, any cause")] = None
    last_contact_date: Annotated[dt.date | None, Column(Day(), "last date known alive")] = None
    new_therapy_date: Annotated[dt.date | None, Column(Day(), "first new therapy against lymphoma after infusion, transplant included")] = (
        None
    )
    hsct_date: Annotated[dt.date | None, Column(Day(), "stem-cell transplant after infusion")] = None
    cause_of_death: Annotated[
        str | None,
        Column(one_of("lymphoma", "toxicity", "infection", "second_malignancy", "other", "unknown"), "principal cause of death"),
    ] = None
    nccn_extranodal_site: Annotated[
        bool | None, Column(YES_NO, "marrow, CNS, liver, gastrointestinal tract or lung involved, for the NCCN-IPI")
    ] = None
    fdg_avid: Annotated[
        bool | None,
        Column(YES_NO, "the lymphoma takes up FDG reliably, so that PET decides; no: CT decides. Empty: by histology, else yes"),
    ] = None

    def day(self, date: dt.date) -> int | None:
        """Whole days from infusion; None where there was no infusion."""
        return None if self.infusion_date is None else (date - self.infusion_date).days

    @property
    def pet_decides(self) -> bool:
        """Whether PET stands above CT: as fdg_avid says, else by histology; a lymphoma that nobody named as variable is taken as avid."""
        return self.fdg_avid if self.fdg_avid is not None else reliably_avid(self.histology) is not False

    @property
    def age_years(self) -> int | None:
        """Completed years at infusion (at enrolment without infusion): `age`, else the difference of the years, which is one
        too many before the birthday."""
        if self.age is not None:
            return int(self.age)
        start = self.infusion_date or self.enrolment_date
        return None if self.birth_year is None or start is None else start.year - self.birth_year


PATIENTS = Schema(FILE, Patient)

AFTER_INFUSION = ("progression_date", "new_therapy_date", "hsct_date", "death_date", "last_contact_date")
BEFORE_DEATH = (
    "infusion_date",
    "enrolment_date",
    "lymphodepletion_date",
    "progression_date",
    "new_therapy_date",
    "hsct_date",
    "last_contact_date",
)
WHILE_ALIVE = ("infusion_date", "enrolment_date", "lymphodepletion_date", "progression_date", "new_therapy_date", "hsct_date")


def read_patients(source: str | bytes) -> Table[Patient]:
    """The patients of patients.csv; those whose facts contradict each other are refused, told which. Never raises for what it holds."""
    table = single(read_table(source, PATIENTS), lambda one: one.patient_id, file=FILE, column="patient_id", same="one patient, one row")
    return checked(table, _check, file=FILE)


def _check(one: Patient) -> Iterator[Notice]:
    yield from _age(one)
    yield from _avidity(one)
    yield from _before_infusion(one)
    yield from _after_infusion(one)
    yield from _end(one)


def _age(one: Patient) -> Iterator[Notice]:
    where = place(FILE, one.row, "age")
    if one.birth_year is None and one.age is None:
        yield AGE_UNKNOWN.at(where)
    start = one.infusion_date or one.enrolment_date
    if one.birth_year is None or start is None:
        return
    years = start.year - one.birth_year
    if not 0 <= years <= OLDEST_YEARS:
        yield DATE_ORDER.at(place(FILE, one.row, "birth_year"), f"{years} years before infusion or enrolment")
    elif one.age is not None and not years - 1 <= int(one.age) <= years:
        yield AGE_CONFLICT.at(where, f"{one.age:g}; by birth_year {years - 1} or {years}")


def _avidity(one: Patient) -> Iterator[Notice]:
    """A person's word stands above the list of histologies, and both are told where they differ."""
    usual = reliably_avid(one.histology)
    if one.fdg_avid is None and usual is False:
        yield FDG_AVIDITY_VARIABLE.at(place(FILE, one.row, "histology"), one.histology or "")
    elif one.fdg_avid is not None and usual is not None and usual != one.fdg_avid:
        said = "yes" if one.fdg_avid else "no"
        yield FDG_AVIDITY_UNUSUAL.at(place(FILE, one.row, "fdg_avid"), f"{said}, histology {one.histology}")


def _before_infusion(one: Patient) -> Iterator[Notice]:
    """Lymphodepletion after infusion cannot be; a registry may enrol later than it treats."""
    if one.infusion_date is None:
        yield NOT_INFUSED.at(place(FILE, one.row, "infusion_date"))
    depletion = None if one.lymphodepletion_date is None else one.day(one.lymphodepletion_date)
    where = place(FILE, one.row, "lymphodepletion_date")
    if depletion is not None and depletion > 0:
        yield _order(where, f"{depletion} days after infusion_date", "before infusion_date")
    elif depletion is not None and not -LYMPHODEPLETION_DAYS <= depletion < 0:
        yield replace(
            DATE_UNUSUAL.at(where, f"{-depletion} days before infusion_date"), allowed=f"1 to {LYMPHODEPLETION_DAYS} days before it"
        )
    start = one.lymphodepletion_date or one.infusion_date
    if one.enrolment_date and start and one.enrolment_date > start:
        found = f"{(one.enrolment_date - start).days} days after lymphodepletion or infusion"
        yield replace(DATE_UNUSUAL.at(place(FILE, one.row, "enrolment_date"), found), allowed="before lymphodepletion")


def _after_infusion(one: Patient) -> Iterator[Notice]:
    for name in AFTER_INFUSION:
        date: dt.date | None = getattr(one, name)
        day = None if date is None else one.day(date)
        if day is not None and day < 0:
            yield _order(place(FILE, one.row, name), f"{-day} days before infusion_date", "on or after infusion_date")


def _end(one: Patient) -> Iterator[Notice]:
    """Nothing follows death; the last date known alive is not before anything that happened to the living."""
    if one.death_date is not None:
        for name in BEFORE_DEATH:
            date: dt.date | None = getattr(one, name)
            if date is not None and date > one.death_date:
                yield _order(place(FILE, one.row, name), f"{(date - one.death_date).days} days after death_date", "on or before death_date")
        return
    if one.cause_of_death is not None:
        yield CAUSE_WITHOUT_DEATH.at(place(FILE, one.row, "cause_of_death"), one.cause_of_death)
    if one.last_contact_date is None:
        yield FOLLOW_UP_UNKNOWN.at(place(FILE, one.row, "last_contact_date"))
        return
    latest = max((date for name in WHILE_ALIVE if (date := getattr(one, name)) is not None), default=one.last_contact_date)
    if latest > one.last_contact_date:
        yield LAST_CONTACT_EARLY.at(place(FILE, one.row, "last_contact_date"), f"{(latest - one.last_contact_date).days} days before it")


def _order(where: str, found: str, allowed: str) -> Notice:
    return replace(DATE_ORDER.at(where, found), allowed=allowed)
