"""The ordered rules that suggest disease or physiologic; the first that holds decides, a reader confirms.

What physiologic uptake is to be excluded: Boellaard 2024, J Nucl Med 65:1343; the numbers are project conventions [P].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from carpet.core.lesion import Status
from carpet.lesions.facts import Facts

WITHIN = 0.6  # a region is the organ's own uptake when at least this share of it lies there
PARTLY = 0.2  # and mixed from this share on
SPLEEN_LIVER = 1.5  # diffuse spleen counts above this ratio to the liver (LYSA practice)
DIFFUSE = 0.5  # of the organ's volume
MARROW_EXTENT_MM = 150.0  # five vertebrae
URETER_THICK_MM = 15.0
URETER_ML = 15.0
FAT_HU = (-190.0, -50.0)  # brown fat; a node averaged with the fat or lung around it is brighter or in the lung
GLAND_ML = 60.0
KIDNEYS = ("kidney_right", "kidney_left")
HOT_ORGANS = ("brain", "heart", "bladder", *KIDNEYS)


@dataclass(frozen=True)
class Rule:
    """One rule: its id, when it holds, what it suggests, and the sentence that explains it."""

    id: str
    test: Callable[[Facts], bool]
    status: Status
    says: str
    version: str = "1"


def _ureter(f: Facts) -> bool:
    course = f.place.level in ("abdomen", "pelvis") and 12 <= f.side_mm <= 75
    thin = f.thickness_mm <= URETER_THICK_MM and f.volume_ml <= URETER_ML and f.elongation >= 3.0
    return course and thin and f.extent_s_mm >= 0.6 * f.length_mm and f.share("bone", "spine") < 0.3


def _kidney(f: Facts) -> bool:
    return f.share(*KIDNEYS) >= WITHIN and f.side_mm >= 30 and f.place.level in ("thorax", "abdomen")


def _heart(f: Facts) -> bool:
    return f.share("heart") >= WITHIN and f.place.left_mm >= 5 and (f.hollow or f.place.hu_mean is not None)


def _bowel(f: Facts) -> bool:
    return f.place.level in ("abdomen", "pelvis") and f.share("bowel_gas") >= 0.3 and f.elongation >= 2.5 and f.share("spine") < 0.1


def _maybe_bowel(f: Facts) -> bool:
    tubular = f.elongation >= 3.0 and f.length_mm >= 60
    gas = f.share("bowel_gas") >= 0.3
    return f.place.level in ("abdomen", "pelvis") and (tubular or gas) and f.share("spine", "bone") < 0.2


def _maybe_urine(f: Facts) -> bool:
    bladder = f.place.level == "pelvis" and f.side_mm < 35 and "bladder" not in f.organs and f.suv_max >= 8
    side = "kidney_left" if f.place.left_mm > 0 else "kidney_right"
    behind = f.place.anterior_mm < (-20 if side in f.organs else -5)
    kidney = f.place.level == "abdomen" and 28 <= f.side_mm <= 100 and behind and f.share("spine", "bone") < 0.2
    return bladder or kidney


def _maybe_brown_fat(f: Facts) -> bool:
    hu = f.place.hu_mean
    lungs = f.share("lung_left", "lung_right")
    return f.mirrored and hu is not None and FAT_HU[0] <= hu <= FAT_HU[1] and lungs < 0.1 and f.side_mm >= 45


def _gland(f: Facts) -> bool:
    return f.place.level == "head" and f.mirrored and f.volume_ml <= GLAND_ML


P, D, U = Status.PHYSIOLOGIC, Status.DISEASE, Status.UNDECIDED

RULES: tuple[Rule, ...] = (
    Rule("UND-NO-LANDMARK", lambda f: f.place.level == "unknown", U, "no landmark of this scan tells where in the body this lies"),
    Rule("PHY-BRAIN", lambda f: f.share("brain") >= WITHIN, P, "inside the skull: grey matter takes up glucose"),
    Rule("PHY-BLADDER", lambda f: f.share("bladder") >= WITHIN, P, "urine in the bladder"),
    Rule("PHY-KIDNEY", _kidney, P, "excreted tracer in the kidney"),
    Rule("PHY-HEART", _heart, P, "heart muscle"),
    Rule("DIS-SPLEEN-FOCAL", lambda f: f.share("spleen") >= WITHIN and f.organ_share is not None and f.organ_share < DIFFUSE, D,
         "focal uptake in the spleen"),
    Rule("UND-SPLEEN-NO-LIVER", lambda f: f.share("spleen") >= WITHIN and f.liver_ratio is None, U,
         "diffuse uptake in the spleen, and no liver reference to compare it with"),
    Rule("DIS-SPLEEN-DIFFUSE", lambda f: f.share("spleen") >= WITHIN and (f.liver_ratio or 0.0) > SPLEEN_LIVER, D,
         "diffuse uptake in the spleen, more than 1.5 times the liver's"),
    Rule("PHY-SPLEEN", lambda f: f.share("spleen") >= WITHIN, P, "diffuse uptake in the spleen, at most 1.5 times the liver's"),
    Rule("PHY-LIVER", lambda f: f.share("liver") >= WITHIN and (f.organ_share or 0.0) >= DIFFUSE, P, "the whole liver's uptake"),
    Rule("DIS-LIVER-FOCAL", lambda f: f.share("liver") >= WITHIN, D, "focal uptake in the liver"),
    Rule("PHY-MARROW-DIFFUSE", lambda f: f.share("spine") >= 0.4 and f.extent_s_mm >= MARROW_EXTENT_MM, P,
         "diffuse uptake of many vertebrae; counts only when biopsy proves it"),
    Rule("UND-MIXED", lambda f: max(f.share("brain"), f.share("heart"), f.share("bladder"), f.share(*KIDNEYS)) >= PARTLY, U,
         "covers an organ that takes up or excretes the tracer, and clearly more"),
    Rule("UND-URINE", _maybe_urine, U, "where a kidney or the bladder is expected, which was not told apart here"),
    Rule("UND-CUT-HEAD", lambda f: f.cut and f.place.level in ("head", "neck"), U,
         "the end of the scan cuts it in the head or neck: brain, gland or disease"),
    Rule("PHY-GLAND", _gland, P, "a pair in the head, alike on both sides: salivary glands or tonsils"),
    Rule("UND-HEAD", lambda f: f.place.level == "head", U, "head without a partner on the other side: gland, tonsil, muscle or disease"),
    Rule("PHY-URETER", _ureter, P, "thin and long beside the spine: urine in the ureter"),
    Rule("PHY-BOWEL", _bowel, P, "a long loop around bowel gas"),
    Rule("UND-BOWEL", _maybe_bowel, U, "shaped like bowel or beside bowel gas: gut or disease"),
    Rule("UND-FAT", _maybe_brown_fat, U,
         "fat on CT, alike on both sides: brown fat or disease"),
    Rule("DIS-DEFAULT", lambda f: True, D, "no organ explains this uptake"),
)  # fmt: skip


def first_rule(facts: Facts) -> Rule:
    """The first rule that holds; the last one always does."""
    return next(rule for rule in RULES if rule.test(facts))


def rules_table() -> list[tuple[str, str, str]]:
    """(id, status, what it says) of all rules, in the order in which they are asked."""
    return [(f"{rule.id}@{rule.version}", rule.status.value, rule.says) for rule in RULES]
