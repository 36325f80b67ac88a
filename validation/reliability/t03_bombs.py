"""T3: a small file that asks for much memory or time is refused within 2 s and 256 MiB; a large file that is honest is still read.

Each bomb (bombs.py) is read as a user would have carpet read it: a folder by catalogue, quantification and pixels; a mask by `--mask`; a
decisions table; a protocol. Every reading has a process of its own, forked from one that has imported everything and done nothing.

A failure is: 2 s or more of processor time (the clock of a busy machine proves nothing), or 20 s on the clock; a rise of resident memory
of 256 MiB or more over that process at its start (time and memory of the decoding child count beside, over a child that decoded an
ordinary slice); an exception that is not carpet's own; a crash. That a bomb is refused means that no number comes out because of it: a
study whose one bad file is listed as unreadable goes on without it, and a mask whose excess is harmless (a million points) may be read,
within the same bounds. The honest ones, which must be read: a PET of 150 slices of 256 × 256, and a gzipped mask of as many voxels.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from validation.reliability.bombs import MAKERS, Source
from validation.reliability.score import Score
from validation.reliability.seeds import grid_of, silent, subjects
from validation.reliability.watched import Outcome, forget_peak, serve, watched

from carpet.core.errors import CarpetError
from carpet.core.protocol import SuvProtocol

LIMIT_S, LIMIT_MIB, GIVE_UP_S = 2.0, 256.0, 20.0
HONEST = {"honest PET, 150 slices of 256 × 256": "scan", "honest mask on it, gzipped": "mask"}
NAMES = (*MAKERS, *HONEST)
AUTO = SuvProtocol()
KIB_PER_MIB = 1024.0


def read(reader: str, folder: Path, grid: Any) -> str:
    """What carpet makes of the bomb: `read`, or its refusal's codes; whatever else is raised goes through."""
    from carpet.dicom.mask import read_mask
    from carpet.run.measuring import measured as whole
    from carpet.run.opening import found_under, open_study
    from carpet.run.pipeline import Wishes
    from carpet.run.protocols import load_protocol
    from carpet.suv.volume import to_suv

    file = next(path for path in sorted(folder.iterdir()) if reader == "scan" or path.name.startswith(("mask.", "big.")))
    if reader == "mask":
        read_mask(file, grid)
    elif reader == "decisions":
        study = folder.parents[1] / "seeds" / "siemens"
        with whole(study, load_protocol("cart-lymphoma"), Wishes(decisions=file), series_uid=None, weight_kg=None, say=silent):
            pass
    elif reader == "protocol":
        load_protocol(file)
    else:
        with found_under([folder], AUTO) as found:
            to_suv(open_study(found), AUTO)
    return "read"


def measured(reader: str, folder: Path, grid: Any) -> str:
    """One reading in a forked process: JSON of the word, seconds and rise of memory (MiB) of its own, seconds and peak of its children."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child:
        os.close(outlet)
        with os.fdopen(inlet) as answer:
            said = answer.read()
        _, status = os.waitpid(child, 0)
        return said or json.dumps([f"died of signal {os.waitstatus_to_exitcode(status)}", 0.0, 0.0, 0.0, 0.0])
    forget_peak()
    before, began = _own_kib(), time.process_time()
    try:
        word = read(reader, folder, grid)
    except CarpetError as error:
        word = f"refused: {', '.join(getattr(error, 'codes', ())) or type(error).__name__}"
    except BaseException as error:
        word = f"uncaught {type(error).__name__}: {str(error)[:80]}"
    seconds, children = time.process_time() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    rise_mib, child_mib = (_own_kib() - before) / KIB_PER_MIB, children.ru_maxrss / KIB_PER_MIB
    with os.fdopen(outlet, "w") as answer:
        answer.write(json.dumps([word, seconds, rise_mib, children.ru_utime + children.ru_stime, child_mib]))
    os._exit(0)


def _own_kib() -> int:
    """Peak resident memory since `forget_peak`, where the system tells."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def prepared(size: int, work: Path) -> None:
    """The files of the first `size` bombs, made by the parent so that making them costs no one's memory; and the honest large ones."""
    found = {one.name: one for one in subjects(work / "seeds")}
    slices = [path for path in found["siemens"].files if path.parent.name == "PT_AC"]
    source = Source(slices, work / "seeds" / "masks", grid_of(work / "seeds" / "siemens"))
    kinds = {}
    for number, (name, make) in enumerate(list(MAKERS.items())[:size]):
        folder = work / "bombs" / f"{number:03d}"
        folder.mkdir(parents=True)
        kinds[name] = make(folder, source)
    shutil.copytree(work / "seeds" / "rle", work / "bombs" / "plain rle")
    _honest(work / "bombs")
    (work / "kinds.json").write_text(json.dumps(kinds | HONEST))


def _honest(folder: Path) -> None:
    from dataclasses import replace

    from carpet.core.space import Labels, Quantity, Volume
    from carpet.dicom.nifti import write_nifti
    from carpet.testing import Storage, simple_phantom, write_study
    from carpet.testing.voxels import upright_grid

    small = simple_phantom(spacing_mm=20.0)
    grid = upright_grid((150, 256, 256), (3.0, 2.0, 2.0), first_centre_lps_mm=(-255.0, -255.0, -450.0), frame_uid="1.2.3.9")
    values = np.random.default_rng(3).random(grid.shape_kji, dtype=np.float32) * 5
    scan = replace(small, suv=Volume(grid, values, Quantity.SUV_BW), truth=Labels(grid, {}))
    write_study(scan, folder / f"{len(MAKERS):03d}", storage=Storage(with_ct=False))
    mask = folder / f"{len(MAKERS) + 1:03d}"
    mask.mkdir()
    (mask / "mask.nii.gz").write_bytes(gzip.compress(gzip.decompress(write_nifti((values > 4.5).astype(np.uint8), grid)), 6))


def verdict(one: Outcome, child_s: float, child_mib: float) -> tuple[str, float, float]:
    """Why the bomb of this number failed (empty where it did not), its seconds and its rise in MiB."""
    name = NAMES[one.number]
    if one.said.startswith(("hang", "crash")):
        return f"{name}: {one.said}", one.seconds, 0.0
    word, own_s, own_mib, their_s, their_mib = json.loads(one.said)
    seconds, rise = own_s + max(their_s - child_s, 0.0), own_mib + max(their_mib - child_mib, 0.0)
    if name in HONEST:
        return ("" if word == "read" else f"{name}: {word}"), 0.0, 0.0
    wrong = [word] if word.startswith(("uncaught", "died")) else []
    wrong += [f"{seconds:.1f} s"] if seconds >= LIMIT_S else []
    wrong += [f"{rise:.0f} MiB more"] if rise >= LIMIT_MIB else []
    return (f"{name}: {', '.join(dict.fromkeys([*wrong, word]))}" if wrong else ""), seconds, rise


def run(size: int, work: Path) -> Score:
    """The first `size` bombs, and always the honest files."""
    prepared(size, work)
    plain = len(NAMES)  # the number of a compressed study that is no bomb
    numbers = [plain, *range(min(size, len(MAKERS))), *range(len(MAKERS), len(NAMES))]
    *outcomes, last = watched("validation.reliability.t03_bombs", numbers, work, limit_s=GIVE_UP_S)
    child_s, child_mib = json.loads(last.said)[3:]
    judged = [verdict(one, child_s, child_mib) for one in outcomes]
    slowest, largest = max(seconds for _, seconds, _ in judged), max(rise for _, _, rise in judged)
    note = f"slowest {slowest:.2f} s, largest rise {largest:.0f} MiB; {len(HONEST)} honest large files among them"
    return Score("T3", "bombs are refused in time and memory", len(judged), tuple(text for text, _, _ in judged if text), notes=(note,))


def one(number: int, work: Path, kinds: dict[str, str], grids: dict[bool, Callable[[], Any]]) -> str:
    if number == len(NAMES):
        return measured("scan", work / "bombs" / "plain rle", None)
    name = NAMES[number]
    return measured(kinds[name], work / "bombs" / f"{number:03d}", grids[name in HONEST]())


def main() -> None:
    """A worker: everything is imported and one slice and mask of each kind read before the first bomb, so that it pays for itself alone."""
    work = Path(sys.argv[1]).parent
    kinds = json.loads((work / "kinds.json").read_text())
    small = grid_of(work / "seeds" / "siemens")
    large = partial(grid_of, work / "bombs" / f"{len(MAKERS):03d}")
    read("scan", work / "seeds" / "siemens", small)
    for name in ("lesions.seg.dcm", "contours.dcm", "labels.nii", "gzip.seg.nrrd"):
        from carpet.dicom.mask import read_mask

        read_mask(work / "seeds" / "masks" / name, small)
    (work / "bombs" / "empty").mkdir(exist_ok=True)
    (work / "bombs" / "empty" / "big.decisions").touch()
    read("decisions", work / "bombs" / "empty", small)
    serve(lambda number: one(number, work, kinds, {False: lambda: small, True: large}))


if __name__ == "__main__":
    main()
