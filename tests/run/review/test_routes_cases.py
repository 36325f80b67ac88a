"""Contract: a case, its history, measurements and table, as the one who asks may see them."""

from __future__ import annotations

import pytest

from carpet.run.review.routes_cases import case, decisions, history, measurements, router, seen_by, whole_reading

from .conftest import Opened

URL = "/api/cases/A/TT"


def test_each_part_has_one_route() -> None:
    assert {route.endpoint for route in router.routes} == {case, history, measurements, decisions, whole_reading}  # type: ignore[attr-defined]


def test_the_case_is_told_with_its_numbers(single: Opened) -> None:
    one = single.browser().arrive()
    view = one.get(URL).json()
    told = {row["name"]: row["value"] for row in view["biomarkers"]}
    disease = [row for row in view["lesions"] if row["status"] == "disease"]
    assert told["tmtv"] == pytest.approx(sum(row["volume_ml"] for row in disease))
    assert told["lesion_count"] == len(disease)
    whole = {row["name"]: row["value"] for row in one.get(f"{URL}/measurements").json()["biomarkers"] if row["segmenter"] == "suv4.0"}
    assert {name: whole[name] for name in told} == told


def test_a_reading_is_named_only_to_who_may_see_it(single: Opened) -> None:
    assert seen_by(single.room, single.room.case("A/TT"), type("V", (), {"person": single.room.people.only})()).whose == "Rea"  # type: ignore[arg-type]
    one = single.browser().arrive()
    assert one.get(URL, params={"reading": "Rea"}).status_code == 200
    assert one.get(URL, params={"reading": "Ron"}).status_code == 403
    assert one.get(f"{URL}/history").json()["acts"][0]["what"] == "planned"
    assert one.get(f"{URL}/decisions.csv").text.startswith("lesion_id,")
