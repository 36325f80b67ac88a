"""What the history of the reading room has to say."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

CONFLICT = NoticeKind(
    "REVIEW_CONFLICT",
    Severity.ERROR,
    "somebody, or another window, has changed this meanwhile; nothing was written",
    "a change of what you have seen (If-Match)",
    "look at what changed, and make the change again",
)
HISTORY_ALTERED = NoticeKind(
    "REVIEW_HISTORY_ALTERED",
    Severity.ERROR,
    "the history of readings is not as carpet wrote it",
    "events added by carpet only",
    "take the last backup of the history, and find out who wrote to it",
)
HISTORY_FOREIGN = NoticeKind(
    "REVIEW_HISTORY_FOREIGN",
    Severity.ERROR,
    "this database does not hold a history of readings that this carpet can read",
    "an empty PostgreSQL database, or one that carpet has filled",
    "name another database, or take the carpet that wrote it",
)
HISTORY_UNREACHABLE = NoticeKind(
    "REVIEW_HISTORY_UNREACHABLE",
    Severity.ERROR,
    "the history of readings that this trial names cannot be reached, and nothing is measured without its signed readings",
    "the database of review/history.url, with the password in PGPASSWORD",
    "start the database, set PGPASSWORD, and call the command again",
)
HISTORY_LOST = NoticeKind(
    "REVIEW_HISTORY_LOST",
    Severity.ERROR,
    "the history of readings is missing, empty or no whole file, and nothing is measured without its signed readings",
    "review/history.sqlite as carpet wrote it, wherever the reading room was opened once (review/README.txt)",
    "put the last backup of review/ back; where nobody has read in this trial, remove review/",
)
HISTORY_TWICE = NoticeKind(
    "REVIEW_HISTORY_TWICE",
    Severity.ERROR,
    "this trial has two histories of readings",
    "either review/history.sqlite or the database that review/history.url names",
    "keep the one people have read in, and move the other out of review/",
)
PASSWORD_IN_URL = "a password does not belong in the URL, which others can see: set PGPASSWORD in the environment"  # noqa: S105
