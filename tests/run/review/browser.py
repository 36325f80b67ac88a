"""A browser before the reading room: one server for all rooms of the tests, windows in it, and what is read off their pixels."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.run.review.app import review_app
from carpet.run.review.room import Room
from carpet.run.review.security import Doorway
from carpet.testing.patients import Imaging, random_patient

from .conftest import Opened

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 60_000
SCREENS = Path(__file__).resolve().parents[3] / "docs" / "screens"
VOXEL_MM = 8.0  # of the planted trial's PET
DARK = 90  # of 255 in inverse grey, 0 to 10: SUV 6.5 and more
ORANGE = (255, 122, 61)  # the outline of disease
Picture = NDArray[np.int32]
Place = tuple[float, float, float]
# Painted, and painted again: what a key or a click has led to without the server is on the screen then
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


@dataclass
class Door:
    """Answers on one port for the room that is open now."""

    base: str
    port: int
    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@contextmanager
def door() -> Iterator[Door]:
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        opened = Door(f"http://127.0.0.1:{port}", port)
        server = uvicorn.Server(uvicorn.Config(opened, log_level="error", ws="none", lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        yield opened
        server.should_exit = True
        thread.join(20.0)


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE_MS)


@dataclass
class Served:
    """An open room behind the door."""

    room: Room
    base: str

    @classmethod
    def of(cls, opened: Opened, door: Door) -> Served:
        door.app = review_app(opened.room, Doorway("127.0.0.1", door.port))
        return cls(opened.room, door.base)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Another window of the only reader."""
        with httpx.Client(base_url=self.base, timeout=60.0) as client:
            client.headers["X-CSRF-Token"] = client.get("/api/me").json()["form_token"]
            yield client

    def case(self, name: str = "A/TT") -> Any:
        with self.client() as client:
            return client.get(f"/api/cases/{name}").json()

    def kinds(self) -> list[str]:
        """The kinds of the edits that stand in A/TT."""
        return [one["edit"]["kind"] for one in self.case()["standing"]]

    def post(self, name: str, what: str, **body: Any) -> None:
        """What another window of the only reader does to a case."""
        with self.client() as client:
            version = client.get(f"/api/cases/{name}").json()["version"]
            answer = client.post(f"/api/cases/{name}/{what}", json=body, headers={"If-Match": f'"{version}"'})
            assert answer.is_success, answer.text


@dataclass
class Window:
    """One window. troubles: what the browser complained of."""

    page: Any
    base: str
    troubles: list[str] = field(default_factory=list)
    version: str = ""

    def listens(self) -> Window:
        def said(one: Any) -> None:
            if one.type in ("error", "warning") and "Failed to load resource" not in one.text:
                self.troubles.append(one.text)

        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", said)
        self.page.on("request", lambda one: None if one.url.startswith((self.base, "data:", "blob:")) else self.troubles.append(one.url))
        return self

    def open(self, case: str = "A/TT") -> Window:
        self.page.goto(f"{self.base}/#{case}")
        return self.shown(case)

    def shown(self, case: str) -> Window:
        """The whole case is there, with its outlines."""
        self.page.locator(f'.scan.own .pictures[data-shown^="{case} "][data-whole="true"]').wait_for()
        self.version = self.page.locator(".numbers").get_attribute("data-version")
        return self.outlined()

    def outlined(self) -> Window:
        self.page.locator(f'.scan.own .pictures[data-outlines="{self.version}"]').wait_for()
        return self.painted()

    def painted(self) -> Window:
        self.page.evaluate(TWO_FRAMES)
        return self

    def press(self, *keys: str) -> Window:
        for key in keys:
            self.page.keyboard.press(key)
        return self.painted()

    def on_pictures(self) -> Window:
        """The keys go to no list and to no field."""
        self.page.evaluate("() => document.activeElement.blur()")
        return self

    def saved(self) -> Window:
        """After the server's answer to an edit."""
        answered = self.page.locator(f'.numbers[aria-busy="false"]:not([data-version="{self.version}"])')
        answered.wait_for()
        self.version = answered.get_attribute("data-version")
        return self

    def shows(self, display: str, arrangement: str = "three") -> Window:
        self.page.locator(f'.scan.own .pictures[data-shown$=" {display} {arrangement}"]').wait_for()
        return self.painted()

    def axial(self) -> Window:
        """The PET's axial slice alone."""
        return self.press("2", "x").shows("pet", "axial")

    def pixels(self, selector: str) -> Picture:
        """(rows, columns, 3) as they are on the screen."""
        from PIL import Image

        return np.asarray(Image.open(io.BytesIO(self.page.locator(selector).screenshot())).convert("RGB"), dtype=np.int32)

    def lesion(self, case: Any, site: str) -> Any:
        """Selects the region of a site: the crosshair goes there."""
        found = next(one for one in case["lesions"] if one["site"] == site)
        self.page.locator(f'tr[data-lesion="{found["id"]}"] th button').click()
        self.painted()
        return found

    def status(self, lesion: str) -> str | None:
        return self.page.locator(f'tr[data-lesion="{lesion}"]').get_attribute("data-status")  # type: ignore[no-any-return]


def planted_place(site: str) -> Place:
    """The centre of patient A's lesion, as the phantom was described: L, P, S in mm."""
    phantom = random_patient(1, sites=("mediastinal", "axillary"), imaging=Imaging(0.0, 0.0, 100, VOXEL_MM))
    left, back, head = (float(mm) for mm in next(one for one in phantom.lesions if one.site == site).centre_lps_mm)
    return left, back, head


def grid_edges(served: Served) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The outer edges of A's PET in the body, lower and upper, L P S in mm."""
    seen = served.room.of(served.room.case("A/TT"), None)
    grid = seen.scan.surveyed.suv.grid
    corners = np.array([grid.to_lps_mm([0, 0, 0]), grid.to_lps_mm(np.array(grid.shape_kji) - 1)])
    half = np.array(grid.spacing_mm_kji)[::-1] / 2
    return corners.min(axis=0) - half, corners.max(axis=0) + half


def dark_middle(pixels: Picture, near: tuple[float, float], within: float) -> tuple[float, float]:
    """(column, row): the middle of the dark pixels around a place; fails where there is none."""
    rows, columns = np.nonzero(pixels.max(axis=2) < DARK)
    held = np.hypot(columns - near[0], rows - near[1]) < within
    assert held.any(), f"nothing dark near {near}"
    return float(columns[held].mean()), float(rows[held].mean())


# which slice, the axes of the body across and down, and whether they rise to the right and downwards: right of the patient on the left,
# front on top in axial slices and on the left in sagittal ones, head on top
SLICES = {"axial": ((0, 1), (1, 1)), "coronal": ((0, 2), (1, -1)), "sagittal": ((1, 2), (1, -1))}


def spot(pixels: Picture, room: Served, place: Place, name: str = "axial") -> tuple[float, float, float]:
    """Column and row of a place in the body in a picture of one PET slice, and pixels in a millimetre."""
    (low, high), ((across, down), (right, lower)) = grid_edges(room), SLICES[name]
    lit = np.nonzero(pixels.min(axis=2) > 200)
    left, top, width, height = lit[1].min(), lit[0].min(), np.ptp(lit[1]) + 1, np.ptp(lit[0]) + 1
    per_mm = width / (high[across] - low[across])
    assert height / (high[down] - low[down]) == pytest.approx(per_mm, rel=0.02), name  # not stretched
    x, y = ((place[axis] - low[axis]) / (high[axis] - low[axis]) for axis in (across, down))
    return left + width * (x if right > 0 else 1 - x), top + height * (y if lower > 0 else 1 - y), per_mm
