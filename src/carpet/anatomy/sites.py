"""Codes of organs and lymph-node regions, and how each counts in staging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from carpet.core.lesion import Code, Kind


@dataclass(frozen=True, slots=True)
class Site:
    """A named site: its SNOMED CT code and whether it is nodal, extranodal, spleen or marrow."""

    name: str
    code: Code
    kind: Kind


def _sites(kind: Kind, rows: Mapping[str, tuple[str, str]]) -> dict[str, Site]:
    return {name: Site(name, Code(value, "SCT", meaning), kind) for name, (value, meaning) in rows.items()}


# SNOMED CT, DICOM CID 7600 for nodes. Waldeyer ring, tonsil and thymus are lymphatic, not extranodal (§E.1).
SITES: Mapping[str, Site] = MappingProxyType(
    _sites(
        Kind.NODAL,
        {
            "cervical": ("81105003", "Cervical lymph node"),
            "supraclavicular": ("76838003", "Supraclavicular lymph node"),
            "infraclavicular": ("9659009", "Infraclavicular lymph node"),
            "subclavian": ("421861001", "Subclavian lymph node"),
            "axillary": ("68171009", "Axillary lymph node"),
            "epitrochlear": ("28870006", "Epitrochlear lymph node"),
            "occipital": ("3916005", "Occipital lymph node"),
            "submandibular": ("59503006", "Submandibular lymph node"),
            "mediastinal": ("62683002", "Mediastinal lymph node"),
            "hilar": ("53074004", "Pulmonary hilar lymph node"),
            "subcarinal": ("28330007", "Subcarinal lymph node"),
            "tracheobronchial": ("245341003", "Tracheobronchial lymph node"),
            "parasternal": ("82365008", "Parasternal lymph node"),
            "retroperitoneal": ("91394001", "Retroperitoneal lymph node"),
            "aortic": ("35783009", "Aortic lymph node"),
            "lumbar": ("8334002", "Lumbar lymph node"),
            "celiac": ("47985009", "Celiac lymph node"),
            "hepatic_node": ("61492009", "Hepatic lymph node"),
            "splenic_node": ("280824006", "Splenic lymph node"),
            "superior_mesenteric": ("49394004", "Superior mesenteric lymph node"),
            "mesentery": ("279795009", "Mesentery"),
            "iliac": ("84219008", "Iliac lymph node"),
            "external_iliac": ("65349008", "External iliac lymph node"),
            "pelvic": ("54268001", "Pelvic lymph node"),
            "inguinal": ("8928004", "Inguinal lymph node"),
            "popliteal": ("47471008", "Popliteal lymph node"),
            "abdominal": ("818991007", "Abdominal lymph node"),
            "lymph_node": ("59441001", "Lymph node"),
            "waldeyer_ring": ("17861009", "Waldeyer ring"),
            "palatine_tonsil": ("75573002", "Palatine tonsil"),
            "thymus": ("9875009", "Thymus"),
        },
    )
    | _sites(Kind.SPLEEN, {"spleen": ("78961009", "Spleen")})
    | _sites(Kind.MARROW, {"marrow": ("14016003", "Bone marrow")})
    | _sites(
        Kind.EXTRANODAL,
        {
            "liver": ("10200004", "Liver"),
            "lung": ("39607008", "Lung"),
            "pleura": ("3120008", "Pleura"),
            "bone": ("272673000", "Bone"),
            "stomach": ("69695003", "Stomach"),
            "small_intestine": ("30315005", "Small intestine"),
            "colon": ("71854001", "Colon"),
            "pancreas": ("15776009", "Pancreas"),
            "adrenal": ("23451007", "Adrenal gland"),
            "kidney": ("64033007", "Kidney"),
            "brain": ("12738006", "Brain"),
            "spinal_cord": ("2748008", "Spinal cord"),
            "skin": ("39937001", "Skin"),
            "breast": ("76752008", "Breast"),
            "testis": ("40689003", "Testis"),
            "ovary": ("15497006", "Ovary"),
            "uterus": ("35039007", "Uterus"),
            "heart": ("80891009", "Heart"),
            "thyroid": ("69748006", "Thyroid"),
            "parotid": ("45289007", "Parotid gland"),
            "nasopharynx": ("71836000", "Nasopharynx"),
            "orbit": ("363654007", "Orbit"),
            "bladder": ("89837001", "Urinary bladder"),
            "prostate": ("41216001", "Prostate"),
            "muscle": ("127954009", "Skeletal muscle"),
        },
    )
)


def site_of(word: str) -> Site | None:
    """The site of a name (spaces, hyphens and capitals do not matter), a SNOMED code or a code's meaning; None when there is none."""
    plain = " ".join(word.lower().replace("_", " ").replace("-", " ").split())
    for site in SITES.values():
        if plain in (site.name.replace("_", " "), site.code.value, site.code.meaning.lower()):
            return site
    return None
