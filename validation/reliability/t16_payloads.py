"""T16: forty hostile texts in every text field that reaches carpet: shown or refused, never obeyed, and no number changes.

In case n, field i holds payload n + i: after forty cases each payload has stood in each field. A case is three calls of the command:
`measure` with all outputs and a reader's decisions; `measure --mask` with hostile segment names; `scan` (and `measure`) of a study whose
identifiers, units and file names are hostile too. The fields: the study's descriptive attributes and its UIDs; the name of the protocol;
reader and comment of the decisions, `--reader`; names of segments and structures in NRRD and RTSTRUCT; names of files.

A failure is: an exit status other than done or refused (wrong call for `--reader`, and for a protocol of absurd length); a number that
differs from the benign study's; in HTML any element or attribute that the benign page has not, an event handler, an address other than
a picture in the page; in PDF an action, address, script or attachment, or a computed formula; in CSV another number of rows or columns,
or a cell that a spreadsheet runs; in SEG and SR other elements than the benign ones', a control character, or an error of dciodvfy
(where installed); on the terminal and in JSON a control character; and the patient's name or record number in anything written.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from validation.reliability.payloads import PAYLOADS, SECRETS
from validation.reliability.score import Score
from validation.reliability.seeds import grid_of, nrrd, rtstruct, square
from validation.reliability.wrong_headers import put

from carpet.run.calls import WRONG_CALL
from carpet.run.cli import run as carpet
from carpet.run.protocols import LONGEST_LINE
from carpet.testing import PhantomScan, Storage, simple_phantom, write_study

BENIGN = "harmless"
IDENTITY = ("PatientName", "PatientID")
TEXTS = (
    *(*IDENTITY, "StudyDescription", "SeriesDescription", "Manufacturer", "ManufacturerModelName", "StationName", "InstitutionName"),
    *("ReconstructionMethod", "StudyID", "AccessionNumber", "SoftwareVersions", "ConvolutionKernel", "ProtocolName", "OperatorsName"),
    *("PatientComments", "ImageComments", "ReferringPhysicianName", "PatientSex", "PatientAge", "BodyPartExamined"),
)
DRUG_TEXT = "Radiopharmaceutical"
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID", "Units", "DecayCorrection", "CorrectedImage")
OTHERS = ("protocol", "reader", "comment", "segment", "structure", "--reader", "file name")
FIELDS = (*TEXTS, DRUG_TEXT, *UIDS, *OTHERS)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff\u2028\u2029]")
PDF_ACTIONS = (
    *(b"/JavaScript", b"/JS", b"/URI", b"/Launch", b"/OpenAction", b"/AA", b"/EmbeddedFile", b"/GoToR", b"/SubmitForm"),
    *(b"/RichMedia", b"/ImportData"),
)
FETCHING = ("src", "href", "action", "data", "srcset", "poster")
ACTIVE = ("script", "iframe", "object", "embed", "base", "link")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")  # what no DICOM text may hold
LONG_ENOUGH = 6  # characters: a shorter text may stand anywhere by chance


def texts(number: int) -> dict[str, str]:
    """The payload of each field in case `number`; −1 is the benign case."""
    if number < 0:
        return dict.fromkeys(FIELDS, BENIGN) | dict(zip(IDENTITY, ("Zauberberg^K", "MRN-4711"), strict=True))
    return {field: PAYLOADS[(number + i) % len(PAYLOADS)] for i, field in enumerate(FIELDS)}


def written(scan: PhantomScan, said: Mapping[str, str], folder: Path, *, uids: bool) -> Path:
    """The study with these texts, in UTF-8; with hostile UIDs and units only where asked, for these can only be refused."""

    def edit(dataset: Dataset, index: int) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        for keyword in TEXTS:
            put(dataset, keyword, said[keyword])
        put(dataset.RadiopharmaceuticalInformationSequence[0], DRUG_TEXT, said[DRUG_TEXT])
        for keyword in UIDS if uids else ():
            put(dataset, keyword, f"{said[keyword]}{index if keyword == 'SOPInstanceUID' else ''}")

    write_study(scan, folder, storage=Storage(with_ct=False), edit=edit)
    return folder


def toml_string(text: str) -> str:
    """A basic string of TOML: JSON's, but for a character that TOML wants escaped and JSON does not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def called(*arguments: object) -> tuple[int, str, str]:
    """The command in this process: its status, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = carpet([str(one) for one in arguments])
    return status, out.getvalue(), err.getvalue()


class Page(HTMLParser):
    """The elements of a page with the names of their attributes, and the values that could fetch something."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        for name, value in attrs:
            said = value or ""
            fetches = (name in FETCHING and not said.startswith("data:image/png;base64,")) or "url(" in said
            if fetches or name.startswith("on") or tag in ACTIVE:
                self.wrong.append(f"<{tag} {name}={(value or '')[:40]!r}>")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"a comment {data[:40]!r}")


def html_faults(text: str, benign: str) -> Iterator[str]:
    page, good = Page(text), Page(benign)
    yield from (f"HTML: {what}" for what in page.wrong)
    if page.elements != good.elements:
        yield f"HTML: other elements than the benign page ({len(page.elements)} and {len(good.elements)})"


def pdf_faults(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    for start in re.finditer(rb"stream\r?\n", content):
        with contextlib.suppress(zlib.error):
            content += zlib.decompressobj().decompress(content[start.end() : start.end() + 2**22])
    yield from (f"PDF: {what.decode()}" for what in PDF_ACTIONS if re.search(re.escape(what) + rb"(?![A-Za-z])", content))
    if shutil.which("pdftotext"):
        told = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=False)
        if told.returncode or "UNREVIEWED" not in told.stdout:
            yield f"PDF: not readable by pdftotext {told.stderr[:80]!r}"
        yield from (f"PDF: {secret}" for secret in SECRETS if secret in told.stdout)


def csv_faults(path: Path, benign: Path) -> Iterator[str]:
    rows, good = (list(csv.reader(io.StringIO(one.read_text(encoding="utf-8"), newline=""))) for one in (path, benign))
    if [len(row) for row in rows] != [len(row) for row in good]:
        yield f"{path.name}: {len(rows)} rows of {sorted({len(row) for row in rows})} cells"
    for cell in (cell for row in rows for cell in row if cell.startswith(FORMULA)):
        try:
            float(cell)
        except ValueError:
            yield f"{path.name}: a cell {cell[:40]!r}"


def dicom_faults(path: Path, benign: Path) -> Iterator[str]:
    data, good = dcmread(path), dcmread(benign)
    if _tags(data) != _tags(good):
        yield f"{path.name}: other elements than the benign one's: {sorted(_tags(data) ^ _tags(good))[:3]}"
    for element in data.iterall():
        if isinstance(element.value, str) and (bad := CONTROL.search(element.value)):
            yield f"{path.name}: {element.keyword} holds {bad[0]!r}"
    if shutil.which("dciodvfy"):
        ran = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False)
        yield from (f"{path.name}: {line[:160]}" for line in (ran.stdout + ran.stderr).splitlines() if line.startswith("Error"))


def _tags(data: Dataset) -> set[str]:
    return {f"{element.tag}" for element in data.iterall()}


def numbers(document: Any, key: str = "") -> list[tuple[str, float]]:
    """Every number of a JSON document, with its key."""
    if isinstance(document, dict):
        return [pair for name, value in document.items() for pair in numbers(value, name)]
    if isinstance(document, list):
        return [pair for value in document for pair in numbers(value, key)]
    return [(key, document)] if isinstance(document, int | float) and not isinstance(document, bool) else []


def output_faults(out: Path, benign: Path) -> Iterator[str]:
    """What is wrong with the files of one `measure`."""
    document, good = (json.loads((one / "measurements.json").read_text(encoding="utf-8")) for one in (out, benign))
    for part in ("lesions", "biomarkers", "references", "suv"):
        if numbers(document[part]) != numbers(good[part]):
            yield f"the numbers of {part} differ"
    yield from (f"{n}: missing" for n in sorted({path.name for path in benign.iterdir()} - {path.name for path in out.iterdir()}))
    for name in ("lesions.csv", "biomarkers.csv"):
        yield from csv_faults(out / name, benign / name)
    if (out / "report.html").exists():
        yield from html_faults(*((one / "report.html").read_text(encoding="utf-8") for one in (out, benign)))
        yield from pdf_faults(out / "report.pdf")
        for name in ("lesions.seg.dcm", "measurements.sr.dcm"):
            yield from dicom_faults(out / name, benign / name)
    if steering := STEERING.search((out / "measurements.json").read_text(encoding="utf-8")):
        yield f"measurements.json: {steering[0]!r}"


def leaks(out: Path, said: Mapping[str, str], printed: str) -> Iterator[str]:
    """The patient's name or record number, in words or bytes."""
    contents = {path.name: path.read_bytes() for path in out.iterdir()} if out.is_dir() else {}
    for keyword in IDENTITY:
        secret = said[keyword].strip()
        if len(secret) >= LONG_ENOUGH and not any(secret in text for field, text in said.items() if field != keyword):
            yield from (f"{name}: {keyword}" for name, content in contents.items() if secret.encode() in content)
            if secret in printed:
                yield f"terminal: {keyword}"


class Bench:
    """The benign study, measured once, and the calls that each case makes."""

    def __init__(self, work: Path) -> None:
        self.work = work
        whole = simple_phantom(spacing_mm=20.0)
        self.scan = replace(whole, suv=whole.suv.cropped((slice(0, 8), slice(0, 14), slice(0, 18))))

    def three_calls(self, number: int) -> Iterator[str]:
        """The faults of one case; the benign case (−1) makes what the others are compared with."""
        said, folder = texts(number), self.work / f"case{number}"
        study = written(self.scan, said, folder / "dicom", uids=False)
        yield from self._decided(study, said, folder)
        yield from self._masked(study, said, folder)
        yield from self._scanned(said, folder)
        if number >= 0:
            shutil.rmtree(folder)

    def _decided(self, study: Path, said: Mapping[str, str], folder: Path) -> Iterator[str]:
        protocol, decisions, out = folder / "p.toml", folder / "d.csv", folder / "decided"
        protocol.write_text(f"name = {toml_string(said['protocol'])}\n[segment]\npreselect_min_ml = 0.0\n", encoding="utf-8")
        with decisions.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("lesion_id", "status", "reader", "comment"), ("L01", "disease", said["reader"], said["comment"])])
        status, printed, erred = called("measure", study, "-o", out, "--protocol", protocol, "--decisions", decisions)
        no_name = not said["reader"].strip() or "\0" in said["reader"]
        if status == WRONG_CALL and len(said["protocol"]) > LONGEST_LINE:
            return
        yield from self._judged(status, printed + erred, out, said, refusable=no_name)

    def _masked(self, study: Path, said: Mapping[str, str], folder: Path) -> Iterator[str]:
        grid = grid_of(study)
        values = self.scan.truth.to_values()[:8] * 0
        values[1:3, 5:9, 6:9] = 1
        named = " ".join(said["segment"].splitlines())  # a line break would end the line of the NRRD header
        (folder / "mask.nrrd").write_bytes(nrrd(values, grid).replace(b"Segment0_Name:=Liver", b"Segment0_Name:=" + named.encode()))
        rtstruct(grid, {said["structure"]: [square(grid, 1), square(grid, 2)]}).save_as(folder / "mask.dcm")
        for name, reader in (("mask.nrrd", ("--reader", said["--reader"])), ("mask.dcm", ())):
            out = folder / name.partition(".")[2]
            status, printed, erred = called("measure", study, "-o", out, "--tables-only", "--mask", folder / name, *reader)
            rejected = status == WRONG_CALL and reader and not said["--reader"].isprintable()
            if not rejected:
                yield from self._judged(status, printed + erred, out, said)
            elif STEERING.search(printed + erred):
                yield "terminal: a control character"

    def _scanned(self, said: Mapping[str, str], folder: Path) -> Iterator[str]:
        study = written(self.scan, said, folder / "uids", uids=True)
        name = "".join(char for char in said["file name"] if char not in "/\0").encode()[:60].decode(errors="ignore")
        (study / f"{name}.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"broken")
        for more in ((), ("--json",)):
            status, printed, erred = called("scan", study, *more)
            if status not in (0, 1):
                yield f"scan: status {status}"
            if STEERING.search(printed + erred):
                yield "scan: a control character on the terminal"
            yield from leaks(folder / "none", said, printed + erred)
        status, printed, erred = called("measure", study, "-o", folder / "uids out", "--tables-only")
        if status not in (0, 1) or STEERING.search(printed + erred):
            yield f"measure with hostile UIDs: status {status}, {erred[:80]!r}"

    def _judged(self, status: int, printed: str, out: Path, said: Mapping[str, str], *, refusable: bool = False) -> Iterator[str]:
        what = out.name
        if STEERING.search(printed):
            yield f"{what}: a control character on the terminal"
        yield from (f"{what}: {fault}" for fault in leaks(out, said, printed))
        if status == 0:
            yield from (f"{what}: {fault}" for fault in output_faults(out, self.work / "case-1" / what))
        elif not (status == 1 and refusable):
            yield f"{what}: status {status}, {printed[:200]!r}"


def run(size: int, work: Path) -> Score:
    """The first `size` of the forty cases; at forty every payload has stood in every field."""
    bench = Bench(work)
    failed = [f"benign: {fault}" for fault in bench.three_calls(-1)]
    cases = min(size, len(PAYLOADS))
    for number in range(cases):
        failed += [f"case {number}: {fault}" for fault in dict.fromkeys(bench.three_calls(number))]
    note = f"{len(PAYLOADS)} payloads, {len(FIELDS)} fields"
    return Score("T16", "hostile texts are shown or refused", cases * len(FIELDS), tuple(failed), notes=(note,))
