"""What can be wrong with files, series and their geometry: the codes of this room."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741

FILE_MALFORMED = NoticeKind(
    "FILE_MALFORMED", E, "this file is not readable DICOM", "DICOM PS3.10 files", "export the study again from the PACS"
)
ZIP_REFUSED = NoticeKind(
    "ZIP_REFUSED",
    E,
    "this zip file is not opened",
    "at most 20 000 members, 16 GB, ratio 200",
    "unpack it by hand and look at it",
)
FOLDER_CLOSED = NoticeKind(
    "FOLDER_CLOSED", E, "this folder may not be entered by you: what lies in it is not seen", "the right to read and enter", "ask for it"
)
NO_PET = NoticeKind("NO_PET", E, "there is no PET series here", "Modality PT", "give the folder of a PET/CT study")
SERIES_AMBIGUOUS = NoticeKind(
    "SERIES_AMBIGUOUS", E, "more than one PET series can be measured", "one", "name one with --series UID, in a trial in clinical/scans.csv"
)
SERIES_UNKNOWN = NoticeKind("SERIES_UNKNOWN", E, "no PET series has this UID", "", "see `carpet scan` for the UIDs")
SOP_CLASS_UNSUPPORTED = NoticeKind(
    "SOP_CLASS_UNSUPPORTED",
    E,
    "this kind of DICOM object cannot be measured",
    "PET or CT Image Storage; Enhanced or legacy-converted PET or CT with all that the standard asks for",
    "export the series as single-frame PET or CT",
)
TRANSFER_SYNTAX_UNSUPPORTED = NoticeKind(
    "TRANSFER_SYNTAX_UNSUPPORTED", E, "the pixels cannot be decoded", "uncompressed or lossless", "export without compression"
)
PIXELS_UNREADABLE = NoticeKind("PIXELS_UNREADABLE", E, "the pixels of a slice cannot be read", "", "export the series again")
SERIES_TAG_VARIES = NoticeKind(
    "SERIES_TAG_VARIES", E, "an attribute that must be the same in all slices differs", "one value", "separate the two series"
)
UID_CONFLICT = NoticeKind(
    "UID_CONFLICT", E, "one SOP Instance UID stands for two different files", "one file a UID", "remove the wrong file"
)
SLICE_CONFLICT = NoticeKind(
    "SLICE_CONFLICT", E, "two slices at one position differ", "one slice a position", "separate the two series or frames"
)
DUPLICATE_SLICE = NoticeKind("DUPLICATE_SLICE", W, "a slice stood twice with the same pixels; one was dropped")
SLICE_GAP = NoticeKind(
    "SLICE_GAP",
    E,
    "slices are missing between others, or their spacing is not uniform",
    "within 5 % of the median spacing",
    "find the missing slices",
)
SLICES_INCOMPLETE = NoticeKind(
    "SLICES_INCOMPLETE", W, "fewer slices than NumberOfSlices says: totals are lower bounds", "", "find the missing slices"
)
TOO_FEW_SLICES = NoticeKind("TOO_FEW_SLICES", E, "one slice makes no volume", "at least 2 slices", "find the other slices")
TILTED = NoticeKind(
    "TILTED", E, "the slices are not stacked along their normal, or row and column are not orthogonal", "", "re-export untilted"
)
GEOMETRY_MISSING = NoticeKind(
    "GEOMETRY_MISSING",
    E,
    "position, orientation, spacing or Frame of Reference of a slice is missing",
    "(0020,0032), (0020,0037), (0028,0030), (0020,0052) in every slice",
    "export the series again",
)
THICKNESS_DIFFERS = NoticeKind("THICKNESS_DIFFERS", W, "SliceThickness differs from the distance of the slices; positions decide")
NUMBER_MALFORMED = NoticeKind(
    "NUMBER_MALFORMED", E, "a number does not follow the DICOM standard", "decimal point, no comma", "correct the attribute"
)
TIME_MALFORMED = NoticeKind(
    "TIME_MALFORMED", E, "a date or time does not follow the DICOM standard", "YYYYMMDD, HHMMSS.F", "correct the attribute"
)
TIME_ZONE_UNKNOWN = NoticeKind(
    "TIME_ZONE_UNKNOWN",
    E,
    "a date-time carries an offset from UTC, and the study does not say in which zone its other times are",
    "TimezoneOffsetFromUTC (0008,0201), or a date-time without offset",
    "correct the attribute at the source",
)
PRIVATE_CREATOR_MISSING = NoticeKind(
    "PRIVATE_CREATOR_MISSING", W, "a vendor's private attribute stands without its creator; the usual block was assumed"
)
RADIOPHARMACEUTICAL_AMBIGUOUS = NoticeKind(
    "RADIOPHARMACEUTICAL_AMBIGUOUS",
    E,
    "more than one radiopharmaceutical is recorded",
    "one item in (0054,0016)",
    "separate them",
)
FRAME_OF_REFERENCE_DIFFERS = NoticeKind(
    "FRAME_OF_REFERENCE_DIFFERS",
    W,
    "no CT shares the Frame of Reference of the PET: the CT is left out",
    "one Frame of Reference UID (0020,0052)",
    "register the CT to the PET, or go on with PET alone",
)
CT_REFUSED = NoticeKind("CT_REFUSED", W, "the CT cannot be used; the PET goes on alone")
CT_CHOSEN = NoticeKind("CT_CHOSEN", I, "more than one CT fits; the one that covers most of the PET was taken")

# DICOMweb: fetch and send
SERVER_UNREACHABLE = NoticeKind(
    "SERVER_UNREACHABLE", E, "the server does not answer", "", "check address, port, network and certificate; then run the same command"
)
SERVER_REFUSED = NoticeKind(
    "SERVER_REFUSED",
    E,
    "the server refuses the request",
    "HTTP status 2xx from the address that was given",
    "401, 403: check --user and CARPET_DICOMWEB_PASSWORD or CARPET_DICOMWEB_TOKEN; 404: check the path; 3xx: give the final address",
)
SERVER_ANSWER_UNUSABLE = NoticeKind(
    "SERVER_ANSWER_UNUSABLE",
    E,
    "what the server answers is not DICOMweb, is cut off, too large or too slow",
    "DICOM JSON and multipart/related application/dicom, whole and within carpet's limits",
    "check that the address is that of the DICOMweb service; then run the same command",
)
NOTHING_ON_SERVER = NoticeKind(
    "NOTHING_ON_SERVER", E, "the server has nothing that was asked for", "", "check the UID or record number; --all takes every modality"
)
FETCH_INCOMPLETE = NoticeKind(
    "FETCH_INCOMPLETE",
    E,
    "fewer or more instances than the server says a series has: nothing of the study is kept",
    "as many as NumberOfSeriesRelatedInstances (0020,1209)",
    "run the same command when the study has arrived whole on the server",
)
NOTHING_TO_SEND = NoticeKind(
    "NOTHING_TO_SEND",
    E,
    "there is no DICOM result of one study in this folder",
    "the OUT folder of `carpet measure`",
    "run `carpet measure` without --tables-only",
)
STUDY_NOT_ON_SERVER = NoticeKind(
    "STUDY_NOT_ON_SERVER",
    E,
    "the scan that was measured is not, or not wholly, on this server: nothing was sent",
    "study and all images that the results refer to",
    "send the results to the archive that holds the scan",
)
PATIENT_DIFFERS = NoticeKind(
    "PATIENT_DIFFERS",
    E,
    "the study belongs to another patient on this server than the results say: nothing was sent",
    "the patient whose pseudonym the results carry",
    "find out which of the two is right",
)
NOT_STORED = NoticeKind(
    "NOT_STORED", E, "the server has not stored a result", "every instance stored", "see the server's log for this reason; then send again"
)
READ_BACK_DIFFERS = NoticeKind(
    "READ_BACK_DIFFERS",
    E,
    "what the server gives back is not what was sent",
    "every attribute and voxel as sent",
    "look at these attributes in the archive; an older result under the same UID may stand there",
)

# files of many frames, and what lies at one position
FRAME_POSITION_MISSING = NoticeKind(
    "FRAME_POSITION_MISSING",
    E,
    "a file holds many frames, and it is not said where each lies",
    "Plane Position Sequence (0020,9113) for every frame in (5200,9230)",
    "export the series as single-frame PET or CT",
)
DYNAMIC_OR_GATED = NoticeKind(
    "DYNAMIC_OR_GATED",
    E,
    "slices of different times lie at one position: a dynamic or gated series has no single SUV",
    "one slice a position",
    "take the static series",
)
DERIVED_IMAGE = NoticeKind(
    "DERIVED_IMAGE",
    E,
    "a projection, secondary capture or derived picture holds no activity",
    "original slices",
    "take the original slices",
)
SCALE_UNREADABLE = NoticeKind("SCALE_UNREADABLE", E, "the Philips scale factor is not a positive number", "finite and > 0")

# de-identification
DEID_CHANGED_SUV = NoticeKind(
    "DEID_CHANGED_SUV",
    E,
    "de-identification would change what is measured: nothing of this study is exported",
    "the same SUV in every voxel, the same HU, the same refusals, before and after",
    "correct the attribute at the source, or report it: a rule of carpet is wrong",
)
DEID_PATIENT_MISSING = NoticeKind(
    "DEID_PATIENT_MISSING",
    E,
    "a study without PatientID can't be given a pseudonym: it is not exported",
    "one PatientID in every file",
    "give the patient an ID at the source",
)
DEID_PATIENTS_MIXED = NoticeKind(
    "DEID_PATIENTS_MIXED",
    E,
    "one Study Instance UID stands for more than one patient: it is not exported",
    "one PatientID and one IssuerOfPatientID a study",
    "separate the patients at the source",
)
DEID_STUDY_THERE = NoticeKind(
    "DEID_STUDY_THERE",
    E,
    "this study was exported before with other files: it is left as it is",
    "the same files, or a new folder",
    "remove the old study from the folder, or name another one",
)
DEID_NOTHING = NoticeKind(
    "DEID_NOTHING", E, "there is no PET and no CT here to export", "PET or CT images", "give the folder of a PET/CT study"
)
