"""Contract: what is told of an export: pseudonyms, numbers and reasons; the same in words and in JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from carpet.dicom import notices
from carpet.run.deid_proof import Print
from carpet.run.deid_text import deid_document, deid_text
from carpet.run.deidentifying import Exported, Outcome

PET = Print("PT", 8, "SUVbw", "ab" * 32, ())
NAC = Print("PT", 1, "stored", "cd" * 32, ("NAC_SERIES",))
FULL = Outcome(
    exported=(Exported("P-1", "20010203-abcdef", 9, (PET, NAC)),),
    there=(Exported("P-2", "20010204-abcdef", 1),),
    left_out=Counter({"Secondary Capture Image Storage": 2, "a colour picture": 1}),
    refused=(notices.DEID_CHANGED_SUV.at("P-3/20010205-abcdef, a PT series", "8 slices before, no series after"),),
    unreadable=1,
    other_files=3,
)


def test_the_document() -> None:
    told = deid_document(FULL)
    assert json.loads(json.dumps(told)) == told
    assert told["schema"] == 1
    assert told["exported"][0]["folder"] == "P-1/20010203-abcdef"
    assert told["exported"][0]["series"][0] == {
        "modality": "PT",
        "slices": 8,
        "quantity": "SUVbw",
        "sha256_before_and_after": "ab" * 32,
        "refusals": [],
    }
    assert told["already_there"][0]["patient"] == "P-2"
    assert told["left_out"] == [
        {"reason": "Secondary Capture Image Storage", "instances": 2},
        {"reason": "a colour picture", "instances": 1},
    ]
    assert [row["code"] for row in told["refusals"]] == ["DEID_CHANGED_SUV"]
    assert (told["unreadable"], told["other_files"]) == (1, 3)


def test_the_words() -> None:
    text = deid_text(FULL, Path("out"), Path("out.key.json"))
    for words in (
        "exported  P-1/20010203-abcdef  9 images",
        "PT, 8 slices: SUVbw equal before and after, SHA-256 abababababababab…",
        "PT, 1 slice: refused as before (NAC_SERIES)",
        "was there  P-2/20010204-abcdef  1 image",
        "left out  2 objects: Secondary Capture Image Storage",
        "1 file unreadable: not exported; `carpet scan` names them",
        "3 files not DICOM",
        "key    out.key.json: keep it apart and secret",
        "refused, not exported:\n\nDEID_CHANGED_SUV",
    ):
        assert words in text


def test_where_nothing_was_exported_no_key_is_named() -> None:
    text = deid_text(Outcome(refused=FULL.refused), Path("out"), Path("out.key.json"))
    assert text.startswith("refused, not exported:")
    assert "key" not in text
