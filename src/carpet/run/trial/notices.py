"""What a trial as a whole has to say: scans without a patient, days without a scan, responses without a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from carpet.core.errors import Notice, NoticeKind, Severity

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741

PATIENTS_SHARE_SCANS = NoticeKind(
    "PATIENTS_SHARE_SCANS",
    E,
    "rows of patients.csv claim the same scans",
    "a dicom_patient_id for each patient",
    "correct dicom_patient_id",
)
STUDIES_SAME_DAY = NoticeKind(
    "STUDIES_SAME_DAY",
    E,
    "two measured examinations of one patient on one day: neither stands for a time point",
    "one examination a day",
    "take one of them out of dicom/",
)
STUDY_UNDATED = NoticeKind("STUDY_UNDATED", E, "the scan has no date: it stands for no time point", "(0008,0020)", "have it exported again")
FILES_UNREADABLE = NoticeKind(
    "FILES_UNREADABLE", E, "files below dicom/ cannot be read", "whole DICOM files, whole zips", "`carpet scan` on dicom/ names each"
)
INTERNAL = NoticeKind(
    "INTERNAL", E, "carpet failed on this examination; the others were measured", "", "report this bug; the log lies in results/logs/"
)
WORKER_DIED = NoticeKind(
    "WORKER_DIED",
    E,
    "the process that measured this examination died, twice; the others were measured",
    "enough memory",
    "the same call with --workers 1 tries again; where that dies too, report a bug",
)
STUDY_WITHOUT_PET = NoticeKind("STUDY_WITHOUT_PET", I, "this examination has no PET and was not measured")
PATIENT_WITHOUT_SCANS = NoticeKind("PATIENT_WITHOUT_SCANS", W, "there is no scan of this patient", "at least one", "look in dicom/")
READING_WITHOUT_SCAN = NoticeKind(
    "READING_WITHOUT_SCAN", W, "a row stands for no time point: its date is not that of a scan", "the day of the scan", "correct the date"
)
DECISION_WITHOUT_SCAN = NoticeKind(
    "DECISION_WITHOUT_SCAN",
    E,
    "a reader's decision is for no examination, or for more than one",
    "the day of one scan of this patient; series_uid in scans.csv where there are two",
    "correct the date",
)
DECISIONS_HELD_BACK = NoticeKind(
    "DECISIONS_HELD_BACK",
    W,
    "no decision of this patient was used, because a row was refused: what it says may change what the others confirm",
    "",
    "correct the refused row",
)
NEW_LESIONS_NOT_READ = NoticeKind(
    "NEW_LESIONS_NOT_READ",
    W,
    "neither a reader nor the lesion tracks say whether there are new lesions: taken as none",
    "new_lesions in readings.csv, or scans that can be aligned",
    "have the scan read",
)
READING_DIFFERS = NoticeKind(
    "READING_DIFFERS",
    W,
    "what the reader says of new lesions, or calls a response, is not what the numbers or the rules give; the reader's stands",
)
NEW_LESION_UNSURE = NoticeKind(
    "NEW_LESION_UNSURE",
    W,
    "a region may be new, but is smaller than 1 mL, was followed with low confidence, or lies where an earlier scan shows uptake already:"
    " not counted as new",
    "new_lesions in readings.csv",
    "have the scan read",
)
UNDECIDED_REGION_HOTTER = NoticeKind(
    "UNDECIDED_REGION_HOTTER",
    W,
    "a region that is neither called disease nor physiologic would change the response",
    "a decision on every region that is hotter than the disease",
    "decide it in clinical/decisions.csv, or have the scan read",
)
CLINICAL_COURSE_UNKNOWN = NoticeKind(
    "CLINICAL_COURSE_UNKNOWN",
    W,
    "LYRIC asks whether the patient is getting worse, and nobody says: taken as no",
    "clinical_deterioration in readings.csv",
    "ask who treats the patient",
)
NEW_FAINT_NOT_SOUGHT = NoticeKind(
    "NEW_FAINT_NOT_SOUGHT",
    W,
    "no disease found, and what is left where it lay was measured; but new uptake elsewhere that is fainter or smaller than a candidate"
    " region was not looked for",
    "regions of [segment] preselect_suv and preselect_min_ml, or a reader",
    "have the scan read",
)
RESIDUAL_NOT_KNOWN = NoticeKind(
    "RESIDUAL_NOT_KNOWN",
    W,
    "what is left where disease lay cannot be told at all places, and would change the response",
    "a scan that covers these places and can be laid on the earlier ones; no other hot organ there",
    "have the scan read",
)
RECON_CHANGED = NoticeKind(
    "RECON_CHANGED",
    W,
    "scanner, reconstruction or voxel size differ: no change of uptake or volume is given",
    "the same scanner, reconstruction and voxels as at baseline",
    "accept it by name (accept_recon_change in scans.csv), or rely on what each scan shows by itself",
)
RECON_CHANGED_ACCEPTED = NoticeKind(
    "RECON_CHANGED_ACCEPTED", I, "scanner, reconstruction or voxel size differ from baseline; a person accepts the comparison"
)
RECORD_DIFFERS = NoticeKind(
    "RECORD_DIFFERS",
    E,
    "what is stored is not what comes out now",
    "equal records",
    "if neither carpet nor its libraries were changed, report a bug",
)
RECORD_STALE = NoticeKind(
    "RECORD_STALE",
    E,
    "what is stored was made of other files, with another protocol or another carpet",
    "results of what lies in the folder",
    "call `carpet run`",
)
GEOMETRY_UNREADABLE = NoticeKind(
    "GEOMETRY_UNREADABLE",
    E,
    "what is kept of a scan below results/geometry/ is missing, damaged or altered",
    "the file as carpet wrote it",
    "call `carpet run`: it measures this scan again",
)
TRACKS_NOT_ALIGNED = NoticeKind(
    "TRACKS_NOT_ALIGNED",
    W,
    "the scan could not be laid on the first one: nobody can tell which of its lesions are new",
    "enough of the trunk on both scans",
    "look at both scans; say in track_corrections.csv which lesion is which",
)
CORRECTION_WITHOUT_SCAN = NoticeKind(
    "CORRECTION_WITHOUT_SCAN",
    E,
    "a correction of a track on a day without a measured scan",
    "the day of a measured scan, the only one of that day",
    "correct the date",
)
TRACK_SITE_CHANGED = NoticeKind(
    "TRACK_SITE_CHANGED",
    W,
    "the same lesion lies at another site than on the scan before: one of both sites is wrong",
    "one site, as the picture shows it",
    "look at both scans side by side, and correct the site; until then do not compare the numbers of extranodal sites",
)
SCAN_NOT_USABLE_IN_WINDOW = NoticeKind(
    "SCAN_NOT_USABLE_IN_WINDOW",
    I,
    "a scan lies in the window of this time point, but it cannot be used: nothing stands for the time point",
    "",
    "see why it was refused",
)
CT_LISTED_LATE = NoticeKind(
    "CT_LISTED_LATE",
    E,
    "a lesion that baseline does not list, and that nobody calls new: it may have been there before, so that it is no progression and no"
    " regression",
    "status new, or a row of the lesion at baseline",
    "say new where it is, or add the row that baseline lacks",
)
PROGRESSION_DATES_DIFFER = NoticeKind(
    "PROGRESSION_DATES_DIFFER",
    W,
    "the stated date of progression is not that of the scans: endpoints take the stated one",
    "within 7 days of the first scan that shows it",
    "look at the scans; correct progression_date, or leave it and say why",
)
PROGRESSION_NOT_STATED = NoticeKind(
    "PROGRESSION_NOT_STATED",
    W,
    "no progression_date, but readers call progression: endpoints take the first scan that shows it",
    "",
    "give progression_date where another day is the right one",
)
PROGRESSION_REGRESSED = NoticeKind(
    "PROGRESSION_REGRESSED",
    W,
    "readers call progression, and a later scan before any new therapy shows a response: for endpoints it is progression",
    "",
    "see the rules lyric; where it was pseudoprogression, have the scan read again",
)
PROGRESSION_UNCONFIRMED = NoticeKind(
    "PROGRESSION_UNCONFIRMED",
    W,
    "progression by the numbers alone, which neither a reader nor progression_date confirms: for endpoints it is no event",
    "",
    "have the scan read, or give progression_date",
)
SCANS_NOT_READ = NoticeKind(
    "SCANS_NOT_READ",
    W,
    "no reader called this patient's scans, or not all: for endpoints the others stand as the numbers call them",
    "",
    "have the scans read",
)
PROGRESSION_DISPUTED = NoticeKind(
    "PROGRESSION_DISPUTED",
    W,
    "some readers of a scan call progression and others do not: for endpoints this scan shows neither",
    "",
    "adjudicate; give progression_date",
)
CT_TABLE_SET_ASIDE = NoticeKind(
    "CT_TABLE_SET_ASIDE",
    W,
    "lesions on CT were measured in the reading room by readers who cannot see this table: its rows of this patient are left out, since"
    " a name in it need not be the same lesion",
    "CT lesions of a patient by readers who see each other's names",
    'measure in the reading room what is missing; or let readers see the table, [review] clinical = "shown", before they begin',
)
CT_ROW_REPLACED = NoticeKind(
    "CT_ROW_REPLACED",
    W,
    "what was read in the reading room of a lesion of this name takes the place of this row",
    "one row a lesion and day",
    "where it is another lesion give one of both another name; else take the row out",
)


def notice_of(payload: Mapping[str, Any]) -> Notice:
    """A notice as it was stored."""
    said = {field.name: payload[field.name] for field in fields(Notice)}
    return Notice(**said | {"severity": Severity(said["severity"])})
