"""Truth: published table: sRGB's primaries under D50 (Lindbloom); other program: LittleCMS by Pillow; closed form: white, black."""

from __future__ import annotations

import pytest
from PIL import Image, ImageCms

from carpet.core.lesion import Status
from carpet.dicom.colours import COLOURS, dicom_colour, lab_of
from carpet.report.drawing import LOOKS

ROUNDED = 1.5  # LittleCMS gives whole numbers here


@pytest.mark.parametrize(
    ("colour", "lab"),
    [
        ("#000000", (0, 0, 0)),
        ("#FFFFFF", (100, 0, 0)),
        ("#FF0000", (54.29, 80.81, 69.89)),
        ("#00FF00", (87.82, -79.27, 80.99)),
        ("#0000FF", (29.57, 68.30, -112.03)),
    ],
)
def test_known_colours(colour: str, lab: tuple[float, float, float]) -> None:
    assert lab_of(colour) == pytest.approx(lab, abs=0.02)


@pytest.mark.parametrize("status", list(Status))
def test_littlecms_says_the_same(status: Status) -> None:
    parts = [int(COLOURS[status][at : at + 2], 16) for at in (1, 3, 5)]
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    picture = Image.new("RGB", (1, 1), tuple(parts))
    asked = ImageCms.buildTransform(srgb, lab, "RGB", "LAB", renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC)
    said = ImageCms.applyTransform(picture, asked)
    assert said is not None
    light, *ab = said.tobytes()
    truth = (light * 100 / 255, *(one - 256 if one > 127 else one for one in ab))
    assert lab_of(COLOURS[status]) == pytest.approx(truth, abs=ROUNDED)


@pytest.mark.parametrize("status", list(Status))
def test_the_numbers_of_dicom_are_those_of_the_colour(status: Status) -> None:
    stored = dicom_colour(status)
    back = (stored[0] * 100 / 65535, *(one * 255 / 65535 - 128 for one in stored[1:]))
    assert back == pytest.approx(lab_of(COLOURS[status]), abs=0.002)


def test_the_colours_are_those_of_the_pictures() -> None:
    assert {status.value: colour for status, colour in COLOURS.items()} == {status.value: LOOKS[status.value].line for status in Status}
    assert len(set(COLOURS.values())) == len(Status)
