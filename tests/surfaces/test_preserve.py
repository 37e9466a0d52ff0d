"""`sembla preserve`, `sembla.keep` and `sembla.preserve`: every form of the call, what it writes, what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.surfaces.support import Sembla

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.methods.scene.support import prepared

import sembla as library
from sembla import api
from sembla.core.errors import Cancelled, InputError, SizeError
from sembla.core.tasks import Preview
from sembla.imaging.io import read_picture
from sembla.imaging.save import read_settings
from sembla.methods.preserve.config import Began, Config, fitted
from sembla.methods.preserve.config import Sembla as Recipe
from sembla.methods.preserve.learned import PARTS
from sembla.runs.description import Description, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.synthesizer import read_synthesizer
from sembla.runs.tensors import named

SIDE = 32


def write_model(run: Path, config: Config, recipe: str) -> Path:
    run.mkdir()
    about = Description("preserve", recipe, to_plain(config), seed=0, batch=1, data="noise (small, SHA-256 0)")
    write_description(RunFolder(run), about)
    torch.manual_seed(0)
    write_weights(RunFolder(run), named(dict(PARTS.networks(config))), step=1)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prior that has learned nothing: what comes out is grey noise of a code."""
    config = fitted(Recipe(side=SIDE, width=8, discriminator_width=8, encoder_width=8, features="none"), prepared())
    return write_model(tmp_path_factory.mktemp("prior") / "run", config, "sembla")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Twice as wide as high."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    inside = np.zeros((40, 80), np.bool_)
    inside[10:20, 30:50] = True
    Image.fromarray(inside).save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


FEW = ("--candidates", "5", "--shown", "2", "--steps", "1")


def test_a_region_gives_a_folder_of_pictures(sembla: Sembla, photo: Path, run: Path, elsewhere: Path) -> None:
    outcome = sembla("preserve", photo, "--region", "24,4,16,16", "--model", run, *FEW)
    assert outcome.code == 0, outcome.err
    folder = elsewhere / "photo-preserve"
    names = ["01.png", "02.png", "all.png", "deviation.png", "mean.png", "reference.png", "region.png"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert outcome.out.splitlines() == [f"photo-preserve/{name}" for name in ("all.png", "01.png", "02.png")]
    assert read_picture(folder / "01.png").shape == (SIDE, SIDE, 3)
    assert read_picture(folder / "all.png").shape == (2 * SIDE, 3 * SIDE, 3)
    record = read_settings(folder / "01.png")
    assert (record["verb"], record["seed"], record["search"]) == ("preserve", 0, "steered")
    assert record["regions"][0]["place"] == [24, 4, 16, 16]


def test_it_is_what_python_gives(sembla: Sembla, photo: Path, run: Path, elsewhere: Path) -> None:
    assert sembla("preserve", photo, "--region", "24,4,16,16", "--model", run, "--seed", "3", *FEW).code == 0
    model = library.load(run)
    kept = library.keep(photo, model=model, region=(24, 4, 16, 16))
    result = library.preserve(kept, model=model, seed=3, candidates=5, shown=2, search=library.Steered(1))
    for number, picture in enumerate(result.pictures, 1):
        np.testing.assert_array_equal(read_picture(elsewhere / f"photo-preserve/{number:02d}.png"), picture)


def test_json_says_what_was_made(sembla: Sembla, photo: Path, mask: Path, run: Path) -> None:
    outcome = sembla("preserve", photo, "--mask", mask, "--model", run, "--out", "made", "--json", *FEW)
    told = json.loads(outcome.out)
    assert told["pictures"] == ["made/01.png", "made/02.png"]
    assert told["distances"] == sorted(told["distances"])
    assert set(told) == {"out", "pictures", "distances", "strangeness", "seconds", "seed", "model"}


@pytest.mark.parametrize("search", ["steered", "faces", "bedrooms", "pixels"])
def test_every_search_can_be_asked_for(sembla: Sembla, photo: Path, run: Path, search: str) -> None:
    outcome = sembla("preserve", photo, "--region", "24,4,16,16", "--model", run, "--search", search, *FEW)
    assert outcome.code == 0, outcome.err


def test_regions_come_from_several_pictures(sembla: Sembla, photo: Path, mask: Path, run: Path, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), (255, 0, 0)).save(tmp_path / "red.png")
    given = ("--region", "20,0,40,40", "--region", f"{tmp_path / 'red.png'}=10,10,20,20*2", "--mask", f"{mask}*0.5")
    outcome = sembla("preserve", photo, *given, "--model", run, "--lock", "--out", "made", *FEW)
    assert outcome.code == 0, outcome.err
    reference = read_picture("made/reference.png")
    assert (reference == (255, 0, 0)).all(axis=2).any()
    region = read_picture("made/region.png")[..., 0] > 0
    for name in ("01", "02"):
        np.testing.assert_array_equal(read_picture(f"made/{name}.png")[region], reference[region])
    assert [one["weight"] for one in read_settings("made/01.png")["regions"]] == [1, 2, 0.5]


def test_files_stay_unless_they_shall_not(sembla: Sembla, photo: Path, run: Path, elsewhere: Path) -> None:
    command = ("preserve", photo, "--region", "24,4,16,16", "--model", run, *FEW)
    assert sembla(*command).code == 0
    before = (elsewhere / "photo-preserve/01.png").read_bytes()
    assert "--force" in sembla(*command, "--seed", "9").complaint
    assert (elsewhere / "photo-preserve/01.png").read_bytes() == before
    assert sembla(*command, "--seed", "9", "--force").code == 0
    assert (elsewhere / "photo-preserve/01.png").read_bytes() != before


def test_pictures_of_an_earlier_run_do_not_stay(sembla: Sembla, photo: Path, run: Path) -> None:
    command = ("preserve", photo, "--region", "24,4,16,16", "--model", run, "--steps", "1", "--candidates", "4")
    assert sembla(*command, "--shown", "3").code == 0
    Image.new("RGB", (20, 20)).save("photo-preserve/07.png")
    assert sembla(*command, "--shown", "1", "--force").code == 0
    assert sorted(path.name for path in Path("photo-preserve").glob("0*.png")) == ["01.png", "07.png"]


def test_a_mask_s_name_may_hold_any_sign(sembla: Sembla, photo: Path, mask: Path, run: Path) -> None:
    Path("run=3").mkdir()
    mask.rename("run=3/m*2.png")
    assert sembla("preserve", photo, "--mask", "run=3/m*2.png", "--model", run, *FEW).code == 0
    assert sembla("preserve", photo, "--mask", "run=3/m*2.png*2!", "--model", run, "--force", *FEW).code == 0


def test_a_mask_that_covers_all_is_told(sembla: Sembla, photo: Path, run: Path) -> None:
    Image.fromarray(np.full_like(read_picture(photo), 255)).save("all.png")
    outcome = sembla("preserve", photo, "--mask", "all.png", "--model", run, *FEW)
    assert outcome.code == 0
    assert "nothing was left to vary" in outcome.err


def test_a_place_that_cannot_be_is_told_before_the_work(sembla: Sembla, photo: Path, run: Path) -> None:
    Path("file").touch()
    given = ("--region", "24,4,16,16", "--model", run, "--out", "file/made", *FEW)
    assert "cannot be made" in sembla("preserve", photo, *given).complaint


@pytest.mark.parametrize("meaning", [-0.1, 30.0, float("nan")])
def test_a_meaning_out_of_its_range_is_told(photo: Path, run: Path, meaning: float) -> None:
    model = library.load(run)
    kept = library.keep(photo, model=model, region=(24, 4, 16, 16))
    with pytest.raises(InputError, match="give 0 to 1"):
        library.preserve(kept, model=model, search=library.Steered(meaning=meaning))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((), "no region came"),
        (("--region", "1,2,3"), "expected X,Y,W,H"),
        (("--region", f"1,2,3,{'4' * 5000}"), "expected X,Y,W,H"),
        (("--region", "24,4,0,16"), "must lie within the picture, 80x40"),
        (("--region", "70,4,20,16"), "must lie within the picture"),
        (("--region", "0,4,10,16"), "outside the middle square, 40x40"),
        (("--region", "24,4,16,16*0"), "a number above 0"),
        (("--mask", "nothing.png"), "nothing.png"),
        (
            ("--region", "24,4,16,16", "--steps", "0", "--search", "pixels"),
            "steps of pixels 0 came; expected a whole number 1 to 10000",
        ),
        (("--region", "24,4,16,16", "--meaning", "2"), "give 0 to 1"),
        (("--region", "24,4,16,16", "--meaning", "0.2", "--search", "faces"), "it is for steered"),
        (("--region", "24,4,16,16", "--candidates", "0"), "candidates 0 came; expected a whole number 1 to 256"),
        (("--region", "24,4,16,16", "--shown", "0"), "shown 0 came"),
        (("--region", "24,4,16,16", "--seed", "-1"), "seed -1 came"),
    ],
)
def test_bad_input_is_told_in_one_line(
    sembla: Sembla, photo: Path, run: Path, elsewhere: Path, given: tuple[str, ...], told: str
) -> None:
    assert told in sembla("preserve", photo, "--model", run, *given).complaint
    assert not list(elsewhere.iterdir())


def test_a_black_mask_is_told(sembla: Sembla, photo: Path, run: Path, tmp_path: Path) -> None:
    Image.new("L", (80, 40)).save(tmp_path / "black.png")
    assert "black everywhere" in sembla("preserve", photo, "--model", run, "--mask", tmp_path / "black.png").complaint


def test_a_mask_of_another_size_is_told(sembla: Sembla, photo: Path, run: Path, tmp_path: Path) -> None:
    Image.new("L", (40, 40), 255).save(tmp_path / "small.png")
    complaint = sembla("preserve", photo, "--model", run, "--mask", tmp_path / "small.png").complaint
    assert "is 40x40; the picture is 80x40" in complaint


def test_a_model_of_another_method_is_told(sembla: Sembla, photo: Path) -> None:
    complaint = sembla("preserve", photo, "--region", "24,4,16,16", "--model", "facades").complaint
    assert "of method scene, which keeps no regions" in complaint


def test_what_is_no_model_is_told(photo: Path) -> None:
    with pytest.raises(InputError, match="give what load gives"):
        library.keep(photo, model="facades", region=(1, 2, 3, 4))  # type: ignore[arg-type]


def test_masks_may_be_arrays(photo: Path, run: Path) -> None:
    model, inside = library.load(run), np.zeros((40, 80), np.bool_)
    inside[:, 20:40] = True
    kept = library.keep(photo, model=model, mask=inside)
    assert kept.region[:, : SIDE // 2].all()
    assert not kept.region[:, SIDE // 2 :].any()
    with pytest.raises(SizeError):
        library.keep(photo, model=model, mask=inside[:20])


def test_the_thinnest_region_is_not_lost(photo: Path, run: Path) -> None:
    kept = library.keep(photo, model=library.load(run), region=(40, 0, 1, 40))
    assert kept.region.any()


def test_work_is_seen_and_can_be_stopped(photo: Path, run: Path) -> None:
    model = library.load(run)
    kept, seen = library.keep(photo, model=model, region=(24, 4, 16, 16)), []

    def show(preview: Preview) -> bool:
        seen.append(preview)
        return False

    with pytest.raises(Cancelled):
        library.preserve(kept, model=model, candidates=4, search=library.Steered(5), on_preview=show)
    assert len(seen) == 1
    task = api.PreserveTask((kept,), candidates=4, search=library.Steered(5))
    with pytest.raises(Cancelled):
        api.run_preserve(task, stop=lambda: True, engine=model)


def test_another_kind_of_picture_is_noticed(sembla: Sembla, run: Path, tmp_path: Path) -> None:
    """What an untrained prior makes is grey; white is far from it."""
    Image.new("RGB", (40, 40), "white").save(tmp_path / "white.png")
    many = ("--candidates", "12", "--steps", "1")
    outcome = sembla("preserve", tmp_path / "white.png", "--region", "4,4,16,16", "--model", run, *many)
    assert "it may be of another kind" in outcome.err


def test_a_model_is_of_use_where_the_network_it_learned_with_is_not(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SEMBLA_WEIGHTS", str(tmp_path / "nothing"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "nothing"))
    config = Recipe(side=SIDE, width=8, discriminator_width=8, encoder_width=8, features="squeezenet")
    model = library.load(write_model(tmp_path / "run", config, "sembla"), exact=True)
    result = library.preserve([library.keep(photo, model=model, region=(30, 10, 20, 20))], model=model, candidates=2)
    assert len(result.pictures) == 2
    assert "compared by their colours alone" in caplog.text


def test_a_search_in_bf16_moves(photo: Path, tmp_path: Path) -> None:
    """Where a generator begins with a layer of the code itself, too: autocast must not keep the code as it was."""
    config = Began(side=SIDE, width=8, latent=8)
    model = read_synthesizer(
        write_model(tmp_path / "began", config, "began"), api.methods(), device=torch.device("cpu"), half=True
    )
    kept = api.keep(photo, model=model, region=(24, 4, 16, 16))
    few, many = (
        library.preserve(kept, model=model, candidates=4, search=library.Pixels(steps)).distances for steps in (1, 60)
    )
    assert max(many) < 0.9 * max(few)


def test_each_region_can_be_locked_for_itself(sembla: Sembla, photo: Path, mask: Path, run: Path) -> None:
    given = ("--region", "20,0,10,10!", "--region", "50,30,10,10*2", "--mask", f"{mask}*3!", "--model", run)
    assert sembla("preserve", photo, *given, "--out", "made", *FEW).code == 0
    told = read_settings("made/01.png")["regions"]
    assert [(one["weight"], one["locked"]) for one in told] == [(1, True), (2, False), (3, True)]
    same = (read_picture("made/01.png") == read_picture("made/reference.png")).all(axis=2)
    assert same[1:7, 1:7].all()  # of 40 rows and columns from 20, at 32 pixels: the locked rectangle
    assert not same[25:31, 25:31].all()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--features", "critic"), "this model brings none"),
        (("--gram",), "gram is for faces and bedrooms"),
        (("--search", "bedrooms", "--hard"), "hard for faces"),
    ],
)
def test_what_a_search_cannot_be_asked_is_told(
    sembla: Sembla, photo: Path, run: Path, given: tuple[str, ...], told: str
) -> None:
    assert told in sembla("preserve", photo, "--region", "24,4,16,16", "--model", run, *given).complaint


def test_how_regions_are_compared_is_chosen(sembla: Sembla, photo: Path, tmp_path: Path) -> None:
    """Through the critic, by colours, as places' likeness, by whole cells: four searches of the same codes differ."""
    model = write_model(tmp_path / "began", Began(side=SIDE, width=8, latent=8, features="critic"), "began")
    ways = {
        "critic": ("--search", "faces"),
        "colours": ("--search", "faces", "--features", "none"),
        "likeness": ("--search", "faces", "--gram"),
        "cells": ("--search", "faces", "--hard"),
    }
    for name, way in ways.items():
        outcome = sembla(
            *("preserve", photo, "--region", "24,4,30,30", "--model", model, "--out", name, *way),
            *("--candidates", "4", "--steps", "20"),
        )
        assert outcome.code == 0, outcome.err
    assert len({read_picture(f"{name}/all.png").tobytes() for name in ways}) == len(ways)
