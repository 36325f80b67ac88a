"""What the shell itself has to say about a study."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

UNREVIEWED = NoticeKind(
    "UNREVIEWED",
    Severity.WARNING,
    "no reader has confirmed which regions are disease",
    "every region decided by a reader",
    "look at the report, write a decisions file, and run again with --decisions, in a trial with clinical/decisions.csv",
)
MASK_GIVEN = NoticeKind("MASK_GIVEN", Severity.INFO, "the regions come from a mask made elsewhere")
MASK_READER_UNKNOWN = NoticeKind(
    "MASK_READER_UNKNOWN", Severity.WARNING, "nobody is named who answers for the mask", "a name", "name the reader with --reader"
)
PEAK_VOXEL_LARGE = NoticeKind("PEAK_VOXEL_LARGE", Severity.WARNING, "voxels are larger than 1 cm³: SUVpeak is the voxel itself")
SMALL_REGIONS_LEFT = NoticeKind(
    "SMALL_REGIONS_LEFT",
    Severity.INFO,
    "uptake above the threshold but below the least volume is not in the lesion table",
    "",
    "add one by its point in the decisions file if it is disease",
)
UNDECIDED_LEFT = NoticeKind(
    "UNDECIDED_LEFT",
    Severity.WARNING,
    "regions that nobody has decided are in no total",
    "disease or physiologic for every region",
    "decide them in a decisions file",
)
CT_COVERS_LITTLE = NoticeKind(
    "CT_COVERS_LITTLE",
    Severity.WARNING,
    "the CT covers less than half of the PET's slices: the CT is left out",
    "at least half of the slices",
    "give the CT of the whole examination",
)
NO_CT = NoticeKind("NO_CT", Severity.INFO, "no CT was used: places and tissues are told from PET alone")
SEGMENTER_MISSING = NoticeKind("SEGMENTER_MISSING", Severity.WARNING, "a delineation that was asked for cannot be made here")
MAIN_SEGMENTER_MISSING = NoticeKind(
    "MAIN_SEGMENTER_MISSING",
    Severity.ERROR,
    "the delineation of the lesion table cannot be made here",
    "a method that this scan allows",
    "take another [segment] method, such as suv4.0, or give a mask",
)
LIVER_UPTAKE_UNUSUAL = NoticeKind(
    "LIVER_UPTAKE_UNUSUAL",
    Severity.WARNING,
    "liver uptake outside what 520 scans showed",
    "SUVmean 0.90–2.82 (1.86 ± 2 × 0.48)",
    "check dose, weight and times",
)
ACTIVITY_IMPLAUSIBLE = NoticeKind(
    "ACTIVITY_IMPLAUSIBLE",
    Severity.WARNING,
    "the field of view holds more activity than was injected, or next to nothing of it: a unit, the dose or a time is wrong",
    "at most 115 % of the dose; at least 10 % in a scan of 60 cm or more",
    "check units, dose, weight and times before any number is used",
)
DOSE_UNUSUAL = NoticeKind(
    "DOSE_UNUSUAL", Severity.WARNING, "injected activity outside what 520 scans showed", "48–756 MBq", "check the dose"
)
LESION_BELOW_METHOD = NoticeKind(
    "LESION_BELOW_METHOD", Severity.WARNING, "this delineation leaves a lesion without a voxel: its total lacks it"
)
MARGIN_REACHED = NoticeKind(
    "MARGIN_REACHED",
    Severity.WARNING,
    "uptake that the method would take goes on beyond the margin: the volume is a lower bound",
    "[segment] margin_mm",
    "look at the lesion; widen the margin or take another delineation",
)
