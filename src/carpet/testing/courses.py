"""The patients of the demonstration trial: which scans they have, and what lymphoma each scan shows. The tables are course_tables.py."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from carpet.core.body import Body, Sex
from carpet.testing.course_tables import LESIONS, PATIENTS, SCANS

FIRST_INFUSION, DAYS_BETWEEN_INFUSIONS = dt.date(2024, 1, 9), 6
NO_DOSE, OTHER_SCANNER = "no_dose", "other_scanner"
SPLEEN = "spleen_diffuse"  # not a lesion of its own: the whole organ's uptake
VENDOR_OF_SITE = {"A": "siemens", "B": "ge"}
OTHER_VENDOR = {"siemens": "ge", "ge": "siemens"}


@dataclass(frozen=True, slots=True)
class PlannedScan:
    """One examination: its name (the time point it is meant for), the day from infusion, and what is wrong with it, if anything."""

    name: str
    day: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of a lesion one scan shows: mL and SUVbw."""

    volume_ml: float
    suv: float


@dataclass(frozen=True)
class PlannedLesion:
    """One lesion of a patient; `at`: scan → amount, absent where the scan shows none of it."""

    name: str
    site: str
    at: dict[str, Amount]

    @property
    def largest_ml(self) -> float:
        return max(amount.volume_ml for amount in self.at.values())


@dataclass(frozen=True)
class PlannedPatient:
    """One patient. shows: what the course is there for. The infusion's date is made up."""

    id: str
    shows: str
    number: int
    site: str
    body: Body
    age_years: int
    infused_on: dt.date
    scans: tuple[PlannedScan, ...]
    lesions: tuple[PlannedLesion, ...]

    @property
    def record(self) -> str:
        """The Patient ID in the headers of the scans."""
        return f"PHANTOM-{self.id}"

    def scan(self, name: str) -> PlannedScan:
        return next(scan for scan in self.scans if scan.name == name)

    def date(self, day: int) -> dt.date:
        return self.infused_on + dt.timedelta(days=day)

    def vendor(self, scan: PlannedScan) -> str:
        own = VENDOR_OF_SITE[self.site]
        return OTHER_VENDOR[own] if scan.fault == OTHER_SCANNER else own


def lines(table: str) -> list[list[str]]:
    """The words of each line of a table."""
    return [line.split() for line in table.strip().splitlines()]


@cache
def planned_patients() -> tuple[PlannedPatient, ...]:
    """All patients of the demonstration trial, in the order of their ids."""
    facts = {words[0]: words[1:] for words in lines(PATIENTS)}
    return tuple(_patient(number, words, facts[words[0]]) for number, words in enumerate(lines(SCANS), start=1))


def _patient(number: int, words: list[str], facts: list[str]) -> PlannedPatient:
    patient_id, shows, *scans = words
    site, sex, age, weight, height = facts[:5]
    return PlannedPatient(
        id=patient_id,
        shows=shows.replace("_", " "),
        number=number,
        site=site,
        body=Body(float(weight), float(height) / 100.0, Sex(sex)),
        age_years=int(age),
        infused_on=FIRST_INFUSION + dt.timedelta(days=DAYS_BETWEEN_INFUSIONS * number),
        scans=tuple(_scan(word) for word in scans),
        lesions=tuple(_lesion(row[1:]) for row in lines(LESIONS) if row[0] == patient_id),
    )


def _scan(word: str) -> PlannedScan:
    told, _, fault = word.partition("/")
    at = max(told.find("+"), told.find("-"))
    return PlannedScan(told[:at], int(told[at:]), fault)


def _lesion(words: list[str]) -> PlannedLesion:
    name, site, *cells = words
    at = {}
    for cell in cells:
        scan, _, amount = cell.partition("=")
        volume, _, suv = amount.partition("@")
        at[scan] = Amount(float(volume), float(suv))
    return PlannedLesion(name, site.replace("soft_tissue", "soft tissue"), at)


AVID_SUV, AVID_ML = 4.0, 3.0  # a region of lymphoma is found from these on (the default protocol); smaller, it is a remnant


def planned_events(patient: PlannedPatient) -> dict[tuple[int, str], int]:
    """(day, event) → how many lesions, on every later scan that can be measured: present, new, reappeared, remnant, gone.

    gone: seen on an earlier scan, not on this one. A spleen is a lesion like the others, and large.
    """
    seen: set[str] = set()
    before: set[str] = set()
    events: dict[tuple[int, str], int] = {}
    for scan in (one for one in patient.scans if one.fault != NO_DOSE):
        avid = {one.name: one for one in patient.lesions if scan.name in one.at and one.at[scan.name].suv >= AVID_SUV}
        now = {name for name, one in avid.items() if one.site == SPLEEN or one.at[scan.name].volume_ml >= AVID_ML}
        left = (avid.keys() - now) & seen
        if scan is not patient.scans[0]:
            counts = {"present": now & before, "new": now - seen, "reappeared": (now & seen) - before, "remnant": left}
            counts["gone"] = seen - now - left
            events |= {(scan.day, event): len(names) for event, names in counts.items() if names}
        seen, before = seen | now, now | left
    return events
