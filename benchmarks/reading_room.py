"""How long a reader waits: first paint, a toggle, another window, the next case, in a real browser without a graphics card.

    python benchmarks/reading_room.py [--runs N] [--quick]

Makes a trial of two patients with PET of 400 × 400 × 350 voxels and CT (`--quick`: a whole-body PET/CT of ordinary size), runs it, opens
`carpet review` in a process of its own, drives Debian's Chromium, and prints the median and the slowest of N runs beside the limits.
Times are the page's own: from its navigation, or from the key, to the frame after which the pixels or the numbers are there.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = "/usr/bin/chromium"
PATIENTS = """\
patient_id,dicom_patient_id,age,infusion_date,lymphodepletion_date,bridging,last_contact_date
A,MRN-A,60,2024-03-01,2024-02-28,no,2024-12-01
B,MRN-B,60,2024-03-01,2024-02-28,no,2024-12-01
"""
COMMAND = "from carpet.run.cli import main; main()"
LIMITS_MS = {"slices and projection": 2000, "toggle": 100, "window": 100, "next slice": 100, "next case": 1000}
# The page is asked after every frame whether what was waited for is there; what it answers are milliseconds from its own beginning.
WAIT = """about => new Promise(done => {
  const seen = {}
  const there = {
    slices: () => document.querySelector(`.scan.own .pictures[data-shown^="${about} "]`),
    projection: () => document.querySelector('.scan.own .rotating'),
    whole: () => document.querySelector(`.scan.own .pictures[data-shown^="${about} "][data-whole="true"][data-outlines]`),
  }
  const look = () => {
    for (const [name, is] of Object.entries(there)) if (!(name in seen) && is()) seen[name] = performance.now()
    if ('whole' in seen) done(seen)
    else requestAnimationFrame(look)
  }
  look()
})"""
# From the key to the frame in which the answer stands: what is true before the key must not be true.
KEYED = """([key, code, is]) => new Promise(done => {
  const held = new Function('return ' + is)
  const before = held()
  const from = performance.now()
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true }))
  const look = () => requestAnimationFrame(() => (held() === before ? look() : setTimeout(() => done(performance.now() - from))))
  look()
})"""
NUMBERS = "document.querySelector('.numbers').dataset.version"
WINDOW = "document.querySelector('.scan.own .pictures').dataset.shown"
CASE = "(document.querySelector('.scan.own .pictures')?.dataset.shown ?? '').split(' ')[0] || location.hash.slice(1).replace('%2F', '/')"


def make(folder: Path, *, quick: bool) -> str:
    """A trial that was run; says what it holds."""
    from carpet.run.trial.folder import init_trial
    from carpet.testing import Visit, benchmark_phantom, random_phantom, write_study

    init_trial(folder)
    (folder / "clinical" / "patients.csv").write_text(PATIENTS)
    day = dt.datetime(2024, 2, 27, 8, 30)
    for seed, name in ((7, "A"), (8, "B")):
        scan = random_phantom(seed) if quick else benchmark_phantom(seed=seed)
        write_study(scan, folder / "dicom" / name, visit=Visit(patient_id=f"MRN-{name}", injected_at=day))
    subprocess.run([sys.executable, "-c", COMMAND, "run", str(folder), "--tables-only"], check=False, capture_output=True)
    return " × ".join(map(str, scan.suv.grid.shape_kji[::-1]))


@contextmanager
def reviewing(folder: Path) -> Iterator[str]:
    """The address of the room, with the key that lets one browser in."""
    command = [sys.executable, "-c", COMMAND, "review", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        address = next((found[0] for line in server.stdout if (found := re.findall(r"http://\S+", line))), None)
        if address is None:
            raise SystemExit("carpet review did not open")
        try:
            yield address
        finally:
            server.terminate()


def let_in(browser: Any, address: str) -> Any:
    """What a browser knows that was let in. Both scans were opened in it: the server has them, as a room that has been open for a while."""
    page = browser.new_page()
    page.goto(address)
    for case in ("A/TT", "B/TT"):
        page.goto(f"{address.partition('?')[0]}#{case}")
        page.reload()
        page.locator(f'.scan.own .pictures[data-shown^="{case} "][data-whole="true"]').wait_for(timeout=120_000)
    known = page.context.storage_state()
    page.context.close()
    return known


def one_run(browser: Any, address: str, known: Any) -> dict[str, float]:
    """Milliseconds by what was waited for, in a new window."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, storage_state=known).new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{address.partition('?')[0]}#A/TT", wait_until="commit")
    seen = page.evaluate(WAIT, "A/TT")
    page.wait_for_load_state("networkidle")  # the next case is fetched ahead while a person looks at this one
    found = {"slices and projection": max(seen["slices"], seen["projection"]), "whole images": seen["whole"]}
    found["toggle"] = statistics.median(page.evaluate(KEYED, [" ", "Space", NUMBERS]) for _ in range(5))
    found["window"] = page.evaluate(KEYED, ["3", "Digit3", WINDOW])
    page.locator(".scan.own .marks").focus()
    at = "document.querySelector('.cursor').dataset.at"
    found["next slice"] = page.evaluate(KEYED.replace("document.body", "document.activeElement"), ["PageUp", "PageUp", at])
    found["next case"] = page.evaluate(KEYED, ["n", "KeyN", CASE])
    page.context.close()
    return found


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as started:
        size = make(Path(scratch, "trial"), quick=chosen.quick)
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with reviewing(Path(scratch, "trial")) as address:
            known = let_in(browser, address)
            runs = [one_run(browser, address, known) for _ in range(chosen.runs)]
        browser.close()
    print(f"PET {size}, {chosen.runs} runs, no graphics card")
    for name in runs[0]:
        times = [one[name] for one in runs]
        limit = LIMITS_MS.get(name)
        said = "" if limit is None else f"limit {limit:5d}  {'kept' if statistics.median(times) <= limit else 'MISSED'}"
        print(f"{name:<22} {statistics.median(times):7.0f} {max(times):7.0f} ms (median, slowest)  {said}")


if __name__ == "__main__":
    main()
