"""How long from DICOM to lesions.csv, as whole processes in turn: carpet, and the script a user would write today.

    python benchmarks/lesion_table.py [--runs N] [--quick]

Makes a 400 × 400 × 350 PET with carpet.testing (`--quick`: a whole-body PET of ordinary size), runs both programs alternately, checks
that the numbers they share agree, and prints seconds, peak memory and the ratio, pair by pair. carpet also reads every header for the
quality page, finds organs, tells disease from physiologic uptake, and writes measurements.json and biomarkers.csv.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAME = 1e-4  # the user's script works in float64, carpet keeps float32


def timed(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak memory (MiB) of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{command[0]} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def check_same(ours: list[dict[str, str]], theirs: list[dict[str, str]]) -> None:
    """Both tables hold the same regions: matched by volume and SUVmax, every shared number within SAME."""
    if len(ours) != len(theirs):
        raise SystemExit(f"{len(ours)} regions against {len(theirs)}")

    def by_size(row: dict[str, str]) -> tuple[float, float]:
        return round(float(row["volume_ml"]), 3), round(float(row["suv_max"]), 2)

    for mine, other in zip(sorted(ours, key=by_size), sorted(theirs, key=by_size), strict=True):
        for name in ("volume_ml", "suv_max", "suv_mean", "suv_peak", "tlg_g"):
            if abs(float(mine[name]) - float(other[name])) > SAME * abs(float(other[name])):
                raise SystemExit(f"{name}: {mine[name]} against {other[name]}")


def make(folder: Path, *, quick: bool) -> None:
    """Write the PET (no CT) in the manner of GE and say what it is."""
    from carpet.testing import Storage, benchmark_phantom, random_phantom, write_study

    scan = random_phantom(5, vendor="ge") if quick else benchmark_phantom(ct_matrix=0)
    write_study(scan, folder, vendor="ge", storage=Storage(with_ct=False))
    print(f"PET {' × '.join(map(str, scan.suv.grid.shape_kji[::-1]))}, {len(scan.planted)} planted foci")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.make:
        return make(chosen.make, quick=chosen.quick)
    with tempfile.TemporaryDirectory() as scratch:
        pet, out, table = Path(scratch, "dicom"), Path(scratch, "out"), Path(scratch, "plain.csv")
        # in a process of its own: what this process holds would count as memory of the programs it starts
        again = [sys.executable, __file__, "--make", str(pet), *(["--quick"] if chosen.quick else [])]
        made = subprocess.run(again, check=True, capture_output=True, text=True).stdout.strip()
        carpet = [sys.executable, "-c", "from carpet.run.cli import main; main()", "measure", str(pet), "-o", str(out), "--tables-only"]
        plain = [sys.executable, str(HERE / "plain_script.py"), str(pet), str(table)]
        timed(carpet), timed(plain)  # a warm-up each: files in memory, byte code written
        check_same(rows(out / "lesions.csv"), rows(table))
        pairs = [(timed(carpet), timed(plain)) for _ in range(chosen.runs)]
    print(f"{made}, {chosen.runs} runs each in turn; numbers agree to {SAME:g}")
    for name, column in (("carpet", 0), ("plain script", 1)):
        seconds = [pair[column][0] for pair in pairs]
        memory = max(pair[column][1] for pair in pairs)
        print(
            f"{name:<14} {min(seconds):7.2f} {statistics.median(seconds):7.2f} {max(seconds):7.2f} s (min, median, max)  {memory:7.0f} MiB"
        )
    ratios = [theirs[0] / ours[0] for ours, theirs in pairs]
    print(f"plain / carpet {min(ratios):7.1f} {statistics.median(ratios):7.1f} {max(ratios):7.1f} ×")
    return None


if __name__ == "__main__":
    main()
