"""Contract: the corrected number stands first, thin data are said, and each model stands beside IPI alone and TMTV alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carpet.cohort.calibration import calibration
from carpet.cohort.decision_curve import decision_curve
from carpet.cohort.models.performance import Performance
from carpet.cohort.models.pipeline import Pipeline
from carpet.report.cohort_content import Picture, Table, Words
from carpet.report.cohort_figures.auc_over_time import AucData
from carpet.report.cohort_figures.calibration import CalibrationData
from carpet.report.cohort_figures.decision_curve import DecisionData
from carpet.report.cohort_figures.forest import ForestData
from carpet.run.cohort.content_input import Analysed, AreaOn, Learning, Predicted
from carpet.run.cohort.content_key import key_results
from carpet.run.cohort.content_models import models
from carpet.run.cohort.learning import learning

NAMES = ("full model", "IPI alone", "TMTV alone")
DAY = 365


@pytest.fixture
def modelled(analysed: Analysed) -> Analysed:
    """Made-up performances, and risks that rise with TMTV with their real calibration."""
    made = [
        Performance(name, "PFS", "default", measure, 0.7, 0.05, 0.65, 0.55, 0.75, "nested", 46, 22, 5, "", ())
        for name in NAMES
        for measure in ("C (Harrell)", "calibration slope")
    ]
    rows = analysed.cohort.known(["pfs_days", "tmtv"])
    survival = analysed.cohort.survival("PFS", rows)
    risks = np.linspace(0.1, 0.9, rows.size)
    found = Predicted(
        "full model", "PFS", DAY, "nested", rows.size, 22, tuple(risks.tolist()), calibration(survival, risks, day=DAY),
        decision_curve(survival, risks, day=DAY, thresholds=[0.2, 0.5]),
    )  # fmt: skip
    return replace(analysed, performances=tuple(made), predicted=(found,))


def test_are_there_patients_enough(modelled: Analysed) -> None:
    pipelines = (Pipeline("full model", ("tmtv", "age_years")), Pipeline("strange", ("icans_grade",)))
    found = tuple(learning(modelled.cohort, "PFS", pipelines=pipelines, day=DAY, seed=1))
    lost = Learning("lost", "PFS", reason_missing="NO_EVENTS")
    tables = {one.name: one for one in models(replace(modelled, learning=(*found, lost))).blocks if isinstance(one, Table)}
    needed = tables["sample_size"].rows
    size = found[0].sizes[0]
    assert size.needed is not None
    assert needed[1].cells[:4] == ("full model", "Nagelkerke R² 0.15", "2", f"{size.patients} : {size.events}")
    assert needed[1].cells[6] == str(size.needed.patients)
    assert needed[-1].cells[6].startswith("– ")
    assert [row.cells[3] for row in tables["learning_curve"].rows[1:]] == [str(one.splits) for one in found[0].curve]


def test_intervals_that_are_too_narrow_are_said(modelled: Analysed) -> None:
    (table,) = (one for one in models(modelled).blocks if isinstance(one, Table))
    assert table.notes[0].startswith("The intervals are too narrow")
    assert [head for head, _ in table.columns][4] == "Corrected (bootstrap interval)"


def test_what_was_found_in_patients_left_out_is_not_called_corrected_for_optimism(modelled: Analysed) -> None:
    (picture,) = (one for one in models(modelled).blocks if isinstance(one, Picture) and one.name == "discrimination")
    assert "corrected" not in (picture.caption + picture.data.title).lower()
    assert "in the patients left out" in picture.caption
    (said,) = [text for text in key_results(modelled) if text.startswith("C index")]
    assert said.startswith("C index in patients left out (nested), of PFS")
    assert "95% CI" not in said


def test_what_the_section_holds(modelled: Analysed) -> None:
    blocks = models(modelled).blocks
    warning, forest, table, calibrated, benefit = (*blocks[1:],)
    assert isinstance(warning, Words)
    assert (warning.tone, warning.text.startswith("PFS: 22 events for 5 candidate")) == ("warning", True)
    assert isinstance(forest, Picture)
    assert isinstance(forest.data, ForestData)
    assert [(one.label, one.effect, one.low) for one in forest.data.rows] == [(name, 0.65, 0.55) for name in NAMES]
    assert isinstance(table, Table)
    assert table.rows[1].cells == ("full model", "C (Harrell)", "0.700", "0.050", "0.650 (0.550–0.750)", "5")
    assert isinstance(calibrated, Picture)
    assert isinstance(calibrated.data, CalibrationData)
    assert calibrated.name == "calibration_pfs_full_model"
    assert len(calibrated.data.predictions) == 46
    assert isinstance(benefit, Picture)
    assert isinstance(benefit.data, DecisionData)
    assert benefit.data.thresholds == (0.2, 0.5)


def test_why_there_is_no_number_is_said_once_below(modelled: Analysed) -> None:
    first, second, *rest = modelled.performances
    lost = [replace(one, apparent=None, optimism=None, corrected=None, reason_missing="FEW_BY_DAY") for one in (first, second)]
    (table,) = (one for one in models(replace(modelled, performances=(*lost, *rest))).blocks if isinstance(one, Table))
    assert [row.cells[4] for row in table.rows[1:3]] == ["– [a]", "– [a]"]
    assert table.notes[1].startswith("a: fewer than 5 patients had the event by the day")


def test_the_area_over_time_of_each_model(modelled: Analysed) -> None:
    areas = (AreaOn(182, 0.7, 0.6, 0.8), AreaOn(365, 0.65, 0.5, 0.78))
    several = tuple(replace(modelled.predicted[0], model=name, areas=areas) for name in NAMES)
    (picture,) = (one for one in models(replace(modelled, predicted=several)).blocks if isinstance(one, Picture) and one.name == "auc_pfs")
    assert isinstance(picture.data, AucData)
    assert [one.name for one in picture.data.curves] == list(NAMES)
    assert (picture.data.curves[0].days, picture.data.curves[0].low) == ((182, 365), (0.6, 0.5))
    assert "fewer than 5 patients" in picture.caption
    assert not any(isinstance(one, Picture) and one.name == "auc_pfs" for one in models(modelled).blocks)


def test_without_calibration_the_reason(modelled: Analysed) -> None:
    lost = replace(modelled.predicted[0], calibration=None, benefit=None, reason_missing="DAY_TOO_LATE")
    (words,) = models(replace(modelled, performances=(), predicted=(lost,))).blocks
    assert isinstance(words, Words)
    assert "the day lies beyond what was observed" in words.text


def test_no_model(analysed: Analysed) -> None:
    assert models(analysed).empty
