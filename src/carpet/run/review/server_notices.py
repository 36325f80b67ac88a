"""Why the server of the reading room says no."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E = Severity.ERROR
READING_OUTDATED = NoticeKind(
    "REVIEW_READING_OUTDATED",
    E,
    "this reading was made of other regions than carpet finds now",
    "the regions that the reader has seen",
    "in the reading room: unlock the reading where it is signed, start it again, call carpet run, and read the scan as it is now",
)
REVIEW_DISPUTED = NoticeKind(
    "REVIEW_DISPUTED",
    Severity.WARNING,
    "two signed readings of this scan differ and nobody has settled it: regions on which they differ are undecided",
    "readings that agree (METHODS J), or a third person's word",
    "have the adjudicator settle it in the reading room",
)
REVIEW_ADJUDICATED = NoticeKind(
    "REVIEW_ADJUDICATED",
    Severity.INFO,
    "two readers differed on this scan; a third person has settled it",
    "",
    "nothing has to be done",
)
REVIEW_READERS_DIFFER = NoticeKind(
    "REVIEW_READERS_DIFFER",
    Severity.INFO,
    "two readers differ on regions by less than asks for a third person: the reading of the one named first stands",
    "",
    "nothing has to be done",
)
REVIEW_NOT_BLIND = NoticeKind(
    "REVIEW_NOT_BLIND",
    Severity.WARNING,
    "a reading was unlocked, and could be changed, after its reader had seen what it should have been blind to",
    "readings signed before sight of the other reader's, and of later scans",
    "say so where the reading is reported; the history of the reading room has who unlocked it, and why",
)
REFERENCE_OUTSIDE = NoticeKind(
    "REVIEW_REFERENCE_OUTSIDE", E, "the reference region would lie outside the PET", "places within the scan", "place it in the organ"
)
SITE_UNKNOWN = NoticeKind(
    "REVIEW_SITE_UNKNOWN", E, "there is no such site", "names and SNOMED codes of sites", "take one of the list, or comment on the region"
)
NOT_A_TABLE = NoticeKind(
    "REVIEW_NOT_A_TABLE",
    E,
    "this reading holds edits that a table of decisions cannot say",
    "statuses disease and physiologic, sites, and points in uptake",
    "take the whole reading (reading.json), which carpet measure --decisions reads as well; carpet run takes the signed reading itself",
)
PICTURE_OUTDATED = NoticeKind(
    "REVIEW_PICTURE_OUTDATED",
    E,
    "the regions are of another version of this reading than was asked for; their numbers may mean other regions",
    "the version that the case has now",
    "load the case again",
)
STALE = NoticeKind(
    "REVIEW_TRIAL_STALE",
    E,
    "this scan is not measured as the trial says now",
    "scans that carpet run has measured",
    "call carpet run, then open the room again",
)
SCAN_GONE = NoticeKind(
    "REVIEW_SCAN_GONE",
    E,
    "the scan of this reading does not lie in the trial any more, and the reading counts for nothing",
    "the examination that the reader has seen, by its Study Instance UID, below dicom/ and of the same patient",
    "put it back into dicom/, or correct clinical/patients.csv; where it has gone for good unlock what is signed, with a reason",
)
NO_TIME_POINT = NoticeKind(
    "REVIEW_NO_TIME_POINT",
    E,
    "this scan stands for no time point now, and a reading of it counts for none",
    "one scan a time point, on a day within its window; the nearest to its day",
    "correct the dates in clinical/patients.csv or the windows in trial.toml, call carpet run, then open the room again; where another scan"
    " is the right one unlock what is signed of this one, with a reason",
)
TWO_READERS = NoticeKind(
    "REVIEW_TWO_READERS",
    E,
    "each scan of this trial is read by two people, and a room without accounts has one",
    "a room with accounts, or readers = 1 under [review] in trial.toml",
    "call carpet review TRIAL --add-account NAME --role reader for each person, then carpet review TRIAL --accounts",
)
NO_CT = NoticeKind(
    "REVIEW_NO_CT", E, "this scan has no CT that can be shown", "scans with a CT in the PET's Frame of Reference", "read by PET alone"
)
CALIPER_UNFIT = NoticeKind(
    "REVIEW_CALIPER_UNFIT",
    E,
    "these cannot be the longest diameter of a lesion on CT and the longest across it",
    "two lines in one transverse slice within the CT, at a right angle, the short one across the long one",
    "draw both again",
)
NAME_TAKEN = NoticeKind(
    "REVIEW_NAME_TAKEN",
    E,
    "two regions of this scan would have the same name on CT, and the diameters of one would be lost",
    "one region a name, the same on all scans",
    "name this lesion otherwise, merge the regions, or take the other diameters back",
)
REGION_NAMED = NoticeKind(
    "REVIEW_REGION_NAMED",
    E,
    "there is no such region then, and diameters or the word on new lesions are of it",
    "regions of this scan; of regions that are merged the one chosen first keeps its name",
    "choose this region first where you merge it, or take back what was said of it",
)
VERSION_MISSING = NoticeKind(
    "REVIEW_VERSION_MISSING",
    E,
    "a change has to say which version it is of",
    'If-Match with the version of the case, as "7"',
    "load the case, and send its version",
)
FORM_TOKEN_WRONG = NoticeKind(
    "REVIEW_FORM_TOKEN_WRONG",
    E,
    "this request does not come from a page of the reading room",
    "X-CSRF-Token of this session",
    "load the page again",
)
HOST_UNKNOWN = NoticeKind(
    "REVIEW_HOST_UNKNOWN",
    E,
    "the reading room is not called by this name",
    "the address that carpet review has printed",
    "open that address",
)
TOO_LONG = NoticeKind("REVIEW_TOO_LONG", E, "the request is too long", "2 MiB", "send less at once")
MALFORMED = NoticeKind(
    "REVIEW_MALFORMED",
    E,
    "the request cannot be understood",
    "what the description of the interface says (/api/openapi.json)",
    "correct it",
)
KEY_NEEDED = NoticeKind(
    "REVIEW_KEY_NEEDED",
    E,
    "this room is open to the person who opened it, in the browser that came with its key",
    "the address that carpet review has printed last, key and all",
    "open that address; nothing is lost",
)
NO_SUCH_PLACE = NoticeKind("REVIEW_NO_SUCH_PLACE", E, "there is nothing here", "places of the reading room", "go back to the queue")
WRONG_METHOD = NoticeKind(
    "REVIEW_WRONG_METHOD", E, "this cannot be done here", "what the description of the interface says", "go back to the queue"
)
UNDECIDED_LEFT = NoticeKind(
    "REVIEW_UNDECIDED_LEFT",
    E,
    "regions are left undecided",
    "disease or physiologic for every region",
    "decide them, then sign",
)
ACCOUNT_EXISTS = NoticeKind("REVIEW_ACCOUNT_EXISTS", E, "there is an account of this name already", "new names", "take another name")
ACCOUNT_UNKNOWN = NoticeKind("REVIEW_ACCOUNT_UNKNOWN", E, "there is no account of this name", "accounts of this trial", "correct the name")
ACCOUNTS_UNREADABLE = NoticeKind(
    "REVIEW_ACCOUNTS_UNREADABLE",
    E,
    "the file of accounts cannot be read",
    "review/accounts.json as carpet wrote it",
    "restore it from a backup",
)
ACCOUNTS_NONE = NoticeKind(
    "REVIEW_ACCOUNTS_NONE", E, "there is no account yet", "at least one reader", "call carpet review TRIAL --add-account NAME --role reader"
)
HISTORY_DISK = NoticeKind(
    "REVIEW_HISTORY_DISK",
    E,
    "the disk or the database refuses; the change was not made",
    "a history that can be written",
    "make room or start the database, then do it again",
)
