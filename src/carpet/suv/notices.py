"""Why a PET series gives no SUV, or one with a flag: the codes of this room."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741

# the series
NAC_SERIES = NoticeKind(
    "NAC_SERIES",
    E,
    "the series is not corrected for attenuation",
    "ATTN in (0028,0051)",
    "take the attenuation-corrected series",
)
DYNAMIC_OR_GATED = NoticeKind(
    "DYNAMIC_OR_GATED",
    E,
    "a dynamic or gated series has no single SUV",
    "STATIC or WHOLE BODY in (0054,1000)",
    "take the static series",
)
DERIVED_IMAGE = NoticeKind(
    "DERIVED_IMAGE", E, "a projection or derived picture holds no activity", "IMAGE in (0054,1000)", "take the original slices"
)
INTERCEPT_NONZERO = NoticeKind("INTERCEPT_NONZERO", E, "a PET with a rescale intercept is not proportional to activity", "0")
SLOPE_MISSING = NoticeKind("SLOPE_MISSING", E, "a slice has no usable rescale slope", "> 0 in (0028,1053)", "export again")
UNITS_MISSING = NoticeKind("UNITS_MISSING", E, "the unit of the stored values is not known", "BQML, GML, CM2ML, CNTS in (0054,1001)")
UNITS_NOT_QUANTITATIVE = NoticeKind(
    "UNITS_NOT_QUANTITATIVE",
    E,
    "values in this unit cannot become SUV",
    "BQML, GML, CM2ML, CNTS",
    "take the quantitative series",
)
SUV_TYPE_UNSUPPORTED = NoticeKind(
    "SUV_TYPE_UNSUPPORTED", E, "this SUVType does not go with the unit", "BW, LBM, LBMJAMES128, LBMJANMA, IBW; BSA for CM2ML"
)
COUNTS_WITHOUT_SCALE = NoticeKind(
    "COUNTS_WITHOUT_SCALE",
    E,
    "counts without a Philips scale factor",
    "(7053,xx00) or (7053,xx09) > 0",
    "export private tags too",
)
SCALE_UNREADABLE = NoticeKind("SCALE_UNREADABLE", E, "the Philips scale factor is not a positive number", "finite and > 0")
NOT_DECAYED = NoticeKind(
    "NOT_DECAYED", E, "stored SUV presumes decay-corrected values, and these are not", "DecayCorrection START or ADMIN, with DECY"
)
SERIES_TYPE_MISSING = NoticeKind(
    "SERIES_TYPE_MISSING", W, "it is not said that this is a static image", "STATIC\\IMAGE or WHOLE BODY\\IMAGE in (0054,1000)"
)
CORRECTION_MISSING = NoticeKind("CORRECTION_MISSING", W, "a usual correction is not listed", "SCAT and NORM in (0028,0051)")
TRACER_NOT_FDG = NoticeKind("TRACER_NOT_FDG", W, "the tracer is not FDG, or is not named", "35321007 (SCT) in (0054,0304)")
VENDOR_UNKNOWN = NoticeKind("VENDOR_UNKNOWN", W, "the manufacturer is not one whose private times are known; standard rules apply")

# decay and dose
DECAY_CORRECTION_UNKNOWN = NoticeKind(
    "DECAY_CORRECTION_UNKNOWN",
    E,
    "it is not said to which time the values are decay-corrected",
    "START, ADMIN, NONE in (0054,1102)",
)
DECAY_FLAG_CONFLICT = NoticeKind(
    "DECAY_FLAG_CONFLICT",
    E,
    "DecayCorrection and CorrectedImage contradict each other",
    "START or ADMIN with DECY; NONE without",
)
DECAY_NONE_CORRECTED = NoticeKind("DECAY_NONE_CORRECTED", W, "the values were not decay-corrected; corrected here, slice by slice")
DOSE_MISSING = NoticeKind("DOSE_MISSING", E, "no injected dose", "Bq > 0 in (0018,1074)", "correct the attribute at the source")
DOSE_MBQ = NoticeKind("DOSE_MBQ", W, "the dose is written in MBq; multiplied by 1e6")
DOSE_UNIT_AMBIGUOUS = NoticeKind(
    "DOSE_UNIT_AMBIGUOUS",
    E,
    "the unit of the dose cannot be told (mCi or kBq?)",
    "≥ 1e7 (Bq) or 20–1e5 (MBq)",
    "correct it at the source",
)
HALFLIFE_MISMATCH = NoticeKind(
    "HALFLIFE_MISMATCH",
    E,
    "the half-life is missing or not the radionuclide's",
    "within 1 % of the nuclide's",
    "correct it at the source",
)
HALFLIFE_FROM_NUCLIDE = NoticeKind("HALFLIFE_FROM_NUCLIDE", W, "no half-life is stored; the named nuclide's own was taken")

# the patient
WEIGHT_MISSING = NoticeKind(
    "WEIGHT_MISSING", E, "no patient weight", "kg > 0 in (0010,1030)", "give it with --weight-kg, in a trial in clinical/scans.csv"
)
WEIGHT_IN_GRAMS = NoticeKind("WEIGHT_IN_GRAMS", W, "the weight is written in grams; divided by 1000")
WEIGHT_IN_SIZE = NoticeKind("WEIGHT_IN_SIZE", E, "PatientSize seems to hold the weight", "metres in (0010,1020)")
WEIGHT_IMPLAUSIBLE = NoticeKind("WEIGHT_IMPLAUSIBLE", E, "nobody has this weight and height", "2–400 kg, BMI 10–80")
WEIGHT_UNUSUAL = NoticeKind("WEIGHT_UNUSUAL", W, "an unusual weight for an adult", "20–300 kg", "check it")
WEIGHT_GIVEN = NoticeKind("WEIGHT_GIVEN", W, "the weight was given by the user, not read from the scan")
HEIGHT_IN_CM = NoticeKind("HEIGHT_IN_CM", W, "the height is written in cm; divided by 100")
HEIGHT_MISSING = NoticeKind("HEIGHT_MISSING", I, "no patient height: no SUL, no SDmax", "metres in (0010,1020)")
SEX_UNDEFINED = NoticeKind("SEX_UNDEFINED", I, "PatientSex is neither M nor F: no SUL", "M or F in (0010,0040)")
BODY_FACT_NEEDED = NoticeKind(
    "BODY_FACT_NEEDED", E, "the stored SUV type cannot become SUVbw without height and sex", "(0010,1020) and (0010,0040)"
)

# time
INJECTION_TIME_MISSING = NoticeKind(
    "INJECTION_TIME_MISSING",
    E,
    "no injection time",
    "(0018,1078) or (0018,1072) inside (0054,0016)",
    "correct it at the source",
)
ROOT_INJECTION_TIME_IGNORED = NoticeKind(
    "ROOT_INJECTION_TIME_IGNORED",
    I,
    "an injection time outside the radiopharmaceutical sequence is not used",
    "inside (0054,0016)",
)
START_CONFLICT = NoticeKind("START_CONFLICT", W, "start date-time and start time differ by more than 1 min; the date-time was used")
MIDNIGHT = NoticeKind("MIDNIGHT", W, "injection time without a date, later than the scan: taken as the previous day")
DATE_REQUIRED = NoticeKind("DATE_REQUIRED", E, "a long-lived nuclide needs the date of the injection", "(0018,1078)")
DATE_SHIFT = NoticeKind("DATE_SHIFT", W, "injection and scan dates were shifted apart; the scan's date was taken, as the protocol allows")
GE_INJECTION_USED = NoticeKind("GE_INJECTION_USED", W, "the injection time was read from the vendor's private attribute")
TREF_UNKNOWN = NoticeKind(
    "TREF_UNKNOWN",
    E,
    "the decay reference time cannot be told",
    "see candidates",
    "name one in [suv] reference_time if you know it",
)
TREF_DISAGREE = NoticeKind("TREF_DISAGREE", W, "explicit decay reference times differ by 1–10 % of SUV")
TREF_CONFLICT = NoticeKind(
    "TREF_DISAGREE", E, "explicit decay reference times differ by more than 10 % of SUV", "", "name one in [suv] reference_time"
)
TREF_BACKCOMP_DISAGREE = NoticeKind("TREF_BACKCOMP_DISAGREE", W, "frame times point to another decay reference (> 1 % of SUV)")
TREF_UNCONFIRMED = NoticeKind(
    "TREF_UNCONFIRMED", W, "the series time lies before the first acquisition here, and no frame time confirms it (> 1 % of SUV)"
)
TREF_EARLIEST_ACQ = NoticeKind("TREF_EARLIEST_ACQ", W, "the earliest acquisition was taken as decay reference, for want of better")
TREF_BY_NAME = NoticeKind("TREF_BY_NAME", W, "the decay reference time was named by the user")
SERIES_TIME_REWRITTEN = NoticeKind("SERIES_TIME_REWRITTEN", W, "the series time does not fit the acquisition (rewritten?): not used")
VENDOR_SCAN_START = NoticeKind("VENDOR_SCAN_START", W, "the vendor's private scan start decides; standard times differ from it")
PRIVATE_DATE_SHIFTED = NoticeKind("PRIVATE_DATE_SHIFTED", I, "the vendor's private time carries another date (de-identified?): not used")
DECAY_FACTOR_DISAGREE = NoticeKind(
    "DECAY_FACTOR_DISAGREE",
    W,
    "the scanner's own decay factor points to another decay reference (> 5 % of SUV)",
    "DecayFactor (0054,1321) as DecayCorrection and the times say",
    "find out what the values were corrected to",
)
PRIVATE_TIME_UNFIT = NoticeKind("PRIVATE_TIME_UNFIT", W, "the vendor's private time does not fit the acquisition: not used")
BED_POSITION_MISSING = NoticeKind("BED_POSITION_MISSING", W, "the first bed position is missing; its start follows from the frame times")
ACQUISITION_TIME_MISSING = NoticeKind("ACQUISITION_TIME_MISSING", E, "a slice has no acquisition date and time", "(0008,0022), (0008,0032)")
UPTAKE_IMPLAUSIBLE = NoticeKind(
    "UPTAKE_IMPLAUSIBLE",
    E,
    "the time from injection to scan is impossible",
    "0–6 h (F-18), ≤ 2 half-lives otherwise",
    "check both times",
)
UPTAKE_OUTSIDE_WINDOW = NoticeKind("UPTAKE_OUTSIDE_WINDOW", W, "uptake time outside the usual window", "45–90 min")
