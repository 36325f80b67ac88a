"""Why the reading room says no."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

ROLE_FORBIDS = NoticeKind(
    "REVIEW_ROLE_FORBIDS",
    Severity.ERROR,
    "this role may not do this",
    "see the table of roles",
    "ask an administrator, or log in with the account that may",
)
NOT_YOURS = NoticeKind(
    "REVIEW_NOT_YOURS",
    Severity.ERROR,
    "this reading belongs to somebody else",
    "readings that were assigned to you",
    "open your own queue; an administrator assigns cases",
)
BLINDED = NoticeKind(
    "REVIEW_BLINDED",
    Severity.ERROR,
    "this is hidden from you for now",
    "the other's reading after both have signed; both readings to the adjudicator where they differ; settled cases to viewers",
    "wait until the readers have signed",
)
IN_ORDER = NoticeKind(
    "REVIEW_IN_ORDER",
    Severity.ERROR,
    "an earlier scan of this patient is not signed yet",
    "scans of a patient in the order of time ([review] later_scans)",
    "sign the earlier scan first",
)
CASE_UNKNOWN = NoticeKind("REVIEW_CASE_UNKNOWN", Severity.ERROR, "there is no such case", "cases of the queue", "look for it in the queue")
CASE_EXISTS = NoticeKind("REVIEW_CASE_EXISTS", Severity.ERROR, "this case is there already", "each case once", "assign its readers")
ASSIGNMENT_UNFIT = NoticeKind(
    "REVIEW_ASSIGNMENT_UNFIT",
    Severity.ERROR,
    "the case cannot be assigned to these people",
    "as many different readers as [review] readers says, an adjudicator who is none of them, and nobody removed who has begun",
    "name other people",
)
LOCKED = NoticeKind(
    "REVIEW_LOCKED",
    Severity.ERROR,
    "this reading is signed and locked",
    "changes before it is signed",
    "unlock it with a reason; that voids the signature",
)
UNLOCK_TOO_LATE = NoticeKind(
    "REVIEW_UNLOCK_TOO_LATE",
    Severity.ERROR,
    "the other reading has been shown to you: you can no longer unlock your own",
    "unlocking before both readers have signed",
    "ask an administrator, who gives a reason; the reading is then marked as changed after sight of the other",
)
STEP_UNFIT = NoticeKind(
    "REVIEW_STEP_UNFIT",
    Severity.ERROR,
    "this cannot be done in the state the case is in",
    "assigned, opened, edited, signed; then compared; where readers differ, adjudicated",
    "load the case again and look at its state",
)
NO_DISAGREEMENT = NoticeKind(
    "REVIEW_NO_DISAGREEMENT",
    Severity.ERROR,
    "there is nothing to adjudicate",
    "cases whose two signed readings differ (METHODS J)",
    "take the next case of the queue",
)
OTHER_ADJUDICATION = NoticeKind(
    "REVIEW_OTHER_ADJUDICATION",
    Severity.ERROR,
    "the protocol asks for the other way of adjudication",
    "[review] adjudication: choose, or third_read",
    "choose one of both readings, or read and sign the scan, as the protocol says",
)
REASON_MISSING = NoticeKind(
    "REVIEW_REASON_MISSING", Severity.ERROR, "a reason is needed", "a sentence in your own words", "say why, and send it again"
)
SIGNATURE_UNFIT = NoticeKind(
    "REVIEW_SIGNATURE_UNFIT",
    Severity.ERROR,
    "the signature is not of this person for what the reading says now",
    "name, time and meaning over the reading as it stands",
    "load the case again, look at it, and sign again",
)
EDIT_MALFORMED = NoticeKind(
    "REVIEW_EDIT_MALFORMED", Severity.ERROR, "this edit cannot be understood", "one of the kinds of edits with its fields", "send it again"
)
EDIT_NOT_STANDING = NoticeKind(
    "REVIEW_EDIT_NOT_STANDING",
    Severity.ERROR,
    "there is no such edit to take back",
    "an edit of this reading that has not been taken back",
    "look at the history of the reading",
)
LOGIN_FAILED = NoticeKind(
    "REVIEW_LOGIN_FAILED", Severity.ERROR, "name or password is wrong", "an account and its password", "try again, or ask an administrator"
)
LOGIN_WAIT = NoticeKind(
    "REVIEW_LOGIN_WAIT",
    Severity.ERROR,
    "too many failed log-ins: wait before the next",
    "after three failures the wait doubles each time, up to a quarter of an hour",
    "wait, then try again",
)
PASSWORD_UNFIT = NoticeKind(
    "REVIEW_PASSWORD_UNFIT",
    Severity.ERROR,
    "this password cannot be taken",
    "12 to 256 characters without the account's name in them",
    "take another, such as four words",
)
ACCOUNT_UNFIT = NoticeKind(
    "REVIEW_ACCOUNT_UNFIT",
    Severity.ERROR,
    "this cannot be the name of an account",
    "2 to 40 letters, digits, dots, hyphens and underscores, beginning with a letter",
    "take initials or a pseudonym",
)
SESSION_OVER = NoticeKind(
    "REVIEW_SESSION_OVER", Severity.ERROR, "you are not logged in, or no longer", "a session of this browser", "log in; nothing was lost"
)
