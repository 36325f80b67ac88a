"""The clinical tables of the demonstration trial: what course_tables.py says, and made-up laboratory values and toxicity beside it.

Planted: LDH and CRS follow the lymphoma at baseline. Nothing else does: ICANS, expansion, ferritin, CRP, creatinine and blood counts are
drawn without looking at course or outcome, so that a cohort has markers that go with outcome and markers that must not. course_effects.py
lists both.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from carpet.testing.course_scans import brown_fat_points
from carpet.testing.course_tables import CT, PATIENTS, READINGS
from carpet.testing.courses import NO_DOSE, SPLEEN, PlannedPatient, lines

Rows = Iterable[Sequence[object]]
LYMPHODEPLETION_DAY, LABS_DAY = -4, -6
# chosen: in so few patients, what is drawn must not go with progression, and ICANS not with the volume of lymphoma, by chance
LABS_SEED, TOXICITY_SEED, EXPANSION_SEED = 259, 21, 1
ULN_LDH = 250  # U/L
LDH_BASE, LDH_PER_ML = 160.0, 2.6  # U/L; how LDH follows the volume of lymphoma
SPLEEN_ML = 160.0  # of a spleen that lymphoma has taken
SEEN = {"gone": "absent", "small": "too_small"}
# analyte, unit, median and how far values scatter about it (standard deviation of the logarithm)
DRAWN_LABS = (
    ("crp", "mg/L", 22.0, 0.9),
    ("ferritin", "ug/L", 520.0, 0.8),
    ("platelets", "10*9/L", 140.0, 0.4),
    ("anc", "10*9/L", 2.6, 0.4),
    ("hb", "g/dL", 10.4, 0.12),
    ("creatinine", "mg/dL", 0.85, 0.2),
)
EXPANSION_DAYS = (7, 10, 14)  # one of them is the peak's
PEAK_CELLS, PEAK_SCATTER, BESIDE_PEAK = 42.0, 0.9, (0.2, 0.7)  # /uL, the median peak; the logarithm's standard deviation; of the other days


def baseline_ml(patient: PlannedPatient) -> float:
    """The planned volume of lymphoma on the last scan before infusion, mL."""
    last = max((scan for scan in patient.scans if scan.day < 0), key=lambda scan: scan.day).name
    spleen = sum(SPLEEN_ML for one in patient.lesions if one.site == SPLEEN and last in one.at)
    return spleen + sum(one.at[last].volume_ml for one in patient.lesions if last in one.at)


def clinical_tables(patients: Sequence[PlannedPatient]) -> dict[str, str]:
    """File name → CSV text of every clinical table, for these patients only."""
    by_id = {patient.id: patient for patient in patients}
    return {
        "patients.csv": _csv(PATIENT_COLUMNS, (_patient(by_id[words[0]], words[1:]) for words in _of(PATIENTS, by_id))),
        "labs.csv": _csv(("patient_id", "date", "analyte", "value", "unit"), (row for patient in patients for row in _labs(patient))),
        "toxicity.csv": _csv(TOXICITY_COLUMNS, (row for patient in patients for row in _toxicity(patient))),
        "ct_targets.csv": _csv(CT_COLUMNS, sorted(row for words in _of(CT, by_id) for row in _ct(by_id[words[0]], words[1:]))),
        "decisions.csv": _csv(DECISION_COLUMNS, (row for patient in patients for row in _decisions(patient))),
        "readings.csv": _csv(READING_COLUMNS, (_reading(by_id[words[0]], words[1:]) for words in _of(READINGS, by_id))),
    }


def _of(table: str, by_id: dict[str, PlannedPatient]) -> Iterator[list[str]]:
    return (words for words in lines(table) if words[0] in by_id)


def _csv(columns: Sequence[str], rows: Rows) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


PATIENT_COLUMNS = (
    "patient_id", "dicom_patient_id", "site", "sex", "age", "height_cm", "histology", "product", "infusion_date", "enrolment_date",
    "lymphodepletion_date", "bridging", "ann_arbor_stage", "ecog", "extranodal_sites", "prior_lines", "progression_date",
    "new_therapy_date", "death_date", "last_contact_date", "cause_of_death",
)  # fmt: skip


def _patient(patient: PlannedPatient, words: list[str]) -> list[object]:
    site, sex, age, _, height, histology, product, bridging, stage, ecog, extranodal, before, enrolled, *ends, cause = words
    dates = ("" if day == "-" else _date(patient, int(day)) for day in ends)
    start = (_date(patient, 0), _date(patient, int(enrolled)), _date(patient, LYMPHODEPLETION_DAY))
    facts = (bridging, stage, ecog, extranodal, before)
    return [patient.id, patient.record, site, sex, age, height, histology, product, *start, *facts, *dates, "" if cause == "-" else cause]


def _date(patient: PlannedPatient, day: int) -> str:
    return patient.date(day).isoformat()


def _labs(patient: PlannedPatient) -> Iterator[list[object]]:
    """Before lymphodepletion, and 10 days after infusion."""
    rng = np.random.default_rng([patient.number, LABS_SEED])
    for day in (LABS_DAY, 10):
        ldh = (LDH_BASE + LDH_PER_ML * baseline_ml(patient)) * float(np.exp(rng.normal(0.0, 0.12)))
        yield [patient.id, _date(patient, day), "ldh", round(ldh), "U/L"]
        yield [patient.id, _date(patient, day), "ldh_uln", ULN_LDH, "U/L"]
        for analyte, unit, median, scatter in DRAWN_LABS:
            value = median * float(np.exp(rng.normal(0.0, scatter)))
            yield [patient.id, _date(patient, day), analyte, f"{value:.3g}", unit]
    yield from _expansion(patient)


def _expansion(patient: PlannedPatient) -> Iterator[list[object]]:
    """CAR T-cells in blood in the second week."""
    rng = np.random.default_rng([patient.number, EXPANSION_SEED])
    peak, on = PEAK_CELLS * float(np.exp(rng.normal(0.0, PEAK_SCATTER))), int(rng.choice(EXPANSION_DAYS))
    for day in EXPANSION_DAYS:
        cells = peak if day == on else peak * float(rng.uniform(*BESIDE_PEAK))
        yield [patient.id, _date(patient, day), "cart_cells", f"{cells:.3g}", "cells/uL"]


TOXICITY_COLUMNS = (
    "patient_id", "onset_date", "resolution_date", "event", "scale", "grade", "fever", "fever_suppressed", "hypotension", "hypoxia", "ice",
    "consciousness", "seizure", "motor_weakness", "icp_edema", "tocilizumab", "steroid",
)  # fmt: skip
CRS_ITEMS = {  # grade → fever, suppressed, hypotension, hypoxia (ASTCT 2019)
    0: ("no", "no", "none", "none"),
    1: ("yes", "no", "none", "none"),
    2: ("yes", "no", "no_pressor", "low_flow"),
    3: ("yes", "no", "one_pressor", "high_flow"),
    4: ("yes", "no", "multiple_pressors", "high_flow"),
}
ICANS_ITEMS = {  # grade → ICE, consciousness, seizure, motor weakness, raised pressure or oedema
    0: (10, "awake", "none", "no", "none"),
    1: (8, "awake", "none", "no", "none"),
    2: (5, "voice", "none", "no", "none"),
    3: (1, "tactile", "resolving", "no", "none"),
}
CRS_ODDS_PER_DOUBLING = 4.0  # of a higher grade of CRS, per doubling of the volume of lymphoma at baseline
CRS_HALF_ML = (20.0, 55.0, 130.0, 800.0)  # volumes at which half of the patients have grade 1, 2, 3, 4 or more
ICANS_SHARE = 0.5  # of patients who have any


def crs_chances(volume_ml: float) -> tuple[float, ...]:
    """The chances of CRS of grade 1, 2, 3, 4 or more, by proportional odds."""
    odds = (CRS_ODDS_PER_DOUBLING ** math.log2(volume_ml / half) for half in CRS_HALF_ML)
    return tuple(one / (1.0 + one) for one in odds)


def _toxicity(patient: PlannedPatient) -> Iterator[list[object]]:
    """CRS by the volume of lymphoma; ICANS in half, whatever the volume."""
    rng = np.random.default_rng([patient.number, TOXICITY_SEED])
    drawn = rng.random()
    crs = sum(chance > drawn for chance in crs_chances(baseline_ml(patient)))
    icans = int(rng.integers(1, 4)) if rng.random() < ICANS_SHARE else 0
    onset, length = int(rng.integers(1, 4)), int(rng.integers(3, 8))
    dates = (_date(patient, onset), _date(patient, onset + length)) if crs else ("", "")
    yield [patient.id, *dates, "crs", "astct2019", crs, *CRS_ITEMS[crs], *[""] * 5, "yes" if crs >= 2 else "no", "no"]
    dates = (_date(patient, onset + 3), _date(patient, onset + 3 + length)) if icans else ("", "")
    yield [patient.id, *dates, "icans", "astct2019", icans, *[""] * 4, *ICANS_ITEMS[icans], "no", "yes" if icans else "no"]


CT_COLUMNS = ("patient_id", "date", "lesion", "kind", "ldi_mm", "sdi_mm", "target", "status")


def _ct(patient: PlannedPatient, words: list[str]) -> Iterator[list[str]]:
    name, kind, role, *cells = words
    for cell in cells:
        scan, _, seen = cell.partition("=")
        status, _, size = seen.rpartition(":")
        status = SEEN.get(size, status or "present")
        longest, _, across = ("", "", "") if size in SEEN else size.partition("x")
        date = _date(patient, patient.scan(scan).day)
        yield [patient.id, date, name, kind, longest, across, "yes" if role == "target" else "no", status]


READING_COLUMNS = ("patient_id", "date", "reader", "deauville", "new_lesions", "metabolic_response", "ct_response", "comment")


def _reading(patient: PlannedPatient, words: list[str]) -> list[str]:
    scan, reader, *said = words
    told = ["" if word == "-" else word for word in said[:4]]
    return [patient.id, _date(patient, patient.scan(scan).day), reader.replace("_", " "), *told, " ".join(said[4:])]


DECISION_COLUMNS = ("patient_id", "date", "lesion_id", "l_mm", "p_mm", "s_mm", "status", "reader", "adjudicates", "comment")
READERS, ADJUDICATOR = ("Dr A", "Dr B"), "Dr C"
DISPUTED = ("P23", "M1")  # the scan whose brown fat the second reader calls disease; the adjudicator does not
# both readers have looked at all their regions
ACCEPTED = ("P01", "P02", "P04", "P06", "P08", "P10", "P16", "P18", "P20", "P22", "P23", "P26")


def _decisions(patient: PlannedPatient) -> Iterator[list[str]]:
    """What carpet suggests is accepted by both readers; brown fat, which it leaves undecided, is called so, on one scan after a dispute."""
    if patient.id not in ACCEPTED:
        return
    for scan in patient.scans:
        if scan.fault == NO_DOSE:
            continue
        who = [patient.id, _date(patient, scan.day)]
        disputed = (patient.id, scan.name) == DISPUTED
        for reader in READERS:
            status = "disease" if disputed and reader != READERS[0] else "physiologic"
            for point in _points(patient):
                yield [*who, *point, status, reader, "", "brown fat" if status == "physiologic" else ""]
            yield [*who, "*", "", "", "", "accept", reader, "", ""]
        for point in _points(patient) if disputed else ():
            yield [*who, *point, "physiologic", ADJUDICATOR, "yes", "brown fat"]


def _points(patient: PlannedPatient) -> Iterator[list[str]]:
    return (["", *(f"{mm:.1f}" for mm in point)] for point in brown_fat_points(patient))
