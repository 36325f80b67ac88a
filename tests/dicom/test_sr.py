"""Truth: the numbers that went in; METHODS §K.1 for the codes; highdicom, dcmtk's dsrdump and dciodvfy as readers."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from carpet.core.errors import Notice, Severity
from carpet.core.lesion import Lesion
from carpet.core.record import Measurement, Provenance
from carpet.core.space import Grid
from carpet.dicom.seg import track_uid, write_seg
from carpet.dicom.sr import write_sr

Headers = Callable[[Grid], list[Dataset]]
Lesions = Callable[[Grid], list[Lesion]]
Write = Callable[..., bytes]

FLAG = Notice("SERIES_TIME_REWRITTEN", Severity.WARNING, "the series time was rewritten", "(0008,0031)", "101500")
LESION_VALUES = [
    Measurement("suv_max", 12.345678901234567, "g/mL", "L1", "suv4.0"),
    Measurement("suv_mean", 7.25, "g/mL", "L1", "suv4.0"),
    Measurement("suv_peak", 10.5, "g/mL", "L1", "suv4.0"),
    Measurement("volume", 1 / 3, "mL", "L1", "suv4.0"),
    Measurement("tlg", 26.1, "g", "L1", "suv4.0"),
    Measurement("suv_max", 5.0, "g/mL", "L2", "suv4.0"),
    Measurement("suv_max", 99.0, "g/mL", "L2", "max41"),
]
PATIENT_VALUES = [
    Measurement("tmtv", 147.5, "mL", "patient", "suv4.0"),
    Measurement("tlg", 900.125, "g", "patient", "suv4.0"),
    Measurement("dmax", 611.96405, "mm", "patient", "suv4.0", ("SERIES_TIME_REWRITTEN", "single_lesion")),
    Measurement("tts", 3.5, "mm2", "patient", "suv4.0", ("single_lesion",)),
    Measurement("sdmax", 0.317005, "/m", "patient", "suv4.0"),
    Measurement("mbv", 120.0, "mL", "patient", "suv4.0"),
    Measurement("lesion_count", 2, "{count}", "patient", "suv4.0"),
    Measurement("liver_suv_mean", 1.86, "g/mL", "patient", "suv4.0"),
    Measurement("spleen_liver_ratio", 1.1, "1", "patient", "suv4.0"),
    Measurement("tmtv", 80.0, "mL", "patient", "max41"),
]


@pytest.fixture
def write(usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, provenance: Provenance, when: datetime) -> Write:
    def written(lesions: list[Lesion] | None = None, **changed: object) -> bytes:
        lesions = make_lesions(usual_grid) if lesions is None else lesions
        source = pet_headers(usual_grid)
        seg = write_seg(lesions, source, patient="P007", method=provenance, software="carpet 0.1.0", when=when)
        given = {
            "source": source,
            "seg": dcmread(io.BytesIO(seg)) if seg else None,
            "patient": "P007",
            "method": provenance,
            "software": "carpet 0.1.0",
            "when": when,
            "flags": [FLAG],
        }
        return write_sr(lesions, [*LESION_VALUES, *PATIENT_VALUES], **(given | changed))  # type: ignore[arg-type]

    return written


@pytest.fixture
def path(write: Write, tmp_path: Path) -> Path:
    file = tmp_path / "measurements.sr.dcm"
    file.write_bytes(write(reader="R1"))
    return file


def groups(made: bytes) -> dict[str, Dataset]:
    """Measurement groups by tracking identifier, read with pydicom alone."""
    root = dcmread(io.BytesIO(made))
    container = next(i for i in root.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "126010")
    return {items(group, "112039")[0].TextValue: group for group in container.ContentSequence}


def items(group: Dataset, code: str) -> list[Dataset]:
    return [i for i in group.ContentSequence if code_of(i.ConceptNameCodeSequence[0]) == code]


def code_of(item: Dataset) -> str:
    return str(item.get("CodeValue") or item.get("LongCodeValue"))


def numbers(group: Dataset) -> dict[tuple[str, str, str], tuple[float, str]]:
    """(concept, derivation, method) → (value, unit)."""
    found = {}
    for i in group.ContentSequence:
        if i.ValueType != "NUM":
            continue
        modifiers = {m.ConceptNameCodeSequence[0].CodeValue: code_of(m.ConceptCodeSequence[0]) for m in i.get("ContentSequence", ())}
        value = i.MeasuredValueSequence[0]
        key = code_of(i.ConceptNameCodeSequence[0]), modifiers.get("121401", ""), modifiers.get("370129005", "")
        found[key] = float(value.FloatingPointValue), value.MeasurementUnitsCodeSequence[0].CodeValue
    return found


def test_lesion_numbers_have_the_codes_of_the_methods(write: Write) -> None:
    lesion = groups(write())["L1"]
    assert numbers(lesion) == {
        ("126401", "56851009", "126410"): (12.345678901234567, "g/ml{SUVbw}"),
        ("126401", "373098007", "126410"): (7.25, "g/ml{SUVbw}"),
        ("126401", "126031", "126410"): (10.5, "g/ml{SUVbw}"),
        ("126032", "", ""): (1 / 3, "ml"),
        ("126033", "", ""): (26.1, "g"),
    }
    assert items(lesion, "363698007")[0].ConceptCodeSequence[0].CodeValue == "78961009"
    assert items(lesion, "121071")[0].ConceptCodeSequence[0].CodeValue == "108369006"


def test_patient_numbers_have_the_codes_of_the_methods(write: Write) -> None:
    found = groups(write())
    assert numbers(found["whole patient, suv4.0"]) == {
        ("126032", "", ""): (147.5, "ml"),
        ("126033", "", ""): (900.125, "g"),
        ("121206", "56851009", "DMAX"): (611.96405, "mm"),
        ("SDMAX", "", ""): (0.317005, "/m"),
        ("MBV", "", ""): (120.0, "ml"),
        ("TTS", "", ""): (3.5, "mm2"),
        ("LESION_COUNT", "", ""): (2.0, "{count}"),
        ("126401", "373098007", "126410"): (1.86, "g/ml{SUVbw}"),
        ("SPLEEN_LIVER_RATIO", "", ""): (1.1, "{ratio}"),
    }
    assert numbers(found["whole patient, max41"]) == {("126032", "", ""): (80.0, "ml")}


def test_numbers_of_another_outline_do_not_stand_at_the_segment(write: Write) -> None:
    """The SEG shows what suv4.0 drew; max41's SUVmax of L2 (99) belongs to another outline."""
    assert [value for value, _ in numbers(groups(write())["L2"]).values()] == [5.0]


def test_each_lesion_is_tied_to_its_segment(write: Write, usual_grid: Grid, make_lesions: Lesions) -> None:
    found = groups(write(list(reversed(make_lesions(usual_grid)))))
    segments = {name: items(found[name], "121191")[0].ReferencedSOPSequence[0].ReferencedSegmentNumber for name in ("L1", "L2", "L3", "L4")}
    assert segments == {"L4": 1, "L3": 2, "L2": 3, "L1": 4}
    assert items(found["L1"], "121232")[0].UID == "1.2.826.0.1.3680043.8.498.4"


def test_tracking_uids_are_those_of_the_seg(
    write: Write, usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, provenance: Provenance, when: datetime
) -> None:
    seg = write_seg(
        make_lesions(usual_grid), pet_headers(usual_grid), patient="P007", method=provenance, software="carpet 0.1.0", when=when
    )
    assert seg is not None
    uids = {s.TrackingID: s.TrackingUID for s in dcmread(io.BytesIO(seg)).SegmentSequence}
    found = groups(write())
    assert {name: items(found[name], "112040")[0].UID for name in uids} == uids


def test_one_lesion_at_two_time_points_has_one_tracking_uid_in_seg_and_sr(
    write: Write, usual_grid: Grid, pet_headers: Headers, make_lesions: Lesions, provenance: Provenance, when: datetime
) -> None:
    """Two studies of one patient, another patient, another track: in each the SR says what the SEG says."""

    def uid(patient: str, study: str, lesion: str, track: str) -> str:
        source = pet_headers(usual_grid)
        for header in source:
            header.StudyInstanceUID = study
        tracks = {lesion: track_uid(patient, track)}
        given = {"patient": patient, "method": provenance, "software": "carpet 0.1.0", "when": when}
        seg = dcmread(io.BytesIO(write_seg(make_lesions(usual_grid), source, tracks=tracks, **given) or b""))  # type: ignore[arg-type]
        said = items(groups(write(source=source, seg=seg, patient=patient))[lesion], "112040")[0].UID
        assert said == next(s.TrackingUID for s in seg.SegmentSequence if s.TrackingID == lesion)
        return str(said)

    baseline = uid("P007", "1.2.3.1", "L1", "T1")
    assert uid("P007", "1.2.3.2", "L2", "T1") == baseline
    assert len({baseline, uid("P008", "1.2.3.3", "L1", "T1"), uid("P007", "1.2.3.2", "L1", "T2")}) == 3


def test_a_multi_frame_source_is_listed_once(
    write: Write, usual_grid: Grid, frame_headers: Headers, make_lesions: Lesions, provenance: Provenance, when: datetime
) -> None:
    made = dcmread(io.BytesIO(write(**of_frames(frame_headers(usual_grid), make_lesions(usual_grid), provenance, when))))
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    listed = {s.SeriesInstanceUID: [i.ReferencedSOPInstanceUID for i in s.ReferencedSOPSequence] for s in study.ReferencedSeriesSequence}
    assert listed["1.2.826.0.1.3680043.8.498.4"] == ["1.2.826.0.1.3680043.8.498.6"]
    assert len(listed) == 2  # the PET, and the SEG


def of_frames(source: list[Dataset], lesions: list[Lesion], provenance: Provenance, when: datetime) -> dict[str, object]:
    seg = write_seg(lesions, source, patient="P007", method=provenance, software="carpet 0.1.0", when=when)
    assert seg is not None
    return {"source": source, "seg": dcmread(io.BytesIO(seg))}


def test_unreviewed_stands_until_a_reader_saw_every_lesion(write: Write, usual_grid: Grid, make_lesions: Lesions) -> None:
    def answers(made: bytes) -> dict[str, str]:
        return {name: code_of(items(group, "REVIEW")[0].ConceptCodeSequence[0]) for name, group in groups(made).items()}

    lesions = make_lesions(usual_grid)
    seen = [replace(lesion, reviewed=True) for lesion in lesions]
    assert set(answers(write(lesions)).values()) == {"UNREVIEWED"}
    assert set(answers(write(seen)).values()) == {"REVIEWED"}
    partly = answers(write([*seen[:3], lesions[3]]))
    assert (partly["L1"], partly["L4"], partly["whole patient, suv4.0"]) == ("REVIEWED", "UNREVIEWED", "UNREVIEWED")
    assert b"UNREVIEWED" not in write(seen)


def test_flags_and_reasons_stand_in_words(write: Write) -> None:
    found = groups(write())
    texts = [i.TextValue for i in items(found["whole patient, suv4.0"], "FLAG")]
    assert texts == ["W SERIES_TIME_REWRITTEN: the series time was rewritten (101500)"]
    assert items(found["L1"], "DECIDED_BY")[0].TextValue == "rule:test: because of the test"
    assert code_of(items(found["L3"], "STATUS")[0].ConceptCodeSequence[0]) == "PHYSIOLOGIC"


def test_a_numbers_own_flag_stands_at_the_number(write: Write) -> None:
    """What is told of the whole study is not repeated there."""
    group = groups(write())["whole patient, suv4.0"]
    flagged = {
        items(group, code)[0].ConceptNameCodeSequence[0].CodeValue: [
            code_of(m.ConceptCodeSequence[0]) for m in items(items(group, code)[0], "FLAG")
        ]
        for code in ("121206", "TTS", "SDMAX")
        if "ContentSequence" in items(group, code)[0]
    }
    assert flagged == {"121206": ["SINGLE_LESION"], "TTS": ["SINGLE_LESION"]}


def test_without_lesions_the_patient_still_has_numbers(write: Write) -> None:
    assert set(groups(write([]))) == {"whole patient, suv4.0", "whole patient, max41"}


def test_same_call_same_bytes_and_no_name(write: Write) -> None:
    made = write(reader="R1")
    assert made == write(reader="R1")
    assert b"anary" not in made.lower()
    dates = {str(e.value)[:8] for e in dcmread(io.BytesIO(made)).iterall() if e.VR in ("DA", "DT") and e.value}
    assert dates == {"20240305"}


def test_highdicom_reads_the_same_numbers(path: Path) -> None:
    hd = pytest.importorskip("highdicom")
    report = hd.sr.srread(path).content
    found = {group.tracking_identifier: group for group in report.get_volumetric_roi_measurement_groups()}
    assert set(found) == {"L1", "L2", "L3", "L4"}
    assert {m.value for m in found["L1"].get_measurements()} == {v.value for v in LESION_VALUES if v.of == "L1"}
    observers = {c.observer_type.meaning for c in report.get_observer_contexts()}
    assert observers == {"Device", "Person"}


@pytest.mark.dciodvfy
def test_dciodvfy_finds_no_error(path: Path, write: Write, tmp_path: Path, validator_errors: Callable[[Path], list[str]]) -> None:
    assert validator_errors(path) == []
    alone = tmp_path / "no_lesion.dcm"
    alone.write_bytes(write([]))
    assert validator_errors(alone) == []


@pytest.mark.dciodvfy
def test_dciodvfy_finds_no_error_where_the_source_is_multi_frame(
    write: Write,
    usual_grid: Grid,
    frame_headers: Headers,
    make_lesions: Lesions,
    provenance: Provenance,
    when: datetime,
    tmp_path: Path,
    validator_errors: Callable[[Path], list[str]],
) -> None:
    path = tmp_path / "measurements.sr.dcm"
    path.write_bytes(write(**of_frames(frame_headers(usual_grid), make_lesions(usual_grid), provenance, when)))
    assert validator_errors(path) == []


@pytest.mark.dciodvfy
def test_dcmtk_prints_the_numbers(path: Path) -> None:
    ran = subprocess.run(["dsrdump", "+Pc", str(path)], capture_output=True, text=True, check=True)
    assert 'NUM:(126032,DCM,"Metabolic Volume")="147.5" (ml,UCUM,"ml")' in ran.stdout
    assert 'NUM:(126401,DCM,"SUVbw")="12.3456789012346" (g/ml{SUVbw},UCUM,"g/ml{SUVbw}")' in ran.stdout
    assert "UNREVIEWED" in ran.stdout
