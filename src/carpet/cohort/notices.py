"""Why follow-up, a covariate or a model is refused: the codes of this room."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E = Severity.ERROR

# follow-up
NO_PATIENTS = NoticeKind("NO_PATIENTS", E, "nobody is left to count", "a patient at least", "see who was left out, and why")
DAYS_NOT_WHOLE = NoticeKind(
    "DAYS_NOT_WHOLE",
    E,
    "follow-up that is not a whole number of days",
    "whole days: months or years make ties of what is none, and none of what is",
    "count days between dates",
)
DAYS_NEGATIVE = NoticeKind("DAYS_NEGATIVE", E, "follow-up that ends before it starts", "0 days or more", "correct the dates")
EVENT_UNKNOWN = NoticeKind("EVENT_UNKNOWN", E, "an event code without a name", "", "name every cause, or correct the code")
ENTRY_AFTER_EXIT = NoticeKind(
    "ENTRY_AFTER_EXIT", E, "a row that ends before it is at risk", "entry before the last day", "correct the days"
)
ROWS_OVERLAP = NoticeKind(
    "ROWS_OVERLAP", E, "one patient is at risk twice at the same time", "rows one after the other", "correct the days"
)
NO_EVENTS = NoticeKind("NO_EVENTS", E, "nobody had the event", "at least one event", "nothing can be estimated; describe follow-up only")
ONE_GROUP = NoticeKind("ONE_GROUP", E, "there is nothing to compare", "two groups or more with patients at risk", "look at the grouping")
DAY_TOO_LATE = NoticeKind(
    "DAY_TOO_LATE", E, "the day lies beyond what was observed", "a day with patients still followed", "choose an earlier day"
)
DAY_WITHOUT_EVENTS = NoticeKind(
    "DAY_WITHOUT_EVENTS", E, "no event, or nobody without one, up to this day", "some of both", "choose another day"
)

# covariates
VALUE_MISSING = NoticeKind(
    "VALUE_MISSING", E, "a value is missing or is no number", "a number for every patient", "leave these patients out and say so, or impute"
)
COVARIATE_CONSTANT = NoticeKind("COVARIATE_CONSTANT", E, "the covariate is the same in everybody", "two values or more", "take it out")
COVARIATES_COLLINEAR = NoticeKind(
    "COVARIATES_COLLINEAR", E, "one covariate follows from the others", "covariates that say different things", "take one of them out"
)
PROBABILITY_RANGE = NoticeKind("PROBABILITY_RANGE", E, "a risk that cannot be one", "0 to 1", "give risks, not scores")

# models
SEPARATION = NoticeKind(
    "SEPARATION",
    E,
    "the data allow no finite hazard ratio: some value of a covariate tells all events apart",
    "events on both sides of every covariate",
    "take the penalised likelihood of Firth, or take the covariate out and describe it",
)
NO_CONVERGENCE = NoticeKind(
    "NO_CONVERGENCE", E, "the model was not found", "", "look at covariates with extreme values; transform or scale them"
)

# cut-points
NO_CUT = NoticeKind(
    "NO_CUT",
    E,
    "no cut-point leaves enough patients on both sides",
    "two values or more within the limits",
    "widen the limits, or do not cut",
)
