"""Truth: closed form, outlines of masks of known shape; what the font holds."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.report import drawing


def _area(path: object) -> float:
    total = 0.0
    for polygon in path.to_polygons():  # type: ignore[attr-defined]
        x, y = polygon.T
        total += float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2
    return abs(total)


def test_an_outline_cuts_only_the_corners() -> None:
    path = drawing.outline(np.ones((4, 6), dtype=bool), first_mm=(10.0, 20.0), step_mm=(2.0, 3.0))
    extents = path.get_extents()
    assert (extents.x0, extents.x1, extents.y0, extents.y1) == (18.5, 36.5, 9.0, 17.0)
    assert _area(path) == pytest.approx(4 * 2 * 6 * 3 - 4 * (1.0 * 1.5 / 2))


def test_a_hole_is_not_filled() -> None:
    mask = np.ones((5, 5), dtype=bool)
    mask[2, 2] = False
    path = drawing.outline(mask, first_mm=(0.0, 0.0), step_mm=(1.0, 1.0))
    assert len(path.to_polygons()) == 2
    assert _area(path) == pytest.approx(25 - 4 * 0.125 - 0.5)


def test_the_outline_of_parts_that_do_not_touch_is_one_ring_each() -> None:
    mask = np.zeros((3, 7), dtype=bool)
    mask[1, [1, 5]] = True
    assert len(drawing.outline(mask, first_mm=(0.0, 0.0), step_mm=(1.0, 1.0)).to_polygons()) == 2


def test_what_the_font_lacks_becomes_a_box_and_breaks_become_blanks() -> None:
    assert drawing.drawable("Ä µ ≥ שלום\n漢\x00\u202e") == "Ä µ ≥ שלום □□□"


def test_dollars_are_not_mathematics() -> None:
    figure = drawing.new_figure(1, 1)
    drawing.write(drawing.bare_axes(figure, 0, 0, 1, 1), 0, 0, r"$\frac{ $", size_pt=8)
    assert drawing.png_bytes(figure).startswith(b"\x89PNG")


def test_shortened_keeps_its_length() -> None:
    assert drawing.shortened("mediastinal", 11) == "mediastinal"
    assert drawing.shortened("mediastinal lymph", 12) == "mediastinal…"


def test_looks_differ_by_more_than_colour() -> None:
    shapes = {(look.style, bool(look.fill), bool(look.hatch)) for look in drawing.LOOKS.values()}
    assert len(shapes) == len(drawing.LOOKS) == 4


def test_drawing_leaves_pyplot_alone() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from carpet.report import drawing; f = drawing.new_figure(1, 1); drawing.png_bytes(f);"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode == 0
