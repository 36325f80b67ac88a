"""Searching a trial by QIDO-RS (PS3.18 §10.6): which studies, series or instances match, and what is told of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from carpet.core.errors import Refused
from carpet.run.ohif.archive import Instance
from carpet.run.ohif.notices import QUERY_MALFORMED
from carpet.run.ohif.shelf import Header, Shelf


class Level(IntEnum):
    """What is searched for."""

    STUDY = 0
    SERIES = 1
    INSTANCE = 2


def _tags(keywords: str) -> tuple[str, ...]:
    """Keywords as tags in the writing of DICOM JSON."""
    return tuple(f"{tag_for_keyword(keyword):08X}" for keyword in keywords.split())


# What every row tells (PS3.18 tables 10.6.3-3 to -5), and what includefield may add, by level
TOLD: Mapping[Level, tuple[str, ...]] = {
    Level.STUDY: _tags(
        "StudyDate StudyTime AccessionNumber InstanceAvailability ModalitiesInStudy ReferringPhysicianName TimezoneOffsetFromUTC "
        "StudyDescription RetrieveURL PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyID "
        "NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances"
    ),
    Level.SERIES: _tags(
        "Modality SeriesDescription SeriesInstanceUID SeriesNumber NumberOfSeriesRelatedInstances PerformedProcedureStepStartDate "
        "PerformedProcedureStepStartTime RequestAttributesSequence"
    ),
    Level.INSTANCE: _tags("SOPClassUID SOPInstanceUID InstanceNumber Rows Columns BitsAllocated NumberOfFrames"),
}
MORE: Mapping[Level, tuple[str, ...]] = {
    Level.STUDY: _tags("ProcedureCodeSequence PatientAge PatientSize PatientWeight"),
    Level.SERIES: _tags("SeriesDate SeriesTime Manufacturer ManufacturerModelName BodyPartExamined ProtocolName FrameOfReferenceUID"),
    Level.INSTANCE: (),
}
STUDY_UID, SERIES_UID, INSTANCE_UID = "0020000D", "0020000E", "00080018"
AVAILABILITY, MODALITIES, RETRIEVE_URL = "00080056", "00080061", "00081190"
SERIES_COUNT, STUDY_INSTANCES, SERIES_INSTANCES = "00201206", "00201208", "00201209"
MODALITY, CHARACTER_SET = "00080060", "00080005"
RANGED = frozenset({"DA", "TM", "DT"})
WORDS_OF_CASE = frozenset({"PN"})  # matched without regard to case (PS3.4 C.2.2.2.1)
TAG = re.compile(r"[0-9A-Fa-f]{8}")
NUMBER = re.compile(r"[0-9]{1,9}")
SETTINGS = frozenset({"includefield", "limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching"})


@dataclass(frozen=True)
class Query:
    """What is searched for. matches: text by tag; more: tags to tell besides; everything: all attributes of an instance."""

    level: Level
    matches: Mapping[str, str]
    more: frozenset[str]
    everything: bool
    limit: int | None
    offset: int
    fuzzy: bool


def query_of(level: Level, pairs: Iterable[tuple[str, str]]) -> Query:
    """What the parameters of a request ask for; raises Refused (DICOMWEB_QUERY_MALFORMED) for what cannot be answered."""
    matches: dict[str, str] = {}
    settings: dict[str, str] = {}
    more: list[str] = []
    for name, value in pairs:
        if name == "includefield":
            more += [part for part in value.split(",") if part]
        elif name in SETTINGS:
            settings[name] = value
        else:
            tag = tag_of(name)
            if tag in matches or tag not in _asked_at(level):
                raise Refused(
                    QUERY_MALFORMED.at(tag, "asked twice" if tag in matches else f"not an attribute of a {level.name.lower()} here")
                )
            matches[tag] = value
    return Query(
        level,
        matches,
        frozenset(tag_of(name) for name in more if name != "all"),
        "all" in more,
        _number(settings, "limit"),
        _number(settings, "offset") or 0,
        settings.get("fuzzymatching", "false").lower() == "true",
    )


def tag_of(name: str) -> str:
    """`PatientID` or `00100020` as `00100020`; raises Refused for any other word."""
    if TAG.fullmatch(name):
        return name.upper()
    tag = tag_for_keyword(name) if name.isidentifier() else None
    if tag is None:
        raise Refused(QUERY_MALFORMED.at("parameter", repr(name[:64])))
    return f"{tag:08X}"


def _asked_at(level: Level) -> frozenset[str]:
    """Attributes of this level and those above; the modality also of a study."""
    own = {tag for one in Level if one <= level for tag in (*TOLD[one], *MORE[one])} | {MODALITY}
    return frozenset(own - {AVAILABILITY, RETRIEVE_URL})


def _number(settings: Mapping[str, str], name: str) -> int | None:
    text = settings.get(name)
    if text is None:
        return None
    if not NUMBER.fullmatch(text):
        raise Refused(QUERY_MALFORMED.at(name, repr(text[:64])))
    return int(text)


def found(shelf: Shelf, query: Query, root: str) -> list[Header]:
    """The rows that match, in the order of the UIDs. root: the service's address."""
    rows = {Level.STUDY: _studies, Level.SERIES: _series, Level.INSTANCE: _instances}[query.level](shelf, query, root)
    end = None if query.limit is None else query.offset + query.limit
    return list(islice(rows, query.offset, end))


def _studies(shelf: Shelf, query: Query, root: str) -> Iterator[Header]:
    for uid, by_series in shelf.archive.studies.items():
        if _is_wanted(query, STUDY_UID, uid):
            row = study_row(shelf, uid, by_series, root)
            if matched(row | {MODALITY: row[MODALITIES]}, query.matches):
                yield _told(row, query, shelf.first(uid, next(iter(by_series))))


def _series(shelf: Shelf, query: Query, root: str) -> Iterator[Header]:
    for above, uid, instances in _each_series(shelf, query, root):
        row = above | series_row(shelf, uid, instances, root)
        if matched(row, query.matches):
            yield _told(row, query, shelf.first(instances[0].study, uid))


def _instances(shelf: Shelf, query: Query, root: str) -> Iterator[Header]:
    own = set(TOLD[Level.INSTANCE])
    above_asked = {tag: value for tag, value in query.matches.items() if tag not in own}
    for above, uid, instances in _each_series(shelf, query, root):
        of_series = above | series_row(shelf, uid, instances, root)
        if not matched(of_series, above_asked):
            continue
        for one, header in zip(instances, shelf.headers(instances[0].study, uid, root), strict=True):
            row = of_series | {tag: header[tag] for tag in TOLD[Level.INSTANCE] if tag in header} | _addressed(f"{root}/{one.place}")
            if matched(row, query.matches):
                yield _told(row, query, header)


def _each_series(shelf: Shelf, query: Query, root: str) -> Iterator[tuple[dict[str, Any], str, Sequence[Instance]]]:
    for study, by_series in shelf.archive.studies.items():
        if not _is_wanted(query, STUDY_UID, study):
            continue
        above = study_row(shelf, study, by_series, root)
        for uid, instances in by_series.items():
            if _is_wanted(query, SERIES_UID, uid):
                yield above, uid, instances


def study_row(shelf: Shelf, uid: str, by_series: Mapping[str, Sequence[Instance]], root: str) -> dict[str, Any]:
    """What is told of a study, by the header of its first series."""
    header = shelf.first(uid, next(iter(by_series)))
    modalities = sorted({members[0].modality for members in by_series.values()} - {""})
    return _picked(header, Level.STUDY) | {
        MODALITIES: {"vr": "CS", "Value": modalities},
        SERIES_COUNT: {"vr": "IS", "Value": [len(by_series)]},
        STUDY_INSTANCES: {"vr": "IS", "Value": [sum(map(len, by_series.values()))]},
        **_addressed(f"{root}/studies/{uid}"),
    }


def series_row(shelf: Shelf, uid: str, instances: Sequence[Instance], root: str) -> dict[str, Any]:
    """What is told of a series besides what is told of its study."""
    study = instances[0].study
    return _picked(shelf.first(study, uid), Level.SERIES) | {
        SERIES_INSTANCES: {"vr": "IS", "Value": [len(instances)]},
        **_addressed(f"{root}/studies/{study}/series/{uid}"),
    }


def _addressed(address: str) -> dict[str, Any]:
    return {AVAILABILITY: {"vr": "CS", "Value": ["ONLINE"]}, RETRIEVE_URL: {"vr": "UR", "Value": [address]}}


def _picked(header: Header, level: Level) -> dict[str, Any]:
    """The attributes that stand in every row; those the file lacks are empty."""
    return {tag: header.get(tag, {"vr": _vr(tag)}) for tag in TOLD[level] if tag not in (RETRIEVE_URL, AVAILABILITY)}


def _vr(tag: str) -> str:
    return dictionary_VR(int(tag, 16))


def _told(row: Mapping[str, Any], query: Query, header: Header) -> Header:
    """The row with what is asked for besides; of a study and a series only what is the same in all their instances by its nature."""
    allowed = {tag for one in Level if one <= query.level for tag in (*TOLD[one], *MORE[one])}
    wanted = frozenset(header) if query.everything else query.more
    if query.level is not Level.INSTANCE:
        wanted &= allowed
    extra = {tag: header[tag] for tag in wanted | {CHARACTER_SET} if tag in header and tag not in row}
    return dict(sorted((extra | dict(row)).items()))


def _is_wanted(query: Query, tag: str, uid: str) -> bool:
    return matched({tag: {"vr": "UI", "Value": [uid]}}, {tag: query.matches[tag]} if tag in query.matches else {})


def matched(row: Header, matches: Mapping[str, str]) -> bool:
    """Whether a row is as asked: lists of UIDs, ranges of days and times, * and ? in text, numbers; an empty text matches all."""
    return all(_one_matches(row.get(tag, {}), tag, asked) for tag, asked in matches.items())


def _one_matches(attribute: Mapping[str, Any], tag: str, asked: str) -> bool:
    if asked in ("", "*"):
        return True
    vr = str(attribute.get("vr") or _vr(tag))
    there = [_as_text(one) for one in attribute.get("Value", [])]
    if vr == "UI":
        return bool(set(there) & set(re.split(r"[,\\]", asked)))
    if vr in RANGED and "-" in asked:
        low, _, high = asked.partition("-")
        return any(one[: len(low)] >= low and (not high or one[: len(high)] <= high) for one in there)
    if vr in WORDS_OF_CASE:
        there, asked = [one.casefold() for one in there], asked.casefold()
    return any(_like(one, asked) for one in there)


def _as_text(value: object) -> str:
    """One value of DICOM JSON; a name by its alphabetic letters."""
    if isinstance(value, Mapping):
        return str(value.get("Alphabetic", ""))
    return "" if value is None else str(value).strip()


def _like(text: str, asked: str) -> bool:
    """* and ? stand for anything; everything else for itself."""
    if "*" not in asked and "?" not in asked:
        return text == asked.strip()
    return fnmatchcase(text, asked.replace("[", "[[]"))
