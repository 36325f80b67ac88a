"""A reader made of a script: reads cases through the page of the reading room in Chromium, by pointer and keys alone.

It looks at what the page looks at (the case, its labels and its PET) to know where to point, and sends nothing itself.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import httpx
import nibabel
import numpy as np
from numpy.typing import NDArray

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 90_000  # the first page of a cold browser takes half a minute on two busy cores
WINDOW = {"width": 1600, "height": 1000}
WIDE = 1.25  # as scan_view.tsx lays out its pictures
AXIAL = {True: (0.66, 0.0, 0.34, 0.40), False: (0.26, 0.58, 0.74, 0.42)}  # of the pictures, where they are wide and where not
STEP_PX = 40
MOST_LOOKS = 40
BESIDE_PX = 3  # of the projection, within which a click means a region
FREE_SUV = 4.0  # uptake that is worth a click
Point = tuple[float, float, float]
LPS_FROM_RAS = np.array([-1.0, -1.0, 1.0])


class CannotSee(Exception):
    """There is nothing in this case that the step could be done to, or the room refuses it and says why."""


@dataclass(frozen=True)
class Image:
    """Voxels (i, j, k) and their places in the body."""

    values: NDArray[Any]
    affine: NDArray[np.float64]

    @classmethod
    def of(cls, packed: bytes) -> Image:
        read = nibabel.Nifti1Image.from_bytes(unpacked(packed))
        return cls(np.asanyarray(read.dataobj), read.affine)

    def at(self, voxel: Sequence[float]) -> Point:
        left, back, up = (self.affine[:3, :3] @ np.asarray(voxel, dtype=float) + self.affine[:3, 3]) * LPS_FROM_RAS
        return float(left), float(back), float(up)

    def slice_of(self, height_mm: float) -> int:
        return round((height_mm - self.affine[2, 3]) / self.affine[2, 2])


def unpacked(packed: bytes) -> bytes:
    """A .nii.gz without its gzip."""
    return gzip.decompress(packed)


@dataclass
class ScriptedReader:
    """One window. keys, clicks: what a person would have pressed, in this case. troubles: what the browser complained of."""

    page: Any
    client: httpx.Client
    case: str = ""
    keys: int = 0
    clicks: int = 0
    waited_s: float = 0.0
    done: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _version: str = ""
    _pet: Image | None = None
    _axial: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # l = a + b x, p = c + d y

    # looking

    def opened(self, case: str) -> ScriptedReader:
        """After the page has opened the case by itself or by a key."""
        self.page.locator(f'.scan.own .pictures[data-shown^="{case} "][data-whole="true"]').wait_for()
        self.page.wait_for_timeout(200)
        self.case, self.keys, self.clicks, self.waited_s, self.done = case, 0, 0, 0.0, []
        self._version = self.page.locator(".numbers").get_attribute("data-version")
        self._pet = Image.of(self.bytes("pet"))
        self._look_around()
        return self

    def bytes(self, what: str) -> bytes:
        return self.client.get(f"/api/cases/{self.case}/{what}").raise_for_status().content

    @property
    def view(self) -> dict[str, Any]:
        return dict(self.client.get(f"/api/cases/{self.case}").raise_for_status().json())

    @property
    def labels(self) -> Image:
        return Image.of(self.bytes("labels"))

    @property
    def pet(self) -> Image:
        assert self._pet is not None
        return self._pet

    def regions(self, *statuses: str) -> list[dict[str, Any]]:
        """The largest first."""
        found = [one for one in self.view["lesions"] if not statuses or one["status"] in statuses]
        return sorted(found, key=lambda one: -one["volume_ml"])

    def region(self, nth: int, *statuses: str, voxels: int = 1) -> dict[str, Any]:
        """The nth largest region, of some voxels at least; the last where there are fewer."""
        volume_ml = voxels * abs(float(np.linalg.det(self.pet.affine[:3, :3]))) / 1000.0
        found = [one for one in self.regions(*statuses) if one["volume_ml"] >= volume_ml]
        if not found:
            raise CannotSee(f"no region of {voxels} voxels")
        return found[min(nth, len(found) - 1)]

    def places(self, region: dict[str, Any], apart: int = 1) -> list[Point]:
        """Places in the widest axial slice of a region: its middle, or the two farthest from each other."""
        inside = np.argwhere(self.labels.values == region["label"])
        if not len(inside):
            raise CannotSee(f"{region['id']} has no voxel")
        heights, counts = np.unique(inside[:, 2], return_counts=True)
        flat = inside[inside[:, 2] == heights[counts.argmax()]]
        middle = flat[np.abs(flat - flat.mean(axis=0)).sum(axis=1).argmin()]
        if apart == 1:
            return [self.pet.at(middle)]
        away = np.linalg.norm((flat[:, None] - flat[None, :]).astype(float), axis=2)
        if away.max() < 1:
            raise CannotSee(f"{region['id']} is one voxel wide")
        ends = [self.pet.at(flat[n]) for n in np.unravel_index(away.argmax(), away.shape)]
        return sorted(ends, key=lambda one: one[0])

    def free_uptake(self, suv: float = FREE_SUV) -> Point:
        """The hottest voxel that lies in no region, also none of those the labels leave out; raises CannotSee."""
        hot = np.where(self.labels.values == 0, self.pet.values, 0.0)
        if hot.max() < suv:
            raise CannotSee(f"no free uptake of SUV {suv}")
        return self.pet.at(np.unravel_index(hot.argmax(), hot.shape))

    # pressing

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(30)

    def click(self, x: float, y: float) -> None:
        self.clicks += 1
        self.page.mouse.click(x, y)
        self.page.wait_for_timeout(60)

    def press_button(self, found: Any) -> None:
        self.clicks += 1
        found.click()

    def saved(self, what: str) -> None:
        """After the server's answer."""
        begun = perf_counter()
        answered = self.page.locator(f'.numbers[aria-busy="false"]:not([data-version="{self._version}"])')
        banner = self.page.locator(".banner")
        answered.or_(banner).first.wait_for()
        self.waited_s += perf_counter() - begun
        if banner.count():
            why = banner.inner_text()
            self.press_button(banner.get_by_role("button", name="close"))
            raise CannotSee(f"{what}: {why}")
        self._version = answered.get_attribute("data-version")
        self.done.append(what)
        self._outlined()

    def _outlined(self) -> None:
        """The outlines are those of the numbers: they follow a moment later."""
        self.page.locator(f'.scan.own .pictures[data-outlines="{self._version}"]').wait_for()

    def _look_around(self) -> None:
        """How the axial slice lies on the screen, by moving the crosshair twice and reading where it is."""
        box = self.page.locator(".scan.own .marks").bounding_box()
        left, top, width, height = AXIAL[box["width"] > WIDE * box["height"]]
        x, y = box["x"] + (left + width / 2) * box["width"], box["y"] + (top + height / 2) * box["height"]
        self.page.mouse.move(x - STEP_PX, y - STEP_PX)
        self.page.mouse.down()
        self.page.wait_for_timeout(300)
        first = self._cursor()
        self.page.mouse.move(x + STEP_PX, y + STEP_PX, steps=2)
        for _ in range(MOST_LOOKS):  # on a busy machine the crosshair comes later than the pointer
            second = self._cursor()
            if first[0] != second[0] and first[1] != second[1] and second == self._cursor():
                break
        self.page.mouse.up()
        b, d = ((two - one) / (2 * STEP_PX) for one, two in zip(first[:2], second[:2], strict=True))
        if not b or not d:
            raise AssertionError(f"{self.case}: the crosshair does not follow the pointer")
        self._axial = (first[0] - b * (x - STEP_PX), b, first[1] - d * (y - STEP_PX), d)

    def _cursor(self) -> list[float]:
        self.page.wait_for_timeout(60)
        return [float(mm) for mm in self.page.locator(".scan.own .cursor").get_attribute("data-at").split()]

    def _projected(self, column: float, row: float) -> tuple[float, float]:
        """The pixel of the projection's sprite on the screen."""
        spin, box = self.view["spin"], self.page.locator(".scan.own .rotating").bounding_box()
        dx, dy = spin["pixel_width_mm"], spin["pixel_height_mm"]
        per_mm = min(box["width"] / (spin["width"] * dx), box["height"] / (spin["height"] * dy))
        left, top = (box["width"] - spin["width"] * dx * per_mm) / 2, (box["height"] - spin["height"] * dy * per_mm) / 2
        return box["x"] + left + (column + 0.5) * dx * per_mm, box["y"] + top + (row + 0.5) * dy * per_mm

    def _frame(self) -> NDArray[np.int64]:
        """The labels that the projection shows now."""
        from PIL import Image as Picture

        spin, n = self.view["spin"], int(self.page.locator(".scan.own .rotating").get_attribute("data-frame"))
        sheet = np.asarray(Picture.open(io.BytesIO(self.bytes("spin_ids.png"))).convert("RGB"), dtype=np.int64) @ [65536, 256, 1]
        top, left = (n // spin["columns"]) * spin["height"], (n % spin["columns"]) * spin["width"]
        return np.asarray(sheet[top : top + spin["height"], left : left + spin["width"]])

    def aim(self, place: Point) -> tuple[float, float]:
        """The pixel of a place, after going to its height by a click on the projection beside all regions."""
        here, slices = self._cursor()[2], self.pet
        wanted, now = slices.slice_of(place[2]), slices.slice_of(here)
        if wanted != now:
            rows = self._frame()
            row = rows.shape[0] - 1 - wanted
            around = rows[max(0, row - BESIDE_PX) : row + BESIDE_PX + 1]
            free = [n for n in range(1, rows.shape[1] - 1) if not around[:, max(0, n - BESIDE_PX) : n + BESIDE_PX + 1].any()]
            if not free:
                raise CannotSee(f"regions all along the height {place[2]:.0f}")
            self.click(*self._projected(free[0], row))
            now = slices.slice_of(self._cursor()[2])
            for _ in range(abs(wanted - now)):
                self.page.locator(".scan.own .marks").focus()
                self.press("PageUp" if wanted > now else "PageDown")
            if slices.slice_of(self._cursor()[2]) != wanted:
                raise AssertionError(f"{self.case}: slice {slices.slice_of(self._cursor()[2])} is shown, {wanted} was aimed at")
        a, b, c, d = self._axial
        return (place[0] - a) / b, (place[1] - c) / d

    @contextmanager
    def _tool(self, key: str) -> Iterator[None]:
        self.page.locator(".scan.own .rotating").focus()
        self.press(key)
        yield
        self.page.locator(".scan.own .rotating").focus()
        self.press("v")

    def select(self, region: dict[str, Any]) -> None:
        self._tab("Regions")
        self.press_button(self.page.locator(f'tr[data-lesion="{region["id"]}"] th button'))

    def _tab(self, name: str) -> None:
        if self.page.locator(f"#tab-{name}").get_attribute("aria-selected") != "true":
            self.press_button(self.page.locator(f"#tab-{name}"))

    # reading

    def toggle_on_projection(self, nth: int = 0) -> None:
        """A click on the region that is seen best."""
        frame, found = self._frame(), {one["label"]: one for one in self.regions()}
        for label in sorted(found, key=lambda one: -int((frame == one).sum()))[nth:]:
            seen = np.argwhere(frame == label)
            if len(seen):
                row, column = seen[np.abs(seen - seen.mean(axis=0)).sum(axis=1).argmin()]
                self.click(*self._projected(column, row))
                return self.saved(f"projection: {found[label]['id']}")
        raise CannotSee("no region on the projection")

    def toggle_in_slice(self, nth: int = 1) -> None:
        region = self.region(nth)
        self.click(*self.aim(self.places(region)[0]))
        self.saved(f"slice: {region['id']}")

    def toggle_by_key(self, nth: int = 2) -> None:
        region = self.region(nth)
        self.select(region)
        self.page.locator(".scan.own .rotating").focus()
        self.press("p" if region["status"] == "disease" else "d")
        self.saved(f"key: {region['id']}")

    def paint(self, nth: int = 0, to_mm: float = 14.0) -> None:
        self._stroke("b", self.region(nth), to_mm, "brush")

    def erase(self, nth: int = 0, to_mm: float = 4.0) -> None:
        self._stroke("e", self.region(nth, voxels=40), to_mm, "erase")

    def _stroke(self, key: str, region: dict[str, Any], to_mm: float, what: str) -> None:
        """From the region's left end in the widest slice outwards."""
        place = self.places(region, apart=2)[1]
        with self._tool(key):
            x, y = self.aim(place)
            self._drag(x, y, to_mm / self._axial[1])
            self.saved(f"{what}: {region['id']}")

    def paint_new(self) -> None:
        """A region where there is none: in the middle of the liver's reference."""
        place = next((one["centre_lps_mm"] for one in self.view["references"] if one["name"] == "liver"), None)
        if place is None:
            raise CannotSee("no liver")
        with self._tool("b"):
            self._drag(*self.aim(tuple(place)), 10.0)
            self.saved("brush: new")

    def _drag(self, x: float, y: float, right_px: float) -> None:
        self.clicks += 1
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + right_px, y, steps=4)
        self.page.mouse.up()

    def split(self, nth: int = 0, identity: str = "") -> None:
        region = next((one for one in self.regions() if one["id"] == identity), None) or self.region(nth, voxels=12)
        seeds = self.places(region, apart=2)
        with self._tool("s"):
            for seed in seeds:
                self.click(*self.aim(seed))
            self.press("Enter")
            self.saved(f"split: {region['id']}")

    def merge(self, first: int = 0, second: int = 1) -> None:
        pair = [self.region(first), self.region(second)]
        if pair[0]["id"] == pair[1]["id"]:
            raise CannotSee("one region alone")
        places = [self.places(one)[0] for one in pair]
        with self._tool("m"):
            for place in places:
                self.click(*self.aim(place))
            self.press("Enter")
            self.saved(f"merge: {pair[0]['id']} {pair[1]['id']}")

    def sphere(self, radius_mm: float = 25.0) -> None:
        """Half the hottest free uptake about its place."""
        place = self.free_uptake(0.5)
        suv = max(0.1, round(float(np.where(self.labels.values == 0, self.pet.values, 0.0).max()) * 0.6, 1))
        with self._tool("t"):
            self.page.get_by_label("SUV ≥").fill(str(suv))
            self._drag(*self.aim(place), radius_mm / abs(self._axial[1]))
            self.saved(f"sphere: SUV {suv}")

    def add(self) -> None:
        place = self.free_uptake()
        with self._tool("a"):
            self.click(*self.aim(place))
            self.saved("add")

    def caliper(self, nth: int = 0) -> None:
        region = self.region(nth)
        self.select(region)
        place = self.places(region)[0]
        with self._tool("c"):
            x, y = self.aim(place)
            for right, down in ((-20, 0), (20, 0), (0, -12), (0, 12)):
                self.click(x + right, y + down)
            self.saved(f"caliper: {region['id']}")

    def move_reference(self) -> None:
        place = next((one["centre_lps_mm"] for one in self.view["references"] if one["name"] == "liver"), None)
        if place is None:
            raise CannotSee("no liver")
        with self._tool("r"):
            self._drag(*self.aim(tuple(place)), 6.0)
            self.saved("reference: liver")

    def site(self, nth: int = 1, name: str = "hilar", counts_as: str = "") -> None:
        region = self.region(nth)
        self.select(region)
        box = self.page.get_by_label("Site", exact=False).first
        box.fill(name)
        self.press("Tab")
        self.saved(f"site: {region['id']} {name}")
        if counts_as:
            self.clicks += 1
            self.page.get_by_label("Counts as").select_option(counts_as)
            self.saved(f"site: {region['id']} counts as {counts_as}")

    def take_back(self) -> None:
        self.page.locator(".scan.own .rotating").focus()
        self.press("z")
        self.saved("undo")

    def take_back_first(self) -> None:
        """The first edit that stands, by its button in the history."""
        if not self.view["standing"]:
            raise CannotSee("nothing to take back")
        self._tab("History")
        self.press_button(self.page.locator(".standing button").last)
        self.saved("first edit taken back")

    def quickly(self, nth: int = 0) -> None:
        """Three keys at once, faster than the server answers."""
        region = self.region(nth)
        self.select(region)
        self.page.locator(".scan.own .rotating").focus()
        for key in (" ", " ", " "):
            self.keys += 1
            self.page.keyboard.press(key)
        self.saved(f"three toggles at once: {region['id']}")
        self.settled()
        now = next(one["status"] for one in self.view["lesions"] if one["id"] == region["id"])
        if (now == "disease") == (region["status"] == "disease"):
            raise AssertionError(f"{self.case}: {region['id']} was toggled three times and is {now} as before")

    def settled(self) -> None:
        """Until nothing is on its way."""
        self.page.wait_for_timeout(150)
        answered = self.page.locator('.numbers[aria-busy="false"]')
        answered.wait_for()
        self._version = answered.get_attribute("data-version")
        self._outlined()

    def deauville(self, score: str) -> None:
        self.page.locator(".scan.own .rotating").focus()
        self.press(f"Shift+Digit{score}")
        self.saved(f"Deauville {score}")

    def new_lesions(self, present: bool) -> None:
        if not self.view["baseline"]:
            raise CannotSee("this is the baseline")
        self._tab("Reading")
        choice = self.page.get_by_role("radiogroup", name="New lesions").get_by_role("radio")
        self.press_button(choice.nth(1 if present else 0))
        self.saved(f"new lesions: {present}")

    def comment(self, text: str) -> None:
        self._tab("Reading")
        self.page.locator("textarea").fill(text)
        self.press_button(self.page.get_by_text("Add the comment"))
        self.saved("comment")

    def decide_all(self) -> None:
        """What is undecided cannot be signed."""
        for region in self.regions("undecided"):
            self.select(region)
            self.page.locator(".scan.own .rotating").focus()
            self.press("d")
            self.saved(f"key: {region['id']}")

    def sign(self) -> None:
        self.page.locator(".scan.own .rotating").focus()
        self.press("f")
        self.press_button(self.page.locator("dialog button.main"))
        self.page.get_by_text("signed, locked").wait_for()
        self.page.locator("dialog").wait_for(state="detached")

    def shown(self) -> dict[str, str]:
        """The numbers as the page has them, by name."""
        found = self.page.locator("[data-biomarker]").all()
        return {one.get_attribute("data-biomarker"): one.get_attribute("data-value") for one in found}

    def do(self, step: Callable[[], None]) -> str:
        """One step; why not, where the case has nothing for it."""
        try:
            step()
        except CannotSee as error:
            self.page.locator(".scan.own .rotating").focus()
            self.page.keyboard.press("Escape")
            return str(error)
        return ""


@contextmanager
def reading_at(address: str) -> Iterator[ScriptedReader]:
    """A window of the room, opened at the address that `carpet review` prints."""
    from playwright.sync_api import sync_playwright

    base = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    with sync_playwright() as started, httpx.Client(base_url=base, timeout=120.0) as client:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE_MS)
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(PATIENCE_MS)
        reader = ScriptedReader(page, client)
        page.on("pageerror", lambda error: reader.troubles.append(f"{reader.case}: {error.stack or error}"))
        page.on("console", lambda said: reader.troubles.append(f"{reader.case}: {said.text}") if said.type == "error" else None)
        page.goto(address)
        page.locator(".who").wait_for()
        for one in page.context.cookies():  # the eyes look where the window may
            client.cookies.set(one["name"], one["value"])
        try:
            yield reader
        finally:
            browser.close()
