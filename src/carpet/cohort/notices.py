"""Why follow-up, a covariate or a model is refused: the codes of this room."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E, W, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

# follow-up
NO_PATIENTS = NoticeKind("NO_PATIENTS", E, "no patient has a value", "a patient at least", "see the table of missing data")
LANDMARK_WITHOUT_PATIENTS = NoticeKind(
    "LANDMARK_WITHOUT_PATIENTS",
    E,
    "no patient with a value is still followed, and free of the event, at the landmark",
    "a patient at least",
    "take an earlier landmark",
)
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
COVARIATE_CONSTANT = NoticeKind("COVARIATE_CONSTANT", E, "all patients have the same value", "two values or more", "take it out")
ONE_PATIENT = NoticeKind(
    "ONE_PATIENT", E, "only one patient has a value", "patients with different values", "see the table of missing data"
)
COVARIATES_COLLINEAR = NoticeKind(
    "COVARIATES_COLLINEAR",
    E,
    "one covariate follows from the others, or is the same in all patients at risk together",
    "covariates that say different things",
    "take one of them out",
)
PROBABILITY_RANGE = NoticeKind("PROBABILITY_RANGE", E, "a risk that cannot be one", "0 to 1", "give risks, not scores")

# models
SEPARATION = NoticeKind(
    "SEPARATION",
    E,
    "the data allow no finite ratio: some value of a covariate tells all events apart",
    "events on both sides of every covariate",
    "take the penalised likelihood of Firth, or take the covariate out and describe it",
)
NO_CONVERGENCE = NoticeKind(
    "NO_CONVERGENCE", E, "the model was not found", "", "look at covariates with extreme values; transform or scale them"
)
ONE_OUTCOME = NoticeKind("ONE_OUTCOME", E, "all patients, or none, had it", "some of both", "describe it; there is nothing to associate")
FEW_LEVELS = NoticeKind(
    "FEW_LEVELS", E, "too few grades occur for an ordered model", "three grades or more", "take the logistic model of one threshold"
)
VALUES_TOO_FEW = NoticeKind(
    "VALUES_TOO_FEW", E, "too few patients have a value for the others to be imputed", "half of the patients at least", "leave the term out"
)
MEASURE_UNDEFINED = NoticeKind(
    "MEASURE_UNDEFINED",
    E,
    "the measure does not exist here: nobody, or everybody, had the event by the day, or all are predicted alike",
    "",
    "choose another day",
)
FEW_BY_DAY = NoticeKind(
    "FEW_BY_DAY",
    E,
    "fewer than 5 patients had the event by the day, or were followed beyond it without",
    "5 of each",
    "choose a day with more of both",
)
NOTHING_LEARNT = NoticeKind(
    "NOTHING_LEARNT", E, "the model explains no more than as many random columns would", "", "plan with the modest assumption beside it"
)
IMPUTED = NoticeKind("IMPUTED", INFO, "missing values were imputed, anew in every sample", "", "see the table of missing data")
SEPARATION_IN_SAMPLES = NoticeKind(
    "SEPARATION_IN_SAMPLES",
    W,
    "in some resamples, or in all patients, a term tells the events apart: the coefficient stops where the likelihood gains no more",
    "",
    "penalise the model; read its optimism as a lower limit",
)
SAMPLES_LOST = NoticeKind(
    "SAMPLES_LOST", W, "more than 5 % of the resamples do not have this number", "", "read it with care: the others decide"
)

# sites
SITE_TOO_SMALL = NoticeKind(
    "SITE_TOO_SMALL",
    E,
    "a site too small to be harmonised",
    "10 patients at least, 20 for its spread",
    "join sites of one scanner, or do not harmonise",
)
SITE_UNKNOWN = NoticeKind(
    "SITE_UNKNOWN",
    E,
    "a site of which nothing is known",
    "the sites the harmonisation was fitted to",
    "fit it anew with patients of this site",
)
SITE_SPREAD_UNKNOWN = NoticeKind(
    "SITE_SPREAD_UNKNOWN", E, "a site whose values do not vary", "two values or more at each site", "leave the feature or the site out"
)
SITE_NOT_GIVEN = NoticeKind(
    "SITE_NOT_GIVEN",
    W,
    "patients without a site were left out where one site after the other is",
    "a site for each patient",
    "fill the site in patients.csv",
)
SITES_TOO_FEW = NoticeKind(
    "SITES_TOO_FEW", E, "too few sites to leave one out", "three sites or more, each patient with one", "read the other validations"
)

# cut-points
NO_CUT = NoticeKind(
    "NO_CUT",
    E,
    "no cut-point leaves enough patients on both sides",
    "two values or more within the limits",
    "widen the limits, or do not cut",
)

# analyses of a cohort: why there is no answer
COMPETING_EVENTS = NoticeKind(
    "COMPETING_EVENTS",
    E,
    "some patients had another event that rules this one out: one minus Kaplan–Meier would overstate how many have it",
    "an endpoint without competing events",
    "read the cumulative incidence (Aalen–Johansen)",
)
CLOCK_FROM_RESPONSE = NoticeKind(
    "CLOCK_FROM_RESPONSE",
    E,
    "the endpoint counts from the first response, so no day from infusion can be marked on it",
    "an endpoint that counts from infusion",
    "take PFS or OS",
)
TOO_MANY_GROUPS = NoticeKind(
    "TOO_MANY_GROUPS",
    E,
    "too many different values to be groups",
    "a category, or a score of few points",
    "cut the number, or group by another column",
)
NOT_A_NUMBER = NoticeKind("NOT_A_NUMBER", E, "the column has no numbers", "a column of numbers", "compare its groups instead")
PH_NOT_TESTED = NoticeKind(
    "PH_NOT_TESTED", INFO, "events on too few days to test whether hazards stay proportional", "", "look at the curves"
)
EVENTS_TOO_FEW = NoticeKind(
    "EVENTS_TOO_FEW",
    E,
    "fewer than 2 events for each coefficient",
    "2 at the very least; 10 are wanted",
    "take fewer covariates, or describe the patients",
)
NOTHING_TO_COMPARE = NoticeKind(
    "NOTHING_TO_COMPARE",
    E,
    "no event happened while patients with different values were at risk",
    "events among patients who differ",
    "describe the patients; nothing can be estimated",
)
FINE_GRAY_STRATA = NoticeKind(
    "FINE_GRAY_STRATA",
    E,
    "the Fine–Gray model is not fitted with a baseline in each stratum",
    "no strata",
    "read the cause-specific ratios, or take the column into the model",
)
TEST_OF_LEVELS = NoticeKind(
    "TEST_OF_LEVELS", INFO, "a test of all levels at once has a P and no ratio", "", "the ratios stand in the rows beside it"
)
TEST_OF_MODEL = NoticeKind(
    "TEST_OF_MODEL", INFO, "a test of the whole model has a P and no ratio", "", "the ratios stand in the rows beside it"
)

# analyses of a cohort: what must be known with a number
NOT_POSITIVE = NoticeKind(
    "NOT_POSITIVE",
    W,
    "patients whose value is 0 were left out: a ratio per doubling knows no doubling of nothing",
    "values above 0",
    "describe them apart: they have no measurable disease",
)
FEW_EVENTS = NoticeKind(
    "FEW_EVENTS",
    W,
    "fewer than 10 events for each coefficient: the ratio may be far off, and its interval is wide for a reason",
    "10 events a coefficient, as a rule of thumb",
    "take fewer covariates; read the interval, not the P",
)
PENALISED = NoticeKind(
    "PENALISED",
    INFO,
    "estimated by Firth's penalised likelihood, since events are few or one side of the covariate has none",
    "",
    "say so with the number",
)
HAZARDS_NOT_PROPORTIONAL = NoticeKind(
    "HAZARDS_NOT_PROPORTIONAL",
    W,
    "the hazard ratio changes over follow-up (Schoenfeld residuals, P < 0.05): one number does not tell it",
    "",
    "stratify by this column, or compare restricted mean survival times",
)
ODDS_NOT_PROPORTIONAL = NoticeKind(
    "ODDS_NOT_PROPORTIONAL",
    W,
    "the odds ratio is not the same at every grade (score test, P < 0.05): one number does not tell it",
    "",
    "read the ratios of any grade and of grade 3 or more",
)
NOT_FOLLOWED = NoticeKind(
    "NOT_FOLLOWED", INFO, "patients followed for no day were left out", "a day of follow-up at least", "see the endpoint's record"
)
NEVER_ASSESSED = NoticeKind(
    "NEVER_ASSESSED",
    W,
    "patients who were never assessed count as not having reached the response yet: to leave them out would know the future",
    "",
    "see why they were not assessed",
)
CAUSE_SPECIFIC = NoticeKind(
    "CAUSE_SPECIFIC", INFO, "a competing event ends follow-up here: hazards of this cause alone are compared", "", "say so with the number"
)
NO_NAIVE_P = NoticeKind(
    "NO_NAIVE_P",
    INFO,
    "Youden's index has no P of a cut fixed beforehand: the corrected P tests the index, not the hazard ratio",
    "",
    "see the maximal log-rank, of which both P are of one test",
)
RATIO_NOT_RESAMPLED = NoticeKind(
    "RATIO_NOT_RESAMPLED",
    W,
    "in too few bootstrap samples did both sides of the cut have an event, so no ratio allows for the search",
    "half of the samples",
    "do not report the ratio as found without saying that it is too large",
)
