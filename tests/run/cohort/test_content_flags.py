"""Truth: flags set here by hand, each told once below its section with the patients or results that it concerns."""

from __future__ import annotations

from dataclasses import replace

from carpet.report.cohort_content import Section, Words
from carpet.run.cohort.content_effects import effects
from carpet.run.cohort.content_flags import LEAD, SHOWN, with_flags
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_survival import survival


def told(analysed: Analysed, section: Section) -> str:
    words = [one.text for one in with_flags(analysed, section).blocks if isinstance(one, Words) and one.lead == LEAD]
    assert len(words) <= 1
    return "".join(words)


def flagged(analysed: Analysed, **flags: dict[str, tuple[str, ...]]) -> Analysed:
    """flagged(analysed, tmtv={"P00": ("UNREVIEWED",)}): the same cohort with these flags."""
    both = {(who, column): codes for column, of in flags.items() for who, codes in of.items()}
    return replace(analysed, cohort=replace(analysed.cohort, flags=both))


def test_each_flag_is_a_sentence_with_its_patients(analysed: Analysed) -> None:
    codes = ("BASELINE_EARLIER", "CUTOFF_OVERRIDDEN")
    made = flagged(analysed, two_factor={"P00": codes, "P01": codes[:1], "P04": codes}, pfs_days={"P02": ("MISSED_SCANS",)})
    said = told(made, survival(made))
    assert "Measured at the earlier baseline: there is no scan at the markers' time point, and no bridging between (" in said
    assert "bridging between (Two-factor group; 2 patients)." in said
    assert "as somebody asked by name (Two-factor group; 1 patient)." in said  # P04 has no group: its flag is of no number
    assert "missed before progression or death (PFS; 1 patient)." in said
    assert "_" not in said
    assert told(made, effects(made)).count("(PFS; 1 patient)") == 1  # two_factor is no term there


def test_flags_of_results_say_of_how_many(analysed: Analysed) -> None:
    assert told(analysed, survival(analysed)) == ""
    first, *rest = analysed.survival
    made = replace(analysed, survival=(replace(first, flags=("NOT_FOLLOWED",)), *rest))
    assert told(made, survival(made)) == f"Patients followed for no day were left out (1 of {len(rest) + 1} results)."


def test_effects_tell_what_their_tables_do_not_mark(analysed: Analysed) -> None:
    first, *rest = analysed.effects
    changed = replace(first, flags=("FEW_EVENTS", "PH_NOT_TESTED", "NEVER_ASSESSED"), never_assessed=7)
    made = replace(analysed, effects=(changed, *(replace(one, flags=()) for one in rest)))
    said = told(made, effects(made))
    assert "whether hazards stay proportional (1 of" in said
    assert "would know the future (7 patients)." in said
    assert "fewer than 10 events" not in said.lower()


def test_a_section_without_anything_shown_stays_as_it_is(analysed: Analysed) -> None:
    made = flagged(analysed, tmtv={"P00": ("UNREVIEWED",)})
    empty = Section("survival", "Survival", (), "Nothing.")
    assert with_flags(made, empty) is empty
    other = Section("provenance", "Provenance", (Words("x"),))
    assert with_flags(made, other) is other
    for anchor in SHOWN:
        assert with_flags(made, Section(anchor, anchor, (Words("x"),))).blocks
