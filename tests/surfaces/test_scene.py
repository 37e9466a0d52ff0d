"""`sembla scene` and `sembla.scene`: every form of the call, what it writes, what it refuses."""

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.methods.scene.scenery import CLASSES, SIZE, layout, make_bank, photo
from tests.surfaces.support import Sembla

import sembla as library
from sembla import api
from sembla.core import memory
from sembla.core.errors import InputError, LabelError, MemoryNeedError, SizeError
from sembla.core.tasks import Preview, SceneResult, SceneTask
from sembla.core.types import Picture
from sembla.imaging.io import read_picture
from sembla.imaging.save import read_settings


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bank(tmp_path_factory.mktemp("scenery"))


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """Three label maps."""
    folder = tmp_path / "maps"
    folder.mkdir()
    for number in range(3):
        Image.fromarray(wanted(number)).save(folder / f"m{number}.png")
    return folder


def wanted(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A layout without pixels to ignore."""
    return np.where(layout(number) == 255, 1, layout(number)).astype(np.uint8)


def test_one_map_goes_beside_the_caller(sembla: Sembla, maps: Path, bank: Path, elsewhere: Path) -> None:
    outcome = sembla("scene", maps / "m1.png", "--bank", bank)
    assert outcome.code == 0, outcome.err
    assert outcome.out == "m1-scene.png\n"
    assert [path.name for path in elsewhere.iterdir()] == ["m1-scene.png"]
    engine = library.open_bank(bank)
    assert np.array_equal(read_picture("m1-scene.png"), library.scene(maps / "m1.png", engine=engine).picture)
    assert "--force" in sembla("scene", maps / "m1.png", "--bank", bank).complaint
    assert sembla("scene", maps / "m1.png", "--bank", bank, "--force").code == 0


def test_the_record_says_how_it_came_about(sembla: Sembla, maps: Path, bank: Path) -> None:
    assert sembla("scene", maps / "m1.png", "--bank", bank, "--out", "a.png", "--seed", "3").code == 0
    record = read_settings("a.png")
    assert (record["verb"], record["seed"], record["variation"]) == ("scene", 3, 1)
    assert (record["engine"]["kind"], record["engine"]["split"]) == ("bank", "")
    assert set(record["labels"]) == {"path", "sha256"}
    assert sum(record["credits"].values()) == pytest.approx(1, abs=1e-3)


def test_json_is_one_object_with_the_facts(sembla: Sembla, maps: Path, bank: Path) -> None:
    told = json.loads(sembla("scene", maps / "m2.png", "--bank", bank, "--json", "--credits", "--seed", "0").out)
    assert set(told) == {"out", "width", "height", "seconds", "seed", "engine", "credits"}
    assert (told["out"], told["width"], told["height"]) == ("m2-scene.png", SIZE[1], SIZE[0])
    assert told["credits"]["m2-scene.png"]["n2"] > 0.98


def test_credits_are_printed(sembla: Sembla, maps: Path, bank: Path) -> None:
    first, *origins = sembla("scene", maps / "m2.png", "--bank", bank, "--credits").out.splitlines()
    assert first == "m2-scene.png"
    assert origins[0].endswith("% n2")


def test_variations_and_style_reach_the_engine(sembla: Sembla, maps: Path, bank: Path, tmp_path: Path) -> None:
    Image.fromarray(photo(0)).save(tmp_path / "style.png")
    call = ("scene", maps / "m1.png", "--bank", bank, "--variations", "2", "--style", tmp_path / "style.png")
    told = json.loads(sembla(*call, "--out", "a.png", "--json").out)
    assert told["out"] == ["a-1.png", "a-2.png"]
    expected = library.scene(
        maps / "m1.png", engine=library.open_bank(bank), style=tmp_path / "style.png", variations=2
    )
    for out, picture in zip(told["out"], expected.pictures, strict=True):
        assert np.array_equal(read_picture(out), picture)


@pytest.mark.parametrize("trained", [False, True])
def test_each_picture_is_given_before_the_next_is_begun(maps: Path, bank: Path, *, trained: bool) -> None:
    engine: Any = Painter() if trained else library.open_bank(bank)
    events: list[str] = []
    given: list[tuple[Picture, Mapping[str, float]]] = []

    def take(picture: Picture, shares: Mapping[str, float]) -> None:
        events.append("picture")
        given.append((picture, shares))

    task = api.read_scene(maps / "m1.png", api.scene_classes(engine), variations=3)
    result = api.run_scene(task, lambda _: events.append("preview"), on_picture=take, engine=engine)
    assert [event for event, _ in groupby(events)] == ["preview", "picture"] * 3
    assert all(np.array_equal(one, other) for (one, _), other in zip(given, result.pictures, strict=True))
    assert tuple(shares for _, shares in given if shares) == result.credits


def test_a_folder_gives_a_data_set(sembla: Sembla, maps: Path, bank: Path) -> None:
    outcome = sembla("scene", maps, "--bank", bank, "--out", "made")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines() == [*(f"made/images/m{number}.png" for number in range(3)), "made/sheet.png"]
    assert sembla("prepare", "folder", "made", "prepared", "--workers", "1").code == 0
    prepared = library.open_prepared("prepared")
    assert prepared.total == 3
    assert prepared.label_set is not None
    assert prepared.label_set.names == CLASSES.names
    for number in range(3):
        assert np.array_equal(np.asarray(Image.open(f"made/labels/m{number}.png")), wanted(number))


def test_a_folder_goes_on_where_it_stopped(sembla: Sembla, maps: Path, bank: Path) -> None:
    call = ("scene", maps, "--bank", bank, "--out", "made", "--json")
    assert sembla(*call).code == 0
    whole = {path.name: path.read_bytes() for path in Path("made/images").iterdir()}
    sheet = read_picture("made/sheet.png")
    Path("made/sheet.png").unlink()
    assert json.loads(sembla(*call, "--resume").out)["sheet"] == "made/sheet.png"
    Path("made/images/m1.png").unlink()
    assert "--force" in sembla(*call).complaint
    told = json.loads(sembla(*call, "--resume").out)
    assert (told["out"], told["kept"]) == (["made/images/m1.png"], 2)
    assert {path.name: path.read_bytes() for path in Path("made/images").iterdir()} == whole
    np.testing.assert_array_equal(read_picture("made/sheet.png"), sheet)  # of all pairs, not of the new one alone
    assert "seed" in sembla(*call, "--resume", "--seed", "1").complaint


def test_processes_share_a_folder(sembla: Sembla, maps: Path, bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    outs = []
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        outs.append(json.loads(sembla("scene", maps, "--bank", bank, "--out", "made", "--json").out)["out"])
    assert outs == [["made/images/m1.png"], ["made/images/m0.png", "made/images/m2.png"]]
    monkeypatch.setenv("RANK", "x")
    assert "RANK" in sembla("scene", maps, "--bank", bank, "--out", "more").complaint


def test_maps_that_cannot_be_used_are_left_out_of_a_folder(sembla: Sembla, maps: Path, bank: Path) -> None:
    Image.fromarray(np.full(SIZE, 4, np.uint8)).save(maps / "unicorns.png")
    outcome = sembla("scene", maps, "--bank", bank, "--out", "made")
    assert outcome.code == 0
    assert "left out" in outcome.err
    assert "unicorns.png" in outcome.err
    assert not Path("made/images/unicorns.png").exists()
    for path in maps.glob("m*.png"):
        path.unlink()
    assert "unicorn" in sembla("scene", maps, "--bank", bank, "--out", "none").complaint
    assert not Path("none").exists()


def test_a_folder_of_pairs_has_a_place_and_names_of_its_own(sembla: Sembla, maps: Path, bank: Path) -> None:
    assert "would write among the label maps" in sembla("scene", maps, "--bank", bank, "--out", maps).complaint
    (maps.parent / "set").mkdir()
    maps = maps.rename(maps.parent / "set" / "labels")
    assert "would write among" in sembla("scene", maps, "--bank", bank, "--out", maps.parent).complaint
    for name in ("m0.bmp", "m0-png.png"):  # beside m0.png
        Image.fromarray(wanted(0)).save(maps / name)
    assert "would both become m0-png.png" in sembla("scene", maps, "--bank", bank, "--out", "made").complaint
    assert not Path("made").exists()


def test_colour_maps_are_read_in_the_colours_of_the_set(bank: Path, tmp_path: Path) -> None:
    engine = library.open_bank(bank)
    expected = library.scene(wanted(1), engine=engine).picture
    colours = CLASSES.palette[wanted(1)]
    assert np.array_equal(library.scene(colours, engine=engine).picture, expected)
    Image.fromarray(colours).save(tmp_path / "a.jpg", quality=95, subsampling=0)
    snapped = library.scene(tmp_path / "a.jpg", engine=engine).picture
    assert (snapped == expected).all(axis=2).mean() > 0.9
    strange = np.where((wanted(1) == 2)[..., None], np.array([0x12, 0x34, 0x56], np.uint8), colours)
    with pytest.raises(LabelError, match="#123456"):
        library.scene(strange, engine=engine)


def test_black_is_what_is_to_be_ignored(bank: Path) -> None:
    engine = library.open_bank(bank)
    palette = np.vstack([CLASSES.palette, np.zeros((251, 3), np.uint8)])
    expected = library.scene(layout(1), engine=engine).picture
    assert np.array_equal(library.scene(palette[layout(1)], engine=engine).picture, expected)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--bank or --model"),
        (("--bank", "nowhere"), "sembla prepare"),
        (("--bank", "BANK", "--model", "x"), "both came"),
        (("--bank", "BANK", "--exact"), "--exact"),
        (("--bank", "BANK", "--device", "cpu"), "--device"),
        (("--bank", "BANK", "--resume"), "--resume"),
        (("--bank", "BANK", "--look", "1=2"), "--look came without --model"),
        (("--bank", "BANK", "--instances", "MAPS"), "--instances came without --model"),
        (("--bank", "BANK", "--variations", "65"), "variations 65"),
        (("--bank", "BANK", "--style", "MAPS/none.png"), "no such file"),
        (("--bank", "BANK", "--out", "a.xyz"), ".xyz"),
    ],
)
def test_bad_calls_are_refused_in_one_line(
    sembla: Sembla, maps: Path, bank: Path, arguments: tuple[str, ...], told: str
) -> None:
    given = [text.replace("BANK", str(bank)).replace("MAPS", str(maps)) for text in arguments]
    assert told in sembla("scene", maps / "m0.png", *given).complaint


def test_bad_maps_are_refused_in_one_line(sembla: Sembla, maps: Path, bank: Path) -> None:
    Image.fromarray(np.full(SIZE, 9, np.uint8)).save(maps / "bad.png")
    assert (
        f"9 ({SIZE[0] * SIZE[1]} of {SIZE[0] * SIZE[1]} pixels), but the set has 5 classes"
        in sembla("scene", maps / "bad.png", "--bank", bank).complaint
    )
    assert "say where to put it" in sembla("scene", maps, "--bank", bank).complaint
    with pytest.raises(SizeError, match="bool"):
        library.scene(wanted(0), engine=library.open_bank(bank), region=np.ones((3, 3), np.bool_))


class Painter:
    """A stand-in for a trained model: paints each class in its colour, a little brighter for each variation."""

    tasks = (SceneTask,)
    config = SimpleNamespace(label_set=CLASSES, varies=lambda *, style: not style)

    def __call__(self, task: SceneTask) -> SceneResult:
        assert task.variations == 1
        picture = CLASSES.palette[task.labels] // 2 + np.uint8(task.first_variation)
        return SceneResult((picture,), seed=task.seed, seconds=0.5)


def test_a_trained_model_makes_variation_after_variation() -> None:
    shown: list[Preview] = []
    model: Any = Painter()
    result = library.scene(wanted(1), engine=model, seed=7, variations=3, on_preview=shown.append)
    assert (result.seed, result.seconds, result.credits) == (7, 1.5, ())
    for number, picture in enumerate(result.pictures):
        assert np.array_equal(picture, CLASSES.palette[wanted(1)] // 2 + np.uint8(number))
        assert np.array_equal(shown[number].picture, picture)
    with pytest.raises(LabelError, match="beyond_count"):
        library.scene(np.full(SIZE, 9, np.uint8), engine=model)


def test_a_model_of_another_method_is_refused() -> None:
    model: Any = SimpleNamespace(tasks=(), description=SimpleNamespace(method="analogy"))
    with pytest.raises(InputError, match="method analogy, which makes no scenes"):
        library.scene(wanted(1), engine=model)


def test_things_of_other_kinds_are_told_in_python(bank: Path) -> None:
    engine: Any = library.open_bank(bank)
    for wrong, told in (
        ({"engine": "facades"}, "an engine came as str; give what open_bank or load gives"),
        ({"engine": engine, "looks": [1, 2]}, "looks came as list"),
        ({"engine": engine, "region": [[True]]}, r"region of shape \(1, 1\)"),
    ):
        with pytest.raises(InputError, match=told):
            library.scene(wanted(1), **wrong)
    with pytest.raises(InputError, match="without='train' came; give a list of names"):
        library.open_bank(bank, without="train")


def test_more_than_memory_allows_is_refused(bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 300_000_000)
    engine = library.open_bank(bank)
    assert library.scene(wanted(1), engine=engine).picture.shape == (*SIZE, 3)
    with pytest.raises(MemoryNeedError, match="2000x1500 in 2 variations needs about"):
        library.scene(np.zeros((1500, 2000), np.uint8), engine=engine, variations=2)
