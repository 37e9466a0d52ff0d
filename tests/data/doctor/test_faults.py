"""Each fault, put into a clean set, is found under its own code and no other; and the mended copy is clean."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.doctor.support import (
    COLOURS,
    blobs,
    label_maps,
    make_faces,
    make_set,
    photo_of,
    photos,
    read,
    write,
    write_classes,
)

from sembla.core.errors import InputError
from sembla.data.catalog import KINDS
from sembla.data.doctor import Report, examine, repair
from sembla.data.labelsets import CELEBAMASK_HQ_TO_PARSING
from sembla.data.prepare import prepare


def each_map(root: Path, change: Callable[[np.ndarray], np.ndarray], *, every: int = 1) -> list[Path]:
    """Change every n-th label map."""
    changed = label_maps(root)[::every]
    for path in changed:
        write(path, change(read(path)))
    return changed


def beyond(root: Path) -> None:
    write_classes(root, 6)
    path = label_maps(root)[3]
    ids = read(path).copy()
    ids[10:20, 10:20] = 9
    write(path, ids)


def beyond_without_classes(root: Path) -> None:
    path = label_maps(root)[3]
    ids = read(path).copy()
    ids[10:20, 10:20] = 37
    write(path, ids)


def ignored(value: int) -> Callable[[Path], None]:
    def seed(root: Path) -> None:
        each_map(root, lambda ids: np.where(np.arange(len(ids))[:, None] < 5, np.uint8(value), ids), every=2)

    return seed


def renumbered(table: list[int]) -> Callable[[Path], None]:
    def seed(root: Path) -> None:
        each_map(root, lambda ids: np.array(table, np.uint8)[ids])

    return seed


def binary(root: Path) -> None:
    each_map(root, lambda ids: np.where(ids < 3, 0, 255).astype(np.uint8))


def palette(root: Path) -> None:
    each_map(root, lambda ids: COLOURS[ids])


def grey_as_rgb(root: Path) -> None:
    each_map(root, lambda ids: np.repeat(ids[..., None], 3, 2))


def smooth(root: Path) -> None:
    for path in label_maps(root):
        colours = Image.fromarray(COLOURS[read(path)])
        colours.resize((384, 384), Image.Resampling.NEAREST).resize((96, 96), Image.Resampling.BICUBIC).rotate(
            3, Image.Resampling.BILINEAR
        ).save(path)


def soften(root: Path) -> None:
    for path in label_maps(root):
        large = Image.fromarray(COLOURS[read(path)])
        large.resize((70, 70), Image.Resampling.BILINEAR).resize((96, 96), Image.Resampling.BILINEAR).save(path)


def jpeg(root: Path) -> None:
    for path in label_maps(root):
        Image.fromarray(COLOURS[read(path)]).save(path.with_suffix(".jpg"), quality=85)
        path.unlink()


def once_jpeg(root: Path) -> None:
    jpeg(root)
    for path in label_maps(root):
        Image.open(path).save(path.with_suffix(".png"))
        path.unlink()


def instances(root: Path) -> None:
    for path in label_maps(root):
        ids = read(path).astype(np.uint16)
        Image.fromarray(np.where(ids > 3, ids * 1000 + 2, ids).astype(np.uint16)).save(path)


def sizes(root: Path) -> None:
    for path in label_maps(root)[:2]:
        Image.fromarray(read(path)).resize((48, 48), Image.Resampling.NEAREST).save(path)


def shifted(root: Path) -> None:
    maps = [path for path in label_maps(root) if "train" in path.parts]
    pixels = [read(path) for path in maps]
    for path, ids in zip(maps, [pixels[-1], *pixels[:-1]], strict=True):
        write(path, ids)


def shifted_from_the_middle(root: Path) -> None:
    maps = [path for path in label_maps(root) if "train" in path.parts][4:]
    pixels = [read(path) for path in maps]
    for path, ids in zip(maps, [*pixels[1:], blobs(np.random.default_rng(99))], strict=True):
        write(path, ids)


def lone(root: Path) -> None:
    label_maps(root)[0].unlink()
    photos(root)[5].unlink()


def other_names(root: Path) -> None:
    for number, path in enumerate(label_maps(root)):
        path.rename(path.with_name(f"{'abcdefghijklmnopqr'[number]}.png"))


def other_zeros(root: Path) -> None:
    for path in label_maps(root):
        path.rename(path.with_name(f"map_{int(path.stem[-2:])}.png"))


def exif(root: Path) -> None:
    for path in photos(root)[:2]:
        image = Image.open(path)
        marks = Image.Exif()
        marks[0x0112] = 6
        image.transpose(Image.Transpose.ROTATE_90).save(path, exif=marks)


def one_class(root: Path) -> None:
    each_map(root, lambda ids: np.where(np.arange(ids.size).reshape(ids.shape) < 40, ids, 0).astype(np.uint8))
    for path in label_maps(root):
        ids = read(path).copy()
        ids[-1, :6] = range(6)
        write(path, ids)


def unseen(root: Path) -> None:
    write_classes(root, 8)


def copies(root: Path) -> None:
    for folder in ("images", "labels"):
        shutil.copy(root / "train" / folder / "train03.png", root / "val" / folder / "val99.png")


def grey(root: Path) -> None:
    for path in photos(root)[::6]:
        Image.open(path).convert("L").convert("RGB").save(path)


def damaged(root: Path) -> None:
    path = photos(root)[2]
    path.write_bytes(path.read_bytes()[:600])
    label_maps(root)[7].write_text("no picture")


def empty(root: Path) -> None:
    label_maps(root)[2].write_bytes(b"")


def large(root: Path) -> None:
    Image.new("L", (4000, 4000)).save(label_maps(root)[2])


def small(root: Path) -> None:
    for path in (photos(root)[2], label_maps(root)[2]):
        Image.fromarray(read(path)[:15]).save(path)


def alpha(root: Path) -> None:
    for path in label_maps(root)[:3]:
        image = Image.fromarray(read(path)).convert("LA")
        clear = np.full((96, 96), 255, np.uint8)
        clear[:8] = 0
        image.putalpha(Image.fromarray(clear))
        image.save(path)


def blurred(root: Path) -> None:
    for path in label_maps(root)[::2]:
        small = Image.fromarray(read(path)).resize((70, 70), Image.Resampling.BILINEAR)
        small.resize((96, 96), Image.Resampling.NEAREST).save(path)


def mirrored(root: Path) -> None:
    for path in label_maps(root)[:2]:
        write(path, np.ascontiguousarray(read(path)[:, ::-1]))


@dataclass(frozen=True)
class Seed:
    code: str
    plant: Callable[[Path], None]
    mended: bool = True
    side: int = 96


SEEDS = {
    "beyond": Seed("beyond_count", beyond),
    "beyond, classes unknown": Seed("beyond_count", beyond_without_classes),
    "255": Seed("ignore_value", ignored(255)),
    "200": Seed("ignore_value", ignored(200)),
    "from 1": Seed("off_by_one", renumbered([1, 2, 3, 4, 5, 6])),
    "tens": Seed("gaps", renumbered([0, 10, 20, 30, 40, 50])),
    "greys": Seed("gaps", renumbered([0, 51, 102, 153, 204, 255])),
    "every second": Seed("gaps", renumbered([0, 2, 4, 6, 8, 10])),
    "one lacks": Seed("gaps", renumbered([0, 1, 2, 4, 5, 6])),
    "binary": Seed("binary_mask", binary),
    "palette": Seed("rgb_palette", palette),
    "three channels": Seed("rgb_palette", grey_as_rgb),
    "smooth": Seed("anti_aliased", smooth),
    "soft": Seed("anti_aliased", soften),
    "jpeg": Seed("jpeg_noise", jpeg, side=256),
    "once jpeg": Seed("jpeg_noise", once_jpeg, side=256),
    "instances": Seed("instance_ids", instances),
    "sizes": Seed("sizes_differ", sizes),
    "shifted": Seed("shifted", shifted),
    "shifted from the middle": Seed("shifted", shifted_from_the_middle),
    "lone": Seed("missing_partner", lone),
    "other names": Seed("names_differ", other_names),
    "other zeros": Seed("names_differ", other_zeros),
    "exif": Seed("exif_rotation", exif),
    "one class": Seed("one_class", one_class, mended=False),
    "unseen": Seed("unseen_classes", unseen, mended=False),
    "copies": Seed("duplicates", copies),
    "grey": Seed("grey_images", grey, mended=False),
    "damaged": Seed("unreadable", damaged),
    "empty": Seed("empty_files", empty),
    "large": Seed("too_large", large),
    "small": Seed("too_small", small),
    "alpha": Seed("alpha", alpha),
    "blurred": Seed("blurred_labels", blurred),
    "mirrored": Seed("mirrored", mirrored, mended=False),
}


def codes(report: Report) -> list[str]:
    return [fault.code for fault in report.faults]


def snapshot(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("classes", [False, True])
def test_a_clean_set_is_clean(tmp_path: Path, classes: bool) -> None:
    report = examine(make_set(tmp_path / "set", classes=classes))
    assert (report.pairs, codes(report)) == (18, [])


def test_clean_faces_are_clean(tmp_path: Path) -> None:
    assert codes(examine(make_faces(tmp_path / "set"))) == []
    assert codes(examine(tmp_path / "set", "celebamask_hq")) == []


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
def test_a_seeded_fault_is_found_alone_and_mended(tmp_path: Path, seed: Seed) -> None:
    root = make_set(tmp_path / "set", side=seed.side)
    seed.plant(root)
    before = snapshot(root)
    report = examine(root)
    assert codes(report) == [seed.code]
    fault = report.faults[0]
    assert len(fault.files) <= 5
    assert all(path.exists() for path in fault.files)
    assert bool(fault.remedies) == seed.mended
    assert ("sembla doctor" in fault.advice) == seed.mended
    if seed.mended:
        assert repair(root, tmp_path / "mended", report).pairs >= 11
        assert codes(examine(tmp_path / "mended")) == []
    assert snapshot(root) == before


def test_maps_in_the_other_order_of_celebamask_are_renumbered(tmp_path: Path) -> None:
    root = make_faces(tmp_path / "set")
    right = {path.name: read(path) for path in label_maps(root)}
    each_map(root, CELEBAMASK_HQ_TO_PARSING, every=3)
    assert codes(examine(root, "celebamask_hq")) == ["celebamask_order"]
    report = examine(root)
    assert codes(report) == ["celebamask_order"]
    assert len(report.faults[0].files) == 4
    repair(root, tmp_path / "mended", report)
    assert all(np.array_equal(read(path), right[path.name]) for path in label_maps(tmp_path / "mended"))
    assert codes(examine(tmp_path / "mended")) == []


def test_flipped_faces_with_left_and_right_wrong(tmp_path: Path) -> None:
    root = make_faces(tmp_path / "set")
    for path in [*photos(root)[:2], *label_maps(root)[:2]]:
        write(path, np.ascontiguousarray(read(path)[:, ::-1]))
    report = examine(root)
    assert codes(report) == ["left_right"]
    assert len(report.faults[0].files) == 2
    repair(root, tmp_path / "mended", report)
    assert codes(examine(tmp_path / "mended")) == []


def test_names_are_made_alike_also_in_one_folder(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    flat = tmp_path / "flat"
    flat.mkdir()
    for photo, labels, name in zip(photos(root)[:3], label_maps(root)[:3], "abc", strict=True):
        shutil.copy(photo, flat)
        shutil.copy(labels, flat / f"{name}_mask.png")
    report = examine(flat)
    assert codes(report) == ["names_differ"]
    repair(flat, tmp_path / "mended", report)
    names = sorted(path.name for path in (tmp_path / "mended").iterdir())
    assert names == [f"train0{number}{end}.png" for number in range(3) for end in ("", "_mask")]
    assert codes(examine(tmp_path / "mended")) == []


@pytest.mark.parametrize("words", ["mask", "photo"])
def test_a_word_for_a_role_in_a_name_does_not_mislead(tmp_path: Path, words: str) -> None:
    """Where the folder says what a file is, and it has no namesake beside it, its name says nothing else."""
    root = make_set(tmp_path / "set")
    for path in (photos(root)[3], label_maps(root)[3]):
        path.rename(path.with_name(f"starry_{words}.png"))
    report = examine(root)
    assert (report.pairs, codes(report)) == (18, [])


def test_where_nothing_would_be_left_no_copy_is_advised(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    for path in photos(root):
        path.write_bytes(b"")
    (fault,) = examine(root).faults
    assert (fault.code, fault.remedies, fault.advice) == ("empty_files", (), "Copy or download the files again.")
    for path in photos(root)[1:]:
        path.unlink()
    photos(root)[0].rename(root / "train" / "images" / "another.png")
    report = examine(root)
    assert (report.pairs, codes(report), report.can_be_mended) == (0, ["missing_partner"], False)


def test_one_id_that_lacks_is_told_of_as_one(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    SEEDS["one lacks"].plant(root)
    assert "and 1 below the largest is not: 3. A model" in examine(root).faults[0].sentence


def test_a_photo_that_is_too_small_cannot_be_prepared_and_one_of_16_px_can(tmp_path: Path) -> None:
    for side in (15, 16):
        root = make_set(tmp_path / f"{side}")
        for path in (photos(root)[2], label_maps(root)[2]):
            Image.fromarray(read(path)[:, :side]).save(path)
        if side == 16:
            prepare(KINDS["folder"], root, tmp_path / "out", workers=1)
            assert codes(examine(root)) == []
        else:
            assert codes(examine(root)) == ["too_small"]
            with pytest.raises(InputError, match="15x96"):
                prepare(KINDS["folder"], root, tmp_path / "out15", workers=1)


def test_maps_of_one_class_only(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    each_map(root, np.zeros_like)
    (fault,) = examine(root).faults
    assert (fault.code, fault.sentence) == ("one_class", "All pixels are of class 0; there is nothing to tell apart.")


def test_a_photo_of_another_size_class_is_no_fault_for_faces_as_published(tmp_path: Path) -> None:
    root = tmp_path / "set"
    make_faces(root, count=2)
    for path in label_maps(root):
        Image.fromarray(read(path)).resize((512, 512), Image.Resampling.NEAREST).save(path)
    for path in photos(root):
        Image.fromarray(read(path)).resize((1024, 1024)).save(path)
    assert codes(examine(root)) == []


def test_photos_need_not_be_like_their_classes(tmp_path: Path) -> None:
    """Maps that explain nothing of their photos are no sign of a shift."""
    root = make_set(tmp_path / "set")
    rng = np.random.default_rng(3)
    for path in photos(root):
        write(path, photo_of(blobs(rng), rng))
    assert codes(examine(root)) == []
