"""Measurements leave as a DICOM SR (TID 1500): a group a lesion, tied to its SEG segment, and groups of the patient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydicom import Dataset

from carpet.core.errors import Notice
from carpet.core.lesion import Code, Lesion
from carpet.core.record import Measurement, Provenance
from carpet.dicom import codes
from carpet.dicom.seg import MANUFACTURER, MODEL, file_bytes, property_of
from carpet.dicom.sources import evidence

SERIES_NUMBER = 7002
PATIENT = "patient"  # `Measurement.of` for numbers of the whole patient
Numbers = Mapping[tuple[str, str], Sequence[Any]]  # (of, segmenter) → NUM items


def write_sr(
    lesions: Sequence[Lesion],
    values: Sequence[Measurement],
    *,
    source: Sequence[Dataset],
    seg: Dataset | None,
    patient: str,
    method: Provenance,
    software: str,
    when: dt.datetime,
    flags: Sequence[Notice] = (),
    reader: str | None = None,
) -> bytes:
    """A Comprehensive 3D SR file, TID 1500.

    values: numbers of lesions (`of` = lesion id) by `method`, and of the patient (`of` = `patient`) by any segmenter, a group
    each. source: headers of the PET slices. seg: the dataset that `write_seg` made of the same lesions, None without lesions.
    patient, reader: pseudonyms. The mark UNREVIEWED stands in the groups of the patient unless a reader saw every lesion, and
    in the group of each lesion that no reader saw.
    """
    import highdicom as hd

    headers = evidence(source, patient)
    items = _numbers(values, told={flag.code for flag in flags})
    groups = _patient_groups(lesions, items, headers[0], patient=patient, method=method, software=software, flags=flags)
    groups += [_lesion_group(lesion, items, headers[0], seg, method) for lesion in lesions if seg is not None]
    report = hd.sr.MeasurementReport(
        observation_context=_observers(software, reader),
        procedure_reported=codes.concept(codes.PET_WHOLE_BODY),
        imaging_measurements=groups,
        title=hd.sr.CodedConcept("126000", "DCM", "Imaging Measurement Report"),
    )
    numbers = [f"{v.of} {v.name} {v.segmenter} {v.value!r} {v.unit} {v.flags}" for v in values]
    told = [str(flag) for flag in flags] + [f"{lesion.id} {lesion.status} {lesion.reviewed}" for lesion in lesions]
    seg_uid = str(seg.SOPInstanceUID) if seg is not None else ""
    series = codes.uid_of("sr series", str(headers[0].SeriesInstanceUID), seg_uid, software, method.id, when.isoformat())
    document = hd.sr.Comprehensive3DSR(
        evidence=[*headers, *([seg] if seg is not None else [])],
        content=report,
        series_instance_uid=series,
        series_number=SERIES_NUMBER,
        sop_instance_uid=codes.uid_of("sr", series, *numbers, *told, reader or ""),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL,
        software_versions=software,
        device_serial_number="0",
        series_description="CARPET measurements",
        is_complete=True,
        specific_character_set="ISO_IR 192",
        coding_schemes=[codes.private_scheme()],
        content_date=when.date(),
        content_time=when.time(),
    )
    return file_bytes(document, when)


def _observers(software: str, reader: str | None) -> Any:
    """The program, and the reader under a pseudonym where there was one."""
    import highdicom as hd
    from pydicom.sr.codedict import codes as dictionary

    program = hd.sr.ObserverContext(
        observer_type=dictionary.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=codes.uid_of("device", software), name=MODEL, manufacturer_name=MANUFACTURER, model_name=software
        ),
    )
    person = None
    if reader is not None:
        name = reader if "^" in reader else f"{reader}^"
        person = hd.sr.ObserverContext(
            observer_type=dictionary.DCM.Person,
            observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=name),
        )
    return hd.sr.ObservationContext(observer_person_context=person, observer_device_context=program)


def _lesion_group(lesion: Lesion, numbers: Numbers, header: Dataset, seg: Dataset, method: Provenance) -> Any:
    """TID 1411: the numbers of one lesion, tied to its segment."""
    import highdicom as hd

    segment = next(item for item in seg.SegmentSequence if item.TrackingID == lesion.id)
    category, kind = property_of(lesion)
    group = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=segment.TrackingUID, identifier=lesion.id),
        referenced_segment=hd.sr.ReferencedSegment(
            sop_class_uid=seg.SOPClassUID,
            sop_instance_uid=seg.SOPInstanceUID,
            segment_number=int(segment.SegmentNumber),
            source_series=hd.sr.SourceSeriesForSegmentation(str(header.SeriesInstanceUID)),
        ),
        finding_category=codes.concept(category),
        finding_type=codes.concept(kind),
        finding_sites=[hd.sr.FindingSite(codes.concept(lesion.site))] if lesion.site else None,
        algorithm_id=_algorithm(method.method, method, method.version),
        measurements=numbers.get((lesion.id, method.method), []),
        qualitative_evaluations=[
            _evaluation(codes.STATUS, codes.private(lesion.status, lesion.status)),
            _evaluation(codes.REVIEW, codes.REVIEWED if lesion.reviewed else codes.UNREVIEWED),
        ],
    )
    return _with_texts(group, [(codes.DECIDED_BY, f"{lesion.decided_by}: {lesion.because}")])


def _patient_groups(
    lesions: Sequence[Lesion],
    numbers: Numbers,
    header: Dataset,
    *,
    patient: str,
    method: Provenance,
    software: str,
    flags: Sequence[Notice],
) -> list[Any]:
    """TID 1501, one group a segmenter: the numbers of the whole patient. The flags stand in the first."""
    import highdicom as hd

    segmenters = list(dict.fromkeys([method.method, *(segmenter for of, segmenter in numbers if of == PATIENT)]))
    review = codes.REVIEWED if lesions and all(lesion.reviewed for lesion in lesions) else codes.UNREVIEWED
    groups = []
    for segmenter in segmenters:
        name = f"whole patient, {segmenter}"
        group = hd.sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=hd.sr.TrackingIdentifier(
                uid=codes.uid_of("patient", patient, str(header.StudyInstanceUID), segmenter), identifier=name
            ),
            finding_sites=[hd.sr.FindingSite(codes.concept(codes.WHOLE_BODY))],
            algorithm_id=_algorithm(segmenter, method, software),
            measurements=numbers.get((PATIENT, segmenter), []),
            qualitative_evaluations=[_evaluation(codes.REVIEW, review)],
        )
        told = [(codes.FLAG, _flag_text(flag)) for flag in flags] if segmenter == segmenters[0] else []
        if review is codes.UNREVIEWED:
            told.insert(0, (codes.COMMENT, "UNREVIEWED"))
        groups.append(_with_texts(group, told))
    return groups


def _algorithm(segmenter: str, method: Provenance, version: str) -> Any:
    """The method that drew the SEG with its version and parameters; of any other segmenter, its name and `version`."""
    import highdicom as hd

    own = segmenter == method.method
    parameters = [f"{name}: {value}" for name, value in method.parameters.items()] if own else None
    return hd.sr.AlgorithmIdentification(segmenter, method.version if own else version, parameters=parameters or None)


def _numbers(values: Sequence[Measurement], *, told: set[str]) -> Numbers:
    """The NUM items by what was measured and by which delineation. Flags that are `told` of the whole study are not repeated."""
    found: dict[tuple[str, str], list[Any]] = {}
    for value in values:
        own = [flag for flag in value.flags if flag not in told]
        found.setdefault((value.of, value.segmenter), []).append(_number(value, own))
    return found


def _number(value: Measurement, flags: Sequence[str]) -> Any:
    """The number with its modifiers; each flag of the method (a single lesion, a sphere cut off) is one more."""
    import highdicom as hd

    how = codes.encoding_of(value.name, value.unit)
    made = hd.sr.Measurement(
        name=codes.concept(how.concept),
        value=float(value.value),
        unit=codes.concept(how.unit),
        derivation=codes.concept(how.derivation) if how.derivation else None,
        method=codes.concept(how.method) if how.method else None,
        finding_sites=[hd.sr.FindingSite(codes.concept(how.site))] if how.site else None,
    )
    for flag in flags:
        code = codes.concept(codes.private(flag, flag.replace("_", " ")))
        item = hd.sr.CodeContentItem(codes.concept(codes.FLAG), code, hd.sr.RelationshipTypeValues.HAS_CONCEPT_MOD)
        made[0].ContentSequence = [*made[0].get("ContentSequence", ()), item]
    return made


def _evaluation(question: Code, answer: Code) -> Any:
    import highdicom as hd

    return hd.sr.QualitativeEvaluation(codes.concept(question), codes.concept(answer))


def _with_texts(group: Any, texts: Iterable[tuple[Code, str]]) -> Any:
    """The group with text items (TID 1501 allows them; highdicom's templates only write coded ones)."""
    import highdicom as hd

    for name, text in texts:
        item = hd.sr.TextContentItem(codes.concept(name), codes.free_text(text), hd.sr.RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(item)
    return group


def _flag_text(flag: Notice) -> str:
    return f"{flag.severity} {flag.code}: {flag.message}" + (f" ({flag.found})" if flag.found else "")
