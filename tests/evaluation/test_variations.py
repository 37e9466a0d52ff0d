import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sembla.core.errors import ImageError, InputError, SizeError
from sembla.core.types import Picture
from sembla.evaluation.results import Evaluation
from sembla.evaluation.variations import FULL_DEVIATION, VariationSettings, evaluate_variations, shown_deviation
from sembla.imaging.sheet import contact_sheet
from sembla.metrics.diversity import deviation, deviation_map
from sembla.metrics.pixels import l1
from sembla.metrics.protocol import Score

PLAIN = VariationSettings()
REGION = np.zeros((20, 24), np.uint8)
REGION[:, 12:] = 3


def variation(seed: int) -> Picture:
    """Noise on the right, which is region 3; grey on the left."""
    picture = np.full((20, 24, 3), 90, np.uint8)
    picture[:, 12:] = np.random.default_rng(seed).integers(0, 256, (20, 12, 3))
    return picture


def save(path: Path, array: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def named(evaluation: Evaluation, name: str) -> Score:
    (score,) = (score for score in evaluation.scores if score.name == name)
    return score


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """made/lake/{0,1,2}.png, which differ, and made/hill/{0,1}.png, which are equal."""
    for seed in range(3):
        save(tmp_path / "made" / "lake" / f"{seed}.png", variation(seed))
    for number in range(2):
        save(tmp_path / "made" / "hill" / f"{number}.png", variation(9))
    return tmp_path / "made"


def test_scores_are_those_of_each_request_averaged(made: Path) -> None:
    found = evaluate_variations(made, PLAIN)
    assert [score.name for score in found.scores] == ["pairwise_l1", "deviation"]
    pictures = [variation(seed) for seed in range(3)]
    pairs = [l1(a, b) for a, b in itertools.combinations(pictures, 2)]
    assert named(found, "pairwise_l1").per_picture == {"hill": 0, "lake": pytest.approx(np.mean(pairs))}
    assert named(found, "deviation").per_picture == {"hill": 0, "lake": pytest.approx(deviation(pictures))}
    for score in found.scores:
        assert score.value == pytest.approx(score.per_picture["lake"] / 2)
        assert (score.better, score.spread_of, score.protocol.count_made) == ("higher", "requests", 5)
    assert set(found.pictures) == {"hill", "lake"}
    assert found.notes == ()


def test_regions_are_told_apart_by_id(made: Path, tmp_path: Path) -> None:
    for name in ("hill", "lake"):
        save(tmp_path / "regions" / f"{name}.png", REGION)
    found = evaluate_variations(made, VariationSettings(regions=tmp_path / "regions"))
    pictures = [variation(seed) for seed in range(3)]
    assert named(found, "deviation.0").per_picture == {"hill": 0, "lake": 0}
    assert named(found, "deviation.3").per_picture["lake"] == pytest.approx(deviation(pictures, REGION == 3))
    assert named(found, "deviation").per_picture["lake"] == pytest.approx(deviation(pictures, REGION == 3) / 2)
    assert found.pictures["lake"].labels == tmp_path / "regions" / "lake.png"


def test_regions_in_colours_are_called_by_them_and_one_file_serves_all(made: Path, tmp_path: Path) -> None:
    colours = np.array([[10, 20, 30], [0, 0, 0], [0, 0, 0], [255, 128, 0]], np.uint8)
    save(tmp_path / "map.png", colours[REGION])
    found = evaluate_variations(made, VariationSettings(regions=tmp_path / "map.png"))
    names = {score.name for score in found.scores}
    assert {"deviation.#0a141e", "deviation.#ff8000"} <= names
    assert named(found, "deviation.#0a141e").value == 0
    assert named(found, "deviation.#ff8000").value == pytest.approx(2 * named(found, "deviation").value)


def test_maps_show_where_pictures_differ(made: Path) -> None:
    maps = evaluate_variations(made, PLAIN).maps
    assert set(maps) == {"deviation-hill", "deviation-lake"}
    assert not maps["deviation-hill"].any()
    lake = maps["deviation-lake"]
    assert not lake[:, :12].any()
    assert (lake[:, 12:] > 0).any(axis=2).all()
    spread = deviation_map([variation(seed) for seed in range(3)])
    assert np.array_equal(lake, shown_deviation(spread))


def test_a_map_gets_brighter_with_the_deviation_on_a_scale_that_is_fixed() -> None:
    shown = shown_deviation(np.linspace(0, 0.5, 101)[None])[0]
    grey = shown.astype(float) @ (0.299, 0.587, 0.114)
    assert grey[0] == 0
    assert (np.diff(grey[:51]) > 0).all()
    assert (shown[50:] == 255).all()
    assert FULL_DEVIATION == 0.25
    assert np.array_equal(shown[:20], shown_deviation(np.linspace(0, 0.5, 101)[None, :20])[0])


def test_one_folder_is_one_request(made: Path) -> None:
    found = evaluate_variations(made / "lake", PLAIN)
    assert dict(named(found, "deviation").per_picture) == {"lake": named(found, "deviation").value}
    assert named(found, "deviation").spread is None


def test_numbered_names_are_requests_of_their_own(tmp_path: Path) -> None:
    for name, seeds in (("a", (0, 1, 2)), ("b", (9, 9))):
        for number, seed in enumerate(seeds, 1):
            save(tmp_path / "made" / f"{name}-{number}.png", variation(seed))
    save(tmp_path / "made" / "sheet.png", contact_sheet([[variation(0)]], headings=("result",), cell=40))
    found = evaluate_variations(tmp_path / "made", PLAIN)
    assert set(named(found, "pairwise_l1").per_picture) == {"a", "b"}
    assert named(found, "pairwise_l1").per_picture["b"] == 0
    assert "sheet.png" in found.notes[0]
    assert "2 requests" in found.notes[1]
    (tmp_path / "made" / "b-2.png").unlink()
    alone = evaluate_variations(tmp_path / "made", PLAIN)
    assert set(named(alone, "pairwise_l1").per_picture) == {"made"}


def test_bad_input_is_told(made: Path, tmp_path: Path) -> None:
    save(tmp_path / "regions" / "lake.png", REGION)
    save(tmp_path / "small.png", REGION[:18])
    cases: list[tuple[Path, VariationSettings, type[Exception], str]] = [
        (tmp_path / "gone", PLAIN, InputError, "gone: no such folder"),
        (made, VariationSettings(regions=tmp_path / "regions"), InputError, "nothing for hill"),
        (
            made,
            VariationSettings(regions=tmp_path / "small.png"),
            SizeError,
            r"small\.png is 24x18, its pictures 24x20",
        ),
        (made, VariationSettings(weights=("a.pth",)), InputError, "no network was asked for"),
        (made, VariationSettings(lpips="resnet"), InputError, "'resnet' is no backbone of LPIPS; there are alex, vgg"),
    ]
    for folder, settings, kind, told in cases:
        with pytest.raises(kind, match=told):
            evaluate_variations(folder, settings)
    save(made / "lake" / "7.png", variation(1)[:18])
    with pytest.raises(SizeError, match=r"lake.*7\.png 24x18"):
        evaluate_variations(made, PLAIN)
    (made / "hill" / "1.png").unlink()
    with pytest.raises(InputError, match="hill: 1 pictures came"):
        evaluate_variations(made, PLAIN)
    (made / "hill" / "1.png").write_bytes(b"")
    with pytest.raises(ImageError, match=r"hill.1\.png is not an image"):
        evaluate_variations(made, PLAIN)
