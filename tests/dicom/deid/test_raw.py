"""Truth: closed form: the bytes that were put into the data set, in either byte order."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import Dataset, dcmread

from carpet.dicom.deid.raw import short_at, stored, text_at, text_in
from carpet.dicom.elements import MalformedFile

ROWS, SLOPE, NAME, ITEMS, LIMITS = 0x00280010, 0x00281053, 0x00100010, 0x00540016, 0x00189999


def written(*, implicit: bool, little: bool) -> Dataset:
    data, item = Dataset(), Dataset()
    item.RadionuclideTotalDose = "280000000"
    data.Rows, data.RescaleSlope, data.PatientName = 258, "1.50", "Zauberberg^Klawdia"
    data.RadiopharmaceuticalInformationSequence = [item]
    buffer = BytesIO()
    data.save_as(buffer, implicit_vr=implicit, little_endian=little)
    return dcmread(BytesIO(buffer.getvalue()), force=True)


@pytest.mark.parametrize(("implicit", "little"), [(True, True), (False, True), (False, False)])
def test_values_as_stored_little_endian(implicit: bool, little: bool) -> None:
    data = written(implicit=implicit, little=little)
    assert stored(data, SLOPE) == ("" if implicit else "DS", b"1.50")
    if not implicit:
        assert stored(data, ROWS) == ("US", b"\x02\x01")
    assert short_at(data, ROWS, 0) == 258
    assert text_at(data, NAME) == "Zauberberg^Klawdia"


def test_what_is_absent_or_no_plain_value() -> None:
    data = written(implicit=False, little=True)
    data[ITEMS].value  # noqa: B018 opened: no bytes any more
    assert stored(data, ITEMS)[1] is None
    assert stored(data, LIMITS) == ("", None)
    assert text_at(data, LIMITS) == ""
    assert short_at(data, LIMITS, 7) == 7


def test_a_number_of_another_length_is_an_error() -> None:
    with pytest.raises(MalformedFile, match="4 bytes"):
        short_at(written(implicit=True, little=True), SLOPE, 0)


def test_padding_is_no_text() -> None:
    assert text_in(b" \0PET \r\n\0") == "PET"
