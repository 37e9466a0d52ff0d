"""Faces: files written as the makers of each set lay them out, and read back.

The index maps of CelebAMask-HQ are also read from genuine files (`test_kinds.py`). No genuine file of its parts, of
CelebA's lists, and of FASSEG's own folders is at hand: those here are ours, in the same format.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.catalog.support import DATA, blocks, check_records, needs_data, only, photo, same, save
from tests.data.doctor.support import label_maps, make_faces, read, write

from sembla.core.errors import ImageError, InputError, LabelError, SizeError
from sembla.core.types import LabelMap
from sembla.data.catalog import KINDS
from sembla.data.catalog.tables import read_table
from sembla.data.doctor import examine, repair
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_TO_PARSING, FASSEG_6

HQ, CELEBA, FASSEG = KINDS["celebamask_hq"], KINDS["celeba"], KINDS["fasseg"]

# The order in which MaskGAN's script paints the parts; each is given its place in this list, from 1.
PAINTED = (
    *("skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear"),
    *("mouth", "u_lip", "l_lip", "hair", "hat", "ear_r", "neck_l", "neck", "cloth"),
)


def parts(root: Path, number: int, present: tuple[str, ...]) -> LabelMap:
    """A face of 96x128 as photo (double size) and part files; returns the map that they make."""
    save(root / "CelebA-HQ-img" / f"{number}.jpg", photo(number, (192, 256)))
    expected = np.zeros((96, 128), np.uint8)
    for label, part in enumerate(PAINTED, start=1):
        if part in present:
            mask = blocks(2, seed=100 * number + label, size=(96, 128)).astype(bool)
            folder = root / "CelebAMask-HQ-mask-anno" / str(number // 2000)
            save(folder / f"{number:05d}_{part}.png", np.where(mask, 255, 0).astype(np.uint8))
            expected[mask] = label
    return expected


def test_the_parts_are_painted_over_one_another_in_the_order_of_maskgan(tmp_path: Path) -> None:
    root = tmp_path / "CelebAMask-HQ"
    expected = {"0": parts(root, 0, PAINTED), "2001": parts(root, 2001, ("skin", "hair", "cloth"))}
    records = HQ.records(tmp_path)
    assert [record.name for record in records] == ["0", "2001"]
    check_records(HQ, records)
    assert set(records[1].files) == {"image", "part:skin", "part:hair", "part:cloth"}
    for record in records:
        sample = HQ.read(record)
        assert same(sample.labels, expected[record.name])
        assert sample.picture.shape == (96, 128, 3)  # the photo is reduced to the size of its map
        halved = photo(int(record.name), (192, 256)).reshape(96, 2, 128, 2, 3).mean((1, 3))
        assert np.abs(sample.picture - halved).mean() < 5
        assert np.abs(sample.picture[:, 1:] - halved[:, :-1]).mean() > 15  # a pixel aside, it is another picture
        other = KINDS["celebamask_hq_parsing"].read(record).labels
        assert same(other, CELEBAMASK_HQ_TO_PARSING(expected[record.name]))


def test_the_splits_and_attributes_come_from_the_lists(tmp_path: Path) -> None:
    """CelebA's pictures 162771 to 182637 are for validation, those after for test; its list counts from 0."""
    numbers = {0: 119613, 1: 162769, 2: 162770, 3: 182636, 4: 182637}
    for number in numbers:
        parts(tmp_path, number, ("skin",))
    lines = [f"{number}\t\t{celeba}\t\t{celeba + 1:06d}.jpg" for number, celeba in numbers.items()]
    (tmp_path / "CelebA-HQ-to-CelebA-mapping.txt").write_text("\n".join(["idx\torig_idx\torig_file", *lines]))
    rows = [f"{number}.jpg  {1 if number == 3 else -1} -1" for number in numbers]
    (tmp_path / "CelebAMask-HQ-attribute-anno.txt").write_text("\n".join(["5", "Smiling Young", *rows]))
    records = HQ.records(tmp_path)
    assert {record.name: record.split for record in records} == {
        **{"0": "train", "1": "train", "2": "val", "3": "val", "4": "test"},
    }
    smiling = {record.name: dict(HQ.read(record).attributes) for record in records}
    assert smiling["3"] == {"Smiling": True, "Young": False}
    assert smiling["0"] == {"Smiling": False, "Young": False}


def test_index_maps_are_taken_where_they_are(tmp_path: Path) -> None:
    ids = blocks(19, size=(64, 64))
    save(tmp_path / "a" / "CelebA-HQ-img" / "7.jpg", photo(size=(128, 128)))
    save(tmp_path / "a" / "CelebAMask-HQ-mask" / "7.png", ids)
    save(tmp_path / "b" / "7.jpg", photo(size=(64, 64)))
    save(tmp_path / "b" / "7.png", ids)
    save(tmp_path / "c" / "images" / "7.jpg", photo(size=(64, 64)))
    save(tmp_path / "c" / "labels" / "7.png", ids)
    for folder in ("a", "b", "c"):
        for name in ("celebamask_hq", "celebamask_hq_parsing"):
            assert same(KINDS[name].read(only(KINDS[name], tmp_path / folder)).labels, ids)
    save(tmp_path / "b" / "7.png", np.full((64, 64), 19, np.uint8))
    with pytest.raises(LabelError, match=r"holds 19, which this data set does not have \(it has 0 to 18\)"):
        HQ.read(only(HQ, tmp_path / "b"))


@pytest.mark.parametrize(
    ("asked", "other", "turn"),
    [("celebamask_hq_parsing", "celebamask_hq", None), ("celebamask_hq", "celebamask_hq_parsing", "to parsing")],
)
def test_index_maps_in_the_other_order_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, asked: str, other: str, turn: str | None
) -> None:
    faces = make_faces(tmp_path / "faces", count=3)
    for path in label_maps(faces) if turn else []:
        write(path, CELEBAMASK_HQ_TO_PARSING(read(path)))
    KINDS[other].records(faces)
    assert caplog.text == ""
    assert len(KINDS[asked].records(faces)) == 3
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"as {other} does, not {asked}" in record.getMessage()
    assert f"doctor {faces} --as {asked} --fix COPY" in record.getMessage()
    repair(faces, tmp_path / "copy", examine(faces, asked))  # as it advises
    caplog.clear()
    KINDS[asked].records(tmp_path / "copy")
    assert caplog.text == ""
    label_maps(faces)[0].write_bytes(b"")
    assert len(KINDS[asked].records(faces)) == 3  # what is damaged is told when it is read


def test_faces_without_parts_or_with_odd_ones_are_refused(tmp_path: Path) -> None:
    parts(tmp_path, 5, ("skin", "nose"))
    record = only(HQ, tmp_path)
    save(record.files["part:nose"], np.zeros((64, 64), np.uint8))
    with pytest.raises(LabelError, match=r"00005_nose\.png is of another size"):
        HQ.read(record)
    save(record.files["part:nose"], np.zeros((96, 128), np.uint8))
    save(record.files["image"], photo(size=(100, 50)))
    with pytest.raises(SizeError, match=r"is 50x100, but its map is 128x96: another shape"):
        HQ.read(record)
    save(tmp_path / "CelebA-HQ-img" / "6.jpg", photo())
    with pytest.raises(InputError, match=r"6\.jpg has no map"):
        HQ.records(tmp_path)


def celeba(root: Path, *, csv: bool, scale: int = 1) -> dict[str, list[tuple[int, int]]]:
    """Four aligned pictures with a white pixel at each landmark, and their lists; returns the landmarks (x, y)."""
    points: dict[str, list[tuple[int, int]]] = {}
    generator = np.random.default_rng(0)
    for number in (1, 162771, 182638, 9):
        pixels = np.zeros((218 // scale, 178 // scale, 3), np.uint8)
        spots = np.add(generator.choice(np.arange(30, 150, 4), (5, 2), replace=False), [0, 25])
        points[f"{number:06d}"] = [(int(x), int(y)) for x, y in spots]
        for x, y in spots:
            pixels[y // scale, x // scale] = 255
        save(root / "img_align_celeba" / f"{number:06d}.png", pixels)
    names = ["lefteye_x", "lefteye_y", "righteye_x", "righteye_y", "nose_x"]
    names += ["nose_y", "leftmouth_x", "leftmouth_y", "rightmouth_x", "rightmouth_y"]
    rows = {name: [value for spot in spots for value in spot] for name, spots in points.items()}
    write_list(root, "list_landmarks_align_celeba", names, rows, csv=csv)
    attributes = {name: [1, -1] if name == "000009" else [-1, 1] for name in points}
    write_list(root, "list_attr_celeba", ["5_o_Clock_Shadow", "Young"], attributes, csv=csv)
    splits = {name: [0 if int(name) < 162771 else 1 if int(name) < 182638 else 2] for name in points}
    write_list(root, "list_eval_partition", ["partition"] if csv else [], splits, csv=csv)
    return points


def write_list(root: Path, stem: str, names: list[str], rows: dict[str, list[int]], *, csv: bool) -> None:
    """A list of CelebA as its makers write it (a count, names, padded columns), or as CSV."""
    if csv:
        lines = [["image_id", *names], *([f"{name}.jpg", *map(str, row)] for name, row in rows.items())]
        (root / f"{stem}.csv").write_text("\n".join(",".join(line) for line in lines) + "\n")
        return
    folder = root / ("Eval" if stem == "list_eval_partition" else "Anno")
    folder.mkdir(exist_ok=True)
    head = [str(len(rows)), " ".join(names) + " "] if names else []
    body = [f"{name}.jpg " + " ".join(f"{value:>3}" for value in row) for name, row in rows.items()]
    (folder / f"{stem}.txt").write_text("\n".join([*head, *body]) + "\n")


@pytest.mark.parametrize("csv", [False, True])
def test_celeba_is_cropped_with_its_landmarks(csv: bool, tmp_path: Path) -> None:
    points = celeba(tmp_path, csv=csv)
    records = CELEBA.records(tmp_path)
    check_records(CELEBA, records)
    assert {record.name: record.split for record in records} == {
        **{"000001": "train", "000009": "train", "162771": "val", "182638": "test"},
    }
    for record in records:
        sample = CELEBA.read(record)
        assert sample.picture.shape == (128, 128, 3)
        assert sample.landmarks is not None
        assert sample.landmarks.dtype == np.float32
        assert np.allclose(np.add(sample.landmarks, [25, 50]), points[record.name])
        inside = sample.landmarks[((sample.landmarks >= 0) & (sample.landmarks < 128)).all(1)].astype(int)
        assert len(inside) >= 3
        assert (sample.picture[inside[:, 1], inside[:, 0]] == 255).all()  # each point is on its white pixel
        own = record.name == "000009"
        assert sample.attributes == {"5_o_Clock_Shadow": own, "Young": not own}


def test_celeba_of_half_the_size_is_cropped_in_proportion(tmp_path: Path) -> None:
    celeba(tmp_path, csv=True, scale=2)
    sample = CELEBA.read(CELEBA.records(tmp_path)[0])
    assert sample.picture.shape == (64, 64, 3)
    assert sample.landmarks is not None
    inside = np.floor(sample.landmarks + 0.5).astype(int)
    inside = inside[((inside >= 1) & (inside < 63)).all(1)]
    white = [sample.picture[y - 1 : y + 2, x - 1 : x + 2].max() for x, y in inside]
    assert white
    assert min(white) == 255


def test_celeba_needs_no_lists_but_refuses_wrong_ones(tmp_path: Path) -> None:
    celeba(tmp_path, csv=True)
    for path in tmp_path.glob("*.csv"):
        path.unlink()
    records = CELEBA.records(tmp_path)
    assert {record.split for record in records} == {""}
    assert CELEBA.read(records[0]).landmarks is None
    partition = tmp_path / "list_eval_partition.txt"
    for text, reason in (("000001.jpg 0\n", "has no line for"), ("000001.jpg zero\n", "is no list of CelebA")):
        read_table.cache_clear()
        partition.write_text(text)
        with pytest.raises(InputError, match=reason):
            CELEBA.records(tmp_path)
    partition.unlink()
    save(records[0].files["image"], photo(size=(178, 218)))
    with pytest.raises(SizeError, match="aligned pictures are 178x218"):
        CELEBA.read(records[0])


def test_fasseg_colours_blended_at_borders_go_to_a_neighbour(tmp_path: Path) -> None:
    """A map four times as large, averaged down, as its makers' are; only pixels at borders are blended."""
    ids = np.asarray(Image.open(draw(tmp_path)))
    large = Image.fromarray(FASSEG_6.palette[ids])
    small = np.asarray(large.reduce(4))
    truth = ids.reshape(64, 4, 64, 4).transpose(0, 2, 1, 3).reshape(64, 64, 16)
    for folder in ("Train", "Test"):
        save(tmp_path / "V2" / f"{folder}_RGB" / "1.bmp", photo(size=(64, 64)))
        save(tmp_path / "V2" / f"{folder}_Labels" / "1.bmp", small)
    records = FASSEG.records(tmp_path)
    check_records(FASSEG, records)
    assert [record.split for record in records] == ["train", "test"]
    labels = FASSEG.read(records[0]).labels
    assert labels is not None
    assert (truth == labels[..., None]).any(2).all()  # no pixel has a class that was not drawn into it
    assert len(np.unique(labels)) == 6


def draw(folder: Path) -> Path:
    """A face of six classes, 256x256, as an index picture."""
    rows, columns = np.mgrid[:256, :256] - 128
    ids = np.zeros((256, 256), np.uint8)
    ids[np.hypot(rows + 10, columns) < 110] = 2
    ids[np.hypot(rows - 10, columns * 1.2) < 85] = 1
    for sign in (-1, 1):
        ids[np.hypot(rows + 15, columns - 30 * sign) < 11] = 3
    ids[np.hypot(rows - 15, columns * 1.5) < 14] = 4
    ids[np.hypot((rows - 55) * 2, columns) < 27] = 5
    return save(folder / "drawn.png", ids)


@pytest.mark.data
@needs_data
def test_fasseg_maps_keep_their_classes_through_colours(tmp_path: Path) -> None:
    """Real maps drawn in FASSEG's colours, saved as its own files are, and read back."""
    for path in sorted((DATA / "faces_parsing_fasseg" / "train" / "labels").glob("*.png"))[:5]:
        ids = np.asarray(Image.open(path))
        save(tmp_path / "Train_RGB" / f"{path.stem}.bmp", photo(size=ids.shape))
        save(tmp_path / "Train_Labels" / f"{path.stem}.bmp", FASSEG_6.palette[ids])
    for record in FASSEG.records(tmp_path):
        stem = record.files["image"].stem
        ids = np.asarray(Image.open(DATA / "faces_parsing_fasseg" / "train" / "labels" / f"{stem}.png"))
        assert same(FASSEG.read(record).labels, ids)


def test_a_photo_that_is_gone_is_named(tmp_path: Path) -> None:
    parts(tmp_path, 1, ("skin",))
    record = only(HQ, tmp_path)
    record.files["image"].unlink()
    with pytest.raises(ImageError, match=r"1\.jpg: no such file"):
        HQ.read(record)
    assert CELEBAMASK_HQ_19.names[1:] == PAINTED
