"""Truth: closed form: tracks put together by hand."""

from __future__ import annotations

import numpy as np
import pytest

from carpet.core.geometry import sphere_region
from carpet.core.lesion import Kind, Lesion, Status
from carpet.lesions.alignment import Confidence
from carpet.lesions.growing import Growing
from carpet.lesions.linking import Placed
from carpet.lesions.tracks import Event, Sighting
from carpet.testing.voxels import upright_grid

GRID = upright_grid((20, 20, 20), (4.0, 4.0, 4.0), first_centre_lps_mm=(-38.0, -38.0, -38.0), frame_uid="1.2.3")


def place(at_mm: float) -> Placed:
    region = sphere_region(GRID, np.array([at_mm, 0.0, 0.0]), 8.0)
    return Placed(region.centres_lps_mm(), region.volume_ml, 3.5)


def lesion(kind: Kind | None) -> Lesion:
    return Lesion("L01", 1, sphere_region(GRID, np.zeros(3), 8.0), Status.DISEASE, "test", "", kind=kind)


def track(event: Event, *lesions: str, into: str = "") -> Growing:
    return Growing(("TT", "L01"), [Sighting("TT", lesions, event, Confidence.HIGH, "", into=into)])


@pytest.mark.parametrize(("event", "present"), [(Event.GONE, False), (Event.REMNANT, True), (Event.OUT_OF_FIELD, True)])
def test_what_is_not_seen_is_gone_only_where_that_is_known(event: Event, present: bool) -> None:
    assert track(event).present is present
    assert track(Event.PRESENT, "L01").present


def test_a_track_holds_its_lesions_and_not_those_it_lost_to_another() -> None:
    assert track(Event.PRESENT, "L01").holds(("TT", "L01"))
    assert not track(Event.MERGED, "L01", into="TT L02").holds(("TT", "L01"))


def test_the_size_is_that_of_the_last_region() -> None:
    grown = track(Event.PRESENT, "L01")
    assert grown.size_ml == 0.0
    grown.last = place(0.0)
    assert grown.size_ml == place(0.0).volume_ml


def test_places_are_all_those_where_it_lay_and_what_merged_into_it() -> None:
    spleen, node = track(Event.PRESENT, "L01"), track(Event.PRESENT, "L02")
    spleen.lies(place(-10.0), [lesion(Kind.SPLEEN)])
    spleen.lies(None, [lesion(Kind.NODAL)])  # on a scan that was not aligned
    assert (len(spleen.places), spleen.diffuse) == (1, True)
    node.lies(place(10.0), [lesion(Kind.NODAL)])
    assert not node.diffuse
    spleen.takes_over(node)
    assert (len(spleen.places), spleen.diffuse) == (2, False)
