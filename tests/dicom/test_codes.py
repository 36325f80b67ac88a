"""Truth: METHODS §K.1, written out here a second time; PS3.5 for UIDs and strings."""

from __future__ import annotations

import pytest
from pydicom.uid import UID

from carpet.core.lesion import Code, Status
from carpet.dicom.codes import (
    DISPLAY_RGB,
    concept,
    encoding_of,
    free_text,
    long_string,
    private,
    private_scheme,
    short_string,
    ucum,
    uid_of,
)

SUV = ("126401", "DCM", "g/ml{SUVbw}")


@pytest.mark.parametrize(
    ("name", "unit", "expected", "derivation"),
    [
        ("suv_max", "g/mL", SUV, "56851009"),
        ("suv_mean", "g/mL", SUV, "373098007"),
        ("suv_min", "g/mL", SUV, "255605001"),
        ("suv_median", "g/mL", SUV, "373099004"),
        ("suv_sd", "g/mL", SUV, "386136009"),
        ("suv_peak", "g/mL", SUV, "126031"),
        ("liver_suv_mean", "g/mL", SUV, "373098007"),
        ("tmtv", "mL", ("126032", "DCM", "ml"), None),
        ("tlg", "g", ("126033", "DCM", "g"), None),
        ("dmax", "mm", ("121206", "DCM", "mm"), "56851009"),
        ("sdmax", "/m", ("SDMAX", "99CARTPET", "/m"), None),
        ("tvsr", "mm", ("TVSR", "99CARTPET", "mm"), None),
        ("mbv", "mL", ("MBV", "99CARTPET", "ml"), None),
        ("lesion_count", "{count}", ("LESION_COUNT", "99CARTPET", "{count}"), None),
        ("spleen_liver_ratio", "1", ("SPLEEN_LIVER_RATIO", "99CARTPET", "{ratio}"), None),
        ("asphericity", "1", ("ASPHERICITY", "99CARTPET", "1"), None),
    ],
)
def test_numbers_are_encoded_as_the_methods_say(name: str, unit: str, expected: tuple[str, str, str], derivation: str | None) -> None:
    how = encoding_of(name, unit)
    assert (how.concept.value, how.concept.scheme, how.unit.value) == expected
    assert (how.derivation.value if how.derivation else None) == derivation
    assert (how.method.value if how.method else None) == ("126410" if expected == SUV else "DMAX" if name == "dmax" else None)


def test_the_three_longest_distances_are_told_apart() -> None:
    methods = {encoding_of(name, "mm").method for name in ("dmax", "dmax_voxel", "dmax_bulk")}
    assert len(methods) == 3


def test_uids_are_valid_and_follow_from_their_parts() -> None:
    uids = [uid_of(*parts) for parts in (("a", "b"), ("a", "c"), ("ab",), ("a", "b", ""))]
    assert len(set(uids)) == 4
    assert all(UID(uid).is_valid and len(uid) <= 64 for uid in uids)
    assert uid_of("a", "b") == uids[0]


def test_strings_are_one_line_without_backslash_and_short_enough_for_those_who_count_bytes() -> None:
    assert long_string("a\\b\nc ") == short_string("a\\b\nc ") == "a b c"
    assert long_string("é" * 70) == "é" * 32
    assert long_string("縦" * 70) == "縦" * 21
    assert short_string("L01 axillary node") == "L01 axillary nod"
    assert short_string("L01 забрюшинный") == "L01 забрюш"
    assert short_string("a" * 15 + " b") == "a" * 15


def test_every_status_has_a_colour_of_its_own() -> None:
    assert len({DISPLAY_RGB[status] for status in Status}) == len(Status)


def test_codes_reach_highdicom_unchanged() -> None:
    made = concept(Code("78961009", "SCT", "Spleen"))
    assert (made.value, made.scheme_designator, made.meaning) == ("78961009", "SCT", "Spleen")
    assert concept(private("spleen_liver_ratio", "x" * 80)).LongCodeValue == "SPLEEN_LIVER_RATIO"
    assert ucum("ml") == Code("ml", "UCUM", "ml")
    assert private_scheme().CodingSchemeDesignator == "99CARTPET"


def test_free_text_keeps_its_lines_and_loses_what_dicom_forbids() -> None:
    assert free_text("a\\b\r\nc é \u202e") == "a\\b\r\nc é \u202e"
    assert free_text("\x1b[31mred\x07 \x00 \x9b") == " [31mred     "
