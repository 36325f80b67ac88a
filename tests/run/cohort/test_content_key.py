"""Contract: five sentences at most, each with its interval, patients and events, or why there is none."""

from __future__ import annotations

from dataclasses import replace

from carpet.cohort.models.performance import Performance
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_key import key_results


def test_sentences(analysed: Analysed) -> None:
    survival, response, groups, marker, model = key_results(analysed)
    assert "22 events in 47 patients" in survival
    assert "95% CI" in survival
    assert response == (
        "At best 24 of 47 infused patients responded (CR or PR), 51% (36–66); 12 of 47 infused patients had a complete response, "
        "26% (14–40)."
    )
    assert groups.startswith("PFS at 12 months (95% CI): two-factor group 0: ")
    assert "log-rank P" in groups
    assert marker.count("95% CI") == 2
    assert "events in 46 patients" in marker
    assert model.startswith("No model is reported")


def test_a_model(analysed: Analysed) -> None:
    made = Performance("full model", "PFS", "default", "C (Harrell)", 0.7, 0.04, 0.66, 0.51, 0.8, "nested", 46, 22, 5, "", ())
    assert (
        "full model 0.66 (bootstrap interval 0.51–0.80); 22 events in 46 patients"
        in key_results(replace(analysed, performances=(made,)))[-1]
    )


def test_thin_data_are_said(analysed: Analysed) -> None:
    empty = replace(analysed, survival=(), effects=(), patients=())
    assert key_results(empty) == (
        "Progression-free survival could not be estimated.",
        "No patient was infused.",
        "No effect of TMTV on progression-free survival was estimated.",
        "No model is reported: there are too few events for one, or none was asked for.",
    )


def test_words_that_promise_too_much_never_stand_here(analysed: Analysed) -> None:
    text = " ".join(key_results(analysed)).lower()
    assert "predict" not in text
    assert "significant" not in text
