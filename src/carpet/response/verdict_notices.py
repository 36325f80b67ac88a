"""What a person must know with a response: the flags that the criteria themselves put on their verdicts."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

W, I = Severity.WARNING, Severity.INFO  # noqa: E741

PET_MISSING = NoticeKind(
    "PET_MISSING", W, "this criterion asks for a PET, and there is no score of one", "a Deauville score of 1 to 5", "have the scan read"
)
SPLEEN_NOT_MEASURED = NoticeKind(
    "SPLEEN_NOT_MEASURED", W, "no scan has a row of the spleen: taken as normal", "its vertical length", "add it to ct_targets.csv"
)
SPLEEN_CROSSED_130_MM = NoticeKind(
    "SPLEEN_CROSSED_130_MM", W, "the spleen became longer than 130 mm by less than 20 mm: no progression", "", "look at the scan"
)
NEW_LESION_SMALL = NoticeKind(
    "NEW_LESION_SMALL",
    W,
    "a new lesion too small to count",
    "node > 15 mm, extranodal > 10 mm; smaller ones if a reader is sure (unequivocal_progression)",
    "look at the scan",
)
RECIL_THREE_LARGEST = NoticeKind(
    "RECIL_THREE_LARGEST", I, "there are more targets than the three of RECIL: the three longest at baseline were taken"
)
BASELINE_BELOW_10 = NoticeKind("BASELINE_BELOW_10", W, "SUVmax at baseline below 10: a change in percent misleads", "", "rely on reading")
SPD_NOT_MEASURED = NoticeKind(
    "SPD_NOT_MEASURED",
    W,
    "LYRIC asks for the sum of the products of diameters, and this CT was not measured",
    "every target of baseline in ct_targets.csv",
    "measure the CT",
)
DATED_BACK = NoticeKind(
    "DATED_BACK", I, "progression that was indeterminate before: it counts from the first indeterminate response (dated_to_day)"
)
