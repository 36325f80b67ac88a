"""Truth: other program: the real OHIF shows PET, CT and the lesions of the SEG where the SEG has them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from carpet.run.ohif.archive import Archive
from carpet.run.ohif.viewer import viewer_in

from .conftest import Served, Shown, open_service

pytestmark = [pytest.mark.ohif, pytest.mark.slow]

CHROMIUM = "/usr/bin/chromium"
SOFTWARE_GL = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PATIENCE_MS = 90_000
COLOURED = 40  # of 255 between the channels: PET and CT are grey
VOXELS_OFF = 0.5  # a slip by one voxel would show


@pytest.fixture(scope="module")
def ohif(archive: Archive, ohif_folder: Path) -> Iterator[Served]:
    with open_service(archive, viewer_in(ohif_folder)) as made:
        yield made


@pytest.fixture
def page(ohif: Served) -> Iterator[Any]:
    """A page that notes what it asks of whom, and what goes wrong."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE_GL, timeout=PATIENCE_MS)
        made = browser.new_page(viewport={"width": 1280, "height": 800})
        made.set_default_timeout(PATIENCE_MS)
        made.asked, made.wrong = [], []
        made.on("request", lambda request: made.asked.append(request.url))
        made.on("pageerror", lambda error: made.wrong.append(str(error)))
        made.on("console", lambda said: made.wrong.append(said.text) if "Content Security Policy" in said.text else None)
        made.on("response", lambda answer: made.wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
        yield made
        browser.close()


def outside(page: Any, ohif: Served) -> list[str]:
    return [url for url in page.asked if not url.startswith((f"{ohif.base}/", f"blob:{ohif.base}/", "data:"))]


def test_the_list_shows_every_study(page: Any, ohif: Served) -> None:
    page.goto(ohif.base, wait_until="domcontentloaded")
    for words in ("MRN-1", "MRN-10", "CT\\PT\\SEG"):
        page.get_by_text(words, exact=True).first.wait_for()
    assert (page.wrong, outside(page, ohif)) == ([], [])


def test_the_lesions_stand_where_the_seg_has_them(page: Any, ohif: Served, shown: Shown, tmp_path: Path) -> None:
    page.goto(f"{ohif.base}/viewer?StudyInstanceUIDs={shown.first.study_uid}", wait_until="domcontentloaded")
    lesions = page.get_by_text("CARPET lesions").first
    lesions.wait_for()
    page.get_by_text("Confirm and hide").click()
    rows = pydicom.dcmread(shown.seg).Rows
    assert spot(page, rows) is None, "before the SEG is opened all is grey"
    lesions.dblclick()
    page.get_by_text("Do you want to open this Segmentation?").wait_for()
    at_rest(page, rows)
    page.get_by_text("DICOM SEG import").wait_for(state="hidden")  # what OHIF has to say of the SEG covers a corner for some seconds
    seen = at_rest(page, rows)
    page.screenshot(path=tmp_path / "ohif.png")
    red, green, blue = colour(page)
    assert red > green - 2 * COLOURED, "all regions here are undecided: yellow"
    assert min(red, green) > blue + COLOURED
    number = int(re.findall(r"(\d+) \(\d+/\d+\)", page.locator("body").inner_text())[0])
    assert seen == pytest.approx(truth(shown, number), abs=VOXELS_OFF)
    assert (page.wrong, outside(page, ohif)) == ([], [])
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def at_rest(page: Any, rows: int) -> tuple[float, float] | None:
    """The coloured spot as soon as it stays the same: before, a bar says that the SEG is being loaded."""
    seen: list[tuple[float, float] | None] = [None]
    for _ in range(60):
        page.wait_for_timeout(1000)
        seen.append(spot(page, rows))
        if seen[-1] is not None and seen[-1] == seen[-2]:
            break
    return seen[-1]


def spot(page: Any, rows: int) -> tuple[float, float] | None:
    """The middle of what is coloured in the viewport, in voxels from the middle of a slice of so many rows (right, down); None where all
    is grey."""
    picture, coloured = seen_in(page)
    if not coloured.any():
        return None
    down, right = (axis.mean() for axis in np.nonzero(coloured))
    scale = picture.shape[0] / rows  # the slice is square, and as high as the viewport
    return (right - picture.shape[1] / 2) / scale, (down - picture.shape[0] / 2) / scale


def colour(page: Any) -> NDArray[np.float64]:
    """Red, green and blue of what is coloured, in the mean."""
    picture, coloured = seen_in(page)
    return np.asarray(picture[coloured].mean(axis=0))


def seen_in(page: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The viewport, and which of its pixels are coloured; words stand at its edges, the question whether to open a SEG at the top."""
    from PIL import Image

    place = page.locator(".cornerstone-canvas").first.bounding_box()
    shot = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    top, left = int(place["y"]), int(place["x"])
    picture = shot[top : top + int(place["height"]), left : left + int(place["width"])]
    coloured = np.zeros(picture.shape[:2], bool)
    coloured[110:-60, 60:-60] = np.ptp(picture[110:-60, 60:-60], axis=2) > COLOURED
    return picture, coloured


def truth(shown: Shown, number: int) -> tuple[float, float]:
    """The middle of the SEG's segments in the slice with this Instance Number."""
    slice_uid = next(data.SOPInstanceUID for data in map(pydicom.dcmread, shown.first.pet_files) if int(data.InstanceNumber) == number)
    seg = pydicom.dcmread(shown.seg)
    frames = [
        pixels
        for pixels, group in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True)
        if group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID == slice_uid
    ]
    down, right = (axis.mean() for axis in np.nonzero(np.any(frames, axis=0)))
    return right + 0.5 - seg.Columns / 2, down + 0.5 - seg.Rows / 2
