"""Why a clinical table, a row or a cell is refused or flagged: the codes of this room."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741

# the table
TABLE_MISSING = NoticeKind(
    "TABLE_MISSING", E, "the trial has no table of patients", "clinical/patients.csv", "write one; `carpet init` does"
)
TABLE_UNKNOWN = NoticeKind("TABLE_UNKNOWN", W, "this table has no meaning here and was not read", "", "rename it, or take it away")
TABLE_UNREADABLE = NoticeKind(
    "TABLE_UNREADABLE",
    E,
    "the table cannot be read",
    "CSV in UTF-8, comma or semicolon between cells, quotes doubled inside quotes",
    "save it again as CSV (UTF-8)",
)
TABLE_TOO_BIG = NoticeKind("TABLE_TOO_BIG", E, "the table is too big", "50 MB, 1,000,000 rows, 100,000 characters a cell", "split it")
COLUMN_UNKNOWN = NoticeKind("COLUMN_UNKNOWN", E, "unknown column", "", "rename it, or take it away")
COLUMN_TWICE = NoticeKind("COLUMN_TWICE", E, "the same column stands twice", "each column once", "take one of them away")
COLUMN_MISSING = NoticeKind("COLUMN_MISSING", E, "a column is missing that every row needs", "", "add the column")
MORE_NOTICES = NoticeKind("MORE_NOTICES", E, "the table has more faults than are listed", "", "mend those listed, then read again")

# a row
ROW_RAGGED = NoticeKind(
    "ROW_RAGGED",
    E,
    "the row has another number of cells than the header",
    "as many as the header",
    "put cells that hold a separator or a line break in double quotes",
)
ROW_TWICE = NoticeKind("ROW_TWICE", E, "two rows say something of the same thing", "one row each", "take one of them away")
PATIENT_UNKNOWN = NoticeKind(
    "PATIENT_UNKNOWN",
    E,
    "patients.csv has no such patient",
    "a patient_id of patients.csv, spelled alike",
    "correct it, or add the patient",
)

# a cell
CELL_MISSING = NoticeKind("CELL_MISSING", E, "a cell is empty that every row needs", "", "fill it")
CELL_MALFORMED = NoticeKind(
    "CELL_MALFORMED", E, "the cell does not hold what its column asks for", "", "correct it; what is not known stays empty"
)
CELL_OUT_OF_RANGE = NoticeKind("CELL_OUT_OF_RANGE", E, "a value that cannot be", "", "correct the value or its unit")
DECIMAL_COMMA = NoticeKind(
    "DECIMAL_COMMA",
    E,
    "a comma in a number",
    "a decimal point, nothing between thousands",
    "write 1.5 for one and a half, 1500 for fifteen hundred",
)
DATE_MALFORMED = NoticeKind(
    "DATE_MALFORMED",
    E,
    "a date that cannot be one",
    "YYYY-MM-DD, 1990 to 2100, the whole day known",
    "write it as 2020-03-31; in a spreadsheet, format the column as text first",
)

# dates
DATE_ORDER = NoticeKind("DATE_ORDER", E, "two dates contradict each other", "", "correct the wrong one")
DATE_UNUSUAL = NoticeKind("DATE_UNUSUAL", W, "dates that are unusual together", "", "look at both; leave them if they are right")
NOT_INFUSED = NoticeKind("NOT_INFUSED", I, "no infusion date: the patient is kept, without days from infusion and without time points")
FDG_AVIDITY_VARIABLE = NoticeKind(
    "FDG_AVIDITY_VARIABLE",
    W,
    "this histology takes up FDG variably: CT decides the response, PET stands beside it",
    "",
    "where PET shall decide, say fdg_avid yes",
)
FDG_AVIDITY_UNUSUAL = NoticeKind(
    "FDG_AVIDITY_UNUSUAL", W, "fdg_avid is not what is usual for this histology; it stands as it is said", "", "correct it if it is wrong"
)
FOLLOW_UP_UNKNOWN = NoticeKind(
    "FOLLOW_UP_UNKNOWN",
    W,
    "neither a date of death nor the last date known alive: no survival time",
    "",
    "give last_contact_date or death_date",
)
LAST_CONTACT_EARLY = NoticeKind(
    "LAST_CONTACT_EARLY",
    W,
    "last_contact_date lies before a later event of the same patient, who was alive then",
    "the last date known alive",
    "bring last_contact_date up to date",
)
CAUSE_WITHOUT_DEATH = NoticeKind(
    "CAUSE_WITHOUT_DEATH", E, "a cause of death without a date of death", "both or neither", "give death_date, or empty cause_of_death"
)
OUTSIDE_LIFE = NoticeKind("OUTSIDE_LIFE", E, "before the patient's birth or after the death", "", "correct this date, or patients.csv")

# patients
AGE_UNKNOWN = NoticeKind("AGE_UNKNOWN", W, "neither birth_year nor age: no score that needs the age", "one of them", "give one")
AGE_CONFLICT = NoticeKind(
    "AGE_CONFLICT", E, "age and birth_year contradict each other", "completed years at infusion", "correct one, or empty it"
)

# laboratory
ANALYTE_UNKNOWN = NoticeKind("ANALYTE_UNKNOWN", E, "no such laboratory value is known here", "", "rename it, or take the row away")
UNIT_MISSING = NoticeKind("UNIT_MISSING", E, "a laboratory value without a unit", "", "give the unit that the laboratory reported")
UNIT_UNKNOWN = NoticeKind("UNIT_UNKNOWN", E, "a unit that is not known for this laboratory value", "", "give one of these units")
LAB_UNUSUAL = NoticeKind("LAB_UNUSUAL", W, "a laboratory value outside what is usual even in the very ill", "", "check value and unit")
LAB_AT_LIMIT = NoticeKind(
    "LAB_AT_LIMIT",
    W,
    "the laboratory gave a limit, not a value: the limit stands for it",
    "",
    "know it when the value is used in a product",
)
LABS_SAME_DAY = NoticeKind("LABS_SAME_DAY", W, "different values on one day: the worse one is used")

# toxicity
GRADE_WITHOUT_SCALE = NoticeKind(
    "GRADE_WITHOUT_SCALE", E, "a grade without its scale means nothing", "", "name the scale that the grade was given by"
)
SCALE_UNFIT = NoticeKind("SCALE_UNFIT", E, "this scale does not grade this event so", "", "correct scale, event or grade")
GRADE_MISSING = NoticeKind("GRADE_MISSING", E, "neither a grade nor an item to grade by", "a grade with its scale, or items", "give one")
ICE_CONTRADICTS = NoticeKind(
    "ICE_CONTRADICTS", E, "the ICE score is not the sum of its parts", "", "correct one of them, or leave the score or its parts empty"
)
GRADE_FIVE_ALIVE = NoticeKind(
    "GRADE_FIVE_ALIVE", W, "grade 5 is death, and patients.csv has no date of death", "", "give death_date, or correct the grade"
)

# CT targets
CT_DIAMETERS = NoticeKind(
    "CT_DIAMETERS",
    E,
    "diameters that do not go with the row",
    "ldi_mm ≥ sdi_mm > 0; absent: none or 0; too_small: none or 5; spleen: its vertical length as ldi_mm only",
    "measure it again, or correct the status",
)
CT_KIND_VARIES = NoticeKind(
    "CT_KIND_VARIES", W, "the same lesion is of another kind on another date", "one kind a lesion", "correct kind or name"
)

# readings
READING_CONTRADICTS = NoticeKind(
    "READING_CONTRADICTS",
    W,
    "the metabolic response does not go with the Deauville score or the new lesions of the same reading",
    "CMR with 1–3 or X and no new lesion; PMR, NMR, PMD with 4 or 5, or with new lesions (Lugano 2014)",
    "ask the reader; the reading stands as given",
)
READING_EMPTY = NoticeKind(
    "READING_EMPTY",
    W,
    "the reading says nothing",
    "a score, a response, new_lesions, marrow_involved or clinical_deterioration",
    "fill it, or take the row away",
)

# scans
SCAN_ROW_EMPTY = NoticeKind(
    "SCAN_ROW_EMPTY", W, "the row decides nothing", "weight_kg, series_uid or accept_recon_change", "fill it, or take the row away"
)

# track corrections
TRACK_CORRECTION_UNCLEAR = NoticeKind(
    "TRACK_CORRECTION_UNCLEAR",
    E,
    "the row does not say one thing of the lesion",
    "one of: track; same_as_date with same_as_lesion; new = yes",
    "fill one of them, and empty the others",
)

# scores and cut-offs
CUTOFF_OTHER_DELINEATION = NoticeKind(
    "CUTOFF_OTHER_DELINEATION",
    E,
    "a cut-off is valid only for the delineation it was found with",
    "",
    "measure with that delineation as well ([segment] also), or override this cut-off by its name and say why",
)
CUTOFF_OVERRIDDEN = NoticeKind(
    "CUTOFF_OVERRIDDEN",
    W,
    "a cut-off was applied to another delineation than it was found with, as somebody asked by name",
    "",
    "say it in print",
)
CUTOFF_UNVERIFIED = NoticeKind(
    "CUTOFF_UNVERIFIED", W, "something of this cut-off could not be verified in its source", "", "read the source before you print it"
)
CUTOFF_OTHER_TIMEPOINT = NoticeKind("CUTOFF_OTHER_TIMEPOINT", W, "the cut-off was found at another time point", "", "say it in print")
CUTOFF_OTHER_POPULATION = NoticeKind("CUTOFF_OTHER_POPULATION", W, "the cut-off was found in another population", "", "say it in print")
NOT_VALIDATED_FOR_CAR_T = NoticeKind(
    "NOT_VALIDATED_FOR_CAR_T", W, "the score was made for first-line treatment and is not validated for CAR T-cells", "", "say it in print"
)
AGE_FROM_BIRTH_YEAR = NoticeKind(
    "AGE_FROM_BIRTH_YEAR", W, "the age is the difference of years, one too many before the birthday", "", "give age in patients.csv"
)
EXTRANODAL_SITES_DIFFER = NoticeKind(
    "EXTRANODAL_SITES_DIFFER", W, "patients.csv and PET count different extranodal sites; patients.csv is used", "", "look at both"
)
NCCN_SITE_BY_PET = NoticeKind(
    "NCCN_SITE_BY_PET",
    W,
    "whether marrow, CNS, liver, gastrointestinal tract or lung is involved was taken from PET alone",
    "",
    "give nccn_extranodal_site in patients.csv",
)

# grades from items
GRADE_DIFFERS = NoticeKind("GRADE_DIFFERS", W, "the grade given is not the one that its items make", "", "look at grade and items")
GRADE_DERIVED = NoticeKind("GRADE_DERIVED", I, "no grade was given: it is the one that the items make")

# an export from REDCap
REDCAP_FIELD_UNKNOWN = NoticeKind(
    "REDCAP_FIELD_UNKNOWN", E, "the export has no such field", "", "correct the mapping in trial.toml, or export the field as well"
)
REDCAP_TARGET_UNKNOWN = NoticeKind(
    "REDCAP_TARGET_UNKNOWN", E, "the mapping fills a table or column that carpet does not have", "", "correct the mapping in trial.toml"
)
REDCAP_CHOICE_UNKNOWN = NoticeKind(
    "REDCAP_CHOICE_UNKNOWN", E, "a coded choice that the mapping does not translate", "", "add it to choices in trial.toml, or correct it"
)
REDCAP_CONFLICT = NoticeKind(
    "REDCAP_CONFLICT", E, "two rows of one record give different values for the same cell", "", "correct one, or map them to other columns"
)
REDCAP_TABLE_TWICE = NoticeKind(
    "REDCAP_TABLE_TWICE",
    E,
    "this table has rows of its own, and the export fills it too",
    "one source a table",
    "take the table away or leave its header alone, or take its part out of [redcap] in trial.toml",
)
REDCAP_NO_ROWS = NoticeKind(
    "REDCAP_NO_ROWS", W, "no row of the export fits this part of the mapping", "", "look at instrument, events and needs"
)
