"""Findings of the course after CAR T-cells: each with what it says, where it comes from, and what a person should do. No diagnosis."""

from __future__ import annotations

from carpet.core.errors import NoticeKind, Severity

W, I = Severity.WARNING, Severity.INFO  # noqa: E741

# the source of each finding stands in its third field, which the manual prints beside the sentence
EARLY_PROGRESSION = NoticeKind(
    "EARLY_PROGRESSION",
    W,
    "progression within the first month after infusion",
    "finding; Vercellino 2020 Blood Adv 4:5607",
    "look at the scan, and at pseudoprogression beside it",
)
# Galtier 2022 Haematologica 108:171 (LYSA, n = 160): what the score at M1 meant for a group
_GROUP = (
    "finding; in a group of 160 (Galtier 2022 Haematologica 108:171) {} of the patients with {} were alive without progression at"
    " 1 year (95 % confidence interval)"
)
_NO_FORECAST = "the figure is a group's, and no forecast for one patient; {}"
DEAUVILLE_1_3_AT_M1 = NoticeKind(
    "DEAUVILLE_1_3_AT_M1",
    I,
    "Deauville 1 to 3 at month 1",
    _GROUP.format("67.3 % (51.8–78.8)", "score 1–3"),
    _NO_FORECAST.format("the next scan is needed as well"),
)
DEAUVILLE_4_AT_M1 = NoticeKind(
    "DEAUVILLE_4_AT_M1",
    I,
    "Deauville 4 at month 1, which is not failure by itself",
    _GROUP.format("78.9 % (58.9–89.9)", "score 4"),
    _NO_FORECAST.format("a reader confirms that it is 4 and not 5"),
)
DEAUVILLE_5_AT_M1 = NoticeKind(
    "DEAUVILLE_5_AT_M1",
    W,
    "Deauville 5 at month 1: uptake called markedly above the liver, or a new lesion",
    _GROUP.format("8.6 % (1.8–22.4)", "score 5"),
    _NO_FORECAST.format("a reader confirms that it is 5 and not 4"),
)
DEAUVILLE_DEPENDS_ON_K = NoticeKind(
    "DEAUVILLE_DEPENDS_ON_K",
    W,
    "uptake between 2 and 3 times the liver's: 5 where markedly means twice, 4 where it means three times (Barrington 2010: 2 to 3)",
    "",
    "a reader decides",
)
PSEUDOPROGRESSION_POSSIBLE = NoticeKind(
    "PSEUDOPROGRESSION_POSSIBLE",
    W,
    "growth, new lesions or an indeterminate response within 12 weeks of infusion: progression or pseudoprogression, for which there are"
    " no agreed criteria",
    "finding; seen 4 to 5 days after infusion: Wang & Galal 2019 Biol Blood Marrow Transplant 25:e187; 12 weeks and 50 % as LYRIC,"
    " Cheson 2016 Blood 128:2489",
    "see how the patient is; biopsy or an early next scan; look for compression",
)
EARLY_GROWTH_REGRESSED = NoticeKind(
    "EARLY_GROWTH_REGRESSED",
    I,
    "growth or new lesions within 12 weeks of infusion, followed by regression without new therapy, as pseudoprogression does",
    "finding; sources as of PSEUDOPROGRESSION_POSSIBLE",
    "a person decides what it was",
)
GROWTH_NOT_TOLD = NoticeKind(
    "GROWTH_NOT_TOLD",
    I,
    "not every sign of growth could be looked for on this early scan",
    "",
    "a baseline scan by the same reconstruction, scans that can be aligned, CT targets or a reader's word on new lesions",
)
SYMMETRIC_NODES = NoticeKind(
    "SYMMETRIC_NODES",
    W,
    "lymph nodes alike on both sides, which were not so at baseline: inflammation or disease",
    "finding; inflammation that looks like lymphoma after CAR T-cells: Blood Adv 2023 7:6710; limits of our own",
    "a person looks at it; biopsy where it decides on therapy",
)
SARCOID_LIKE_PATTERN = NoticeKind(
    "SARCOID_LIKE_PATTERN",
    W,
    "hilar nodes alike on both sides, which were not so at baseline, with mediastinal nodes: a sarcoid-like reaction or disease",
    "finding; sources as of SYMMETRIC_NODES",
    "a person looks at it; biopsy where it decides on therapy",
)
BOWEL_UPTAKE_NEW = NoticeKind(
    "BOWEL_UPTAKE_NEW",
    W,
    "much more long uptake of bowel than at baseline: colitis, infection, metformin, normal bowel or disease",
    "finding; colitis after immune therapies: Vercellino 2021 Front Oncol 11:664688; limits of our own",
    "ask for diarrhoea and metformin; a person looks at it",
)
THYROID_UPTAKE_NEW = NoticeKind(
    "THYROID_UPTAKE_NEW",
    W,
    "uptake where the thyroid lies, on both sides or across the midline, which was not at baseline: thyroiditis, nodes or disease",
    "finding; thyroiditis after immune therapies: Vercellino 2021 Front Oncol 11:664688; limits of our own",
    "look at the CT; thyroid function",
)
PATTERNS_NOT_COMPARED = NoticeKind(
    "PATTERNS_NOT_COMPARED",
    I,
    "no baseline scan to compare with: patterns of inflammation and new lesions at narrow sites were not looked for",
    "",
    "a measured scan before infusion",
)
MIDLINE_ASSUMED = NoticeKind(
    "MIDLINE_ASSUMED",
    I,
    "neither brain nor bladder shows the midline: it was taken to be the middle of the scanner",
    "",
    "see on the picture that both regions lie on different sides",
)
COMPRESSION_RISK = NoticeKind(
    "COMPRESSION_RISK",
    W,
    "disease that is new, growing or large beside a structure it may press on",
    "finding; local complications of early swelling: Wang & Galal 2019 Biol Blood Marrow Transplant 25:e187; limits of our own",
    "a person looks now: airway, vessels, spinal canal, ureters, bowel",
)
GROWTH_BY_SITE = NoticeKind(
    "GROWTH_BY_SITE",
    I,
    "lesions could not be followed one by one: growth is that of all disease at the same site",
    "scans that can be aligned",
    "compare the scans by eye",
)
