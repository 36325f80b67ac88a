"""What carpet asks of a DICOMweb archive (PS3.18): which series and instances it has (QIDO-RS), one instance (WADO-RS), store (STOW-RS)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carpet.core.errors import Refused
from carpet.dicom import notices
from carpet.dicom.network.http import JSON_CAP_BYTES, Answer, Server
from carpet.dicom.network.landing import is_uid
from carpet.dicom.network.multipart import DICOM, MalformedParts, boundary_of, only_part, parts_body

JSON_TYPE = "application/dicom+json"
PAGE_ROWS = 1000
ROWS_CAP = 20_000  # instances of one series; whole-body CT has some thousand
INSTANCE_CAP_BYTES = 2**30
MODALITY, MODALITIES, PATIENT_ID = "00080060", "00080061", "00100020"
STUDY, SERIES, INSTANCE, SERIES_INSTANCES = "0020000D", "0020000E", "00080018", "00201209"
REFERENCED_INSTANCES, FAILED_INSTANCES, REFERENCED_UID, FAILURE_REASON = "00081199", "00081198", "00081155", "00081197"
PARTLY_STORED = frozenset({202, 400, 409})  # PS3.18 §10.5.3: their body says which instances failed and why

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SeriesOnServer:
    """A series as the archive lists it. `said`: how many instances it says there are, None where it does not say."""

    series_uid: str
    modality: str
    said: int | None
    instances: tuple[str, ...]


def studies_of(server: Server, *, study: str | None = None, patient: str | None = None) -> tuple[str, ...]:
    """UIDs of the studies with this UID or of the patient with this record number, in the order of the UIDs; () where there is none."""
    wanted = {"StudyInstanceUID": study} if study else {"PatientID": patient or ""}
    rows = _rows(server, ("studies",), STUDY, wanted)
    tag, value = (STUDY, study) if study else (PATIENT_ID, patient)
    return tuple(sorted(str(first(row, STUDY)) for row in rows if str(first(row, tag) or "").strip() == (value or "").strip()))


def series_of(server: Server, study: str, modalities: frozenset[str]) -> tuple[SeriesOnServer, ...]:
    """The series of a study with one of these modalities (all where empty), each with the UIDs of its instances."""
    rows = _rows(server, ("studies", study, "series"), SERIES, {"includefield": SERIES_INSTANCES})
    found = []
    for row in sorted(rows, key=lambda row: str(first(row, SERIES))):
        modality, uid, said = str(first(row, MODALITY) or ""), str(first(row, SERIES)), first(row, SERIES_INSTANCES)
        if not modalities or modality in modalities:
            count = int(said) if isinstance(said, (int, str)) and str(said).isdecimal() else None
            found.append(SeriesOnServer(uid, modality, count, instances_of(server, study, uid)))
    return tuple(found)


def instances_of(server: Server, study: str, series: str) -> tuple[str, ...]:
    """The SOP Instance UIDs of a series, sorted."""
    rows = _rows(server, ("studies", study, "series", series, "instances"), INSTANCE, {})
    return tuple(sorted(str(first(row, INSTANCE)) for row in rows))


def header_of(server: Server, study: str, series: str, instance: str) -> Row:
    """The attributes of one instance in DICOM JSON, without pixels; raises Refused."""
    with server.get("studies", study, "series", series, "instances", instance, "metadata", accept=JSON_TYPE) as answer:
        rows = _json_rows(answer)
    if len(rows) != 1:
        raise answer.unusable(f"{len(rows)} data sets for one instance")
    return rows[0]


def instance_blocks(server: Server, study: str, series: str, instance: str) -> Iterator[bytes]:
    """One DICOM file as a stream, in the transfer syntax in which it is stored; raises Refused, also in the middle."""
    accept = f'multipart/related; type="{DICOM}"; transfer-syntax=*'
    with server.get("studies", study, "series", series, "instances", instance, accept=accept) as answer:
        try:
            yield from only_part(answer.blocks(INSTANCE_CAP_BYTES), boundary_of(answer.content_type))
        except MalformedParts as error:
            raise answer.unusable(str(error)) from error


def store(server: Server, study: str, files: Sequence[bytes], uids: Sequence[str]) -> None:
    """Give files with these SOP Instance UIDs to the archive; raises Refused with its reason for each that it did not take."""
    body, content_type = parts_body(files)
    with server.post("studies", study, accept=JSON_TYPE, content_type=content_type, body=body, also=PARTLY_STORED) as answer:
        rows = _json_rows(answer)
        status = answer.status
    told = rows[0] if rows else {}
    failed = _items(told, FAILED_INSTANCES)
    stored = {str(first(item, REFERENCED_UID)) for item in _items(told, REFERENCED_INSTANCES)}
    missing = [uid for uid in uids if uid not in stored]
    if failed or missing:
        reasons = ", ".join(sorted({_reason(first(item, FAILURE_REASON)) for item in failed})) or "no reason given"
        raise Refused(notices.NOT_STORED.at(server.origin, f"{len(missing)} of {len(uids)} instances, HTTP {status}: {reasons}"))


def first(row: Row, tag: str) -> Any:
    """The first value of an attribute in DICOM JSON; None where it is absent or empty."""
    values = _values(row, tag)
    return values[0] if values else None


def _values(row: Row, tag: str) -> list[Any]:
    attribute = row.get(tag)
    values = attribute.get("Value") if isinstance(attribute, Mapping) else None
    return values if isinstance(values, list) else []


def _items(row: Row, tag: str) -> list[Row]:
    return [item for item in _values(row, tag) if isinstance(item, Mapping)]


def _reason(code: object) -> str:
    return f"failure {code:04X}" if isinstance(code, int) else "no reason given"


def _rows(server: Server, path: tuple[str, ...], key: str, query: Mapping[str, str]) -> list[Row]:
    """All rows of a search, page after page until a page brings nothing that was not there before; each has a UID as `key`."""
    found: dict[str, Row] = {}
    while len(found) <= ROWS_CAP:
        page = {**query, "limit": str(PAGE_ROWS), "offset": str(len(found))}
        with server.get(*path, accept=JSON_TYPE, query=page) as answer:
            rows = {str(first(row, key)): row for row in _json_rows(answer)}
            if not all(is_uid(uid) for uid in rows):
                raise answer.unusable("a row without a UID")
        if rows.keys() <= found.keys():
            return list(found.values())
        found |= rows
    raise answer.unusable(f"more than {ROWS_CAP} rows")


def _json_rows(answer: Answer) -> list[Row]:
    """The data sets of an answer in DICOM JSON; none where there is no content."""
    content = b"".join(answer.blocks(JSON_CAP_BYTES))
    if answer.status == 204:
        return []
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise answer.unusable("not JSON") from error
    rows = document if isinstance(document, list) else [document]
    if not all(isinstance(row, Mapping) for row in rows):
        raise answer.unusable("not DICOM JSON")
    return rows
