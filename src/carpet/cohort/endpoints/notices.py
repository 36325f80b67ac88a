"""What can be wrong with the facts of an endpoint, why there is none, and what must be known with it: the codes of this room."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741

# facts that contradict each other: no endpoint of this patient
EVENT_BEFORE_START = NoticeKind(
    "EVENT_BEFORE_START",
    E,
    "something that follows infusion happened before it",
    "on the day of infusion or later (without infusion: of enrolment)",
    "correct one of the dates",
)
EVENT_AFTER_DEATH = NoticeKind(
    "EVENT_AFTER_DEATH", E, "something happened to the patient after death", "up to the day of death", "correct one of the dates"
)
EVENT_AFTER_LAST_CONTACT = NoticeKind(
    "EVENT_AFTER_LAST_CONTACT",
    E,
    "something happened to the patient after the last date known alive",
    "up to last_contact_date",
    "give the later last_contact_date, or correct the other date",
)

# why there is no number
NOT_INFUSED = NoticeKind("ENDPOINT_NOT_INFUSED", I, "no infusion to count from", "", "rules that start at enrolment count this patient")
ENROLMENT_UNKNOWN = NoticeKind("ENROLMENT_UNKNOWN", I, "no date of enrolment to count from", "", "give enrolment_date")
LAST_CONTACT_UNKNOWN = NoticeKind(
    "LAST_CONTACT_UNKNOWN", I, "neither a date of death nor a last date known alive", "", "give last_contact_date"
)
NOT_ASSESSED = NoticeKind("NOT_ASSESSED", I, "no scan could be evaluated when it was needed", "", "see why in the table responses")
NO_RESPONSE = NoticeKind("NO_RESPONSE", I, "no complete or partial response, so nothing whose duration could be told")
CAUSE_OF_DEATH_UNKNOWN = NoticeKind(
    "CAUSE_OF_DEATH_UNKNOWN", I, "the patient died, nobody says of what, and these rules depend on it", "", "give cause_of_death"
)
HSCT_STATUS_UNKNOWN = NoticeKind(
    "HSCT_STATUS_UNKNOWN",
    I,
    "a transplant, and no scan before it tells whether in complete response or for persistent disease; these rules depend on it",
    "",
    "an evaluable scan before the transplant",
)
DEATH_BEFORE_ASSESSMENT = NoticeKind(
    "DEATH_BEFORE_ASSESSMENT", I, "death before any scan showed progression or none: listed apart, neither early progression nor not"
)

# what must be known with a number
MISSED_SCANS = NoticeKind("MISSED_SCANS", W, "two or more planned scans in a row were missed before progression or death")
NO_ASSESSMENT = NoticeKind(
    "NO_ASSESSMENT", W, "no scan after the start without progression: follow-up ends on day 0", "", "see why in the table responses"
)
LYMPHOMA_DEATH_UNSEEN = NoticeKind(
    "LYMPHOMA_DEATH_UNSEEN", W, "death of lymphoma without a date of progression before it", "", "give progression_date where it is known"
)
CAUSE_OF_DEATH_NOT_TOLD = NoticeKind(
    "CAUSE_OF_DEATH_NOT_TOLD", W, "death without progression before it, and nobody says of what", "", "give cause_of_death"
)
LATER_THERAPY_UNKNOWN = NoticeKind(
    "LATER_THERAPY_UNKNOWN",
    I,
    "the first new therapy is the transplant that these rules pass over; a therapy after it is not in patients.csv",
)
THERAPY_BEFORE_PROGRESSION = NoticeKind(
    "THERAPY_BEFORE_PROGRESSION", W, "new therapy began before progression in the first month", "", "a person decides what it was"
)
