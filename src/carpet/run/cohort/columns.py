"""The columns of the cohort table: unit, sentence, what each is to the analysis, and the order of its levels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carpet.cohort.endpoints import ENDPOINTS
from carpet.cohort.table import PATIENT, Column, Value

BASELINE_ROLES = ("marker", "kinetics", "score", "laboratory", "patient")
AFTER_INFUSION = ("tmtv_m1_percent",)  # kinetics, but known too late to be a marker of what follows infusion
STAGES = ("I", "II", "III", "IV")
LOW_HIGH = ("low", "high")
RESPONSES = ("CR", "PR", "SD", "PD", "DISCORDANT")
RESPONSE_AT = ("M1", "M3", "M6")
OF_SURVIVAL = tuple(name for name in ENDPOINTS if name != "EP")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value; None with the reason, as codes, why there is none. flags: codes of what must be known with it."""

    value: Value
    reason: str = ""
    flags: tuple[str, ...] = ()

    @staticmethod
    def of(value: Value, reason: str, flags: tuple[str, ...] = ()) -> Cell:
        """The value, or where it is None the reason."""
        return Cell(value, "" if value is not None else reason, tuple(dict.fromkeys(flags)))


PATIENT_COLUMNS = (
    Column(PATIENT, "", "the patient's pseudonym, as in patients.csv", "patient", "category"),
    Column("site", "", "hospital or centre", "patient", "category"),
    Column("sex", "", "sex as DICOM has it", "patient", "category", ("F", "M", "O")),
    Column("age_years", "a", "completed years at infusion", "patient", "number", step=10.0),
    Column("histology", "", "lymphoma", "patient", "category"),
    Column("product", "", "CAR T-cell product", "patient", "category"),
    Column("bridging", "", "therapy between enrolment and lymphodepletion", "patient", "yes_no"),
    Column("ann_arbor_stage", "", "Ann Arbor stage before CAR T-cells", "patient", "category", STAGES),
    Column("advanced_stage", "", "Ann Arbor stage III or IV", "patient", "yes_no"),
    Column("ecog", "{score}", "ECOG performance status before lymphodepletion", "patient", "number"),
    Column("prior_lines", "{count}", "lines of therapy before CAR T-cells, bridging not counted", "patient", "number"),
    Column("ldh_uln_ratio", "1", "LDH over the laboratory's upper limit of normal", "laboratory", "number", doubling=True),
    Column("extranodal_sites", "{count}", "extranodal sites: as patients.csv says, else of the PET", "patient", "number"),
    Column("crp_mg_l", "mg/L", "C-reactive protein", "laboratory", "number", doubling=True),
    Column("ferritin_ug_l", "ug/L", "ferritin", "laboratory", "number", doubling=True),
)
# steps are our own choice [P]: SUVmax runs from 4 to 40, SDmax from 0 to 1, Dmax to about 1 m
MARKER_COLUMNS = (
    Column("tmtv", "mL", "total metabolic tumour volume", "marker", "number", doubling=True),
    Column("tlg", "g", "total lesion glycolysis", "marker", "number", doubling=True),
    Column("suv_max", "g/mL", "highest SUVbw of all lesions", "marker", "number", step=5.0),
    Column("sdmax", "/m", "largest distance between lesions over body surface area", "marker", "number", step=0.1),
    Column("dmax", "mm", "largest distance between lesions", "marker", "number", step=100.0),
    Column("lesion_count", "{count}", "lesions", "marker", "number", doubling=True),
    Column("spd_cm2", "cm2", "sum of the products of diameters of the CT targets", "marker", "number", doubling=True),
)
KINETICS_COLUMNS = (
    Column("tmtv_bridging_percent", "%", "change of TMTV from TD to TT, over bridging", "kinetics", "number", step=10.0),
    Column("suv_max_bridging_percent", "%", "change of SUVmax from TD to TT, over bridging", "kinetics", "number", step=10.0),
    Column("tmtv_m1_percent", "%", "change of TMTV from baseline to M1: known after infusion only", "kinetics", "number", step=10.0),
)
SCORE_COLUMNS = (
    Column("ipi", "{score}", "International Prognostic Index, points", "score", "number"),
    Column("ipi_group", "", "its group", "score", "category", ("low", "low-intermediate", "high-intermediate", "high")),
    Column("r_ipi", "", "group of the revised IPI", "score", "category", ("very good", "good", "poor")),
    Column("nccn_ipi", "", "group of the NCCN-IPI", "score", "category", ("low", "low-intermediate", "high-intermediate", "high")),
    Column("two_factor", "", "two-factor group: extranodal sites and TMTV (Vercellino 2020)", "score", "category", ("0", "1", "2")),
    Column("easix", "(U/L).(mg/dL)/(10*9/L)", "EASIX: LDH × creatinine ÷ platelets", "score", "number", doubling=True),
    Column("car_hematotox", "", "group of CAR-HEMATOTOX, before lymphodepletion", "score", "category", LOW_HIGH),
    Column("dean_median", "", "TMTV by Dean's median (2020)", "score", "category", LOW_HIGH),
    Column("sdmax_032", "", "SDmax by 0.32 /m (Cottereau 2021)", "score", "category", LOW_HIGH),
    Column("transcend_burden", "", "SPD by 50 cm² (TRANSCEND)", "score", "category", LOW_HIGH),
    Column("bulk_10", "", "a lesion of more than 10 cm (ZUMA-1)", "score", "category", ("not bulky", "bulky")),
)
RESPONSE_COLUMNS = (
    Column("deauville_m1", "", "Deauville score at M1, readers before numbers", "response", "category", ("1", "2", "3", "4", "5", "X")),
    *(
        Column(f"lugano_{name.lower()}", "", f"Lugano response at {name}, readers before numbers", "response", "category", RESPONSES)
        for name in RESPONSE_AT
    ),
    Column("best_lugano", "", "best Lugano response until progression or new therapy", "response", "category", RESPONSES[:4]),
)
TOXICITY_COLUMNS = (
    Column("crs_grade", "{grade}", "worst grade of cytokine release syndrome, ASTCT 2019", "toxicity", "number"),
    Column("icans_grade", "{grade}", "worst grade of neurotoxicity (ICANS), ASTCT 2019", "toxicity", "number"),
)


def _outcomes() -> Iterator[Column]:
    for name in OF_SURVIVAL:
        short = name.lower()
        yield Column(f"{short}_days", "d", f"{name}: whole days from the origin to the event or to censoring", "outcome", "number")
        yield Column(f"{short}_event", "1", f"{name}: 0 censored, 1 the event, 2 the competing event", "outcome", "number")
    yield Column("early_progression", "", "progression within the first month after infusion", "outcome", "yes_no")


COLUMNS: tuple[Column, ...] = (
    *PATIENT_COLUMNS,
    *MARKER_COLUMNS,
    *KINETICS_COLUMNS,
    *SCORE_COLUMNS,
    *RESPONSE_COLUMNS,
    *TOXICITY_COLUMNS,
    *_outcomes(),
)
