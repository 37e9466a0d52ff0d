import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sembla.core.errors import ImageError, InputError, SizeError
from sembla.core.types import Picture, Region
from sembla.evaluation.comparing import compare
from sembla.evaluation.results import Evaluation
from sembla.evaluation.sequences import SequenceSettings, evaluate_sequences
from sembla.imaging.sheet import contact_sheet
from sembla.metrics.consistency import consistency
from sembla.metrics.pixels import l1, psnr, ssim
from sembla.metrics.protocol import Score

PLAIN = SequenceSettings()
SUBJECTS = ("ann", "bob2", "bob10")
FRAMES = ("1", "2", "10")


def original(subject: str) -> Picture:
    chance = np.random.default_rng(len(subject))
    return chance.integers(0, 256, (24, 32, 3), np.uint8)


def hole(frame: str) -> Region:
    region = np.zeros((24, 32), np.bool_)
    region[4:20, int(frame) : int(frame) + 15] = True
    return region


def filled(subject: str, frame: str) -> Picture:
    """The original with its hole filled with noise of this frame's own."""
    made = original(subject).copy()
    made[hole(frame)] = np.random.default_rng(int(frame)).integers(0, 256, (hole(frame).sum(), 3))
    return made


def save(path: Path, array: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def white(region: Region) -> NDArray[np.uint8]:
    return region.astype(np.uint8) * 255


def named(evaluation: Evaluation, name: str) -> Score:
    (score,) = (score for score in evaluation.scores if score.name == name)
    return score


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """made/SUBJECT/FRAME.png, holes/FRAME.png, per_subject/SUBJECT.png, per_frame/SUBJECT/FRAME.png."""
    for frame in FRAMES:
        save(tmp_path / "holes" / f"{frame}.png", white(hole(frame)))
        for subject in SUBJECTS:
            save(tmp_path / "made" / subject / f"{frame}.png", filled(subject, frame))
            save(tmp_path / "per_frame" / subject / f"{frame}.png", original(subject))
            save(tmp_path / "per_subject" / f"{subject}.png", original(subject))
    return tmp_path


def test_consistency_is_that_of_each_subject_averaged(root: Path) -> None:
    found = evaluate_sequences(root / "made", SequenceSettings(holes=root / "holes"))
    assert [score.name for score in found.scores] == ["consistency", "consistency.holes"]
    holes = [hole(frame) for frame in FRAMES]
    wanted = {subject: consistency([filled(subject, f) for f in FRAMES], holes) for subject in SUBJECTS}
    assert named(found, "consistency").per_picture == {subject: value.whole for subject, value in wanted.items()}
    assert named(found, "consistency.holes").per_picture == {subject: value.holes for subject, value in wanted.items()}
    whole = [value.whole for value in wanted.values()]
    assert named(found, "consistency").value == pytest.approx(np.mean(whole))
    assert named(found, "consistency").spread == pytest.approx(np.std(whole, ddof=1))
    assert named(found, "consistency").spread_of == "subjects"
    assert (found.scores[0].protocol.count_made, found.scores[0].protocol.real) == (9, "")
    assert set(found.pictures) == {*SUBJECTS, *(f"{subject}/{frame}" for subject in SUBJECTS for frame in FRAMES)}


def test_one_folder_is_one_subject(root: Path) -> None:
    found = evaluate_sequences(root / "made" / "ann", PLAIN)
    (score,) = found.scores
    assert score.value == consistency([filled("ann", frame) for frame in FRAMES]).whole
    assert (score.spread, dict(score.per_picture)) == (None, {"ann": score.value})
    assert list(found.pictures) == ["ann", "1", "2", "10"]
    assert any("--holes" in note for note in found.notes)
    assert any("--original" in note for note in found.notes)


@pytest.mark.parametrize("kind", ["per_frame", "per_subject"])
def test_pictures_are_held_against_their_originals(root: Path, kind: str) -> None:
    settings = SequenceSettings(original=root / kind, holes=root / "holes")
    found = evaluate_sequences(root / "made", settings)
    made, real, region = filled("bob2", "10"), original("bob2"), hole("10")
    for name, metric in (("psnr", psnr), ("ssim", ssim), ("l1", l1)):
        assert named(found, name).per_picture["bob2/10"] == metric(made, real)
        assert named(found, f"{name}.holes").per_picture["bob2/10"] == metric(made, real, region=region)
        assert len(named(found, name).per_picture) == 9
    assert named(found, "psnr.holes").value < named(found, "psnr").value  # all that was changed lies in the holes
    counts = {"per_frame": 9, "per_subject": 3}
    assert named(found, "psnr").protocol.count_real == counts[kind]
    assert found.pictures["bob2/10"].real is not None
    assert found.notes == ()


def test_one_file_is_the_original_of_all(root: Path) -> None:
    settings = SequenceSettings(original=root / "per_subject" / "ann.png")
    found = evaluate_sequences(root / "made" / "ann", settings)
    assert named(found, "psnr").per_picture["2"] == psnr(filled("ann", "2"), original("ann"))
    save(root / "single" / "face.png", original("ann"))
    same = evaluate_sequences(root / "made" / "ann", SequenceSettings(original=root / "single"))
    assert [score.value for score in same.scores] == [score.value for score in found.scores]
    with pytest.raises(InputError, match="holds nothing for ann/1"):
        evaluate_sequences(root / "made", SequenceSettings(original=root / "single"))


def test_a_mask_without_a_hole_is_left_out_and_named(root: Path) -> None:
    save(root / "holes" / "2.png", white(np.zeros((24, 32), np.bool_)))
    found = evaluate_sequences(root / "made" / "ann", SequenceSettings(root / "per_frame" / "ann", root / "holes"))
    assert set(named(found, "psnr.holes").per_picture) == {"1", "10"}
    assert named(found, "psnr.holes").protocol.count_made == 2
    assert any("no hole: 2." in note for note in found.notes)


def test_a_hole_at_the_very_border_has_no_ssim(root: Path) -> None:
    border = np.zeros((24, 32), np.bool_)
    border[:, :4] = True
    for frame in FRAMES:
        save(root / "holes" / f"{frame}.png", white(border))
    found = evaluate_sequences(root / "made" / "ann", SequenceSettings(root / "per_frame" / "ann", root / "holes"))
    assert "ssim.holes" not in {score.name for score in found.scores}
    assert set(named(found, "l1.holes").per_picture) == set(FRAMES)
    (note,) = (note for note in found.notes if note.startswith("ssim.holes"))
    assert f"leaves out {len(FRAMES)} pictures" in note
    assert all(frame in note for frame in FRAMES)
    assert not any(note.startswith(("psnr.holes", "l1.holes")) for note in found.notes)


def test_equal_pictures_are_told_of(root: Path) -> None:
    save(root / "made" / "ann" / "2.png", original("ann"))
    found = evaluate_sequences(root / "made" / "ann", SequenceSettings(root / "per_frame" / "ann"))
    score = named(found, "psnr")
    assert np.isfinite(score.value)
    assert "identical" in score.cautions[0]


def test_the_contact_sheet_beside_the_frames_is_left_out(root: Path) -> None:
    before = evaluate_sequences(root / "made" / "ann", PLAIN)
    frames = [original("ann")] * 2
    save(root / "made" / "ann" / "sheet.png", contact_sheet([frames], headings=("layout", "result"), cell=40))
    found = evaluate_sequences(root / "made" / "ann", PLAIN)
    assert (found.scores, found.pictures) == (before.scores, before.pictures)
    (note,) = set(found.notes) - set(before.notes)
    assert "sheet.png" in note
    save(root / "made" / "ann" / "sheet.png", np.zeros((24, 32, 3), np.uint8))  # a frame that is called so
    assert evaluate_sequences(root / "made" / "ann", PLAIN).scores[0].protocol.count_made == 4


def test_progress_counts_pictures(root: Path) -> None:
    told: list[tuple[int, int]] = []
    evaluate_sequences(root / "made", PLAIN, on_progress=lambda *numbers: told.append(numbers))
    assert told == [(3, 9), (6, 9), (9, 9)]


def test_sizes_within_a_subject_must_agree(root: Path) -> None:
    save(root / "made" / "bob2" / "2.png", np.zeros((24, 30, 3), np.uint8))
    with pytest.raises(SizeError, match=r"bob2.*1\.png is 32x24 and 2\.png 30x24"):
        evaluate_sequences(root / "made", PLAIN)


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.full((24, 30), 255, np.uint8), "30x24, its picture 32x24"),
        (np.ones((24, 32), np.uint8), "paint holes in white"),
    ],
)
def test_masks_that_are_none_are_refused(root: Path, array: NDArray[np.uint8], told: str) -> None:
    save(root / "holes" / "2.png", array)
    with pytest.raises(ImageError, match=rf"holes.2\.png .*{told}"):
        evaluate_sequences(root / "made", SequenceSettings(holes=root / "holes"))


def test_what_is_missing_or_mixed_is_refused(root: Path) -> None:
    (root / "empty").mkdir()
    (root / "holes" / "2.png").unlink()
    cases = (
        (root / "gone", PLAIN, "gone: no such folder"),
        (root / "empty", PLAIN, "holds no picture"),
        (root / "made", SequenceSettings(holes=root / "gone"), "gone: no such file or folder"),
        (root / "made", SequenceSettings(holes=root / "holes"), "nothing for ann/2; .* ann/2 or 2"),
        (root / "made", SequenceSettings(lpips="alex"), "--original"),
    )
    for made, settings, told in cases:
        with pytest.raises(InputError, match=told):
            evaluate_sequences(made, settings)
    save(root / "made" / "stray.png", original("ann"))
    with pytest.raises(InputError, match="pictures and folders of pictures"):
        evaluate_sequences(root / "made", PLAIN)


def test_a_single_frame_is_refused_by_the_name_of_its_subject(root: Path) -> None:
    save(root / "made" / "zoe" / "1.png", original("ann"))
    with pytest.raises(InputError, match="zoe: 1 pictures came"):
        evaluate_sequences(root / "made", PLAIN)


def test_a_frame_that_cannot_be_read_is_named(root: Path) -> None:
    (root / "made" / "bob2" / "2.png").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"bob2.2\.png is not an image"):
        evaluate_sequences(root / "made", PLAIN)


def test_originals_and_masks_are_known_by_what_they_hold(root: Path) -> None:
    def obstacles(settings: SequenceSettings) -> dict[str, tuple[str, ...]]:
        runs = [evaluate_sequences(root / "made", known), evaluate_sequences(root / "made", settings)]
        return {row.name: row.entries[1].obstacles for row in compare(runs).rows}

    known = SequenceSettings(root / "per_frame", root / "holes")
    shutil.copytree(root / "per_frame", root / "same")
    shutil.copytree(root / "holes", root / "other" / "holes")
    assert not any(obstacles(SequenceSettings(root / "same", root / "other" / "holes")).values())
    mask = next((root / "other" / "holes").iterdir())
    save(mask, 255 - np.asarray(Image.open(mask)))  # another folder of the same name
    found = obstacles(SequenceSettings(root / "same", root / "other" / "holes"))
    assert {name for name, told in found.items() if told} == {name for name in found if name.endswith(".holes")}
    assert found["psnr.holes"][0].startswith("holes (SHA-256): ")
