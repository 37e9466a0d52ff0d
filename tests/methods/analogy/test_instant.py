"""The instant engine: what a user of it is promised."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from tests.patches.support import blobs, changed, clouds, scene, scene_labels, threads

from sembla.core.errors import Cancelled, LabelError, SizeError
from sembla.core.tasks import AnalogyTask, Preview
from sembla.core.types import LabelMap, Picture, Region
from sembla.examples import load
from sembla.methods.analogy.instant import memory_need, output_size, synthesize, synthesize_sequence
from sembla.metrics.pixels import psnr


def task(column: float = 90) -> AnalogyTask:
    """The ball of a scene, (96, 128), moved to a column."""
    picture, labels = scene()
    return AnalogyTask(picture, labels, scene_labels(column))


def far(before: LabelMap, after: LabelMap) -> Region:
    """What lies further than the margins from any change: 3 % and another 1.5 % (at least 4 px) of the longer side."""
    longest = max(before.shape)
    margin = max(6, 0.03 * longest + max(4, 0.015 * longest))
    away: Region = distance_transform_edt(~changed(before, after)) > margin
    return away


def test_the_unchanged_layout_gives_the_photo_bit_for_bit() -> None:
    asked = task(128 * 0.3)
    assert np.array_equal(synthesize(asked).picture, asked.picture)


@pytest.mark.parametrize("name", ["coffee", "rocket"])
def test_the_unchanged_layout_without_keep_gives_nearly_the_photo(name: str) -> None:
    example = load(name)
    asked = AnalogyTask(example.picture, example.labels, example.labels, size=160)
    assert psnr(synthesize(replace(asked, keep=False)).picture, synthesize(asked).picture) >= 32


def test_keep_leaves_what_is_far_from_a_change_as_it_is() -> None:
    asked = task()
    kept = far(asked.labels, asked.layout)
    assert 0.2 < kept.mean() < 0.9
    assert np.array_equal(synthesize(asked).picture[kept], asked.picture[kept])


def test_keep_holds_at_every_seed_and_for_every_variation() -> None:
    asked = replace(task(), seed=2**63 - 1, variations=3)
    kept = far(asked.labels, asked.layout)
    for picture in synthesize(asked).pictures:
        assert np.array_equal(picture[kept], asked.picture[kept])


def test_a_moved_object_is_drawn_and_its_place_is_filled() -> None:
    asked = task()
    picture = synthesize(asked).picture.astype(np.float64)
    means = [asked.picture[asked.labels == label].mean(axis=0) for label in range(3)]
    nearest = np.linalg.norm(picture[:, :, None] - np.array(means), axis=3).argmin(axis=2)
    assert (nearest == asked.layout).mean() > 0.97


def test_the_same_seed_gives_the_same_bytes_whatever_the_thread_count() -> None:
    results = []
    for count in (1, 2):
        with threads(count):
            results.append(synthesize(replace(task(), seed=3, variations=2)).pictures)
    assert [picture.tobytes() for picture in results[0]] == [picture.tobytes() for picture in results[1]]


def test_variations_differ_where_something_is_made() -> None:
    picture, labels = clouds((96, 128), blur=1.5), scene_labels(40)
    pictures = synthesize(AnalogyTask(picture, labels, scene_labels(90), variations=3)).pictures
    made = changed(labels, scene_labels(90))
    spread = np.abs(picture[made].astype(int) - np.random.default_rng(0).permutation(picture[made])).mean()
    for first, second in ((0, 1), (0, 2), (1, 2)):
        difference = np.abs(pictures[first][made].astype(int) - pictures[second][made]).mean()
        assert difference > 0.25 * spread  # unrelated pixels differ by `spread`


def test_the_first_variation_is_the_picture_without_variations() -> None:
    assert np.array_equal(synthesize(replace(task(), variations=2)).picture, synthesize(task()).picture)


def test_previews_are_whole_frames_coarse_to_fine() -> None:
    seen: list[Preview] = []
    result = synthesize(replace(task(), size=200), seen.append)
    assert [preview.level for preview in seen] == list(range(seen[0].levels))
    areas = [preview.picture.shape[0] * preview.picture.shape[1] for preview in seen]
    assert areas == sorted(set(areas))
    assert all(
        preview.picture.shape[1] / preview.picture.shape[0] == pytest.approx(4 / 3, abs=0.05) for preview in seen
    )
    assert [preview.seconds for preview in seen] == sorted(preview.seconds for preview in seen)
    assert np.array_equal(seen[-1].picture, result.picture)
    first = next(preview for preview in seen if max(preview.picture.shape) >= 120)
    assert first.level < seen[-1].level
    assert result.preview_seconds == pytest.approx(first.seconds, abs=0.01)
    assert result.preview_seconds < result.seconds


def test_previews_are_not_written_to_afterwards() -> None:
    seen: list[tuple[Picture, Picture]] = []
    synthesize(task(), lambda preview: seen.append((preview.picture, preview.picture.copy())))
    assert all(np.array_equal(*pair) for pair in seen)


@pytest.mark.parametrize("answer", [bool, np.bool_])
def test_a_preview_can_cancel(answer: type) -> None:
    seen: list[int] = []

    def stop(preview: Preview) -> bool:
        seen.append(preview.level)
        go_on: bool = answer(preview.level < 1)
        return go_on

    with pytest.raises(Cancelled):
        synthesize(task(), stop)
    assert seen == [0, 1]


@pytest.mark.parametrize(("size", "expected"), [(None, (128, 96)), (64, (64, 48)), (200, (200, 150)), (22, (22, 16))])
def test_size_is_the_longest_side(size: int | None, expected: tuple[int, int]) -> None:
    asked = replace(task(), size=size)
    assert output_size(asked) == expected
    assert synthesize(asked).picture.shape == (expected[1], expected[0], 3)


@pytest.mark.parametrize("size", [1, 20, 5000])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(SizeError, match="16 px"):
        synthesize(replace(task(), size=size))


@pytest.mark.parametrize("shape", [(96, 64), (40, 150), (16, 16), (16, 300)])
def test_the_layout_may_have_another_shape(shape: tuple[int, int]) -> None:
    asked = replace(task(), layout=blobs(shape, 3, blur=2.0))
    assert synthesize(asked).picture.shape == (*shape, 3)


def test_size_scales_photo_and_layout_of_different_shape_alike() -> None:
    layout = blobs((60, 150), 3, blur=5.0)
    assert synthesize(replace(task(), layout=layout, size=75)).picture.shape == (30, 75, 3)


def test_the_smallest_picture() -> None:
    picture, labels, layout = clouds((16, 16)), blobs((16, 16), 2, 1), blobs((16, 16), 2, 2)
    result = synthesize(AnalogyTask(picture, labels, layout))
    assert result.picture.shape == (16, 16, 3)
    assert result.classes == 2


def test_a_class_that_the_source_lacks_is_named() -> None:
    layout = scene_labels(90)
    layout[7, 11] = 5
    with pytest.raises(LabelError, match=r"class 5 \(at x=11, y=7\)"):
        synthesize(replace(task(), layout=layout))


def test_a_class_lost_by_shrinking_is_named() -> None:
    asked = task()
    asked.labels[0, 0] = 3
    asked.layout[40:60, 40:60] = 3
    with pytest.raises(LabelError, match="larger size"):
        synthesize(replace(asked, size=30))


def test_photo_and_map_of_different_size_are_refused() -> None:
    with pytest.raises(SizeError, match="128x96 and its label map 128x95"):
        synthesize(replace(task(), labels=task().labels[:-1]))


def test_the_first_frame_of_a_sequence_is_the_picture() -> None:
    asked = replace(task(), seed=2)
    assert np.array_equal(next(synthesize_sequence(asked, [asked.layout])).picture, synthesize(asked).picture)


@pytest.mark.parametrize("keep", [True, False])
def test_what_two_frames_have_in_common_does_not_flicker(*, keep: bool) -> None:
    layouts = [scene_labels(column) for column in (60, 66, 66, 80)]
    frames = [result.picture for result in synthesize_sequence(replace(task(), keep=keep), layouts)]
    for index in range(3):
        same = far(layouts[index], layouts[index + 1])
        assert same.mean() > 0.3
        assert np.array_equal(frames[index][same], frames[index + 1][same])
    assert np.array_equal(frames[1], frames[2])
    assert not np.array_equal(frames[2], frames[3])


def test_a_sequence_that_returns_to_the_photo_gives_the_photo() -> None:
    asked = task()
    frames = [result.picture for result in synthesize_sequence(asked, [scene_labels(80), asked.labels])]
    assert np.array_equal(frames[1], asked.picture)


@pytest.mark.parametrize("keep", [True, False])
def test_an_object_that_creeps_is_followed(*, keep: bool) -> None:
    columns = [128 * 0.3 + step for step in range(9)]
    layouts = [scene_labels(column) for column in columns]
    *_, final = synthesize_sequence(replace(task(), keep=keep), layouts)
    picture, labels = scene()
    means = np.array([picture[labels == label].mean(axis=0) for label in range(3)])
    nearest = np.linalg.norm(final.picture[:, :, None] - means, axis=3).argmin(axis=2)
    moved = changed(labels, layouts[-1])
    assert moved.sum() > 100
    assert (nearest == layouts[-1])[moved].mean() > 0.7  # the last border may lag by the pixel that is no change


def test_a_sequence_may_change_its_size() -> None:
    layouts = [scene_labels(80), scene_labels(60, (48, 64)), blobs((50, 90), 3, blur=5.0)]
    shapes = [result.picture.shape[:2] for result in synthesize_sequence(task(), layouts)]
    assert shapes == [layout.shape for layout in layouts]


MEASURED = """
from pathlib import Path
import numpy as np
from tests.patches.support import scene_labels
from sembla.core.tasks import AnalogyTask
from sembla.methods.analogy.instant import memory_need, synthesize

size = (1224, 1632)
picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
task = AnalogyTask(picture, scene_labels(500, size), scene_labels(1100, size), keep=False)
synthesize(task)
status = Path("/proc/self/status").read_text()  # the peak that getrusage tells begins with that of the parent
print(memory_need(task), int(status.partition("VmHWM:")[2].split()[0]) * 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process's memory is asked of Linux")
def test_memory_need_covers_the_peak_of_two_megapixels() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    told = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=False, env=environment
    )
    assert told.returncode == 0, told.stderr
    need, peak = map(int, told.stdout.split())
    assert peak <= need <= 3 * peak


def test_memory_need_grows_with_the_larger_of_photo_and_result() -> None:
    small, large = (memory_need(replace(task(), size=size)) for size in (1000, 2000))
    assert large > small
    narrow = replace(task(), layout=np.zeros((96, 32), np.uint8))  # a quarter of the photo beside the whole photo
    assert memory_need(narrow) == memory_need(task())
