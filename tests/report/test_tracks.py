"""Contract: two scans side by side, each lesion in its track's colour, events in words and lines, the same bytes in any storage order."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from carpet.core.geometry import sphere_region
from carpet.core.space import Volume
from carpet.report.mip import project
from carpet.report.patient_view import drawn_grid
from carpet.report.tracks import COLOURS, TrackedRegion, TrackedScan, projected_scan, tracks_figure, tracks_png
from carpet.testing import simple_phantom
from carpet.testing.orientation import reoriented, reoriented_region

SCAN = simple_phantom(spacing_mm=6.0)
REGIONS = [SCAN.truth.regions[fact.label] for fact in SCAN.planted]


def scan_of(title: str, suv: Volume, regions: Sequence[TrackedRegion]) -> TrackedScan:
    return TrackedScan(title, project(suv, "coronal"), drawn_grid(suv.grid), regions)


BEFORE = scan_of(
    "TT", SCAN.suv, [TrackedRegion(r, f"T{n:02d}", e) for n, r, e in zip((1, 2, 3), REGIONS, ("present", "gone", "present"), strict=True)]
)
AFTER = scan_of(
    "M1 (day 30)",
    SCAN.suv,
    [
        TrackedRegion(REGIONS[0], "T01", "present"),
        TrackedRegion(REGIONS[2], "T03", "split"),
        TrackedRegion(REGIONS[1], "T04", "new", sure=False),
    ],
)
WORDS = {"alignment_text": "Aligned by bone: residual 1.0 mm", "status_text": "UNREVIEWED"}


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_tracks_events_titles_and_alignment_are_written() -> None:
    told = texts(tracks_figure(BEFORE, AFTER, **WORDS))
    assert {"TT", "M1 (day 30)", "T01", "T02 gone", "T03 split", "T04 new ?", "UNREVIEWED", "Aligned by bone: residual 1.0 mm"} <= set(told)
    assert told.count("T01") == 2
    assert (told.count("R"), told.count("L"), told.count("10 cm")) == (2, 2, 1)


def test_a_track_keeps_its_colour_and_an_event_has_its_line() -> None:
    looks = [one.look for one in (*BEFORE.regions, *AFTER.regions)]
    assert looks[0].line == looks[3].line == COLOURS[0]
    assert len({look.line for look in looks}) == 4
    assert looks[0].style == "-"
    assert looks[1].style != "-"
    assert [bool(look.fill) for look in looks] == [False, False, False, False, False, True]
    assert TrackedRegion(REGIONS[0], "T08", "present").look.line == COLOURS[0]


def test_a_scan_alone_is_a_view_with_its_tracks() -> None:
    view = projected_scan(AFTER)
    assert np.array_equal(view.pixels, project(SCAN.suv, "coronal"))
    looks = {one.label: one.look for one in AFTER.regions}
    assert {mark.label: mark.look.line for mark in view.marks} == {label: look.line for label, look in looks.items()}
    rows = {mark.label: mark.row_mm for mark in view.marks}
    heights = {one.label: float(one.region.centroid_lps_mm[2]) for one in AFTER.regions}
    assert sorted(rows, key=rows.__getitem__) == sorted(heights, key=heights.__getitem__, reverse=True)


@pytest.mark.parametrize("text", ["", "A very long word of alignment " * 20])
def test_no_text_leaves_the_picture(text: str) -> None:
    figure = tracks_figure(BEFORE, AFTER, alignment_text=text, status_text="")
    width, height = figure.get_size_inches() * figure.dpi
    figure.canvas.draw()
    for axes in figure.axes:
        for one in axes.texts:
            box = one.get_window_extent()
            assert box.x0 >= -1, one.get_text()
            assert box.x1 <= width + 1, one.get_text()
            assert box.y0 >= -1, one.get_text()
            assert box.y1 <= height + 1, one.get_text()


@pytest.mark.parametrize("orientation", ["IPL", "LAS"])
def test_the_picture_is_the_same_bytes_in_every_storage_order(orientation: str) -> None:
    turned = reoriented(SCAN.suv, orientation)
    regions = [TrackedRegion(reoriented_region(one.region, orientation, turned.grid), one.track, one.event) for one in BEFORE.regions]
    png = tracks_png(BEFORE, AFTER, **WORDS)
    assert tracks_png(scan_of("TT", turned, regions[::-1]), AFTER, **WORDS) == png
    assert png[:8] == b"\x89PNG\r\n\x1a\n"


def test_scans_of_other_extent_and_no_lesion_are_drawn() -> None:
    from matplotlib.image import imread

    short = SCAN.suv.cropped((slice(20, 60), slice(0, SCAN.suv.grid.shape_kji[1]), slice(0, SCAN.suv.grid.shape_kji[2])))
    ball = sphere_region(short.grid, np.array([30.0, -40.0, 60.0]), 15.0)
    png = tracks_png(scan_of("TT", SCAN.suv, ()), scan_of("M1", short, [TrackedRegion(ball, "T01", "first seen")]), **WORDS)
    picture = imread(io.BytesIO(png), format="png")
    assert picture.shape[1] == 1420
    assert picture.min() < 0.2
