"""The words and references from which the methods section of a paper is put together; `[@key]` cites."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "dicom": "NEMA. DICOM PS3.3: Information Object Definitions, C.8.9.1 PET Series Module.",
        "janmahasatian": "Janmahasatian S, et al. Clin Pharmacokinet 2005;44:1051.",
        "percist": "Wahl RL, et al. From RECIST to PERCIST. J Nucl Med 2009;50(S1):122S.",
        "benchmark": "Boellaard R, et al. J Nucl Med 2024;65:1343. doi:10.2967/jnumed.124.267789",
        "burggraaff": "Burggraaff CN, et al. Mol Imaging Biol 2020. doi:10.1007/s11307-020-01474-z",
        "meignan": "Meignan M, et al. Eur J Nucl Med Mol Imaging 2014;41:1113.",
        "ilyas": "Ilyas H, et al. Eur J Nucl Med Mol Imaging 2018. doi:10.1007/s00259-018-3953-z",
        "nestle": "Nestle U, et al. J Nucl Med 2005;46:1342.",
        "eanm": "Boellaard R, et al. FDG PET/CT: EANM procedure guidelines, version 2.0. Eur J Nucl Med Mol Imaging 2015;42:328.",
        "ibsi": "Zwanenburg A, et al. The Image Biomarker Standardization Initiative. Radiology 2020;295:328.",
        "larson": "Larson SM, et al. Clin Positron Imaging 1999;2:159.",
        "cottereau": "Cottereau AS, et al. Ann Oncol 2021;32:404. doi:10.1016/j.annonc.2020.11.019",
        "cottereau_cancers": "Cottereau AS, et al. New approaches in characterization of lesions dissemination in DLBCL. Cancers 2021.",
        "eertink": "Eertink JJ, et al. Blood 2023;141:3055. doi:10.1182/blood.2022018558",
        "decazes": "Decazes P, et al. Eur J Nucl Med Mol Imaging 2018;45:1672. doi:10.1007/s00259-018-4041-0",
        "wang_mbv": "Wang F, et al. BMC Cancer 2023. doi:10.1186/s12885-023-11333-z",
        "racat": "Pfaehler E, et al. RaCaT: an open source and easy to use radiomics calculator tool. PLoS One 2019.",
        "derlin": "Derlin T, et al. Ann Nucl Med 2021;35:132. doi:10.1007/s12149-020-01544-w",
        "mosteller": "Mosteller RD. N Engl J Med 1987;317:1098.",
        "du_bois": "Du Bois D, Du Bois EF. Arch Intern Med 1916;17:863.",
        "lugano": "Cheson BD, et al. J Clin Oncol 2014;32:3059. doi:10.1200/JCO.2013.54.8800",
        "barrington": "Barrington SF, et al. J Clin Oncol 2014;32:3048. doi:10.1200/JCO.2013.53.5229",
        "lyric": "Cheson BD, et al. Blood 2016;128:2489. doi:10.1182/blood-2016-05-718528",
        "recil": "Younes A, et al. Ann Oncol 2017;28:1436. doi:10.1093/annonc/mdx097",
        "cheson2007": "Cheson BD, et al. J Clin Oncol 2007;25:579. doi:10.1200/JCO.2006.09.2403",
        "vercellino": "Vercellino L, et al. Blood Adv 2020;4:5607. doi:10.1182/bloodadvances.2020003001",
        "vercellino_review": "Vercellino L, et al. Front Oncol 2021;11:664688. doi:10.3389/fonc.2021.664688",
        "astct": "Lee DW, et al. Biol Blood Marrow Transplant 2019;25:625. doi:10.1016/j.bbmt.2018.12.758",
        "schemper": "Schemper M, Smith TL. Control Clin Trials 1996;17:343.",
        "cox": "Cox DR. J R Stat Soc B 1972;34:187.",
        "venzon": "Venzon DJ, Moolgavkar SH. Appl Stat 1988;37:87.",
        "heinze": "Heinze G, Schemper M. Biometrics 2001;57:114.",
        "grambsch": "Grambsch PM, Therneau TM. Biometrika 1994;81:515.",
        "gray": "Gray RJ. Ann Stat 1988;16:1141.",
        "fine_gray": "Fine JP, Gray RJ. J Am Stat Assoc 1999;94:496.",
        "lausen": "Lausen B, Schumacher M. Biometrics 1992;48:73.",
        "lausen94": "Lausen B, Sauerbrei W, Schumacher M. In: Dirschedl P, Ostermann R, eds. Computational Statistics. Physica 1994:483.",
        "hothorn": "Hothorn T, Lausen B. Comput Stat Data Anal 2003;43:121.",
        "youden": "Youden WJ. Cancer 1950;3:32.",
        "harrell": "Harrell FE, Lee KL, Mark DB. Stat Med 1996;15:361.",
        "uno": "Uno H, et al. Stat Med 2011;30:1105.",
        "white": "White IR, Royston P, Wood AM. Stat Med 2011;30:377.",
        "clopper": "Clopper CJ, Pearson ES. Biometrika 1934;26:404.",
        "andersen": "Andersen PK, Gill RD. Ann Stat 1982;10:1100.",
        "riley": "Riley RD, et al. BMJ 2020;368:m441.",
        "royston": "Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152.",
    }
)

DELINEATIONS: Mapping[str, str] = MappingProxyType(
    {
        "suv4.0": "voxels with SUVbw ≥ 4.0 [@benchmark;@burggraaff]",
        "suv2.5": "voxels with SUVbw ≥ 2.5 [@burggraaff]",
        "max41": "voxels at or above 41 % of the lesion's SUVmax [@meignan]",
        "max50": "voxels at or above 50 % of the lesion's SUVmax",
        "a50p": "voxels at or above half the sum of SUVpeak and local background (A50P) [@burggraaff]",
        "percist_liver": "voxels with SUL at or above 1.5 × liver mean + 2 SD [@percist]",
        "liver_mean": "voxels at or above the mean SUV of the liver [@ilyas]",
        "nestle": "voxels at or above 0.15 × the mean of the lesion's hottest part plus local background [@nestle]",
        "mv2": "voxels in at least two of 41 % of SUVmax, A50P, SUV ≥ 2.5 and SUV ≥ 4.0 [@burggraaff]",
        "mv3": "voxels in at least three of 41 % of SUVmax, A50P, SUV ≥ 2.5 and SUV ≥ 4.0 [@burggraaff]",
        "watershed": "a gradient watershed from the lesion's hot core (the software's own choice of markers)",
    }
)

BIOMARKERS: Mapping[str, str] = MappingProxyType(
    {
        "tmtv": "total metabolic tumour volume (TMTV, the sum of lesion volumes) [@benchmark]",
        "tlg": "total lesion glycolysis (TLG, the sum of SUVmean × volume) [@larson]",
        "suv_max": "SUVmax [@eanm]",
        "suv_peak": "SUVpeak [@ibsi]",
        "suv_mean": "SUVmean over all disease voxels [@eanm]",
        "mbv": "the volume of the largest lesion [@wang_mbv]",
        "lesion_count": "the number of lesions",
        "nodal_regions": "the number of involved lymph-node regions",
        "extranodal_sites": "the number of involved extranodal sites",
        "dmax": "Dmax, the largest distance between two lesion centroids [@cottereau]",
        "dmax_manhattan": "the same distance as the sum along the axes [@cottereau_cancers]",
        "dmax_chebyshev": "the same distance as the largest along one axis [@cottereau_cancers]",
        "dmax_voxel": "the largest distance between two disease voxels [@cottereau_cancers]",
        "dmax_bulk": "the largest distance from the largest lesion [@eertink]",
        "sdmax": "SDmax, Dmax over body surface area [@cottereau]",
        "spread_bulk": "the sum of distances from the largest lesion [@racat]",
        "spread_patient": "the sum of distances between all pairs of lesions [@racat]",
        "tsp": "the shortest path through all lesions [@cottereau_cancers]",
        "tts": "total tumour surface by marching cubes [@decazes]",
        "tvsr": "the ratio of tumour volume to surface [@decazes]",
        "asphericity": "asphericity [@ibsi]",
        "liver_suv_mean": "liver SUVmean in a 3 cm sphere of the right lobe [@percist]",
        "blood_pool_suv_mean": "blood-pool SUVmean in the descending aorta [@percist]",
        "spleen_liver_ratio": "the spleen-to-liver ratio [@derlin]",
        "marrow_liver_ratio": "the marrow-to-liver ratio [@derlin]",
    }
)

REFERENCE_TIME: Mapping[str, str] = MappingProxyType(
    {
        "auto": "found by a ranked procedure over the DICOM header",
        "decay_correction_datetime": "taken from DecayCorrectionDateTime",
        "ge_scan_datetime": "taken from the private scan start of GE",
        "series_time": "taken from SeriesDate and SeriesTime",
        "siemens_datetime": "taken from the private time of Siemens",
        "back_computed": "computed back from the times of the frames",
    }
)

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "tmtv": "TMTV",
        "tlg": "TLG",
        "suv_max": "SUVmax",
        "sdmax": "SDmax",
        "dmax": "Dmax",
        "lesion_count": "the number of lesions",
        "spd_cm2": "SPD on CT",
        "tmtv_bridging_percent": "change of TMTV over bridging",
        "suv_max_bridging_percent": "change of SUVmax over bridging",
        "two_factor": "the two-factor group",
        "bridging": "bridging therapy",
        "ipi": "IPI",
        "ipi_group": "the IPI group",
        "r_ipi": "R-IPI",
        "nccn_ipi": "NCCN-IPI",
        "easix": "EASIX",
        "car_hematotox": "CAR-HEMATOTOX",
        "dean_median": "TMTV by Dean's median",
        "sdmax_032": "SDmax by 0.32 m⁻¹",
        "transcend_burden": "SPD by 50 cm²",
        "bulk_10": "bulk above 10 cm",
        "site": "centre",
        "sex": "sex",
        "histology": "histology",
        "product": "CAR T-cell product",
        "prior_lines": "prior lines of therapy",
        "extranodal_sites": "the number of extranodal sites",
        "age_years": "age",
        "ecog": "ECOG performance status",
        "ann_arbor_stage": "Ann Arbor stage",
        "advanced_stage": "Ann Arbor stage III or IV",
        "ldh_uln_ratio": "LDH over its upper limit of normal",
        "crp_mg_l": "C-reactive protein",
        "ferritin_ug_l": "ferritin",
    }
)

ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "OS": "overall survival (OS, until death of any cause)",
        "PFS": "progression-free survival (PFS, until progression or death of any cause)",
        "EFS": "event-free survival (EFS, until progression, death or new therapy)",
        "DOR": "duration of response (DOR, from the first response until progression or death of lymphoma)",
        "TTP": "time to progression (TTP, until progression or death of lymphoma)",
    }
)

_DEFAULT = (
    "follow-up was censored at new anticancer therapy and at transplantation, and progression or death after two missed scans at the last"
    " adequate scan"
)
RULE_SETS: Mapping[str, str] = MappingProxyType(
    {
        "default": f"counted from infusion; {_DEFAULT}",
        "scan_before_therapy": "counted from infusion; follow-up was censored at the last scan before new therapy or transplantation",
        "ema": "counted from infusion; new therapy, transplantation and missed scans were passed over",
        "new_therapy_event": "counted from infusion; new therapy was an event",
        "new_therapy_ignored": "counted from infusion; new therapy was passed over, transplantation in remission censored",
        "hsct_followed": "counted from infusion; transplantation in complete response was passed over, new therapy censored",
        "hsct_event": "counted from infusion; transplantation in complete response was an event, new therapy censored",
        "missed_scans_event": "counted from infusion; new therapy and transplantation were censored, missed scans passed over",
        "any_death": f"counted from infusion; {_DEFAULT}; every death ended DOR and TTP as an event",
        "unrelated_competing": f"counted from infusion; {_DEFAULT}; death of another cause competed in DOR and TTP",
        "enrolment": f"counted from enrolment (intention to treat); {_DEFAULT}",
    }
)
