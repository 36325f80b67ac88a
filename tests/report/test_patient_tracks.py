"""Truth: closed form: tracks of made-up scans, told row by row."""

from __future__ import annotations

from typing import Any

import pytest

from carpet.report.patient_tracks import event_said, left_text, tracks_told

SCANS = [{"study_uid": f"1.2.{day}", "day": day, "timepoint": name} for name, day in (("TT", -3), ("M1", 29), ("M3", 91))]


def row(day: int, event: str, *, suv_max: float | None = None, above: str = "", reason: str = "", **more: Any) -> dict[str, Any]:
    here = {"study_uid": f"1.2.{day}", "day": day, "timepoint": next(one["timepoint"] for one in SCANS if one["day"] == day)}
    said = {"track": "T01", "event": event, "lesion_ids": [], "volume_ml": 0.0, "confidence": "high", "because": f"T3: {day}", "into": ""}
    left = {"residual_suv_max": suv_max, "residual_above": above, "residual_reason_missing": reason}
    return here | said | left | {"site": "Spleen"} | more


START = row(-3, "present", lesion_ids=["L01"], volume_ml=12.0)


@pytest.mark.parametrize(
    ("event", "suv_max", "above", "reason", "said", "left"),
    [
        ("gone", 3.04, "yes", "", "no region", "SUVmax 3.0 remains, above its surroundings"),
        ("gone", 1.85, "no", "", "gone", "SUVmax 1.9 there, not above its surroundings"),
        ("gone", 2.0, "unsure", "", "gone", "SUVmax 2.0 there, cannot be told from what goes on beyond it"),
        ("gone", None, "", "", "gone", ""),
        ("remnant", 7.76, "yes", "", "remnant", "SUVmax 7.8 remains, above its surroundings"),
        ("not aligned", None, "", "NOT_ALIGNED", "not aligned", ""),
        (
            *("gone", None, "", "PLACE_TAKEN_OUT", "no region"),
            "what is left cannot be told: another region, a kidney, the brain or the bladder lies at the place",
        ),
    ],
)
def test_a_lesion_is_gone_only_where_nothing_stands_out(
    event: str, suv_max: float | None, above: str, reason: str, said: str, left: str
) -> None:
    one = row(29, event, suv_max=suv_max, above=above, reason=reason)
    assert (event_said(one), left_text(one)) == (said, left)
    cell = tracks_told([START, one], SCANS)["rows"][0]["cells"][1]
    assert (cell["volume"], cell["event"], cell["left"]) == ("–", said, left)


def test_the_key_explains_what_occurs_and_nothing_else() -> None:
    told = tracks_told([START, row(29, "gone", suv_max=2.0, above="yes"), row(91, "gone", suv_max=1.0, above="no")], SCANS)
    assert [event for event, _ in told["key"]] == ["gone", "no region"]
    assert tracks_told([START], SCANS)["key"] == []


def test_what_is_still_gone_is_told_once_but_a_change_of_what_is_left_again() -> None:
    gone = row(29, "gone", suv_max=1.1, above="no")
    assert len(tracks_told([START, gone, row(91, "gone", suv_max=1.0, above="no")], SCANS)["events"]) == 1
    assert len(tracks_told([START, gone, row(91, "gone", suv_max=3.0, above="yes")], SCANS)["events"]) == 2
    assert len(tracks_told([START, gone, row(91, "gone", suv_max=1.0, above="no", confidence="low")], SCANS)["events"]) == 2


def test_a_reason_stands_in_words() -> None:
    because = "T3: no region at its place; what is left there cannot be told (PLACE_TAKEN_OUT)"
    (event,) = tracks_told([START, row(29, "gone", reason="PLACE_TAKEN_OUT", because=because)], SCANS)["events"]
    assert "PLACE_TAKEN_OUT" not in event["because"]
    assert event["because"].endswith("(another region, a kidney, the brain or the bladder lies at the place)")
