"""Why the DICOMweb service of a trial says no."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E = Severity.ERROR
HOST_UNKNOWN = NoticeKind(
    "DICOMWEB_HOST_UNKNOWN",
    E,
    "this service is not called by this name",
    "the address that carpet ohif has printed",
    "open that address",
)
OBJECT_UNKNOWN = NoticeKind(
    "DICOMWEB_OBJECT_UNKNOWN",
    E,
    "there is no such study, series or instance here",
    "what a search of /dicomweb/studies lists",
    "search again; files that were added since are served when carpet ohif is started again",
)
OBJECT_CHANGED = NoticeKind(
    "DICOMWEB_OBJECT_CHANGED",
    E,
    "the file of this instance was changed or removed since carpet ohif was started",
    "files that stay as they were",
    "start carpet ohif again",
)
OBJECT_UNREADABLE = NoticeKind(
    "DICOMWEB_OBJECT_UNREADABLE",
    E,
    "this part of the file cannot be read",
    "files as DICOM PS3.10 says",
    "retrieve the whole instance, which is sent as it is stored",
)
FRAME_UNKNOWN = NoticeKind(
    "DICOMWEB_FRAME_UNKNOWN", E, "the instance has no such frame", "numbers from 1 to NumberOfFrames, commas between", "ask for others"
)
BULK_UNKNOWN = NoticeKind(
    "DICOMWEB_BULK_UNKNOWN", E, "the instance has no such bulk data", "the BulkDataURI of its metadata", "ask for its metadata"
)
NOT_ACCEPTABLE = NoticeKind(
    "DICOMWEB_NOT_ACCEPTABLE",
    E,
    "what is here is not of a kind that was asked for; nothing is transcoded",
    "Accept with transfer-syntax=*",
    "ask for what is stored",
)
QUERY_MALFORMED = NoticeKind(
    "DICOMWEB_QUERY_MALFORMED",
    E,
    "the search cannot be understood",
    "attributes of the level that is searched by keyword or tag, each once; includefield, limit, offset, fuzzymatching",
    "correct it",
)
MALFORMED = NoticeKind(
    "DICOMWEB_MALFORMED", E, "the request cannot be understood", "what PS3.18 says of retrieving and searching", "correct it"
)
NO_SUCH_PLACE = NoticeKind(
    "DICOMWEB_NO_SUCH_PLACE", E, "there is nothing here", "/dicomweb/studies and what lies below it", "start with a search"
)
READ_ONLY = NoticeKind("DICOMWEB_READ_ONLY", E, "the trial is shown, never changed", "GET", "put new files into dicom/ by hand")
