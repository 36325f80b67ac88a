"""Contract: one scale for all scans, each under its time point; what is missing or refused stands in its place; no word is lost."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from carpet.core.space import Grid, Volume
from carpet.report.mip import project
from carpet.report.mip_row import MOST_IN_ROW, NoScan, RowScan, mip_row_figure, mip_row_png, track_colour
from carpet.report.patient_view import drawn_grid
from carpet.report.tracks import COLOURS, TrackedRegion
from carpet.testing import simple_phantom
from carpet.testing.orientation import reoriented, reoriented_region

PHANTOM = simple_phantom(spacing_mm=6.0)
REGIONS = [PHANTOM.truth.regions[fact.label] for fact in PHANTOM.planted]
REFUSED = NoScan("M1", "day 28", "PET refused: WEIGHT_MISSING, HEIGHT_MISSING", wide=True)
MISSING = NoScan("D7", "", "no scan, days 4 to 10", wide=False)


def scan(name: str, day: str, *, suv: Volume = PHANTOM.suv, regions: Any = None, **more: Any) -> RowScan:
    tracked = [TrackedRegion(region, f"T{n:02d}", "present") for n, region in enumerate(REGIONS, start=1)] if regions is None else regions
    return RowScan(name, day, project(suv, "coronal"), drawn_grid(suv.grid), tracked, **more)


def texts(figure: Any) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def body_axes(figure: Any) -> list[Any]:
    """The axes that show a projection; the colour bar's image is a column of pixels."""
    return [axes for axes in figure.axes if axes.images and axes.images[0].get_array().shape[1] > 1]


def test_every_scan_has_its_heading_and_what_is_lacking_its_place() -> None:
    new = [TrackedRegion(REGIONS[0], "T01", "present"), TrackedRegion(REGIONS[1], "T04", "new", sure=False)]
    row = [
        scan("TT", "day −3, baseline", below=("TMTV 12.0 mL", "SUVmax 9.0")),
        MISSING,
        REFUSED,
        scan("M3", "day 91", regions=new, undecided=[REGIONS[2]]),
    ]
    told = texts(mip_row_figure(row, status_text="UNREVIEWED", foot="No scan at M6."))
    expected = {"TT", "day −3, baseline", "D7", "no scan, days 4 to 10", "M1", "day 28", "M3", "day 91", "T01", "T04 ?", "TMTV 12.0 mL"}
    assert expected | {"UNREVIEWED", "No scan at M6.", "undecided, in no total", "new", "? unsure that it is the same lesion"} <= set(told)
    assert (told.count("R"), told.count("L"), told.count("10 cm")) == (2, 2, 1)
    assert "PET refused: WEIGHT_MISSING," in " ".join(told).replace("_ ", "_")
    order = [told.index(name) for name in ("TT", "D7", "M1", "M3")]
    assert order == sorted(order)


def test_all_scans_have_one_scale_in_mm_and_one_window() -> None:
    tall = PHANTOM.suv.grid.shape_kji[0]
    short = PHANTOM.suv.cropped((slice(20, tall - 10), slice(0, PHANTOM.suv.grid.shape_kji[1]), slice(0, PHANTOM.suv.grid.shape_kji[2])))
    figure = mip_row_figure([scan("TT", "day −3"), scan("M1", "day 29", suv=short, regions=[])], status_text="")
    scales = []
    for axes in body_axes(figure):
        box = axes.get_position()
        width_in, height_in = (float(size) for size in figure.get_size_inches())
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        scales += [box.width * width_in / (right - left), box.height * height_in / (low - high)]
        assert axes.images[0].get_clim() == (0.0, 10.0)
    assert len(scales) == 4
    assert scales == pytest.approx([scales[0]] * 4, rel=1e-3)


def test_more_scans_than_fit_are_wrapped() -> None:
    row = [scan(f"V{n}", f"day {n}", regions=[]) for n in range(MOST_IN_ROW + 3)]
    tops = [round(axes.get_position().y1, 4) for axes in body_axes(mip_row_figure(row, status_text=""))]
    assert len(set(tops)) == 2
    assert tops.count(tops[0]) == 4


@pytest.mark.parametrize("number", [1, 3, 5])
def test_no_word_leaves_the_sheet(number: int) -> None:
    long = "A_VERY_LONG_CODE " * 20
    row = [scan(f"TIMEPOINT{n}", "day " + "9" * 60, below=(long, long, long)) for n in range(number)]
    figure = mip_row_figure([*row, NoScan("X" * 40, long, long, wide=True), NoScan("Y", "", long, wide=False)], status_text="", foot=long)
    width, height = figure.get_size_inches() * figure.dpi
    figure.canvas.draw()
    for axes in figure.axes:
        for one in axes.texts:
            box = one.get_window_extent()
            assert box.x0 >= -1, one.get_text()
            assert box.x1 <= width + 1, one.get_text()
            assert box.y0 >= -1, one.get_text()
            assert box.y1 <= height + 1, one.get_text()


def test_the_picture_is_the_same_bytes_in_every_storage_order() -> None:
    turned = reoriented(PHANTOM.suv, "IPL")
    regions = [TrackedRegion(reoriented_region(region, "IPL", turned.grid), f"T{n:02d}", "present") for n, region in enumerate(REGIONS, 1)]
    png = mip_row_png([scan("TT", "day −3"), REFUSED], status_text="UNREVIEWED")
    assert png is not None
    assert mip_row_png([scan("TT", "day −3", suv=turned, regions=regions[::-1]), REFUSED], status_text="UNREVIEWED") == png
    assert mip_row_png([scan("TT", "day −4"), REFUSED], status_text="UNREVIEWED") != png


def test_refused_scans_alone_are_drawn_and_nothing_gives_nothing() -> None:
    from matplotlib.image import imread

    png = mip_row_png([MISSING, REFUSED], status_text="")
    assert png is not None
    assert imread(io.BytesIO(png), format="png").shape[1] == 2130  # 7.1 in at 300 dpi
    assert mip_row_png([], status_text="") is None


def test_an_air_scan_is_drawn() -> None:
    grid = Grid((20, 20, 20), np.diag([-4.0, 4.0, 4.0, 1.0])[[2, 1, 0, 3]], "1.2")
    air = Volume(grid, np.zeros(grid.shape_kji, dtype=np.float32), PHANTOM.suv.quantity)
    assert mip_row_png([scan("TT", "day 0", suv=air, regions=[])], status_text="") is not None


def test_a_track_has_the_colour_of_its_outline() -> None:
    assert [track_colour(f"T{n:02d}") for n in (1, 2, 8)] == [COLOURS[0], COLOURS[1], COLOURS[0]]
    assert TrackedRegion(REGIONS[0], "T05", "present").look.line == track_colour("T05")
