"""toxicity.csv: one event a row, the grade with the scale it was given by, and the items to grade by.

Which scale grades which event, and how far: METHODS F; Lee 2019 Biol Blood Marrow Transplant 25:625 (ASTCT); Lee 2014 Blood 124:188; Penn,
CARTOX (Neelapu 2018), MSKCC: tabulated in PMC7006459, table 2; CTCAE. Grade 0: looked for, did not happen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated

from carpet.clinical.cells import YES_NO, Day, Text, Whole, one_of
from carpet.clinical.notices import DATE_ORDER, GRADE_MISSING, GRADE_WITHOUT_SCALE, ICE_CONTRADICTS, SCALE_UNFIT
from carpet.clinical.patients import IDENTIFIER
from carpet.clinical.table import Column, Schema, Table, checked, place, read_table, single
from carpet.core.errors import Notice

FILE = "toxicity.csv"

CTCAE: Mapping[str, int] = MappingProxyType({"ctcae5": 5, "ctcae4": 5})
# event → scale → highest grade. CRES has no grade 5; ICANS by ASTCT has: death by ICANS.
SCALES: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "crs": MappingProxyType({"astct2019": 5, "lee2014": 5, "penn": 5, "cartox": 5, "mskcc": 5, **CTCAE}),
        "icans": MappingProxyType({"astct2019": 5}),
        "cres": MappingProxyType({"cartox": 4}),
        "neurotoxicity": CTCAE,
        "icaht": MappingProxyType({"eha_ebmt2023": 4}),
        "neutropenia": CTCAE,
        "thrombocytopenia": CTCAE,
        "anemia": CTCAE,
        "hypogammaglobulinemia": CTCAE,
        "infection": CTCAE,
        "hlh": CTCAE,
        "tumor_lysis": CTCAE,
        "coagulopathy": CTCAE,
        "cardiac": CTCAE,
        "other": CTCAE,
    }
)
ALL_SCALES = tuple(dict.fromkeys(scale for scales in SCALES.values() for scale in scales))
OF_CAR_T = ("crs", "icans", "cres")  # begin after infusion by definition

ICE_PARTS = ("ice_orientation", "ice_naming", "ice_command", "ice_sentence", "ice_counting")
CRS_ITEMS = ("fever", "fever_suppressed", "hypotension", "hypoxia")
ICANS_ITEMS = ("ice", *ICE_PARTS, "capd", "consciousness", "seizure", "motor_weakness", "icp_edema")
ITEMS = (*CRS_ITEMS, *ICANS_ITEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxicity:
    """One event of one patient; None is "not known". The items are those of the ASTCT grades of CRS and ICANS, at their worst."""

    row: int = field(default=0, compare=False)
    patient_id: Annotated[str, Column(IDENTIFIER, "pseudonym, as in patients.csv")]
    onset_date: Annotated[dt.date | None, Column(Day(), "first day of the event")] = None
    resolution_date: Annotated[dt.date | None, Column(Day(), "first day without it")] = None
    event: Annotated[str, Column(one_of(*SCALES), "what happened")]
    scale: Annotated[str | None, Column(one_of(*ALL_SCALES), "the scale of the grade; needed with a grade")] = None
    grade: Annotated[int | None, Column(Whole(0, 5), "highest grade of the event; 0: looked for, did not happen")] = None
    fever: Annotated[bool | None, Column(YES_NO, "38 °C or more at onset, not explained otherwise")] = None
    fever_suppressed: Annotated[bool | None, Column(YES_NO, "fever gone by antipyretics, tocilizumab or steroids while CRS went on")] = None
    hypotension: Annotated[
        str | None,
        Column(
            one_of("none", "no_pressor", "one_pressor", "one_pressor_plus_vasopressin", "multiple_pressors"),
            "hypotension by the pressors it took; vasopressin is not counted",
        ),
    ] = None
    hypoxia: Annotated[
        str | None,
        Column(
            one_of("none", "low_flow", "high_flow", "positive_pressure"),
            "oxygen: nasal cannula up to 6 L/min or blow-by; more, or a mask; CPAP, BiPAP or ventilation",
        ),
    ] = None
    ice: Annotated[int | None, Column(Whole(0, 10), "lowest ICE score")] = None
    capd: Annotated[int | None, Column(Whole(0, 32), "highest CAPD score, children under 12")] = None
    consciousness: Annotated[
        str | None,
        Column(one_of("awake", "spontaneous", "voice", "tactile", "unarousable"), "awake, or what it took to awaken; at its worst"),
    ] = None
    seizure: Annotated[
        str | None,
        Column(one_of("none", "resolving", "prolonged"), "resolving: rapidly; prolonged: over 5 min, or repeated without recovery"),
    ] = None
    motor_weakness: Annotated[bool | None, Column(YES_NO, "deep focal motor weakness")] = None
    icp_edema: Annotated[
        str | None,
        Column(one_of("none", "focal_edema", "diffuse_edema"), "cerebral oedema on imaging; diffuse, or signs of raised pressure"),
    ] = None
    tocilizumab: Annotated[bool | None, Column(YES_NO, "tocilizumab given for it")] = None
    steroid: Annotated[bool | None, Column(YES_NO, "corticosteroids given for it")] = None
    anakinra: Annotated[bool | None, Column(YES_NO, "anakinra given for it")] = None
    comment: Annotated[str | None, Column(Text(), "free text; no names")] = None
    ice_orientation: Annotated[int | None, Column(Whole(0, 4), "ICE, same day as the lowest score: year, month, city, hospital")] = None
    ice_naming: Annotated[int | None, Column(Whole(0, 3), "ICE: objects named, of three")] = None
    ice_command: Annotated[int | None, Column(Whole(0, 1), "ICE: follows a simple command")] = None
    ice_sentence: Annotated[int | None, Column(Whole(0, 1), "ICE: writes a sentence")] = None
    ice_counting: Annotated[int | None, Column(Whole(0, 1), "ICE: counts from 100 backwards by ten")] = None

    @property
    def ice_score(self) -> int | None:
        """ICE, 0 to 10: `ice`, else the sum of its five parts; None where neither is known."""
        parts = [part for name in ICE_PARTS if (part := getattr(self, name)) is not None]
        return sum(parts) if self.ice is None and len(parts) == len(ICE_PARTS) else self.ice

    @property
    def days(self) -> int | None:
        """How long it lasted, whole days; None where an end is not known."""
        return None if self.onset_date is None or self.resolution_date is None else (self.resolution_date - self.onset_date).days


TOXICITY = Schema(FILE, Toxicity)


def read_toxicity(source: str | bytes) -> Table[Toxicity]:
    """The events of toxicity.csv; a grade without a scale that can give it is refused. Never raises for what the file holds."""
    table = checked(read_table(source, TOXICITY), _check, file=FILE)
    return single(table, _episode, file=FILE, column="event", same="patient, event, scale and onset")


def _episode(one: Toxicity) -> tuple[object, ...]:
    """What tells two events apart; those of unknown onset may be several, but for the syndromes of CAR T-cells."""
    onset = one.row if one.onset_date is None and one.event not in OF_CAR_T else one.onset_date
    return one.patient_id, one.event, one.scale, onset


def _check(one: Toxicity) -> Iterator[Notice]:
    scales = SCALES[one.event]
    told = f"{one.event}: " + ", ".join(f"{scale} 0 to {highest}" for scale, highest in scales.items())
    if one.grade is not None and one.scale is None:
        yield replace(GRADE_WITHOUT_SCALE.at(place(FILE, one.row, "scale"), f"grade {one.grade}"), allowed=told)
    if one.scale is not None and one.scale not in scales:
        yield replace(SCALE_UNFIT.at(place(FILE, one.row, "scale"), f"{one.event} by {one.scale}"), allowed=told)
    elif one.scale is not None and one.grade is not None and one.grade > scales[one.scale]:
        yield replace(SCALE_UNFIT.at(place(FILE, one.row, "grade"), f"{one.event} {one.grade} by {one.scale}"), allowed=told)
    if one.grade is None and all(getattr(one, item) is None for item in ITEMS):
        yield GRADE_MISSING.at(place(FILE, one.row, "grade"))
    parts = replace(one, ice=None).ice_score
    if None not in (one.ice, parts) and one.ice != parts:
        yield ICE_CONTRADICTS.at(place(FILE, one.row, "ice"), f"{one.ice}; its parts make {parts}")
    if one.days is not None and one.days < 0:
        notice = DATE_ORDER.at(place(FILE, one.row, "resolution_date"), f"{-one.days} days before onset_date")
        yield replace(notice, allowed="on or after onset_date")
