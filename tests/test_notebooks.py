"""The notebooks: as they are committed, they run from top to bottom, and what they write and count is right."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

pytest.importorskip("torch", reason="needs PyTorch")

from tests.methods.inpaint.support import untrained
from tests.methods.scene.support import prepared
from tests.surfaces.test_preserve import write_model as write_preserve

from sembla.faces.landmarks import read_landmarks
from sembla.imaging.holes import draw_hole
from sembla.imaging.io import read_picture
from sembla.methods.preserve.config import Sembla as Recipe
from sembla.methods.preserve.config import fitted

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = ("faces", "bedrooms", "inpaint")
SIDE = 64


def run_notebook(name: str, **given: object) -> dict[str, Any]:
    """The names that its code cells leave, run in order in the current folder; `given` replace the parameters."""
    names: dict[str, Any] = {}
    for number, cell in enumerate(json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] != "code":
            continue
        exec(compile("".join(cell["source"]), f"{name}.ipynb, cell {number}", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", ()):
            assert given.keys() <= names.keys()
            names.update(given)
    return names


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of each test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has learned nothing."""
    recipe = Recipe(side=SIDE, width=8, discriminator_width=8, encoder_width=8, features="none")
    return write_preserve(tmp_path_factory.mktemp("prior") / "run", fitted(recipe, prepared()), "sembla")


def test_they_are_all_that_there_are() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_committed_as_they_are_read(name: str) -> None:
    """Without what a run left in them, and without places of one machine."""
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    book = json.loads(text)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert [number for number, cell in enumerate(code) if cell["metadata"].get("tags") == ["parameters"]] == [0]
    assert "MODEL = " in "".join(code[0]["source"])
    assert not re.search(r"/home/|/root/|/tmp/|/work/|/Users/|[A-Z]:\\\\", text)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        assert (FOLDER / link).is_file(), link


def apart(pictures: list[NDArray[np.uint8]], region: NDArray[np.bool_]) -> float:
    """Mean difference of all pairs in a region, colours from 0 to 1, pair by pair."""
    pairs = itertools.combinations([picture[region].astype(float) / 255 for picture in pictures], 2)
    return float(np.mean([np.abs(one - other).mean() for one, other in pairs]))


def checked_regions(folder: Path, region: tuple[int, int, int, int]) -> tuple[list[NDArray[np.uint8]], dict[str, Any]]:
    """The candidates that were written, and the statistics; masks, sheet and mean are seen to be right."""
    left, top, width, height = region
    inside = np.zeros((SIDE, SIDE), np.bool_)
    inside[top : top + height, left : left + width] = True
    np.testing.assert_array_equal(read_picture(folder / "3_mask.png"), np.repeat(inside[..., None] * 255, 3, axis=2))
    reference = read_picture(folder / "3_ref.png")
    assert reference.shape == (SIDE, SIDE, 3)
    assert reference[inside].any()
    candidates = [read_picture(folder / f"3_{number}.png") for number in range(4)]
    rows = [np.concatenate(candidates[:2], axis=1), np.concatenate(candidates[2:], axis=1)]
    np.testing.assert_array_equal(read_picture(folder / "3_all.png"), np.concatenate(rows))
    mean = np.mean(candidates, axis=0)
    assert np.abs(read_picture(folder / "3_mean.png") - mean).max() <= 0.5
    spread = np.std(candidates, axis=0).mean(axis=2)
    shown = read_picture(folder / "3_deviation.png")[..., 0]
    assert np.corrcoef(shown.ravel(), spread.ravel())[0, 1] > 0.99
    return candidates, {"inside": inside, **json.loads((folder / "3_statistics.json").read_text(encoding="utf-8"))}


def test_the_notebook_of_faces(prior: Path) -> None:
    given = {"MODEL": prior, "CANDIDATES": 4, "NUMBER": 3}
    names = run_notebook("faces", **given)
    folder = Path("Result/CelebA_PreservingGAN/3")
    extra = ("ref.png", "mask.png", "all.png", "mean.png", "difference.png", "deviation.png", "statistics.json")
    first = written(folder)
    assert first.keys() == {f"3_{name}" for name in (*(f"{number}.png" for number in range(4)), *extra)}
    candidates, told = checked_regions(folder, names["REGION"])
    assert told["difference within"] == pytest.approx(apart(candidates, told["inside"]), rel=1e-4)
    assert told["difference outside"] == pytest.approx(apart(candidates, ~told["inside"]), rel=1e-4)
    distances = sorted(names["result"].distances)
    assert (told["least distance"], told["largest distance"]) == (distances[0], distances[-1])
    assert told["mean distance"] == pytest.approx(sum(distances) / 4)
    assert names["cells"].shape == (8, 8)
    assert names["cells"].sum() * 64 == told["inside"].sum()
    run_notebook("faces", **given)
    assert written(folder) == first


def test_the_notebook_of_bedrooms(prior: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a photo twice as wide as high: its middle square is what the model sees."""
    colours = np.zeros((100, 200, 3), np.uint8)
    colours[:, 50:150] = (10, 200, 30)
    Image.fromarray(colours).save("room.png")
    names = run_notebook("bedrooms", MODEL=prior, PICTURE="room.png", CANDIDATES=4, SHOWN=2, NUMBER=3)
    assert (names["kept"].picture[:, 2:-2] == (10, 200, 30)).all()
    assert len(names["drawn_room"]().getcolors()) > 5
    folder = Path("Result/Bedroom_PreservingGAN/3")
    candidates, told = checked_regions(folder, names["REGION"])
    for which, pictures in (("", candidates), (" of the best", candidates[:2])):
        assert told[f"difference{which}"]["within"] == pytest.approx(apart(pictures, told["inside"]), rel=1e-4)
        assert told[f"difference{which}"]["outside"] == pytest.approx(apart(pictures, ~told["inside"]), rel=1e-4)
    assert told["distances"] == sorted(told["distances"])
    assert read_picture(folder / "3_diverse.png").shape == (SIDE, 2 * SIDE, 3)
    assert capsys.readouterr().out.endswith(f"{folder}\n")


def test_the_notebook_of_inpaint(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = untrained(tmp_path_factory.mktemp("model") / "run")
    names = run_notebook("inpaint", MODEL=model)
    folder, face, masks = Path("Result/inpaint"), names["face"], names["MASKS"]
    first = written(folder)
    kinds = {f"{mask}_{kind}.png" for mask in masks for kind in ("damaged", "whole")}
    assert first.keys() == kinds | {"opened.png", "points.png", "points.csv", "marked.json", "statistics.json"}
    points = read_landmarks(folder / "points.csv", face.shape[:2])
    for number, place in names["POINTS"].items():
        np.testing.assert_allclose(points[number], place, atol=1e-3)
    told = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
    whole = {mask: read_picture(folder / f"{mask}_whole.png") for mask in masks}
    for mask, decibels in zip(masks, told["psnr"], strict=True):
        hole = draw_hole(mask, face.shape[:2])
        np.testing.assert_array_equal(whole[mask][~hole], face[~hole])
        assert (read_picture(folder / f"{mask}_damaged.png")[hole] == 128).all()
        error = whole[mask].astype(float) - face
        assert decibels == pytest.approx(20 * np.log10(255 / np.sqrt((error[hole] ** 2).mean())))
    pairs = itertools.combinations([picture.astype(float) / 127.5 for picture in whole.values()], 2)
    expected = np.mean([((one - other) ** 2).mean() for one, other in pairs])
    assert told["one person"]["blended"] == pytest.approx(expected)
    assert told["one person"]["made"] == 0 < told["strangers"]["made"]
    assert (read_picture(folder / "opened.png") != whole["center"]).any()
    run_notebook("inpaint", MODEL=model)
    assert written(folder) == first
