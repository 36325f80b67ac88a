"""Truth: codes and meanings as printed in PS3.16 (CID 7050, 4020, 18) and the texts of real scanners; names in use for what must go."""

from __future__ import annotations

import pytest

from carpet.dicom.deid.words import WORDS, cleaned_words, code_meaning, harmless, term, values_apart
from carpet.testing.vendors import VENDORS

OF_SCANNERS = [
    *("PET WB AC", "PET^WholeBody FDG", "PSF+TOF 3i21s", "XYZ Gauss2.00", "measured,, 0.096000 cm-1,", "CTAC-SG", "BLOB-OS-TF", "VPFX"),
    *("GE MEDICAL SYSTEMS", "Philips Medical Systems", "SIEMENS", "UIH", "Biograph128_mCT", "Discovery 690", "GEMINI TF TOF 16", "uMI 780"),
    *("FDG -- fluorodeoxyglucose", "Fluorodeoxyglucose", "Orbital Meatal Line", "B30f", "STANDARD", "HU", "Model-based", "W/O CONTRAST"),
]
COMMON_NAMES = [
    "smith",
    "jones",
    "meyer",
    "müller",
    "mueller",
    "schmidt",
    "may",
    "rose",
    "young",
    "king",
    "long",
    "small",
    "wood",
    "hill",
    "mark",
    "grant",
    "frank",
    "ernst",
    "martin",
    "thomas",
    "peter",
    "paul",
    "john",
    "mary",
    "anna",
    "maria",
    "hans",
    "karl",
    "fritz",
    "rosa",
    "iris",
    "lily",
    "dawn",
    "april",
    "june",
    "august",
    "page",
    "lane",
    "brook",
    "stone",
    "carter",
    "baker",
    "cook",
    "fisher",
    "hunter",
    "taylor",
    "miller",
    "weaver",
    "sharp",
    "bush",
    "ford",
    "hu",
    "ma",
    "li",
    "wu",
    "kim",
    "min",
    "lee",
    "chen",
    "wang",
    "fan",
    "he",
    "yu",
    "mac",
    "dr",
]


@pytest.mark.parametrize("text", OF_SCANNERS)
def test_what_scanners_write_stays_as_it_is(text: str) -> None:
    assert harmless(text)
    assert cleaned_words(text) == text


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_the_texts_of_a_vendor_that_matter_for_suv_stay(vendor: str) -> None:
    style = VENDORS[vendor]
    for text in (style.manufacturer, style.units, *style.corrections, style.reconstruction, style.pet_model):
        assert term(text) == text


NAMING = [
    ("PET WB Klawdia Zauberberg", "PET WB"),
    ("", ""),
    ("Zauberberg", "REMOVED"),
    ("FDG 4711-0815", "FDG"),
    ("PET 47 11 08 15", "PET"),
    ("WB 13.05.76", "WB"),
    ("WB 1976", "WB"),
    ("CT 0049 171 5550", "CT"),
    ("Elsewhere General Hospital PET/CT", "PET CT"),
    ("PET Müller", "PET"),
    ("Z A U B E R", "REMOVED"),
    ("PET\x1b[31m WB", "PET WB"),
    ("Dr Hu, PET", "PET"),
    ("PET 12.05", "PET"),
    ("WB 13.12 FDG", "WB FDG"),
    ("A123B456C789", "REMOVED"),
    ("PET " * 40, ("PET " * 16).strip()),
]


@pytest.mark.parametrize(("text", "left"), NAMING)
def test_of_other_texts_only_known_words_stay(text: str, left: str) -> None:
    assert cleaned_words(text) == left


@pytest.mark.parametrize(
    ("values", "left"),
    [
        (["13", "05", "76"], ["REMOVED"] * 3),
        (["WB 13", "05 PET", "76"], ["WB", "PET", "REMOVED"]),
        (["K", "L", "A", "W"], ["REMOVED"] * 4),
        (["471", "", "108"], ["REMOVED", "", "REMOVED"]),
        (["ORIGINAL", "PRIMARY", "M", "AXIAL"], ["ORIGINAL", "PRIMARY", "M", "AXIAL"]),
        (["Br40d", "3"], ["Br40d", "3"]),
        (["L", "P"], ["L", "P"]),
    ],
)
def test_values_side_by_side_spell_nothing(values: list[str], left: list[str]) -> None:
    assert values_apart(values) == left


def test_no_word_is_a_name_in_common_use() -> None:
    assert [name for name in COMMON_NAMES if name in WORDS] == []


def test_a_strange_term_becomes_other() -> None:
    assert term("BQML") == "BQML"
    assert term(" WHOLE BODY ") == "WHOLE BODY"
    assert term("ZAUBERBERG") == "OTHER"


CODES = [
    ("DCM", "113100", "Basic Application Confidentiality Profile"),
    ("DCM", "113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("SCT", "35321007", "Fluorodeoxyglucose F^18^"),
    ("SRT", "C-B1031", "Fluorodeoxyglucose F^18^"),
    ("SNM3", "C-111A1", "^18^Fluorine"),
    ("99SDM", "C-111A1", "^18^Fluorine"),
    ("99SDM", "Y-X1743", "Fluorodeoxyglucose F^18^"),
    ("UCUM", "Bq/ml", "Becquerels/milliliter"),
    ("SCT", "47110815", None),
    ("SRT", "C-ANARY", None),
    ("99LOCAL", "35321007", None),
    ("", "", None),
]


@pytest.mark.parametrize(("scheme", "value", "meaning"), CODES)
def test_only_published_codes_have_a_meaning(scheme: str, value: str, meaning: str | None) -> None:
    assert code_meaning(scheme, value) == meaning


@pytest.mark.parametrize("code", ["113100", "113101", "113105", "113107", "113108", "113109", "113111"])
def test_every_code_that_is_written_has_a_meaning_of_dicom_length(code: str) -> None:
    assert 0 < len(code_meaning("DCM", code) or "") <= 64
