"""The coded words of carpet's DICOM objects: segment categories, and how each number is named in an SR (METHODS §K)."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from carpet.core.lesion import Code, Status

PRIVATE_SCHEME = "99CARTPET"
LONG_STRING, SHORT_STRING = 64, 16  # PS3.5 §6.2: characters in an LO and an SH value; validators and databases count bytes, and so we do

# Segment categories and types, METHODS §K.2
ALTERED_STRUCTURE = Code("49755003", "SCT", "Morphologically Altered Structure")
NEOPLASM = Code("108369006", "SCT", "Neoplasm")
ANATOMICAL_STRUCTURE = Code("123037004", "SCT", "Anatomical Structure")
TISSUE = Code("85756007", "SCT", "Tissue")  # physiologic uptake whose organ is not known, CID 7151
BACKGROUND = Code("125040", "DCM", "Background")
HISTOGRAM_ANALYSIS = Code("123105", "DCM", "Histogram Analysis")  # family of all threshold methods, CID 7162

DISPLAY_RGB: Mapping[Status, tuple[int, int, int]] = MappingProxyType(  # what viewers draw a region in, unless told otherwise
    {Status.DISEASE: (228, 26, 28), Status.PHYSIOLOGIC: (55, 126, 184), Status.UNDECIDED: (255, 191, 0)}
)

# The report, METHODS §K.1
PET_WHOLE_BODY = Code("44139-4", "LN", "PET whole body")
WHOLE_BODY = Code("38266002", "SCT", "Entire body")
FINDING_SITE_LIVER = Code("10200004", "SCT", "Liver")
FINDING_SITE_BLOOD_POOL = Code("32672002", "SCT", "Descending aorta")
COMMENT = Code("121106", "DCM", "Comment")
STATUS = Code("STATUS", PRIVATE_SCHEME, "Status of the region")
REVIEW = Code("REVIEW", PRIVATE_SCHEME, "Review by a reader")
REVIEWED = Code("REVIEWED", PRIVATE_SCHEME, "Reviewed by a reader")
UNREVIEWED = Code("UNREVIEWED", PRIVATE_SCHEME, "UNREVIEWED: no reader has confirmed this")
DECIDED_BY = Code("DECIDED_BY", PRIVATE_SCHEME, "Decided by")
FLAG = Code("FLAG", PRIVATE_SCHEME, "Flag")

SUV_BW = Code("126401", "DCM", "SUVbw")
SUV_BW_METHOD = Code("126410", "DCM", "SUV body weight calculation method")
METABOLIC_VOLUME = Code("126032", "DCM", "Metabolic Volume")
TOTAL_LESION_GLYCOLYSIS = Code("126033", "DCM", "Total Lesion Glycolysis")
DISTANCE = Code("121206", "DCM", "Distance")
MAXIMUM = Code("56851009", "SCT", "Maximum")
DERIVATIONS: Mapping[str, Code] = MappingProxyType(
    {
        "suv_max": MAXIMUM,
        "suv_mean": Code("373098007", "SCT", "Mean"),
        "suv_min": Code("255605001", "SCT", "Minimum"),
        "suv_median": Code("373099004", "SCT", "Median"),
        "suv_sd": Code("386136009", "SCT", "Standard Deviation"),
        "suv_peak": Code("126031", "DCM", "Peak Value Within ROI"),
    }
)
REFERENCE_SITES: Mapping[str, Code] = MappingProxyType(
    {"liver_suv_mean": FINDING_SITE_LIVER, "blood_pool_suv_mean": FINDING_SITE_BLOOD_POOL}
)
VOLUMES = ("tmtv", "mtv", "volume")
LONGEST_DISTANCES: Mapping[str, str] = MappingProxyType(
    {
        "dmax": "Between lesion centroids",
        "dmax_voxel": "Between lesion voxels",
        "dmax_bulk": "From the largest lesion, between centroids",
    }
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one number is written in an SR: concept, UCUM unit, and its modifiers."""

    concept: Code
    unit: Code
    derivation: Code | None = None
    method: Code | None = None
    site: Code | None = None


def encoding_of(name: str, unit: str) -> Encoding:
    """The SR encoding of carpet's number `name` in carpet's `unit`; what has no standard concept gets a code of 99CARTPET."""
    if name in DERIVATIONS or name in REFERENCE_SITES:
        derivation = DERIVATIONS.get(name, DERIVATIONS["suv_mean"])
        return Encoding(SUV_BW, ucum("g/ml{SUVbw}"), derivation, SUV_BW_METHOD, REFERENCE_SITES.get(name))
    if name in VOLUMES:
        return Encoding(METABOLIC_VOLUME, ucum("ml"))
    if name == "tlg":
        return Encoding(TOTAL_LESION_GLYCOLYSIS, ucum("g"))
    if name in LONGEST_DISTANCES:
        return Encoding(DISTANCE, ucum("mm"), MAXIMUM, private(name, LONGEST_DISTANCES[name]))
    spelling = {"mL": "ml", "1": "{ratio}" if name.endswith("_ratio") else "1"}.get(unit, unit)
    return Encoding(private(name, name.replace("_", " ")), ucum(spelling))


def ucum(unit: str) -> Code:
    return Code(unit, "UCUM", unit)


def private(name: str, meaning: str) -> Code:
    """The code of carpet's own scheme for `name`."""
    return Code(name.upper(), PRIVATE_SCHEME, long_string(meaning))


def concept(code: Code) -> Any:
    """The same code as highdicom writes it."""
    from highdicom.sr import CodedConcept

    return CodedConcept(code.value, code.scheme, long_string(code.meaning))


def private_scheme() -> Any:
    """The item that explains 99CARTPET in every object that uses it."""
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    return CodingSchemeIdentificationItem(PRIVATE_SCHEME, name="CARPET private codes", responsible_organization="CARPET")


def long_string(text: str) -> str:
    """`text` as a DICOM LO value or a code meaning: one line, no backslash, at most 64 bytes of UTF-8."""
    return _cut(text, LONG_STRING)


def free_text(text: str) -> str:
    """Text for a UT element: a control character, which DICOM forbids but for line breaks, becomes a space."""
    return "".join(" " if unicodedata.category(char) == "Cc" and char not in "\r\n" else char for char in text)


def short_string(text: str) -> str:
    """`text` as a DICOM SH value: one line, no backslash, at most 16 bytes of UTF-8."""
    return _cut(text, SHORT_STRING)


def _cut(text: str, most: int) -> str:
    clean = "".join(c if c.isprintable() and c != "\\" else " " for c in text).strip()
    return clean.encode()[:most].decode(errors="ignore").rstrip()


def uid_of(*parts: str) -> str:
    """A DICOM UID that is the same for the same parts: 2.25. and 128 bits of their SHA-256 (PS3.5 §B.2)."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
