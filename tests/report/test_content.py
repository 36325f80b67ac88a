"""Truth: closed form, a document whose finished text is written out by hand."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from carpet.report.content import KEY_BIOMARKERS, LABELS, MOST_ALERTS, MOST_SEGMENTERS, clean, content


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, str):
        yield value
    elif not isinstance(value, bool):
        for inner in value:
            yield from _strings(inner)


def test_lesions_stand_disease_first_by_tlg(document: dict[str, Any]) -> None:
    groups = content(document)["lesion_groups"]
    assert [(group["title"], [row["id"] for row in group["rows"]]) for group in groups] == [
        ("Disease (2)", ["L04", "L02"]),
        ("Undecided, not counted (1)", ["L03"]),
        ("Physiologic, not counted (1)", ["L01"]),
    ]


def test_a_lesion_row_says_everything(document: dict[str, Any]) -> None:
    document["lesions"][1]["reviewed"] = True
    row = content(document)["lesion_groups"][0]["rows"][1]
    assert row == {
        "id": "L02",
        "site": "Mediastinal lymph node, nodal",
        "volume": "42.1",
        "suv_max": "18.24",
        "suv_mean": "9.10",
        "suv_peak": "15.00",
        "tlg": "10.0",
        "centre": "12, \u221231, 400",
        "decided_by": "rule DIS-DEFAULT@1 (reviewed)",
        "because": "reason 2",
    }


def test_the_matrix_has_biomarkers_down_and_segmenters_across(document: dict[str, Any]) -> None:
    (matrix,) = content(document)["matrices"]
    assert matrix["segmenters"] == ["max41", "suv4.0"]
    assert [(row["label"], row["unit"], [cell["text"] for cell in row["cells"]]) for row in matrix["rows"]] == [
        (LABELS["tmtv"], "mL", ["108.3", "120.3"]),
        (LABELS["dmax"], "mm", ["353", "353"]),
        (LABELS["sdmax"], "m⁻¹", ["\u2013 height missing", "\u2013 height missing"]),
    ]
    assert matrix["notes"] == [["a", "outside fov"]]
    assert [[cell["letters"] for cell in row["cells"]] for row in matrix["rows"]] == [["", ""], ["a", "a"], ["", ""]]


def test_a_number_nobody_computed_says_so(document: dict[str, Any]) -> None:
    document["biomarkers"].pop(0)
    (matrix,) = content(document)["matrices"]
    tmtv = next(row for row in matrix["rows"] if row["label"] == LABELS["tmtv"])
    assert [cell["text"] for cell in tmtv["cells"]] == ["\u2013 not computed", "120.3"]


@pytest.mark.parametrize(("segmenters", "blocks"), [(0, []), (1, [1]), (8, [8]), (9, [5, 4]), (11, [6, 5]), (17, [6, 6, 5])])
def test_many_segmenters_are_split_into_blocks_that_fit(document: dict[str, Any], segmenters: int, blocks: list[int]) -> None:
    one = document["biomarkers"][0]
    document["biomarkers"] = [{**one, "segmenter": f"s{n}"} for n in range(segmenters)]
    assert [len(matrix["segmenters"]) for matrix in content(document)["matrices"]] == blocks
    assert max(blocks, default=0) <= MOST_SEGMENTERS


def test_key_numbers_come_from_the_segmenter_of_the_lesion_table(document: dict[str, Any]) -> None:
    report = content(document)
    assert report["key_segmenter"] == "suv4.0"
    assert [(row["label"], row["text"], row["unit"]) for row in report["key"]] == [
        (LABELS["tmtv"], "120.3", "mL"),
        (LABELS["dmax"], "353", "mm"),
        (LABELS["sdmax"], "\u2013 height missing", "m⁻¹"),
    ]
    document["segmenter"] = "max41"
    assert content(document)["key_segmenter"] == "max41"
    assert content(document)["key"][0]["text"] == "108.3"


def test_key_biomarkers_have_labels() -> None:
    assert set(KEY_BIOMARKERS) <= set(LABELS)


def test_every_biomarker_of_the_house_has_a_label() -> None:
    from carpet.biomarkers.measure import biomarkers

    assert set(biomarkers()) <= set(LABELS)


def test_the_review_status_has_its_own_place(document: dict[str, Any]) -> None:
    document["flags"].insert(0, {**document["flags"][0], "code": "UNREVIEWED"})
    document["flags"].append({**document["flags"][0], "code": "NOTE", "severity": "I"})
    report = content(document)
    assert report["alerts"] == [["TREF_DISAGREE", "Candidates differ"]]
    assert [row["code"] for row in report["flags"]] == ["UNREVIEWED", "TREF_DISAGREE", "NOTE"]
    assert [row["severity"] for row in report["flags"]] == ["warning", "warning", "note"]


def test_alerts_beside_the_numbers_are_few_and_say_that_there_are_more(document: dict[str, Any]) -> None:
    document["flags"] *= MOST_ALERTS + 2
    report = content(document)
    assert len(report["alerts"]) == MOST_ALERTS
    assert report["more_alerts"] == "and 2 more, see Flags"
    assert len(report["flags"]) == MOST_ALERTS + 2


def test_the_decay_reference_time_chosen_stands_first(document: dict[str, Any]) -> None:
    assert [(row["rule"], row["time"], row["verdict"]) for row in content(document)["candidates"]] == [
        ("series_time", "2009-05-02T09:59:47", "chosen"),
        ("back_computed", "2009-05-02T09:59:46", "not chosen"),
        ("ge_scan_datetime", "\u2013", "its date differs"),
    ]


def test_what_is_absent_is_said(document: dict[str, Any]) -> None:
    document["study"]["date"] = None
    document["suv"].update(factor_bw_per_bqml=None, uptake_min=None)
    report = content(document)
    assert ["Study date", "not stated"] in report["identity"]
    assert ["CT", "none used"] in report["identity"]
    assert ["Factor", "no single factor for all slices"] in report["suv"]
    assert ["Uptake time", "not known"] in report["suv"]
    assert report["references"][1] == {"label": "Spleen", "missing": "\u2013 outside scan"}


@pytest.mark.parametrize(
    ("keep", "says"),
    [((), "No region of raised uptake was found."), (("undecided",), "No region is counted as disease."), (("disease",), "")],
)
def test_no_lesion_is_said_in_words(document: dict[str, Any], keep: tuple[str, ...], says: str) -> None:
    document["lesions"] = [row for row in document["lesions"] if row["status"] in keep]
    assert content(document)["lesions_say"] == says


def test_the_protocol_is_printed_in_full(document: dict[str, Any]) -> None:
    assert content(document)["protocol"] == [
        ["name", "cart-lymphoma"],
        ["segment.method", "suv4.0"],
        ["segment.also", "max41"],
        ["suv.repair_date_shift", "no"],
    ]


def test_a_reviewed_document_has_no_warning(document: dict[str, Any]) -> None:
    document["status"] = "REVIEWED"
    report = content(document)
    assert (report["unreviewed"], report["mark"], report["mark_says"]) == (False, "REVIEWED", "")


def test_control_and_direction_characters_are_shown_not_obeyed() -> None:
    assert clean("a\u202eb\x00c\nd\te") == "a‹U+202E›b‹U+0000›c d e"
    assert clean("\ud800") == "\ufffd"
    assert clean(" שלום é µ ") == "שלום é µ"


def test_nothing_unclean_leaves_this_room(hostile_document: dict[str, Any]) -> None:
    words = list(_strings(content(hostile_document)))
    assert sum("<script>" in text for text in words) > 40
    for text in words:
        text.encode()
        assert not {"Cc", "Cf", "Cs"} & {unicodedata.category(character) for character in text}


def test_a_note_says_what_the_flag_of_the_study_says(document: dict[str, Any]) -> None:
    document["flags"][0]["code"] = "OUTSIDE_FOV"
    assert content(document)["matrices"][0]["notes"] == [["a", "Candidates differ"]]


@pytest.mark.parametrize(
    ("day", "window", "heading", "scan"),
    [
        (30, "M1", "P007, day 30", "day 30 from infusion, in the window of M1; the patient's page says what it stands for"),
        (-20, "", "P007, day \u221220", "day \u221220 from infusion; the patient's page says what it stands for"),
        (None, "", "P007, no day", "no day from infusion is known"),
    ],
)
def test_within_a_trial_the_day_stands_for_the_date(
    document: dict[str, Any], day: int | None, window: str, heading: str, scan: str
) -> None:
    document["trial"] = {"patient": "P007", "day": day, "window": window, "mark": "ab12"}
    document["study"] |= {"patient": "P007", "date": None}
    report = content(document)
    assert report["heading"].endswith(f": {heading}")
    assert report["identity"][:2] == [["Patient", "P007"], ["Scan", scan]]
    assert [link for _, link in report["trail"]] == ["../../index.html", "../index.html", "report.pdf"]


def test_a_reason_in_the_text_of_a_method_is_in_words(document: dict[str, Any]) -> None:
    document["methods"][0]["text"] = "Not found: spleen (SPLEEN_NOT_FOUND). SUVbw of a NEMA_2 phantom."
    assert content(document)["methods"][0]["text"] == "Not found: spleen (spleen not found). SUVbw of a NEMA_2 phantom."


def test_outside_a_trial_there_is_no_way_back(document: dict[str, Any]) -> None:
    report = content(document)
    assert (report["heading"], report["trail"], report["trial_mark"]) == (report["title"], [], "")
