"""Label sets against what their makers publish, formulas, and real maps."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla.core.errors import LabelError
from sembla.core.labels import LabelSet
from sembla.data import labelsets as sets

DATA = Path(__file__).parents[3] / "shared" / "data"
NO_DATA = pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not at ../shared/data")
CONVERSIONS = {name: value for name, value in vars(sets).items() if isinstance(value, sets.Conversion)}


def maps(folder: Path, most: int) -> Iterator[np.ndarray]:
    for path in sorted(folder.glob("*.png"))[:most]:
        yield np.asarray(Image.open(path))


@pytest.mark.parametrize("name", sets.LABEL_SETS)
def test_has_the_number_of_classes_in_its_name(name: str) -> None:
    assert str(sets.LABEL_SETS[name].count) in name.split("_")


def test_every_set_of_the_module_is_in_the_dict() -> None:
    found = {name.lower() for name, value in vars(sets).items() if isinstance(value, LabelSet)}
    assert found == set(sets.LABEL_SETS)


@pytest.mark.parametrize("name", ["celebamask_hq_19", "celebamask_hq_19_parsing"])
def test_swaps_exchange_left_and_right_and_nothing_else(name: str) -> None:
    label_set = sets.LABEL_SETS[name]
    pairs = {(label_set.names[left], label_set.names[right]) for left, right in label_set.swaps}
    assert pairs == {("l_eye", "r_eye"), ("l_brow", "r_brow"), ("l_ear", "r_ear")}


def test_only_faces_have_swaps() -> None:
    assert {name for name, value in sets.LABEL_SETS.items() if value.swaps} == {
        "celebamask_hq_19",
        "celebamask_hq_19_parsing",
    }


def test_cityscapes_trains_on_the_nineteen_ids_of_its_table() -> None:
    trained = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
    labels = np.arange(34, dtype=np.uint8)[None]
    result = sets.CITYSCAPES_34_TO_19(labels)[0]
    assert np.flatnonzero(result != 255).tolist() == list(trained)
    assert result[list(trained)].tolist() == list(range(19))
    assert [sets.CITYSCAPES_34.names[label] for label in trained] == list(sets.CITYSCAPES_19.names)
    assert [sets.CITYSCAPES_34.colours[label] for label in trained] == list(sets.CITYSCAPES_19.colours)


def test_the_two_face_orders_name_the_same_classes() -> None:
    assert set(sets.CELEBAMASK_HQ_19.names) == set(sets.CELEBAMASK_HQ_19_PARSING.names)
    labels = np.arange(19, dtype=np.uint8)[None]
    other = sets.CELEBAMASK_HQ_TO_PARSING(labels)
    assert [sets.CELEBAMASK_HQ_19_PARSING.names[label] for label in other[0]] == list(sets.CELEBAMASK_HQ_19.names)
    assert np.array_equal(sets.PARSING_TO_CELEBAMASK_HQ(other), labels)


def test_the_seven_groups_are_the_same_from_both_orders() -> None:
    labels = np.arange(19, dtype=np.uint8)[None]
    groups = sets.CELEBAMASK_HQ_TO_PORTRAIT(labels)
    assert np.array_equal(sets.PARSING_TO_PORTRAIT(sets.CELEBAMASK_HQ_TO_PARSING(labels)), groups)
    named = dict(zip(sets.CELEBAMASK_HQ_19.names, groups[0].tolist(), strict=True))
    assert named["background"] == 255
    assert [named[part] for part in ("skin", "l_ear", "neck")] == [0, 0, 0]
    assert [named[part] for part in ("r_eye", "u_lip", "r_brow", "nose", "cloth", "ear_r")] == [1, 2, 3, 4, 5, 6]
    assert sorted(groups[0]) == sorted([255, *[0] * 4, *[1] * 2, *[2] * 3, *[3] * 3, 4, 5, *[6] * 4])


def test_camvid_groups_every_class_but_the_void() -> None:
    result = sets.CAMVID_32_TO_11(np.arange(32, dtype=np.uint8)[None])[0]
    assert [sets.CAMVID_32.names[label] for label in np.flatnonzero(result == 255)] == ["Void"]
    assert set(result) == {*range(11), 255}
    same = {"Sky": "sky", "Tree": "tree", "Car": "car", "Fence": "fence", "Road": "road", "Column_Pole": "pole"}
    for fine, coarse in same.items():
        label = sets.CAMVID_32.names.index(fine)
        assert sets.CAMVID_11.names[result[label]] == coarse
        assert sets.CAMVID_11.colours[result[label]] == sets.CAMVID_32.colours[label]


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions_keep_what_is_to_be_ignored_and_refuse_unknown_ids(name: str) -> None:
    conversion = CONVERSIONS[name]
    assert len(conversion.ids) == conversion.source.count
    assert {label for label in conversion.ids if label != 255} <= set(range(conversion.target.count))
    assert 255 not in conversion.ids or conversion.target.ignore == 255
    if conversion.source.ignore is not None:
        assert conversion(np.full((1, 1), 255, np.uint8)) == 255
    with pytest.raises(LabelError, match=f"holds id {conversion.source.count}, but its label set has"):
        conversion(np.full((1, 1), conversion.source.count, np.uint8))


def test_facades_have_the_colours_of_a_jet_map_of_twelve() -> None:
    ramp = np.array([1 / 3, 2 / 3, 1, 1, 1, 1, 2 / 3, 1 / 3])
    jet = np.zeros((18, 3))  # three trapezia, one third of the length apart
    for channel, start in enumerate((8, 5, 2)):
        jet[start : start + 8, channel] = ramp
    assert np.array_equal(sets.FACADES_12.palette, np.rint(jet[3:15] * 255).astype(np.uint8))


def test_coco_has_the_colours_of_pascal_voc_and_the_names_of_coco() -> None:
    for label, colour in enumerate(sets.COCO_STUFF_182.colours, start=1):
        digits = f"{label:024b}"[::-1]  # bit k of the number is bit 7 - k // 3 of channel k % 3
        assert colour == tuple(int(digits[channel::3][:8], 2) for channel in range(3))
    names = sets.COCO_STUFF_182.names
    known = {1: "person", 18: "dog", 91: "hair brush", 92: "banner", 149: "road", 157: "sky-other", 182: "wood"}
    assert {number: names[number - 1] for number in known} == known


def test_the_68_points_pair_up() -> None:
    swapped = [point for pair in sets.LANDMARKS_68.swaps for point in pair]
    middle = {8, 27, 28, 29, 30, 33, 51, 57, 62, 66}  # chin, bridge of the nose, between the nostrils, lips
    assert sorted([*swapped, *middle]) == list(range(68))
    assert sets.LANDMARKS_68.count == 68
    assert [point for group in sets.LANDMARKS_68.groups.values() for point in group] == list(range(68))
    partner = {"right brow": "left brow", "right eye": "left eye"}
    where = {point: name for name, group in sets.LANDMARKS_68.groups.items() for point in group}
    for left, right in sets.LANDMARKS_68.swaps:
        assert where[right] == partner.get(where[left], where[left])


def test_flipped_points_undo_themselves() -> None:
    points = np.random.default_rng(0).uniform(0, 63, (2, 5, 2)).astype(np.float32)
    flipped = sets.LANDMARKS_5.flip(points, 64)
    assert flipped[0, 0, 0] == 63 - points[0, 1, 0]  # the eye at the left is now at the right
    assert np.array_equal(flipped[..., 2, 1], points[..., 2, 1])
    assert np.allclose(sets.LANDMARKS_5.flip(flipped, 64), points)


@pytest.mark.data
@NO_DATA
def test_ade20k_is_as_its_genuine_files_say() -> None:
    from scipy.io import loadmat

    folder = DATA / "samples" / "ade20k"
    lines = next(folder.rglob("objectInfo150.txt")).read_text(encoding="utf-8").splitlines()[1:]
    assert [line.split("\t")[-1].split(",")[0].strip() for line in lines] == list(sets.ADE20K_150.names)
    genuine = loadmat(folder / "color150.mat")["colors"]
    differ = np.flatnonzero((genuine != sets.ADE20K_150.palette).any(1))
    assert [sets.ADE20K_150.names[label] for label in differ] == ["skyscraper"]  # it has the road's grey
    assert np.abs(genuine.astype(int) - sets.ADE20K_150.palette).max() == 1


@pytest.mark.data
@NO_DATA
def test_street_and_facade_ids_are_where_they_belong() -> None:
    """The sky is above the road, windows are above shops: the names fit the ids of real maps."""
    cases = (
        (DATA / "camvid" / "train" / "labels", sets.CAMVID_11, "sky", "road"),
        (DATA / "camvid" / "train" / "labels", sets.CAMVID_11, "tree", "pavement"),
        (DATA / "samples" / "cityscapes_512x256" / "labels", sets.CITYSCAPES_34, "sky", "road"),
        (DATA / "samples" / "cityscapes_512x256" / "labels", sets.CITYSCAPES_34, "vegetation", "ego vehicle"),
        (DATA / "facades" / "train" / "labels", sets.FACADES_12, "window", "shop"),
        (DATA / "faces_parsing_fasseg" / "train" / "labels", sets.FASSEG_6, "hair", "nose"),
        (DATA / "faces_parsing_fasseg" / "train" / "labels", sets.FASSEG_6, "eyes", "mouth"),
    )
    for folder, label_set, above, below in cases:
        ids = [label_set.names.index(name) for name in (above, below)]
        rows = [
            [np.nonzero(labels == label)[0].mean() / len(labels) for label in ids]
            for labels in maps(folder, 100)
            if all((labels == label).any() for label in ids)
        ]
        higher = [upper < lower for upper, lower in rows]
        assert len(higher) >= 5
        assert np.mean(higher) >= 0.9, (folder, above, below)


@pytest.mark.data
@NO_DATA
def test_a_mean_face_is_its_own_mirror_image() -> None:
    points = np.load(DATA / "faces_parsing_celebamaskhq" / "landmarks68_pfld.npz")["points"].astype(np.float32)
    mean = points.mean(axis=0)
    mirrored = sets.LANDMARKS_68.flip(mean, 512)
    mirrored[:, 0] += mean[:, 0].mean() - mirrored[:, 0].mean()
    assert np.abs(mirrored - mean).max() < 25  # pixels of 512; unpaired eyes would be 100 apart
