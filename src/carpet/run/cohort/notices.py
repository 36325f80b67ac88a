"""What a cohort as a whole has to say: why a patient lacks a column, and what must be known with one."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

W, I = Severity.WARNING, Severity.INFO  # noqa: E741

# why a column has no value
NOT_STATED = NoticeKind("NOT_STATED", I, "the clinical tables do not say", "a value in the patient's row", "fill it in")
NO_SCAN_AT_TIMEPOINT = NoticeKind(
    "NO_SCAN_AT_TIMEPOINT", I, "no scan stands for this time point", "a scan in its window", "see the windows of the protocol"
)
NO_ASSESSMENT_AT_TIMEPOINT = NoticeKind(
    "NO_ASSESSMENT_AT_TIMEPOINT", I, "no response was called at this time point", "a scan, or a reader's word"
)
RESPONSE_NOT_EVALUABLE = NoticeKind("RESPONSE_NOT_EVALUABLE", I, "the response cannot be evaluated (NE); the table responses says why")
TOXICITY_NOT_RECORDED = NoticeKind(
    "TOXICITY_NOT_RECORDED",
    I,
    "toxicity.csv has no row of this event, and nobody says that it did not happen",
    "a row with a grade; 0: looked for, did not happen",
    "add the row",
)
GRADE_OF_OTHER_SCALE = NoticeKind(
    "GRADE_OF_OTHER_SCALE",
    I,
    "graded by another scale than ASTCT 2019, without items that would make its grade",
    "scale astct2019, or items",
)
EPISODE_WITHOUT_GRADE = NoticeKind(
    "EPISODE_WITHOUT_GRADE",
    I,
    "an episode of this event has no ASTCT 2019 grade, so the worst of all is not known",
    "an ASTCT grade of every episode, or its items",
    "grade it",
)
AFTER_NEW_THERAPY = NoticeKind(
    "AFTER_NEW_THERAPY", I, "the scan lies after new therapy or a transplant: its response is not that of the CAR T-cells"
)
AFTER_PROGRESSION = NoticeKind(
    "AFTER_PROGRESSION", I, "the disease had progressed by the day of this scan: what it shows is no response any more"
)
NOT_ASKED_FOR = NoticeKind("NOT_ASKED_FOR", I, "this was not measured: the protocol does not ask for it")

# what must be known with a value
BASELINE_EARLIER = NoticeKind(
    "BASELINE_EARLIER", W, "measured at the earlier baseline: there is no scan at the markers' time point, and no bridging between"
)
READERS_DIFFER = NoticeKind("READERS_DIFFER", W, "readers differ: the least favourable call stands", "", "adjudicate")
NOT_READ = NoticeKind("NOT_READ", W, "called by the numbers alone: no reader has confirmed it", "", "have the scan read")
GRADE_FROM_ITEMS = NoticeKind("GRADE_FROM_ITEMS", W, "the grade that the items make by ASTCT 2019: the grade given is of another scale")
