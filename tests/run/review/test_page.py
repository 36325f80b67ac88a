"""Truth: closed form: a planted lesion's place in the body says where its pixels must lie. Contract: what the page does, the server has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from carpet.review.roles import Person, Role
from carpet.run.review.app import STATIC, review_app
from carpet.run.review.keys import PARAMETER, Key
from carpet.run.review.people import People
from carpet.run.review.security import Doorway

from . import browser
from .browser import DARK, ORANGE, PATIENCE_MS, SCREENS, SLICES, VOXEL_MM, Served, Window, dark_middle, planted_place, spot
from .conftest import PASSWORD, Opened, OtherRegions, Rooms

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MANUAL = SCREENS.parent / "how-to" / "review.md"
Look = Callable[..., Window]
Screen = Callable[[Window, str], None]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser.chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def door() -> Iterator[browser.Door]:
    with browser.door() as opened:
        yield opened


@pytest.fixture
def room(rooms: Rooms, door: browser.Door) -> Served:
    """One reader, no password."""
    return Served.of(rooms(only="Rea"), door)


@pytest.fixture
def two_readers(many: Opened, door: browser.Door) -> Served:
    """A/TT is read by Rea and Ron, and adjudicated by Ada."""
    return Served.of(many, door)


@pytest.fixture
def look(chromium: Any) -> Iterator[Look]:
    """Opens windows; at the end no window may have had anything to complain of that the test does not expect."""
    windows: list[Window] = []

    def opened(base: str, *, size: tuple[int, int] = (1280, 800), touch: bool = False) -> Window:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=touch, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        windows.append(Window(context.new_page(), base).listens())
        return windows[-1]

    yield opened
    for window in windows:
        window.page.context.close()
        assert window.troubles == []


@pytest.fixture(scope="session")
def screen() -> Screen:
    """Writes what a window shows to docs/screens, for the manual."""
    SCREENS.mkdir(exist_ok=True)

    def kept(window: Window, name: str) -> None:
        window.painted().page.screenshot(path=SCREENS / f"{name}.png")

    return kept


def test_the_manual_shows_the_screens_that_are_made_here() -> None:
    shown = re.findall(r"screens/([a-z0-9-]+)\.png", MANUAL.read_text(encoding="utf-8"))
    made = re.findall(r'screen\(\w+, "([a-z0-9-]+)"\)', Path(__file__).read_text(encoding="utf-8"))
    assert sorted(set(shown)) == sorted(made)


def test_the_licences_of_what_is_in_the_page_come_with_it() -> None:
    text = (STATIC / "licenses.txt").read_text(encoding="utf-8")
    said = re.findall(r"^(\S+) \S+ \(\S+\)\n\n((?:.|\n)*?)(?=\n----\n|\Z)", text, flags=re.MULTILINE)
    packages = dict(said)
    assert "preact" in packages
    assert all("copyright" in whole.lower() and "warrant" in whole.lower() for whole in packages.values())


def test_slices_lie_as_radiologists_have_them(room: Served, look: Look) -> None:
    window = look(room.base).open()
    place = planted_place("axillary")
    assert abs(place[0]) > 60.0  # far from the midline, so that a mirrored picture fails
    window.lesion(room.case(), "axillary")
    window.press("2", "h").shows("pet")
    for name in SLICES:
        window.press("x").shows("pet", name)
        pixels = window.pixels(".scan.own .marks")
        x, y, per_mm = spot(pixels, room, place, name)
        found = dark_middle(pixels, (x, y), 5 * VOXEL_MM * per_mm)
        assert np.hypot(found[0] - x, found[1] - y) < VOXEL_MM * per_mm, name


def test_outlines_lie_on_what_they_outline(room: Served, look: Look) -> None:
    """A lesion without blur: where it is darker than SUV 4, and its outline, end at the same pixels, to half a voxel."""
    window = look(room.base).open()
    window.lesion(room.case(), "axillary")
    pixels = window.axial().pixels(".scan.own .marks")
    bare = window.press("h").pixels(".scan.own .marks")
    x, y, per_mm = spot(bare, room, planted_place("axillary"))
    line = np.nonzero(np.abs(pixels - np.array(ORANGE)).max(axis=2) < 40)
    dark = np.nonzero(bare.max(axis=2) < 153)  # SUV 4 in inverse grey, 0 to 10
    line, dark = ([one[held] for one in found] for found in (line, dark) for held in [np.hypot(found[1] - x, found[0] - y) < 50 * per_mm])
    within = VOXEL_MM * per_mm / 2 + 2.0  # half a voxel, and the width of the line
    assert line[1].min() == pytest.approx(dark[1].min(), abs=within)
    assert line[0].max() == pytest.approx(dark[0].max(), abs=within)  # the letter stands above, to the right


def test_every_window_shows_what_it_should(room: Served, look: Look) -> None:
    """The brain in each window: grey as its SUV and HU say, yellow in fusion."""
    window = look(room.base).open()
    window.lesion(room.case(), "brain")
    window.press("h", "x", "w")  # 0 to 15: the brain is yellow
    seen = {}
    for key, display in (("2", "pet"), ("1", "fused"), ("3", "soft"), ("4", "lung"), ("5", "bone")):
        window.press(key).shows(display, "axial")
        pixels = window.pixels(".scan.own .marks")
        if display == "pet":
            middle = (pixels.max(axis=2) < DARK) & (pixels.max(axis=2) > 0)  # the brain; beside the scan it is quite black
        seen[display] = np.median(pixels[middle], axis=0)
    assert np.ptp(seen["fused"]) > 150  # yellow
    plain = ("pet", "soft", "lung", "bone")
    assert [float(np.ptp(seen[one])) for one in plain] == [0.0] * len(plain)
    grey = {one: float(seen[one][0]) / 255 for one in plain}
    brain = {"pet": 1 - 11.7 / 15, "soft": (40 + 160) / 400, "lung": (40 + 1350) / 1500, "bone": (40 + 450) / 1500}
    assert grey == {one: pytest.approx(share, abs=0.04) for one, share in brain.items()}


def test_the_projection_is_seen_from_the_front_first_and_turns_to_the_left(room: Served, look: Look) -> None:
    window = look(room.base).open()
    side = np.sign(planted_place("axillary")[0])
    spin = room.case()["spin"]
    window.press("h")
    found = {}
    for frame in (0, spin["frames"] // 2):
        pixels = window.pixels(".scan.own .rotating")
        dark = pixels.max(axis=2) < DARK
        rows, columns = np.nonzero(dark)
        body = pixels.min(axis=2) > 200
        left, right = np.nonzero(body)[1].min(), np.nonzero(body)[1].max()
        held = (columns > left) & (columns < right)  # beside the picture it is dark as well
        rows, columns, middle = rows[held], columns[held], (left + right) / 2
        high, low = np.nonzero(body)[0].min(), np.nonzero(body)[0].max()
        upper = (rows < (high + low) / 2) & (rows > high)  # the lesions lie in the chest; kidneys and bladder are hot as well, and below
        far = columns[upper][np.abs(columns[upper] - middle) > (right - left) * 0.1]
        assert far.size, frame
        found[frame] = np.sign(far.mean() - middle)
        assert rows[rows < low].max() > high + (low - high) * 0.6  # the bladder is at the bottom: the head is up
        window.on_pictures().press(*["ArrowRight"] * (spin["frames"] // 2))
    assert found[0] == side
    assert found[spin["frames"] // 2] == -side


def test_a_click_on_the_projection_decides_and_the_numbers_are_the_servers(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    before = room.case()
    lesion = window.lesion(before, "axillary")
    box = window.page.locator(".scan.own .rotating").bounding_box()
    pixels = window.pixels(".scan.own .rotating")
    orange = np.nonzero(np.abs(pixels - np.array(ORANGE)).max(axis=2) < 40)
    away = np.abs(orange[1] - pixels.shape[1] / 2) > pixels.shape[1] * 0.15
    x, y = orange[1][away].mean(), orange[0][away].mean()
    window.page.mouse.click(box["x"] + x, box["y"] + y)
    window.saved().outlined()
    screen(window, "projection")
    after = room.case()
    assert next(one for one in after["lesions"] if one["id"] == lesion["id"])["status"] == "physiologic"
    shown = float(window.page.locator('[data-biomarker="tmtv"]').get_attribute("data-value"))
    assert shown == next(one["value"] for one in after["biomarkers"] if one["name"] == "tmtv")
    assert shown < next(one["value"] for one in before["biomarkers"] if one["name"] == "tmtv")
    window.press("z").saved()
    assert room.case()["standing"] == []


def test_keys_decide_score_and_take_back(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    lesion = window.lesion(room.case(), "mediastinal")
    heard = window.page.locator(".said[role=status]")
    for key, status in (("p", "physiologic"), ("u", "undecided"), ("d", "disease"), (" ", "physiologic")):
        window.on_pictures().press(key).saved()
        assert window.status(lesion["id"]) == status
        assert next(one for one in room.case()["lesions"] if one["id"] == lesion["id"])["status"] == status
        assert re.search(r"saved\. TMTV [\d.]+ mL", heard.inner_text())  # a screen reader tells the new number
    window.press("Shift+Digit4").saved()
    assert room.case()["deauville"]["score"] == "4"
    window.page.click("#tab-Reading")
    screen(window, "deauville")
    window.on_pictures().press("z").saved()
    assert room.case()["deauville"]["score"] is None


def test_every_tool_makes_its_edit(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    lesion = window.lesion(room.case(), "mediastinal")
    window.axial()
    box, mouse = window.page.locator(".scan.own .marks").bounding_box(), window.page.mouse
    column, row, per_mm = spot(window.pixels(".scan.own .marks"), room, planted_place("mediastinal"))
    x, y = box["x"] + column, box["y"] + row

    def drag(key: str, right_mm: float, begun: Callable[[], None] = lambda: None) -> Any:
        window.press(key)
        if key == "t":
            window.page.get_by_label("SUV ≥").fill("0.3")  # ordinary tissue around the lesion
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + right_mm * per_mm, y, steps=4)
        begun()
        mouse.up()
        window.saved()
        return room.case()["standing"][-1]["edit"]

    painted = drag("b", 15.0, lambda: screen(window, "brush"))
    erased = drag("e", 5.0)
    assert [painted["kind"], painted["erase"], painted["lesion"]] == ["brush", False, lesion["id"]]
    assert [erased["kind"], erased["erase"], erased["lesion"]] == ["brush", True, lesion["id"]]
    sphere = drag("t", 50.0, lambda: screen(window, "sphere"))
    assert sphere["kind"] == "sphere_threshold"
    assert sphere["radius_mm"] == pytest.approx(50.0, abs=2.0)
    assert [drag("r", 5.0)[key] for key in ("kind", "which")] == ["reference", "liver"]
    window.lesion(room.case(), "mediastinal")
    window.on_pictures().press("c")
    for right_mm, down_mm in ((-16, 0), (16, 0), (0, -9), (0, 9)):
        mouse.click(x + right_mm * per_mm, y + down_mm * per_mm)
    window.saved().outlined()
    screen(window, "caliper")
    caliper = room.case()["calipers"][0]
    assert caliper["lesion"] == lesion["id"]
    assert [caliper["ldi_mm"], caliper["sdi_mm"]] == pytest.approx([32.0, 18.0], abs=1.5)
    window.press("x", "x", "x").shows("pet")
    screen(window, "steps")
    clicks = {one["name"]: one["clicks"] for one in room.case()["steps"]}
    assert sum(clicks.values()) >= 3


def test_a_mass_on_ct_is_measured_with_a_reason_and_has_gone_at_month_1(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    window.lesion(room.case(), "mediastinal")
    window.press("3", "x").shows("soft", "axial").press("y")
    window.page.keyboard.type("on the CT of the same day")
    window.press("Enter", "c")
    of = window.page.get_by_role("group", name="The next caliper is of")
    of.get_by_label("What").select_option(label="a mass without uptake")
    box, mouse = window.page.locator(".scan.own .marks").bounding_box(), window.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    ends = ((-60, 0), (60, 0), (0, -40), (0, 40))
    mouse.click(x, y)
    assert window.page.locator(".said").inner_text() == "name the mass first, and say whether it is a node"
    of.get_by_label("Name").fill("mesenteric")
    of.get_by_label("Counts as").select_option("node")
    screen(window, "mass")
    for right, down in ends:
        mouse.click(x + right, y + down)
    window.saved().page.click("#tab-Reading")
    said = window.page.locator('[data-on-ct="mesenteric"]')
    assert said.get_attribute("data-seen") == "present"
    caliper = room.case()["standing"][-1]["edit"]
    assert [caliper[key] for key in ("lesion", "name", "counts_as", "target", "seen")] == [None, "mesenteric", "node", True, "present"]
    window.page.click("#tab-History")
    assert "on the CT of the same day" in window.page.locator(".acts li").first.inner_text()
    room.post("A/TT", "sign")
    window = look(room.base).open("A/M1")
    window.page.click("#tab-Reading")
    said = window.page.locator('[data-on-ct="mesenteric"]')
    said.get_by_role("button", name="mesenteric has gone").click()
    window.saved()
    screen(window, "on-ct")
    (seen,) = room.case("A/M1")["on_ct"]
    assert [seen["now"]["seen"], seen["before"]["ldi_mm"]] == ["absent", pytest.approx(1.5 * seen["before"]["sdi_mm"], rel=0.02)]
    said.get_by_role("button", name="take back").click()
    window.saved()
    assert room.case("A/M1")["on_ct"][0]["now"] is None


def test_two_fingers_zoom_and_change_nothing(room: Served, look: Look) -> None:
    window = look(room.base, size=(820, 1180), touch=True).open()
    window.lesion(room.case(), "mediastinal")
    window.axial().press("h", "b")
    bare = window.pixels(".scan.own .marks")
    *place, per_mm = spot(bare, room, planted_place("mediastinal"))
    around = 3 * VOXEL_MM * per_mm
    before = dark_area(bare, place, around)
    box = window.page.locator(".scan.own .marks").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = window.page.context.new_cdp_session(window.page)

    def touch(what: str, apart: float = 0.0) -> None:
        at = [{"x": x + side * apart / 2, "y": y, "id": n} for n, side in enumerate((-1, 1))] if apart else []
        fingers.send("Input.dispatchTouchEvent", {"type": what, "touchPoints": at})

    touch("touchStart", 80)
    for apart in range(90, 241, 10):
        touch("touchMove", apart)
    touch("touchEnd")
    zoomed = window.painted().pixels(".scan.own .marks")
    after = dark_area(zoomed, [zoomed.shape[1] / 2, zoomed.shape[0] / 2], 3 * around)
    assert after == pytest.approx(9 * before, rel=0.25)
    assert room.kinds() == []


def dark_area(pixels: NDArray[np.int32], near: list[float], within: float) -> int:
    rows, columns = np.nonzero(pixels.max(axis=2) < DARK)
    return int((np.hypot(columns - near[0], rows - near[1]) < within).sum())


def test_a_hand_may_shake_in_a_click_and_only_the_left_button_decides(room: Served, look: Look) -> None:
    window = look(room.base).open()
    mouse = window.page.mouse
    window.lesion(room.case(), "axillary")
    picture = window.page.locator(".scan.own .rotating")
    orange = np.nonzero(np.abs(window.pixels(".scan.own .rotating") - np.array(ORANGE)).max(axis=2) < 40)
    box = picture.bounding_box()
    away = np.abs(orange[1] - box["width"] / 2) > box["width"] * 0.15
    x, y = box["x"] + orange[1][away].mean(), box["y"] + orange[0][away].mean()
    for button in ("right", "middle"):
        mouse.click(x, y, button=button)
    mouse.move(x, y - 120)
    mouse.down()
    mouse.move(x, y, steps=6)
    mouse.up()
    window.axial()
    assert window.page.locator(".state").inner_text() == "saved"
    assert room.kinds() == []
    bare = window.press("h").pixels(".scan.own .marks")
    box = window.page.locator(".scan.own .marks").bounding_box()
    x, y, _ = spot(bare, room, planted_place("axillary"))
    for moved, kinds in ((2, ["status"]), (40, ["status"])):
        mouse.move(box["x"] + x, box["y"] + y)
        mouse.down()
        mouse.move(box["x"] + x + moved, box["y"] + y)
        mouse.up()
        if moved == 2:
            window.saved()
        assert (room.kinds(), window.page.locator(".state").inner_text()) == (kinds, "saved")


def test_split_and_merge_by_clicks(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    lesion = window.lesion(room.case(), "mediastinal")
    window.axial()
    box = window.page.locator(".scan.own .marks").bounding_box()
    pixels = window.press("h").pixels(".scan.own .marks")
    *planted, per_mm = spot(pixels, room, planted_place("mediastinal"))
    x, y = dark_middle(pixels, (planted[0], planted[1]), 3 * VOXEL_MM * per_mm)
    apart = VOXEL_MM * per_mm
    window.press("h")
    before = len(room.case()["lesions"])
    for tool, kind, regions in (("s", "split", before + 1), ("m", "merge", before)):
        window.on_pictures().press(tool)
        for dx in (-apart, apart):
            window.page.mouse.click(box["x"] + x + dx, box["y"] + y)
        window.press("Enter").saved().outlined()
        if tool == "s":
            screen(window, "split")
        after = room.case()
        assert [after["standing"][-1]["edit"]["kind"], len(after["lesions"])] == [kind, regions]
        assert lesion["id"] in {one["id"] for one in after["lesions"]}


def test_text_is_never_markup(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    window.page.click("#tab-Reading")
    window.page.fill("textarea", "<img src=x onerror=alert(1)> & <b>reactive</b>")
    window.page.click("text=Add the comment")
    window.saved()
    assert window.page.locator(".comments li").inner_text().startswith("<img src=x onerror=alert(1)> & <b>reactive</b>")
    room.post("A/TT", "edits", kind="comment", text="brown fat in the neck")
    window.page.reload()
    window.shown("A/TT").page.click("#tab-History")
    window.page.locator(".acts li").first.wait_for()
    screen(window, "history")
    assert "<b>reactive</b>" in window.page.locator(".acts").inner_text()


def test_a_change_made_elsewhere_is_shown_and_nothing_is_lost(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    lesion = window.lesion(room.case(), "axillary")
    room.post("A/TT", "edits", kind="comment", text="seen on the other screen")
    window.on_pictures().press("p")
    window.page.get_by_text("This reading went on elsewhere").wait_for()
    screen(window, "conflict")
    assert "seen on the other screen" in window.page.locator("dialog").inner_text()
    window.page.get_by_text("Load the newer reading and make my edit on it").click()
    window.page.locator("dialog").wait_for(state="detached")
    window.saved()
    assert room.kinds() == ["comment", "status"]
    assert next(one for one in room.case()["lesions"] if one["id"] == lesion["id"])["status"] == "physiologic"
    room.post("A/TT", "edits", kind="comment", text="nor was this seen")
    window.on_pictures().press("f").page.locator("dialog button.main").dblclick()
    window.page.get_by_text("What you asked for has not been done").wait_for()
    assert "nor was this seen" in window.page.locator("dialog").inner_text()
    window.page.get_by_role("button", name="Load the newer reading", exact=True).click()
    window.saved()
    assert room.case()["reading"] == "edited"


def test_a_lost_connection_keeps_the_edit_until_the_server_answers(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    window.lesion(room.case(), "axillary")
    window.page.route("**/edits", lambda route: route.abort())
    window.on_pictures().press("p")
    window.page.get_by_text("No connection to carpet review").wait_for()
    screen(window, "offline")
    assert room.kinds() == []
    window.page.unroute("**/edits")
    window.page.get_by_text("try now").click()
    window.page.get_by_text("No connection to carpet review").wait_for(state="detached")
    window.saved()
    assert room.kinds() == ["status"]


def test_the_next_case_waits_for_edits_that_wait(room: Served, look: Look) -> None:
    window = look(room.base).open()
    window.lesion(room.case(), "axillary")
    window.page.route("**/edits", lambda route: route.abort())
    window.on_pictures().press("p").page.get_by_text("No connection to carpet review").wait_for()
    window.press("n").page.locator(".said", has_text="not left: the last edits are not saved yet").wait_for()
    window.page.unroute("**/edits")
    window.press("n").shown("B/TT")
    assert room.kinds() == ["status"]


def test_undo_takes_back_what_is_on_the_screen_and_nothing_done_elsewhere(room: Served, look: Look) -> None:
    window = look(room.base).open()
    window.press("Shift+Digit3").saved()
    room.post("A/TT", "edits", kind="deauville", score="5")
    window.press("z").page.get_by_text("and make my edit on it").click()
    window.page.locator("dialog").wait_for(state="detached")
    window.saved()
    assert room.case()["deauville"]["score"] == "5"
    assert room.kinds() == ["deauville"]


def test_a_reading_leaves_as_a_table_or_says_why_it_cannot(room: Served, look: Look) -> None:
    first, second = (one["id"] for one in room.case()["lesions"][:2])
    window = look(room.base).open()
    window.page.click("#tab-History")
    for link, name in (("The decisions as a table", "decisions"), ("the whole reading", "reading")):
        with window.page.expect_download() as taken:
            window.page.get_by_text(link).click()
        assert name in taken.value.suggested_filename
    room.post("A/TT", "edits", kind="merge", lesions=[first, second])
    window.page.get_by_text("The decisions as a table").click()
    window.page.locator(".banner", has_text="REVIEW_NOT_A_TABLE").wait_for()


def test_edits_of_a_closed_laptop_are_asked_about_all_of_them_until_there_is_an_answer(room: Served, look: Look) -> None:
    window = look(room.base).open()
    window.lesion(room.case(), "axillary")
    dialog = window.page.locator("dialog")
    for answer, kinds in (("Drop my edits", []), ("Make my edits now", ["status", "deauville"])):
        window.page.route("**/edits", lambda route: route.abort())
        window.on_pictures().press("p", "Shift+Digit4")
        window.page.get_by_text("Your last 2 edits are kept in this browser").wait_for()
        window.page.reload()
        window.page.get_by_text("2 edits of yours were not saved").wait_for()
        window.page.unroute("**/edits")
        assert [one.split(" ")[-1] for one in dialog.locator(".unsent li").all_inner_texts()] == ["physiologic", "4"]
        window.press("Escape", "Escape", "Escape")
        assert dialog.is_visible()
        dialog.get_by_text(answer).click()
        dialog.wait_for(state="detached")
        window.page.locator(".state", has_text="saved").wait_for()
        assert room.kinds() == kinds
        assert kept(window) == 0


def kept(window: Window) -> int:
    """How many edits this browser keeps."""
    return int(window.page.evaluate("() => Object.keys(localStorage).filter(key => key.startsWith('carpet unsent')).length"))


def test_windows_keep_their_unsent_edits_apart_and_those_of_another_trial(room: Served, look: Look) -> None:
    first = look(room.base).open()
    foreign = {"id": "1", "made": 1, "trial": "another", "who": "Rea", "case": "A/TT", "edit": {"kind": "deauville", "score": "1"}}
    first.page.evaluate("one => localStorage.setItem('carpet unsent edit 1', JSON.stringify(one))", foreign)
    second = Window(first.page.context.new_page(), room.base).open()
    for window, score in ((first, "2"), (second, "3")):
        window.page.route("**/edits", lambda route: route.abort())
        window.press(f"Shift+Digit{score}").page.get_by_text("No connection to carpet review").wait_for()
    for window in (first, second):
        window.page.unroute("**/edits")
        window.page.get_by_text("try now").click()
        if window is first:
            window.saved()
            assert kept(first) == 2
    second.page.get_by_text("and make my edit on it").click()
    second.saved()
    assert room.case()["deauville"]["score"] == "3"
    assert room.kinds() == ["deauville", "deauville"]
    assert kept(first) == 1


def test_edits_outlast_a_server_that_was_started_anew(rooms: Rooms, door: browser.Door, look: Look) -> None:
    opened = rooms(only="Rea")

    def started() -> Key:
        """Another process over the same history: it knows no session and has another key."""
        key = Key(lambda fresh: None)
        door.app = review_app(
            replace(opened.room, people=People({}, opened.clock, Person("Rea", Role.READER), key)), Doorway("127.0.0.1", door.port)
        )
        return key

    window = look(door.base)
    window.page.goto(f"{door.base}/?{PARAMETER}={started().now}")
    window.shown("A/TT")
    key = started()
    window.press("Shift+Digit2", "Shift+Digit4")
    window.page.get_by_text("the address that carpet review has printed last, key and all").wait_for()
    assert window.page.locator(".banner").count() == 1
    assert "2 edits are kept" in window.page.locator(".banner").inner_text()
    window.page.context.new_page().goto(f"{door.base}/?{PARAMETER}={key.now}")
    window.saved()
    window.page.locator(".banner").wait_for(state="detached")
    reading = opened.room.history.case("A/TT").reading_of("Rea")
    assert reading is not None
    assert [one.edit.score for one in reading.standing] == ["2", "4"]  # type: ignore[union-attr]


def test_a_refused_edit_holds_back_no_other_and_keys_wait_for_the_next_case(room: Served, look: Look) -> None:
    window = look(room.base).open()
    box = window.axial().press("a").page.locator(".scan.own .marks").bounding_box()
    window.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 30)  # air
    window.page.select_option("#display", "lung")
    window.press("Shift+Digit4", "2").shows("pet", "axial")
    window.page.locator(".banner", has_text="there is no free uptake").wait_for()
    window.page.locator(".state", has_text="saved").wait_for()
    assert room.kinds() == ["deauville"]
    window.press("f").page.locator("dialog button.main").dblclick()
    window.page.get_by_text("signed, locked").wait_for()
    assert window.page.locator(".banner").count() == 0
    window.page.route("**/api/cases/A/M1", lambda route: (window.page.wait_for_timeout(400), route.continue_()))
    window.press("n")
    window.page.get_by_text("opening A/M1").wait_for()
    window.press("Shift+Digit5", "p").shown("A/M1")
    assert room.case("A/M1")["standing"] == []
    assert room.kinds() == ["deauville"]
    window.press("f")
    said = window.page.locator("dialog .facts")
    assert said.locator(".warn").all_inner_texts() == ["Deauville: not scored", "New lesions: not said"]
    assert re.search(r"^PERCIST: \w+ \(by the numbers\)$", said.inner_text(), flags=re.MULTILINE)
    window.page.keyboard.press("Escape")
    window.press("Shift+Digit5").saved()
    by = {
        one.get_attribute("data-criterion").partition("@")[0]: one.get_attribute("data-by")
        for one in window.page.locator("[data-by]").all()
    }
    assert [by[name] for name in ("lugano", "percist")] == ["reader Rea", "carpet"]


def test_the_projection_is_as_grey_as_its_window_says_beyond_suv_10_too(room: Served, look: Look) -> None:
    """The hottest plateau seen from the front."""
    window = look(room.base).open()
    spin = room.room.of(room.room.case("A/TT"), None).scan.spin
    hottest = float(spin.suv[0].max())
    assert hottest > 12.0
    row, column = (np.median(one) for one in np.nonzero(spin.suv[0] > hottest - 0.1))
    cut = spin.layout
    window.press("h")
    for top in ("15", "20", "30"):
        window.page.get_by_label("SUV 0–").select_option(top)
        pixels = window.painted().pixels(".scan.own .rotating")
        high, wide = pixels.shape[:2]
        size = cut.width * cut.pixel_width_mm, cut.height * cut.pixel_height_mm
        per_mm = min(wide / size[0], high / size[1])
        x = (wide - size[0] * per_mm) / 2 + (column + 0.5) * cut.pixel_width_mm * per_mm
        y = (high - size[1] * per_mm) / 2 + (row + 0.5) * cut.pixel_height_mm * per_mm
        grey = np.median(pixels[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2])
        assert grey == pytest.approx(255 * max(0.0, 1 - hottest / float(top)), abs=5), top


def test_what_was_begun_stays_and_fields_follow_the_reading(room: Served, look: Look) -> None:
    window = look(room.base).open()
    lesion = window.lesion(room.case(), "mediastinal")
    site = window.page.locator(".selected").get_by_role("combobox", name="Site", exact=True)
    site.fill("cervical")
    site.press("Enter")
    window.saved().on_pictures().press("z").saved()
    assert site.input_value() == lesion["site"]
    window.page.click("#tab-Reading")
    window.page.fill("textarea", "half a sen")
    window.page.click("#tab-History")
    assert re.search(r"\d\d:\d\d:\d\d (UTC|GMT\S*)", window.page.locator(".acts time").first.inner_text())
    window.page.click("#tab-Reading")
    assert window.page.input_value("textarea") == "half a sen"
    window.on_pictures().press("c")
    box = window.page.locator(".scan.own .marks").bounding_box()
    window.page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5)
    window.press("j")
    window.page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5)
    assert window.page.locator(".said").inner_text().endswith("3 more ends")  # the first is of this region again
    window.page.evaluate("() => { location.hash = '#B/TT' }")
    window.shown("B/TT")
    assert re.search(r"\b[SI] \d+$", window.page.locator(".scan.own .cursor").inner_text())


def test_at_200_percent_pictures_and_panel_are_reached(room: Served, look: Look) -> None:
    window = look(room.base, size=(640, 400)).open()
    assert window.page.locator(".scan.own .pictures").bounding_box()["height"] > 250
    sign = window.page.locator(".selected .choice.physiologic")
    sign.scroll_into_view_if_needed()
    sign.click()
    window.saved()
    assert room.kinds() == ["status"]


def test_sign_lock_next_case_unlock(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    window.press("Shift+Digit4").saved()
    window.press("f")
    screen(window, "sign")
    assert "I have read this scan; this is my reading." in window.page.locator("dialog").inner_text()
    window.page.locator("dialog button.main").click()
    window.page.get_by_text("signed, locked").wait_for()
    assert room.case()["reading"] == "signed"
    assert window.page.get_by_role("toolbar").count() == 0
    window.press("n").shown("A/M1")
    assert window.page.locator(".scan").count() == 2  # the earlier scan beside it
    assert window.page.locator('.scan[data-scan="before"] h2').inner_text().startswith("TT")
    window.page.locator("[data-criterion]").first.wait_for()
    window.press("q")
    screen(window, "queue")
    window.page.locator('tr[data-case="A/TT"] button').click()
    window.shown("A/TT").page.get_by_role("button", name="Unlock").click()
    window.page.locator("dialog textarea").fill("the axillary node was overlooked")
    screen(window, "unlock")
    window.page.locator("dialog button.main").click()
    window.page.get_by_role("button", name="Sign", exact=True).wait_for()
    assert room.case()["reading"] == "unlocked"
    for takes_back in (False, True):
        window.press("z")
        window.page.get_by_text("Take back what was signed").wait_for()
        if takes_back:
            window.page.locator("dialog textarea").fill("scored on the wrong scan")
            window.page.locator("dialog button.main").click()
        else:
            window.page.keyboard.press("Escape")
        window.page.locator("dialog").wait_for(state="detached")
        if takes_back:
            window.saved()
        assert room.case()["deauville"]["score"] == (None if takes_back else "4")


def test_both_scans_move_together_until_they_are_parted(room: Served, look: Look, screen: Screen) -> None:
    room.post("B/TT", "sign")
    window = look(room.base, size=(1920, 1080)).open("B/M1")
    own, before = (window.page.locator(f'.scan[data-scan="{one}"]') for one in ("own", "before"))

    def at(scan: Any) -> Any:
        return np.array([float(mm) for mm in scan.locator(".cursor").get_attribute("data-at").split()])

    before.locator('.pictures[data-whole="true"][data-outlines]').wait_for()
    screen(window, "earlier")
    apart = at(before) - at(own)
    own.locator(".marks").focus()
    window.press("PageUp", "PageUp", "ArrowLeft")
    assert at(before) - at(own) == pytest.approx(apart, abs=0.02)
    window.page.get_by_role("button", name="Linked").click()
    stays = at(before)
    own.locator(".marks").focus()
    window.press("PageUp")
    assert at(before) == pytest.approx(stays)


def test_all_controls_have_names_and_fit(room: Served, look: Look, screen: Screen) -> None:
    for size, touch in (((1280, 800), False), ((820, 1180), True)):
        window = look(room.base, size=size, touch=touch).open()
        for one in window.page.locator("button, select, input, textarea, [tabindex='0']").all():
            if one.is_visible():
                box = one.bounding_box()
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= size[0] + 1, one.inner_text()
                assert not touch or box["height"] >= 36, one.inner_text()  # a fingertip
        for control in ("Cases: open the queue", "help", "Sign", "Brush", "next case"):
            window.page.get_by_role("button", name=control, exact=True).wait_for()
    screen(window, "tablet")
    window = look(room.base).open()
    screen(window, "case")
    window.press("?")
    screen(window, "help")
    assert "Deauville 4" in window.page.get_by_role("dialog", name="Help").inner_text()
    window.page.keyboard.press("Escape")
    window.page.get_by_role("dialog").wait_for(state="detached")


def test_the_keyboard_alone_reaches_and_decides(room: Served, look: Look) -> None:
    window = look(room.base).open()
    lesion = window.lesion(room.case(), "mediastinal")
    window.page.locator(".scan.own .marks").focus()
    window.press("Enter").saved()
    assert next(one for one in room.case()["lesions"] if one["id"] == lesion["id"])["status"] == "physiologic"


def test_an_empty_queue_and_a_refused_scan_say_what_to_do(room: Served, look: Look, screen: Screen) -> None:
    window = look(room.base).open()
    window.press("q").page.locator("dialog").get_by_text("no patient weight").wait_for()
    assert "What to do" in window.page.locator("dialog").inner_text()
    screen(window, "refused")
    window = look(room.base)
    window.page.route("**/api/queue", lambda route: route.fulfill(body='{"cases": [], "refusals": []}', content_type="application/json"))
    window.page.goto(room.base)
    window.page.get_by_text("There is no case to read").wait_for()
    screen(window, "empty")


def test_a_reading_of_other_regions_is_started_again(room: Served, look: Look, other_regions: OtherRegions) -> None:
    window = look(room.base).open()
    window.page.locator("tr[data-lesion]", has_text="mediastinal").locator("th button").click()
    window.on_pictures().press("p").saved()
    window.press("f").page.locator("dialog button.main").click()
    window.page.get_by_text("signed, locked").wait_for()
    other_regions(room.room)
    window = look(room.base)
    window.page.goto(f"{room.base}/#A/TT")
    window.page.get_by_text("made of other regions").first.wait_for()
    assert window.page.locator(".scan").count() == 0
    for button in ("unlock the reading of Rea", "start it again"):
        form = window.page.locator(".banner form", has=window.page.get_by_role("button", name=button))
        form.get_by_label("Reason").fill("the settings have changed")
        form.get_by_role("button", name=button).click()
    window.shown("A/TT")
    assert room.case()["standing"] == []


def test_a_browser_without_the_key_is_told_what_to_open(rooms: Rooms, door: browser.Door, look: Look) -> None:
    opened = rooms(only="Rea")
    key = Key(lambda fresh: None)
    locked = replace(opened.room, people=People({}, opened.clock, Person("Rea", Role.READER), key))
    door.app = review_app(locked, Doorway("127.0.0.1", door.port))
    base = door.base
    window = look(base)
    window.page.goto(base)
    window.page.get_by_text("the address that carpet review has printed last, key and all").wait_for()
    assert window.page.locator(".scan").count() == 0
    assert "A/TT" not in window.page.content()
    window.page.goto(f"{base}/?{PARAMETER}={key.now}")
    window.shown("A/TT")


def logged_in(window: Window, name: str, password: str = PASSWORD) -> Window:
    window.page.goto(window.base)
    window.page.get_by_label("Account").fill(name)
    window.page.get_by_label("Password").fill(password)
    window.page.get_by_role("button", name="Log in").click()
    return window


def test_two_readers_differ_and_an_adjudicator_chooses(two_readers: Served, look: Look, screen: Screen) -> None:
    wrong = logged_in(look(two_readers.base), "Rea", "not the password")
    wrong.page.get_by_text("name or password is wrong").wait_for()
    screen(wrong, "login")
    for name, status in (("Rea", "d"), ("Ron", "p")):
        window = logged_in(look(two_readers.base), name).shown("A/TT")
        window.page.locator("tr[data-lesion]", has_text="mediastinal").locator("th button").click()
        window.on_pictures().press(status)
        window.press("Shift+Digit5" if name == "Rea" else "Shift+Digit1").saved()
        assert window.page.locator(".which").count() == 0  # no sight of the other
        window.press("f")
        for password in ("not the password", PASSWORD) if name == "Rea" else (PASSWORD,):
            window.page.get_by_label("Your password again").fill(password)
            window.page.locator("dialog button.main").click()
            if password != PASSWORD:
                window.page.get_by_text("name or password is wrong").wait_for()
        window.page.get_by_text("signed, locked").wait_for()
        assert window.page.locator(".banner").count() == 0
    ada = logged_in(look(two_readers.base), "Ada").shown("A/TT")
    for name in ("Rea", "Ron"):
        ada.page.get_by_label("Reading of").select_option(name)
        ada.page.get_by_text(f"SIGNED by {name}").wait_for()
    ada.page.get_by_role("button", name="Adjudicate").click()
    assert "Ron" in ada.page.locator("dialog").inner_text()
    ada.page.locator('dialog input[value="Rea"]').check()
    screen(ada, "adjudication")
    ada.page.get_by_label("Your password again").fill(PASSWORD)
    ada.page.get_by_role("button", name="Choose and sign").click()
    ada.page.locator("dialog").wait_for(state="detached")
    assert two_readers.room.case("A/TT").stands == "Rea"
    ada.page.get_by_text("SIGNED by Rea").wait_for()
    ada.page.click("#tab-History")
    ada.page.get_by_text("the reading of Rea was chosen to stand").wait_for()
    ada.page.get_by_label("Reading of").select_option("Ron")
    ada.page.get_by_text("not in the tables: the reading of Rea stands").wait_for()


def test_who_logs_in_next_sees_nothing_of_what_was_begun(two_readers: Served, look: Look) -> None:
    window = logged_in(look(two_readers.base), "Rea").shown("A/TT")
    window.page.click("#tab-Reading")
    window.page.fill("textarea", "I think it has progressed")
    window.page.get_by_role("button", name="Log out").click()
    logged_in(window, "Ron").shown("A/TT").page.click("#tab-Reading")
    assert window.page.input_value("textarea") == ""
