"""What a trial as a whole has to say: scans without a patient, days without a scan, responses without a reader."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

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
STUDY_WITHOUT_PET = NoticeKind("STUDY_WITHOUT_PET", I, "this examination has no PET and was not measured")
PATIENT_WITHOUT_SCANS = NoticeKind("PATIENT_WITHOUT_SCANS", W, "there is no scan of this patient", "at least one", "look in dicom/")
READING_WITHOUT_SCAN = NoticeKind(
    "READING_WITHOUT_SCAN", W, "a row stands for no time point: its date is not that of a scan", "the day of the scan", "correct the date"
)
NEW_LESIONS_NOT_READ = NoticeKind(
    "NEW_LESIONS_NOT_READ",
    W,
    "no reader says whether there are new lesions: taken as none",
    "new_lesions in readings.csv",
    "have the scan read",
)
READING_DIFFERS = NoticeKind(
    "READING_DIFFERS", W, "the reader's response is not what the rules give for the reader's own findings; the reader's stands"
)
RESIDUAL_MAY_BE_MISSED = NoticeKind(
    "RESIDUAL_MAY_BE_MISSED",
    W,
    "no disease found, but uptake between the liver's and the threshold of candidate regions is not looked at: the score may be too low",
    "a liver reference at or above [segment] preselect_suv, or a reader",
    "have the scan read",
)
RECON_CHANGED = NoticeKind(
    "RECON_CHANGED",
    W,
    "scanner, reconstruction or voxel size differ from baseline: changes of uptake and volume may come from that",
    "the same scanner, reconstruction and voxels",
    "compare with care",
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
