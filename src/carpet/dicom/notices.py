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
NO_PET = NoticeKind("NO_PET", E, "there is no PET series here", "Modality PT", "give the folder of a PET/CT study")
SERIES_AMBIGUOUS = NoticeKind("SERIES_AMBIGUOUS", E, "more than one PET series can be measured", "one", "name one with --series UID")
SERIES_UNKNOWN = NoticeKind("SERIES_UNKNOWN", E, "no PET series has this UID", "", "see `carpet scan` for the UIDs")
SOP_CLASS_UNSUPPORTED = NoticeKind(
    "SOP_CLASS_UNSUPPORTED",
    E,
    "this kind of DICOM object cannot be measured",
    "PET Image Storage, CT Image Storage (one slice a file)",
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
