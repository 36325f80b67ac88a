"""Truth: law (what is planted fits: in its organ, in the body, clear of the rest), asked point by point."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.lesion import Kind
from carpet.testing.frame import BodyFrame, Part
from carpet.testing.shapes import Box, Capsule, Ellipsoid
from carpet.testing.sites import GAP_MM, SITES, BodyMap, Lesion, Site, plant, probe

FRAME = BodyFrame(1.0, 1.0, 10.0)
SKIN = Box((-200.0, -200.0, -200.0), (200.0, 200.0, 200.0))
PARTS = (
    Part("muscle", SKIN, 0.6, 50.0),
    Part("liver", Ellipsoid((-80.0, 0.0, 0.0), (60.0, 60.0, 60.0)), 2.2, 55.0),
    Part("bladder", Ellipsoid((60.0, 0.0, 0.0), (30.0, 30.0, 30.0)), 20.0, 5.0),
)


def test_every_site_has_a_kind_and_sense() -> None:
    assert {"cervical", "supraclavicular", "axillary", "mediastinal", "hilar", "mesenteric", "para-aortic", "iliac", "inguinal"} == {
        site.name for site in SITES if site.kind is Kind.NODAL
    }
    assert all(1 <= site.volume_ml[0] < site.volume_ml[1] <= 300 for site in SITES)


def test_the_part_on_top() -> None:
    body = BodyMap(PARTS)
    points = np.array([[-80.0, 0.0, 0.0], [60.0, 0.0, 0.0], [0.0, 150.0, 0.0], [0.0, 0.0, 500.0]])
    assert body.tops(points).tolist() == [1, 2, 0, -1]
    assert body.hot_names(body.tops(points)) == {"bladder"}
    assert body.all_in(body.tops(points[:1]), ("liver",))
    assert not body.all_in(body.tops(points), ("liver", "bladder"))


def test_probe_fills_the_shape() -> None:
    shape = Ellipsoid((1.0, 2.0, 3.0), (12.0, 15.0, 18.0))
    points = probe(shape)
    assert shape.contains(*points.T).all()
    assert len(points) * 27.0 == pytest.approx(shape.volume_ml * 1000.0, rel=0.05)


def test_a_lesion_stays_in_its_organ_and_away_from_hot_ones() -> None:
    site = Site("liver", Kind.EXTRANODAL, (80.0, 0.0, 0.0), (60.0, 60.0, 60.0), (2.0, 20.0), sides=(-1.0,), within=("liver",))
    around = Site("iliac", Kind.NODAL, (60.0, 0.0, 0.0), (70.0, 70.0, 70.0), (2.0, 20.0))
    planted = plant(FRAME, BodyMap(PARTS), [site, site, around, around, around], rng=np.random.default_rng(3))
    assert [lesion.id for lesion in planted] == ["L01", "L02", "L03", "L04", "L05"]
    for lesion in planted[:2]:
        assert PARTS[1].shape.contains(*probe(lesion.shape).T).all()
    bladder = PARTS[2].shape
    assert isinstance(bladder, Ellipsoid)
    for number, lesion in enumerate(planted):
        assert not bladder.contains(*probe(lesion.shape.grown(GAP_MM - 3.0)).T).any()
        for other in planted[number + 1 :]:
            apart = np.linalg.norm(probe(lesion.shape)[:, None] - probe(other.shape)[None], axis=-1).min()
            assert apart > GAP_MM - 4.0  # probes are 3 mm apart
        near = bool(bladder.contains(*probe(lesion.shape.grown(22.0)).T).any())
        assert near == ("bladder" in lesion.near)


def test_where_nothing_fits_nothing_is_planted() -> None:
    tight = Site("bladder wall", Kind.EXTRANODAL, (60.0, 0.0, 0.0), (5.0, 5.0, 5.0), (2.0, 3.0), sides=(1.0,))
    assert plant(FRAME, BodyMap(PARTS), [tight], rng=np.random.default_rng(1)) == ()


def test_what_is_there_already_is_respected_and_numbered() -> None:
    there = Lesion("L01", "axillary", Kind.NODAL, Capsule((0.0, 100.0, 0.0), (0.0, 120.0, 0.0), 20.0), 9.0, 40.0)
    site = Site("axillary", Kind.NODAL, (0.0, 110.0, 0.0), (60.0, 60.0, 60.0), (2.0, 20.0), sides=(1.0,))
    (new,) = plant(FRAME, BodyMap(PARTS), [site], rng=np.random.default_rng(2), already=[there])
    assert new.id == "L02"
    assert not there.shape.contains(*probe(new.shape.grown(GAP_MM - 3.0)).T).any()
