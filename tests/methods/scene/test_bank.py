"""The engine `bank`: what is found, what is taken, and what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.methods.scene.scenery import CLASSES, PHOTOS, SIZE, layout, make_bank, photo

import sembla
from sembla.core.errors import Cancelled, InputError, LabelError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.tasks import Preview, SceneTask
from sembla.core.types import LabelMap, Picture
from sembla.data.loading import pairs_once
from sembla.data.prepared import Prepared, open_prepared
from sembla.methods.scene import bank_index
from sembla.methods.scene.bank import Bank, open_bank, synthesize


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bank(tmp_path_factory.mktemp("scenery"))


@pytest.fixture(scope="module")
def bank(root: Path) -> Bank:
    return open_bank(root)


def mixed() -> LabelMap:
    """A layout that no photo has: a low horizon, two balls and a box."""
    labels = layout(2)
    labels[30:36] = 0
    labels[4:12, 50:58] = 2
    labels[40:46, 20:28] = 3
    return labels


def off(one: Picture, other: Picture) -> float:
    """Mean difference of two pictures, 0 to 255."""
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("number", range(PHOTOS))
def test_the_layout_of_a_photo_gives_that_photo(bank: Bank, number: int) -> None:
    result = synthesize(bank, SceneTask(layout(number)))
    assert result.credits[0][f"n{number}"] == 1.0
    assert np.array_equal(result.picture[:40], photo(number)[:40])  # below, a corner without a class is filled
    assert off(result.picture, photo(number)) < 1


def test_the_mirrored_layout_gives_the_mirrored_photo(bank: Bank) -> None:
    turned = np.ascontiguousarray(layout(1)[:, ::-1])
    result = synthesize(bank, SceneTask(turned))
    assert result.credits[0]["n1"] > 0.98
    assert np.array_equal(result.picture[:40], photo(1)[:40, ::-1])


def test_every_class_looks_like_itself(bank: Bank) -> None:
    wanted = mixed()
    picture = synthesize(bank, SceneTask(wanted)).picture
    assert picture.shape == (*SIZE, 3)
    for label in (0, 1, 2, 3):
        mean = picture[wanted == label].mean(axis=0)
        others = np.linalg.norm(CLASSES.palette * 0.75 - mean, axis=1)
        assert others.argmin() == label


def test_credits_are_shares_largest_first(bank: Bank) -> None:
    (credit,) = synthesize(bank, SceneTask(mixed())).credits
    shares = list(credit.values())
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert credit["n3"] >= (mixed() == 3).mean()  # nobody else has a box
    assert set(credit) <= set(bank.names)


def test_the_same_seed_gives_the_same_picture_and_another_one_another_photo(bank: Bank) -> None:
    first, again, other = (synthesize(bank, SceneTask(mixed(), seed=seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.picture, again.picture)
    assert first.credits == again.credits
    assert not np.array_equal(first.picture, other.picture)
    mains = {next(iter(synthesize(bank, SceneTask(mixed(), seed=seed)).credits[0])) for seed in range(12)}
    assert len(mains) > 1


def test_variations_are_those_that_are_made_alone(bank: Bank) -> None:
    together = synthesize(bank, SceneTask(mixed(), variations=3))
    assert len({picture.tobytes() for picture in together.pictures}) == 3
    alone = synthesize(bank, SceneTask(mixed(), first_variation=2))
    assert np.array_equal(together.pictures[2], alone.picture)


def test_variations_of_a_region_differ_inside_of_it_only(bank: Bank) -> None:
    region = np.zeros(SIZE, np.bool_)
    region[10:40, 12:48] = True
    first, second, third = synthesize(bank, SceneTask(mixed(), variations=3, region=region)).pictures
    assert np.array_equal(first, synthesize(bank, SceneTask(mixed())).picture)
    for other in (second, third):
        assert np.array_equal(first[~region], other[~region])
        assert not np.array_equal(first[region], other[region])
    alone = synthesize(bank, SceneTask(mixed(), region=region, first_variation=2)).picture
    assert np.array_equal(alone, third)


def test_the_style_photo_decides_the_light(bank: Bank) -> None:
    dark, bright = (np.full((20, 20, 3), value, np.uint8) for value in (30, 200))
    pictures = [synthesize(bank, SceneTask(mixed(), style=style)).picture for style in (dark, bright)]
    assert pictures[0].mean() < 60
    assert pictures[1].mean() > 140


def test_pixels_to_ignore_are_filled_like_their_surroundings(bank: Bank) -> None:
    holed = layout(0)
    holed[30:34, 30:40] = 255
    filled = holed.copy()
    filled[filled == 255] = 1
    results = [synthesize(bank, SceneTask(labels)) for labels in (holed, filled)]
    assert np.array_equal(results[0].picture, results[1].picture)


@pytest.mark.parametrize("size", [(16, 16), (30, 100), (150, 40), (192, 256)])
def test_any_size_works(bank: Bank, size: tuple[int, int]) -> None:
    labels = np.zeros(size, np.uint8)
    labels[size[0] // 2 :] = 1
    picture = synthesize(bank, SceneTask(labels)).picture
    assert picture.shape == (*size, 3)
    sky, ground = picture[: size[0] // 2].mean((0, 1)), picture[size[0] // 2 :].mean((0, 1))
    assert sky[2] > sky[1]
    assert ground[1] > ground[2]


def test_a_class_that_no_photo_has_is_named(bank: Bank) -> None:
    labels = layout(0)
    labels[:5, :5] = 4
    with pytest.raises(LabelError, match=r"unicorn.*it has sky, ground, ball, box"):
        synthesize(bank, SceneTask(labels))


def test_ids_beyond_the_set_and_wrong_sizes_are_refused(bank: Bank) -> None:
    with pytest.raises(LabelError, match="id 9"):
        synthesize(bank, SceneTask(np.where(layout(0) == 2, 9, layout(0)).astype(np.uint8)))
    with pytest.raises(LabelError, match="255"):
        synthesize(bank, SceneTask(np.full(SIZE, 255, np.uint8)))
    with pytest.raises(SizeError, match="region"):
        synthesize(bank, SceneTask(layout(0), region=np.ones((5, 5), np.bool_)))
    with pytest.raises(SizeError, match="16 px"):
        synthesize(bank, SceneTask(layout(0)[:10]))


def test_photos_can_be_left_out(root: Path) -> None:
    bank = open_bank(root, without=frozenset({"n2", "n5"}))
    assert bank.names == ("n0", "n1", "n3", "n4")
    credit = synthesize(bank, SceneTask(layout(2))).credits[0]
    assert not {"n2", "n5"} & set(credit)
    with pytest.raises(LabelError, match="box"):
        synthesize(open_bank(root, without=frozenset({"n3"})), SceneTask(mixed()))
    with pytest.raises(InputError, match="nothing is left"):
        open_bank(root, without=frozenset(f"n{number}" for number in range(PHOTOS)))


def test_one_photo_is_enough(root: Path) -> None:
    bank = open_bank(root, without=frozenset(f"n{number}" for number in range(1, PHOTOS)))
    wanted = np.where(layout(2) == 255, 1, layout(2)).astype(np.uint8)
    result = synthesize(bank, SceneTask(wanted, variations=3))
    assert [dict(credit) for credit in result.credits] == [{"n0": 1.0}] * 3
    assert len({picture.tobytes() for picture in result.pictures}) == 3


def test_tars_are_as_good_as_files(root: Path, tmp_path: Path) -> None:
    files, tars = open_bank(root), open_bank(make_bank(tmp_path, shards=True))
    assert set(tars.names) == set(files.names)
    for number in (1, 4):
        expected, found = (synthesize(one, SceneTask(layout(number))) for one in (files, tars))
        assert np.array_equal(expected.picture[:40], found.picture[:40])


def test_the_work_can_be_watched_and_stopped(bank: Bank) -> None:
    shown: list[Preview] = []
    result = synthesize(bank, SceneTask(mixed()), shown.append)
    assert [preview.level for preview in shown] == list(range(shown[0].levels))
    assert np.array_equal(shown[-1].picture, result.picture)
    with pytest.raises(Cancelled):
        synthesize(bank, SceneTask(mixed()), lambda _: False)
    with pytest.raises(Cancelled):
        synthesize(bank, SceneTask(mixed()), stop=lambda: True)


# The index


def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is built from now on."""
    seen: list[str] = []
    build = bank_index._build

    def counted(prepared: Prepared, split: str, label_set: LabelSet) -> bank_index.Index:
        seen.append(prepared.sha256)
        return build(prepared, split, label_set)

    monkeypatch.setattr(bank_index, "_build", counted)
    return seen


def test_the_index_is_kept_and_made_anew_for_another_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, built = make_bank(tmp_path, photos=3), builds(monkeypatch)
    first = open_bank(root)
    assert open_bank(root).index.names == first.index.names == ("n0", "n1", "n2")
    assert len(built) == 1
    again = open_bank(make_bank(tmp_path, photos=5))
    assert again.index.names == ("n0", "n1", "n2", "n3", "n4")
    assert built == [first.prepared.sha256, again.prepared.sha256]


def test_the_index_of_a_set_that_cannot_be_written_to_lies_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, built = make_bank(tmp_path, photos=2), builds(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(bank_index, "_beside", lambda prepared, _split: prepared.root / "dataset.json" / "x")
    for _ in range(2):
        open_bank(root)
    assert len(built) == 1
    assert len(list((tmp_path / "cache" / "sembla" / "banks").iterdir())) == 1


def test_a_damaged_index_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, built = make_bank(tmp_path, photos=2), builds(monkeypatch)
    open_bank(root)
    (file,) = root.glob(".bank-*")
    file.write_bytes(file.read_bytes()[:100])
    assert open_bank(root).index.names == ("n0", "n1")
    assert len(built) == 2


def test_a_set_without_label_maps_is_refused(tmp_path: Path) -> None:

    (tmp_path / "photos").mkdir()
    Image.fromarray(photo(0)).save(tmp_path / "photos" / "a.png")
    sembla.prepare("folder", tmp_path / "photos", tmp_path / "bank", workers=1)
    assert open_prepared(tmp_path / "bank").total == 1
    with pytest.raises(InputError, match="without label maps"):
        open_bank(tmp_path / "bank")


def test_a_set_without_names_of_classes_goes_by_its_ids(tmp_path: Path) -> None:
    source = make_bank(tmp_path, photos=2).parent / "source"
    (source / "classes.json").unlink()
    sembla.prepare("folder", source, tmp_path / "nameless", workers=1)
    bank = open_bank(tmp_path / "nameless")
    assert (bank.label_set.count, bank.label_set.ignore) == (3, 255)
    assert synthesize(bank, SceneTask(layout(1))).credits[0]["n1"] == 1.0


DATA = Path(__file__).parents[4] / "shared" / "data" / "camvid"


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not at ../shared/data")
def test_streets_are_made_of_training_photos_and_look_like_their_classes(tmp_path: Path) -> None:
    sembla.prepare("camvid", DATA, tmp_path / "streets")
    bank = open_bank(tmp_path / "streets")
    assert len(bank.names) == 367
    samples = [packed.decode() for packed in pairs_once(bank.prepared, "val")][::34]
    for sample in samples:
        assert sample.labels is not None
        result = synthesize(bank, SceneTask(sample.labels))
        assert all(name.startswith("train/") for name in result.credits[0])
        sky, road = (result.picture[sample.labels == label].mean() for label in (0, 3))
        assert sky > road + 40


def test_pytorch_is_never_asked_for(root: Path) -> None:
    code = f"""
import sys
sys.modules["torch"] = None
import numpy as np, sembla
labels = np.zeros((32, 32), np.uint8)
labels[16:] = 1
print(sembla.scene(labels, engine=sembla.open_bank({str(root)!r})).picture.shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "(32, 32, 3)\n", done.stderr
