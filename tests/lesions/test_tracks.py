"""Truth: closed form: sightings written by hand."""

from __future__ import annotations

from carpet.lesions.alignment import Confidence
from carpet.lesions.tracks import Event, Sighting, Track, new_lesions

HIGH, LOW = Confidence.HIGH, Confidence.LOW
OLD = Track("T01", (Sighting("TT", ("L01",), Event.PRESENT, HIGH, "", 5.0), Sighting("M1", (), Event.GONE, LOW, "")))
BACK = Track("T02", (Sighting("TT", (), Event.GONE, HIGH, ""), Sighting("M1", ("L02",), Event.REAPPEARED, HIGH, "why", 2.0)))
FRESH = Track("T03", (Sighting("M1", ("L03", "L04"), Event.NEW, LOW, "near", 0.9),))
UNTOLD = Track("T04", (Sighting("M1", ("L05",), Event.FIRST_SEEN, LOW, "", 9.0),))


def test_new_and_reappeared_are_told_small_and_unsure_ones_marked() -> None:
    found = new_lesions((OLD, BACK, FRESH, UNTOLD), "M1")
    assert [(one.track, one.event, one.lesion_ids, one.small, one.confidence) for one in found] == [
        ("T02", Event.REAPPEARED, ("L02",), False, HIGH),
        ("T03", Event.NEW, ("L03", "L04"), True, LOW),
    ]
    assert [one.because for one in found] == ["why", "near"]
    assert new_lesions((OLD, BACK, FRESH, UNTOLD), "TT") == new_lesions((), "M1") == ()


def test_a_track_is_as_sure_as_its_least_sure_sighting() -> None:
    assert [track.confidence for track in (OLD, BACK, FRESH)] == [LOW, HIGH, LOW]
    assert OLD.members == (("TT", ("L01",)), ("M1", ()))
    assert FRESH.at("TT") is None
