"""Scenes: the pictures are those of the library, and what is made anew in a region leaves all else as it was."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.methods.scene.scenery import CLASSES, PHOTOS, layout, make_bank, photo
from tests.studio.support import PATIENCE, Heard, Server, message, page, png
from tests.studio.test_routes import refusal, unpacked

from sembla import api
from sembla.core.errors import InputError
from sembla.core.tasks import SceneTask
from sembla.core.types import Picture

BANK = "bank:bank"
NO_CLASS = CLASSES.count
"""The page's id for pixels without a class."""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bank(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="module")
def studio(server: Server, bank: Path) -> Iterator[Server]:
    """It opens after the common one and is closed before it, as notes that both hear need."""
    assert server.server.started
    with Server(banks=[bank]) as running:
        yield running


@pytest.fixture
def client(studio: Server) -> Iterator[httpx.Client]:
    with studio.client() as opened:
        yield opened


def wanted(number: int = 2) -> NDArray[np.uint8]:
    """A layout in the page's ids."""
    return np.where(layout(number) == 255, NO_CLASS, layout(number)).astype(np.uint8)


def asked(
    *maps: tuple[str, NDArray[np.uint8]],
    number: int = 1,
    style: str = "",
    engine: str | None = BANK,
    draft: bool = False,
    **settings: Any,
) -> bytes:
    """A live request for a scene."""
    parts = [zlib.compress(np.ascontiguousarray(ids).tobytes()) for _, ids in maps]
    told = [
        {"name": name, "width": ids.shape[1], "height": ids.shape[0], "bytes": len(part)}
        for (name, ids), part in zip(maps, parts, strict=True)
    ]
    header = {"number": number, "task": "scene", "photo": style, "settings": settings, "maps": told}
    return message({**header, "draft": draft, "scene": engine}, *parts)


def answered(studio: Server, request: bytes) -> Heard:
    with page(studio) as opened:
        opened.send(request)
        return opened.listen(1)


def expected(studio: Server, bank: Path, task: SceneTask) -> Picture:
    """What the library makes of a task. On the worker, for numba runs in one thread at a time."""
    work = studio.desk.jobs.submit("oracle", lambda _: api.run_scene(task, engine=api.open_bank(bank)).picture)
    return work.future.result(PATIENCE)


def test_the_list_tells_classes_and_size(client: httpx.Client) -> None:
    told = client.get("/api/scenes").json()
    (card,) = told["engines"]
    assert told["problems"] == []
    assert [entry["name"] for entry in card["classes"]] == [*CLASSES.names, "no class"]
    assert [bytes.fromhex(entry["colour"][1:]) for entry in card["classes"][:-1]] == [bytes(c) for c in CLASSES.colours]
    assert len({entry["colour"] for entry in card["classes"]}) == CLASSES.count + 1
    assert (card["name"], card["kind"], card["width"], card["height"], card["photos"]) == (BANK, "bank", 64, 48, PHOTOS)


def test_without_banks_there_are_none(server: Server) -> None:
    with server.client() as client:
        assert client.get("/api/scenes").json() == {"engines": [], "problems": []}


def test_banks_of_one_name_are_told_apart_and_a_broken_one_is_told(bank: Path, tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    with Server(banks=[bank, tmp_path / "bank", bank]) as studio, studio.client() as client:
        told = client.get("/api/scenes").json()
    assert [card["name"] for card in told["engines"]] == [BANK, f"{BANK}-3"]
    (problem,) = told["problems"]
    assert "sembla prepare" in problem


@pytest.mark.parametrize("shown", ["ids", "colours"])
def test_layouts_are_read_by_ids_and_by_colours(client: httpx.Client, shown: str) -> None:
    ids = layout(1)
    palette = np.zeros((256, 3), np.uint8)
    palette[: CLASSES.count] = CLASSES.palette
    file = png(ids if shown == "ids" else palette[ids])
    answer = client.post(f"/api/scenes/{BANK}/layout", content=file)
    assert answer.status_code == 200, answer.text
    np.testing.assert_array_equal(unpacked(answer.json()), wanted(1))


def test_a_layout_with_other_ids_is_refused_with_its_name(client: httpx.Client) -> None:
    answer = client.post(f"/api/scenes/{BANK}/layout", params={"name": "street.png"}, content=png(layout(1) + 90))
    told = refusal(answer)
    assert told.startswith("street.png: ")
    assert "ids 0 to 4" in told


def test_photos_of_a_bank_are_shown_and_held(client: httpx.Client) -> None:
    held = client.post(f"/api/scenes/{BANK}/photos/2").json()
    pixels = client.get(f"/api/photos/{held['id']}").content
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(pixels))), photo(2))
    layout_ = client.get(f"/api/scenes/{BANK}/photos/2/layout").json()
    np.testing.assert_array_equal(unpacked(layout_), wanted(2))
    thumbnail = Image.open(io.BytesIO(client.get(f"/api/scenes/{BANK}/photos/2/thumbnail").content))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (64, 48))
    assert "0 to 5" in refusal(client.post(f"/api/scenes/{BANK}/photos/6"))
    refusal(client.post("/api/scenes/bank:none/photos/0"), 404)
    refusal(client.post("/api/scenes/model:none/layout", content=png(layout(1))), 404)


def test_a_scene_is_the_librarys_and_says_how_it_came_about(studio: Server, bank: Path, tmp_path: Path) -> None:
    heard = answered(studio, asked(("layout", wanted()), seed=7))
    assert heard.end["kind"] == "done", heard.end
    (picture,) = heard.pictures
    np.testing.assert_array_equal(picture.pixels, expected(studio, bank, SceneTask(layout(2), seed=7)))
    (tmp_path / "scene.png").write_bytes(picture.data)
    record = api.read_settings(tmp_path / "scene.png")
    assert (record["verb"], record["seed"], record["style"]) == ("scene", 7, None)
    assert record["engine"] == {"kind": "bank", "name": "bank", "sha256": api.digest(bank / "dataset.json")}
    assert picture.header["credits"] == record["credits"]
    assert sum(record["credits"].values()) == pytest.approx(1, abs=0.01)


def test_variations_are_of_seeds_that_follow(studio: Server, bank: Path) -> None:
    heard = answered(studio, asked(("layout", wanted()), seed=5, first_variation=1, variations=2))
    assert [picture.header["variation"] for picture in heard.pictures] == [0, 1]
    for seed, picture in zip((6, 7), heard.pictures, strict=True):
        np.testing.assert_array_equal(picture.pixels, expected(studio, bank, SceneTask(layout(2), seed=seed)))


def test_a_style_photo_is_one_that_is_held(studio: Server, bank: Path, client: httpx.Client) -> None:
    style = client.post(f"/api/scenes/{BANK}/photos/5").json()["id"]
    heard = answered(studio, asked(("layout", wanted()), style=style))
    (picture,) = heard.pictures
    np.testing.assert_array_equal(picture.pixels, expected(studio, bank, SceneTask(layout(2), style=photo(5))))
    lost = answered(studio, asked(("layout", wanted()), style="0" * 32))
    assert (lost.end["kind"], lost.end["unknown_photo"]) == ("failed", True)


def test_what_is_made_anew_leaves_the_rest_bit_by_bit(studio: Server, bank: Path) -> None:
    rolls = np.zeros(layout(2).shape, np.uint8)
    rolls[30:46, 5:40] = 1
    rolls[2:16, 40:60] = 3
    (plain,) = answered(studio, asked(("layout", wanted()))).pictures
    heard = answered(studio, asked(("layout", wanted()), ("rolls", rolls)))
    (picture,) = heard.pictures
    made, before = picture.pixels, plain.pixels
    np.testing.assert_array_equal(made[rolls == 0], before[rolls == 0])
    for number in (1, 3):
        region = rolls == number
        assert (made[region] != before[region]).any()
        alone = expected(studio, bank, SceneTask(layout(2), first_variation=number, region=region))
        np.testing.assert_array_equal(made[region], alone[region])


def test_a_quick_look_ends_with_a_frame(studio: Server) -> None:
    heard = answered(studio, asked(("layout", wanted().repeat(4, 0).repeat(4, 1)), draft=True))
    assert heard.end["kind"] == "done"
    assert heard.frames
    assert heard.pictures == []
    assert max(heard.frames[-1].header["width"], heard.frames[-1].header["height"]) >= 120


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (asked(("layout", wanted()), engine=None), "no engine"),
        (asked(("layout", wanted()), engine="bank:none"), "bank:none"),
        (asked(("layout", np.full((48, 64), 4, np.uint8))), "unicorn"),
        (asked(("labels", wanted())), "expected layout"),
        (asked(("layout", wanted()), ("rolls", np.ones((20, 20), np.uint8))), "20x20"),
        (asked(("layout", wanted()), ("rolls", np.full((48, 64), 64, np.uint8))), "1 to 63"),
        (asked(("layout", wanted()), keep=True), "keep"),
    ],
)
def test_what_cannot_be_made_is_told_in_a_line(studio: Server, request_: bytes, told: str) -> None:
    heard = answered(studio, request_)
    assert heard.end["kind"] == "failed"
    assert told in heard.end["message"]
    assert "\n" not in heard.end["message"]


def test_an_analogy_without_a_photo_is_refused(studio: Server) -> None:
    header = {"number": 1, "task": "analogy", "photo": "", "settings": {}, "maps": []}
    assert "photo" in answered(studio, message(header)).end["message"]


def test_the_next_request_takes_the_place_of_a_scene(studio: Server) -> None:
    large = wanted().repeat(8, 0).repeat(8, 1)
    with page(studio) as opened:
        opened.send(asked(("layout", large), variations=64))
        opened.send(asked(("layout", wanted()), number=2))
        second = opened.listen(2)
    assert second.end["kind"] == "done"
    assert len(second.pictures) == 1


def test_the_command_refuses_what_is_no_prepared_set(tmp_path: Path) -> None:
    from sembla.commands.studio import Studio

    with pytest.raises(InputError, match="no prepared set"):
        Studio(open=False, port=0, bank=(tmp_path,)).run()
