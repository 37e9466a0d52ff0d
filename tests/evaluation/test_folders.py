"""Scores of two folders on the light core: known differences, forms of the same pictures, and bad input."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.small_set import SMALL, make_source, read, records
from tests.evaluation.photo_folders import brighter, crop, halves, write, write_pair

from sembla.core.errors import ImageError, InputError, LabelError, SizeError
from sembla.core.types import Picture
from sembla.data.prepare import prepare
from sembla.evaluation.comparing import compare
from sembla.evaluation.folders import FolderSettings, evaluate_folders
from sembla.evaluation.measures import FITTED
from sembla.evaluation.results import Evaluation
from sembla.imaging.sheet import contact_sheet
from sembla.metrics.pixels import delta_e, delta_e_by_region, l1, ms_ssim, psnr, ssim
from sembla.metrics.protocol import Score, from_json, to_json

SETTINGS = FolderSettings()


def same(picture: Picture) -> Picture:
    return picture


def scored(made: Path, real: Path, settings: FolderSettings = SETTINGS) -> dict[str, Score]:
    return {score.name: score for score in evaluate_folders(made, real, settings).scores}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return write_pair(tmp_path, 5, change=brighter)


def write_labels(pictures: Path, labels: Path) -> Path:
    """The same label map for every picture of a folder."""
    for path in pictures.rglob("*.png"):
        write(labels / path.relative_to(pictures), halves())
    return labels


def test_means_over_pictures_of_the_scores_of_each(folders: tuple[Path, Path]) -> None:
    found = scored(*folders)
    pairs = [(brighter(crop(number)), crop(number)) for number in range(5)]
    oracles: dict[str, Callable[[Picture, Picture], float]] = {
        "psnr": psnr,
        "ssim": ssim,
        "l1": l1,
        "delta_e": lambda made, real: float(delta_e(made, real).mean()),
    }
    assert found.keys() == oracles.keys()
    for name, oracle in oracles.items():
        values = [oracle(made, real) for made, real in pairs]
        assert found[name].value == pytest.approx(np.mean(values), rel=1e-12)
        assert found[name].spread == pytest.approx(np.std(values, ddof=1), rel=1e-9)
        assert found[name].per_picture == dict(zip(["8", *(f"part/{n}" for n in range(9, 13))], values, strict=True))
        protocol = found[name].protocol
        assert (protocol.count_made, protocol.count_real, protocol.resize) == (5, 5, "")
        assert (protocol.made, protocol.real) == (str(folders[0]), str(folders[1]))
        assert "numpy" in protocol.versions


def test_ms_ssim_where_every_picture_is_large_enough(tmp_path: Path) -> None:
    real, made = crop(0, side=180), brighter(crop(0, side=180))
    write(tmp_path / "real" / "a.png", real)
    write(tmp_path / "made" / "a.png", made)
    found = scored(tmp_path / "made", tmp_path / "real")
    assert found["ms_ssim"].value == pytest.approx(ms_ssim(made, real))
    write(tmp_path / "real" / "b.png", crop(1))
    write(tmp_path / "made" / "b.png", crop(1))
    evaluation = evaluate_folders(tmp_path / "made", tmp_path / "real", SETTINGS)
    assert "ms_ssim" not in {score.name for score in evaluation.scores}
    assert any("MS-SSIM" in note and "b is 48x48" in note for note in evaluation.notes)


def test_identical_pictures_do_not_break_the_mean_of_psnr(tmp_path: Path) -> None:
    made, real = write_pair(tmp_path, 3, change=same)
    write(made / "8.png", brighter(crop(0)))
    found = scored(made, real)["psnr"]
    assert found.value == pytest.approx(psnr(brighter(crop(0)), crop(0)))
    assert found.per_picture == {"8": found.value}
    assert found.spread is None
    assert found.protocol.count_made == 3
    assert found.cautions == ("2 of 3 pictures are identical to the real ones and are left out of the mean.",)


def test_copies_are_told_as_such(tmp_path: Path) -> None:
    found = scored(*write_pair(tmp_path, 3, change=same))
    assert math.isinf(found["psnr"].value)
    assert found["psnr"].cautions == ("every picture is identical to its real one.",)
    assert (found["ssim"].value, found["l1"].value, found["delta_e"].value) == (1, 0, 0)
    again = {score.name: score for score in from_json(to_json(found.values()))}
    assert again == found


def test_colour_differences_by_class_and_patches_by_class(folders: tuple[Path, Path], tmp_path: Path) -> None:
    labels = write_labels(folders[1], tmp_path / "labels")
    found = scored(*folders, FolderSettings(labels=labels))
    areas = {0: 24 * 48, 2: 23 * 48}
    for label, area in areas.items():
        oracle = [delta_e_by_region(brighter(crop(n)), crop(n), labels=halves())[label] for n in range(5)]
        assert found[f"delta_e.class {label}"].value == pytest.approx(np.mean(oracle)), area
    assert "delta_e.class 255" not in found
    by_class = [found[f"label_swd.class {label}"].value for label in areas]
    patches = {0: 21 * 42, 2: 21 * 42}  # whole ones: the border takes 3 px of each side, and all of the ignored column
    assert found["label_swd"].value == pytest.approx(np.average(by_class, weights=list(patches.values())), rel=1e-3)
    assert found["label_swd"].protocol.count_real == 5
    assert found["label_swd"].value > 0


def test_patches_by_class_need_no_shared_names_and_tell_classes_apart(tmp_path: Path) -> None:
    """Two flat colours in the right classes, and in the wrong ones: only the second is a difference."""
    layout = np.repeat(np.arange(2, dtype=np.uint8), 24)[None].repeat(48, axis=0)
    right = np.array([[200, 30, 30], [20, 60, 220]], np.uint8)[layout]
    for folder, picture in (("right", right), ("wrong", right[:, ::-1].copy())):
        write(tmp_path / folder / f"{folder}.png", picture)
        write(tmp_path / f"{folder} labels" / f"{folder}.png", layout)
    write(tmp_path / "real" / "photo.png", right)
    write(tmp_path / "maps" / "photo.png", layout)
    distances = [
        scored(
            tmp_path / folder,
            tmp_path / "real",
            FolderSettings(labels=tmp_path / f"{folder} labels", real_labels=tmp_path / "maps"),
        )["label_swd"].value
        for folder in ("right", "wrong")
    ]
    assert distances[0] < 0.1 * distances[1]


def test_a_class_that_one_set_lacks_is_told(tmp_path: Path) -> None:
    made, real = write_pair(tmp_path, 1, change=brighter)
    labels, other = tmp_path / "labels", tmp_path / "real labels"
    write(labels / "8.png", halves())
    write(other / "8.png", np.where(halves() == 2, 7, halves()).astype(np.uint8))
    found = scored(made, real, FolderSettings(labels=labels, real_labels=other))
    assert "class 2, class 7" in found["label_swd"].cautions[0]
    write(other / "8.png", np.full((48, 48), 9, np.uint8))
    evaluation = evaluate_folders(made, real, FolderSettings(labels=labels, real_labels=other))
    assert any("share no class" in note for note in evaluation.notes)


def test_pictures_of_other_sizes_are_refused_or_fitted(folders: tuple[Path, Path]) -> None:
    made, real = folders
    write(made / "8.png", np.asarray(Image.fromarray(crop(0)).resize((60, 50), Image.Resampling.BICUBIC)))
    with pytest.raises(SizeError, match=r"^8 is 60x50 in .*made and 48x48 in .*real; .*--fit"):
        evaluate_folders(made, real, SETTINGS)
    found = scored(made, real, FolderSettings(fit=True))["psnr"]
    back = np.asarray(Image.open(made / "8.png").resize((48, 48), Image.Resampling.BICUBIC))
    assert found.per_picture["8"] == psnr(back, crop(0))
    assert found.protocol.resize == FITTED
    assert scored(made, real, FolderSettings(fit=True))["delta_e"].protocol.resize == FITTED


def test_fitting_changes_nothing_where_sizes_agree(folders: tuple[Path, Path]) -> None:
    assert scored(*folders, FolderSettings(fit=True)) == scored(*folders)


def test_a_label_map_of_another_size_is_refused_or_fitted(folders: tuple[Path, Path], tmp_path: Path) -> None:
    labels = write_labels(folders[1], tmp_path / "labels")
    write(labels / "8.png", halves(24))
    with pytest.raises(SizeError, match=r"8\.png is 24x24, its picture 48x48; pass --fit"):
        evaluate_folders(*folders, FolderSettings(labels=labels))
    assert "label_swd" in scored(*folders, FolderSettings(labels=labels, fit=True))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("source"), train=2, val=6, size=(40, 36))


def as_folders(source: Path, root: Path, *, ending: str = ".png", factor: float = 1.0) -> tuple[Path, Path]:
    """Pictures and label maps of the split val as plain folders."""
    for record in records(source):
        if record.split == "val":
            sample, name = read(record), record.name.removeprefix("val/")
            write(root / "pictures" / (name + ending), (sample.picture * factor).astype(np.uint8))
            assert sample.labels is not None
            write(root / "labels" / f"{name}.png", sample.labels)
    return root / "pictures", root / "labels"


def numbers(evaluation: Evaluation) -> dict[str, object]:
    return {
        score.name.replace("class 0", "ground").replace("class 1", "left").replace("class 2", "right"): (
            score.value,
            score.per_picture,
            score.protocol.count_real,
        )
        for score in evaluation.scores
    }


@pytest.mark.parametrize("shard", [None, 4])
def test_prepared_sets_and_tars_give_what_their_folders_give(source: Path, tmp_path: Path, shard: int | None) -> None:
    made, labels = as_folders(source, tmp_path / "made", factor=0.8)
    real, real_labels = as_folders(source, tmp_path / "real")
    settings = FolderSettings(labels=labels, real_labels=real_labels)
    expected = numbers(evaluate_folders(made, real, settings))
    root = prepare(SMALL, source, tmp_path / "prepared", shard=shard, workers=1).prepared.root
    found = evaluate_folders(made, root, FolderSettings(split="val"))
    assert numbers(found) == expected
    assert {"delta_e.ground", "label_swd.right"} <= {score.name for score in found.scores}
    assert found.scores[0].protocol.split == "val"
    judged = found.pictures["val.3"]
    assert judged.made == made / "val.3.png"
    assert (judged.real is None) == (judged.labels is None) == bool(shard)


@pytest.mark.parametrize("ending", [".webp", ".bmp", ".tif"])
def test_the_format_of_the_files_is_of_no_consequence(source: Path, tmp_path: Path, ending: str) -> None:
    real, _ = as_folders(source, tmp_path / "real")
    png, _ = as_folders(source, tmp_path / "png", factor=0.5)
    other = tmp_path / "other"
    for path in png.iterdir():
        other.mkdir(exist_ok=True)
        Image.open(path).save(other / (path.stem + ending), lossless=True)  # which only WebP asks
    assert numbers(evaluate_folders(other, real, SETTINGS)) == numbers(evaluate_folders(png, real, SETTINGS))


def test_jpeg_counts_as_the_pixels_that_it_holds(folders: tuple[Path, Path]) -> None:
    made, real = folders
    (made / "8.png").unlink()
    Image.fromarray(crop(0)).save(made / "8.jpg", quality=50)
    decoded = np.asarray(Image.open(made / "8.jpg"))
    assert scored(made, real)["psnr"].per_picture["8"] == psnr(decoded, crop(0))


def test_runs_against_one_set_are_comparable_whatever_its_path_and_against_another_are_not(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    made, real = folders
    first = evaluate_folders(made, real, SETTINGS)
    shutil.copytree(real, tmp_path / "copy")
    for path in (real.parent / "made" / ".." / "real", tmp_path / "copy"):
        side = compare([first, evaluate_folders(made, path, SETTINGS)])
        assert all(row.entries[1].obstacles == () for row in side.rows)
    last = sorted((tmp_path / "copy").rglob("*.png"))[-1]
    pixels = np.array(Image.open(last))
    pixels[0, 0, 0] ^= 1
    write(last, pixels)
    shutil.rmtree(real)
    (tmp_path / "copy").rename(real)  # other pictures under the path of the first
    for row in compare([first, evaluate_folders(made, real, SETTINGS)]).rows:
        assert "held against" in row.entries[1].obstacles[0]
        assert row.entries[1].difference is None


def test_pictures_that_no_score_looks_at_belong_to_the_reference_too(folders: tuple[Path, Path]) -> None:
    made, real = folders
    before = scored(made, real)["psnr"]
    write(real / "more.png", crop(9))
    after = scored(made, real)["psnr"]
    assert (after.value, after.per_picture) == (before.value, before.per_picture)
    assert len({before.protocol.real_sha256, after.protocol.real_sha256, ""}) == 3


def test_scores_by_class_tell_the_label_maps_apart(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made, real = folders
    one, other = (write_labels(real, tmp_path / name) for name in ("one", "other"))
    write(other / "8.png", halves()[::-1, ::-1])
    runs = [evaluate_folders(made, real, FolderSettings(labels=labels)) for labels in (one, other)]
    rows = {row.name: row.entries[1].obstacles for row in compare(runs).rows}
    assert rows["psnr"] == rows["delta_e"] == ()
    for name in ("delta_e.class 0", "label_swd", "label_swd.class 2"):
        assert rows[name][0].startswith("labels (SHA-256): ")


def test_the_contact_sheet_of_an_analogy_is_no_result(folders: tuple[Path, Path]) -> None:
    made, real = folders
    before = scored(made, real)["psnr"].per_picture
    write(made / "sheet.png", contact_sheet([[crop(0), crop(1)]], headings=("layout", "result"), cell=60))
    found = evaluate_folders(made, real, SETTINGS)
    assert next(score for score in found.scores if score.name == "psnr").per_picture == before
    assert found.scores[0].protocol.count_made == 5
    assert sum("contact sheet" in note and "sheet.png" in note for note in found.notes) == 1


def test_names_that_only_one_folder_has_are_left_out_and_told(folders: tuple[Path, Path]) -> None:
    made, real = folders
    write(real / "more.png", crop(9))
    (made / "8.png").unlink()
    evaluation = evaluate_folders(made, real, SETTINGS)
    assert evaluation.scores[0].protocol.count_real == 4
    assert "4 names are in both sets (4 made, 6 real): scores by picture are over these." in evaluation.notes


def test_notes_say_what_was_left_out_and_how_to_get_it(folders: tuple[Path, Path]) -> None:
    notes = " ".join(evaluate_folders(*folders, SETTINGS).notes)
    for option in ("--extractor NAME", "--lpips alex", "--labels FOLDER"):
        assert option in notes


def test_label_maps_of_one_side_only_are_told(tmp_path: Path) -> None:
    write(tmp_path / "made" / "a.png", crop(0))
    write(tmp_path / "labels" / "a.png", halves())
    for name in ("a", "b"):
        write(tmp_path / "real" / f"{name}.png", crop(1))
    found = scored(tmp_path / "made", tmp_path / "real", FolderSettings(labels=tmp_path / "labels"))
    assert (found["label_swd"].protocol.count_made, found["label_swd"].protocol.count_real) == (1, 1)
    (tmp_path / "real" / "a.png").unlink()
    settings = FolderSettings(labels=tmp_path / "labels")
    with pytest.raises(InputError, match="--labels FOLDER"):
        evaluate_folders(tmp_path / "made", tmp_path / "real", settings)


def test_without_pytorch_the_notes_say_what_to_install(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sembla.evaluation.folders.has_torch", lambda: False)
    assert any("pip install 'sembla[models]'" in note for note in evaluate_folders(*folders, SETTINGS).notes)


def points(path: Path, rows: dict[str, np.ndarray]) -> Path:
    head = "name," + ",".join(f"x{n},y{n}" for n in range(1, 6))
    lines = [",".join([name, *(str(value) for value in values.ravel())]) for name, values in rows.items()]
    path.write_text("\n".join([head, *lines]))
    return path


def test_landmarks_are_compared_in_distances_of_the_eyes(folders: tuple[Path, Path], tmp_path: Path) -> None:
    truth = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float64)  # eyes 20 px apart
    wanted = {"8.png": truth, "part/9.png": truth, "part/10.png": truth}
    found = {"8": truth + np.array([3, 4]), "part/9": truth}  # by 5 px, and not at all
    settings = FolderSettings(
        landmarks=points(tmp_path / "made.csv", found), real_landmarks=points(tmp_path / "real.csv", wanted)
    )
    evaluation = evaluate_folders(*folders, settings)
    score = next(score for score in evaluation.scores if score.name == "nme")
    assert score.per_picture == pytest.approx({"8": 0.25, "part/9": 0.0})
    assert score.value == pytest.approx(0.125)
    assert score.protocol.count_made == 2
    assert any("3 pictures have no landmarks" in note for note in evaluation.notes)


def test_landmarks_are_scaled_with_fitted_pictures(tmp_path: Path) -> None:
    """The picture twice as wide and high, and its points with it: the middle of pixel 10 comes to 20.5."""
    write(tmp_path / "real" / "a.png", crop(0))
    write(tmp_path / "made" / "a.png", np.repeat(np.repeat(crop(0), 2, axis=0), 2, axis=1))
    truth = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float64)
    settings = FolderSettings(
        fit=True,
        landmarks=points(tmp_path / "made.csv", {"a": truth * 2 + 0.5}),
        real_landmarks=points(tmp_path / "real.csv", {"a": truth}),
    )
    assert scored(tmp_path / "made", tmp_path / "real", settings)["nme"].value == pytest.approx(0, abs=1e-12)


def test_landmarks_of_a_prepared_set(source: Path, tmp_path: Path) -> None:
    root = prepare(SMALL, source, tmp_path / "prepared", workers=1).prepared.root
    made, _ = as_folders(source, tmp_path)
    settings = FolderSettings(split="val", landmarks=root)
    assert scored(made, root, settings)["nme"].value == 0
    file = points(tmp_path / "none.csv", {"other": np.zeros((5, 2))})
    with pytest.raises(InputError, match="name each line of the tables after its picture"):
        evaluate_folders(made, root, FolderSettings(split="val", landmarks=file))


def test_landmarks_of_one_side_only_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    file = points(tmp_path / "made.csv", {"8": np.zeros((5, 2))})
    with pytest.raises(InputError, match="real holds no landmarks; add --real-landmarks"):
        evaluate_folders(*folders, FolderSettings(landmarks=file))
    with pytest.raises(InputError, match="made holds no landmarks; add --landmarks"):
        evaluate_folders(*folders, FolderSettings(real_landmarks=file))
    with pytest.raises(InputError, match="the landmarks of 8: the distance to divide by is 0"):
        evaluate_folders(*folders, FolderSettings(landmarks=file, real_landmarks=file))


def test_one_picture_is_enough_for_scores_of_pairs(tmp_path: Path) -> None:
    found = scored(*write_pair(tmp_path, 1, change=brighter))["ssim"]
    assert found.spread is None
    assert found.protocol.count_made == 1


def test_progress_is_told(folders: tuple[Path, Path]) -> None:
    told: list[tuple[int, int]] = []
    evaluate_folders(*folders, SETTINGS, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 5) for done in range(1, 6)]


def test_folders_that_share_nothing_are_refused_with_the_ways_out(tmp_path: Path) -> None:
    write(tmp_path / "made" / "a.png", crop(0))
    write(tmp_path / "real" / "b.png", crop(1))
    with pytest.raises(InputError, match=r"nothing in .*made and .*real.*--labels FOLDER.*--extractor NAME"):
        evaluate_folders(tmp_path / "made", tmp_path / "real", SETTINGS)
    for settings in (FolderSettings(lpips="alex"), FolderSettings(identity=True)):
        with pytest.raises(InputError, match=r"no picture is named alike in .*made \(a, .*real \(b, "):
            evaluate_folders(tmp_path / "made", tmp_path / "real", settings)


def test_one_folder_given_twice_is_refused(folders: tuple[Path, Path], source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="came twice"):
        evaluate_folders(folders[0], folders[0] / "." / "part" / "..", SETTINGS)
    root = prepare(SMALL, source, tmp_path / "prepared", workers=1).prepared.root
    with pytest.raises(InputError, match="came twice"):
        evaluate_folders(root, root, FolderSettings(split="val"))


def test_a_picture_without_a_label_map_is_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    labels = write_labels(folders[1], tmp_path / "labels")
    (labels / "part" / "10.png").unlink()
    for settings, option in (
        (FolderSettings(labels=labels), "--labels"),
        (FolderSettings(real_labels=labels), "--real-labels"),
    ):
        with pytest.raises(InputError, match=rf"1 of 5 pictures .*\({option}\), first part/10"):
            evaluate_folders(*folders, settings)


def test_a_picture_that_cannot_be_read_is_named_and_ends_it(folders: tuple[Path, Path]) -> None:
    path = folders[0] / "part" / "10.png"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ImageError, match=r"part.10\.png is truncated"):
        evaluate_folders(*folders, SETTINGS)


def test_sets_prepared_with_other_classes_are_refused(source: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from sembla.core.labels import LabelSet

    others = LabelSet(("sky", "left", "right"), ((0, 0, 0), (255, 0, 0), (0, 0, 255)), ignore=255)
    one = prepare(SMALL, source, tmp_path / "one", workers=1).prepared.root
    other = prepare(replace(SMALL, label_set=others), source, tmp_path / "other", workers=1).prepared.root
    with pytest.raises(LabelError, match=r"ground, left, right.*sky, left, right"):
        evaluate_folders(one, other, SETTINGS)


@pytest.mark.parametrize("wrong", [{"nearest": 0}, {"subset_size": 1}, {"seed": -1}, {"batch": 0}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=f"--{next(iter(wrong)).replace('_', '-')} "):
        FolderSettings(**wrong)  # type: ignore[arg-type]


def test_what_needs_label_maps_or_a_network_that_was_not_asked_for(folders: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="add --labels FOLDER"):
        evaluate_folders(*folders, FolderSettings(segmenter="face-parsing-unet"))
    with pytest.raises(InputError, match="no network was asked for"):
        evaluate_folders(*folders, FolderSettings(weights=("a.pth",)))
