"""`import sembla`: the functions, what they take, and what they refuse."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.surfaces.support import COLOURS, layout, photo, with_a_foreign_class

import sembla
from sembla import api
from sembla.core import memory
from sembla.core.tasks import AnalogyTask, Preview
from sembla.core.types import MAX_PIXELS, MIN_SIDE

Inputs = tuple[Path, Path, Path]
ARRAYS = (photo(), layout(6), layout(14))


def test_every_public_name_is_there_and_no_other() -> None:
    for name in sembla.__all__:
        assert getattr(sembla, name) is not None
    assert set(dir(sembla)) == set(sembla.__all__)
    assert sorted(sembla.__all__) == sorted(set(sembla.__all__))
    with pytest.raises(AttributeError, match="bogus"):
        sembla.bogus  # noqa: B018 (asking is the test)
    assert sembla.__version__ == version("sembla")


def test_importing_loads_nothing_heavy() -> None:
    heavy = {"torch", "numba", "scipy", "skimage", "PIL", "numpy", "rich"}
    for code in ("import sembla, sembla.cli", "import sembla.cli; sembla.cli.main(['analogy', '--help'])"):
        script = f"import sys\n{code}\nprint('loaded', *sorted({heavy!r} & set(sys.modules)))"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert set(run.stdout.splitlines()[-1].split()[1:]) <= {"rich"}  # older tyro draws its help with rich


def test_paths_pillow_images_and_arrays_give_the_same_picture(inputs: Inputs) -> None:
    expected = sembla.analogy(*ARRAYS)
    assert expected.picture.shape == (48, 64, 3)
    assert expected.picture.dtype == np.uint8
    for sources in (inputs, [str(path) for path in inputs], [Image.open(path) for path in inputs]):
        result = sembla.analogy(*sources)
        assert np.array_equal(result.picture, expected.picture)
        assert (result.seed, result.classes, len(result.pictures)) == (0, 3, 1)


def test_numbers_may_come_from_numpy() -> None:
    result = sembla.analogy(*ARRAYS, seed=np.int64(3), size=np.uint16(32), variations=np.int8(2))  # type: ignore[arg-type]
    assert [picture.shape for picture in result.pictures] == [(24, 32, 3)] * 2
    assert result.seed == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": 2**63},
        {"seed": 1.5},
        {"seed": None},
        {"size": 15},
        {"size": 20.0},
        {"size": 10**7},
        {"size": 20},  # 20x15
        {"size": 5000},
        {"variations": 0},
        {"variations": 65},
    ],
)
def test_numbers_out_of_range_are_told(wrong: dict[str, int]) -> None:
    with pytest.raises(sembla.InputError) as caught:
        sembla.analogy(*ARRAYS, **wrong)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert next(iter(wrong)) in str(caught.value)
    assert str(next(iter(wrong.values()))) in str(caught.value)


@pytest.mark.parametrize("shape", [(48, 64), (64, 48), (16, 999), (333, 17), (50, 50)])
def test_the_sizes_that_a_message_offers_work(shape: tuple[int, int]) -> None:
    wanted = np.zeros(shape, np.uint8)
    wanted[:, : shape[1] // 2] = 1
    for size in (800_000, 15):
        with pytest.raises(sembla.SizeError, match=r"between (\d+) and (\d+)") as caught:
            api.output_size(AnalogyTask(photo(), layout(6), wanted, size=size))
        for offered in map(int, re.findall(r"between (\d+) and (\d+)", str(caught.value))[0]):
            width, height = api.output_size(AnalogyTask(photo(), layout(6), wanted, size=offered))
            assert max(width, height) == offered
            assert min(width, height) >= MIN_SIDE
            assert width * height <= MAX_PIXELS


def test_arrays_that_cannot_be_used_are_told() -> None:
    picture, labels, wanted = ARRAYS
    with pytest.raises(sembla.ImageError, match="NaN"):
        sembla.analogy(np.full(picture.shape, np.nan), labels, wanted)
    with pytest.raises(sembla.ImageError, match="int64"):
        sembla.analogy(picture.astype(np.int64), labels, wanted)
    with pytest.raises(sembla.LabelError, match="float64"):
        sembla.analogy(picture, labels.astype(float), wanted)
    with pytest.raises(sembla.LabelError, match="float64"):
        sembla.analogy(picture, labels, wanted.astype(float))
    with pytest.raises(sembla.SizeError, match="64x48"):
        sembla.analogy(picture, labels[:40], wanted)
    with pytest.raises(sembla.InputError, match="NoneType"):
        sembla.analogy(None, labels, wanted)  # type: ignore[arg-type]
    with pytest.raises(sembla.InputError, match="no layout"):
        sembla.analogy_sequence(picture, labels, [])
    for alone in ("layout.png", wanted):
        with pytest.raises(sembla.InputError, match="give a list"):
            sembla.analogy_sequence(picture, labels, alone)  # type: ignore[arg-type]


def test_a_resized_map_is_the_nearest_pixel() -> None:
    picture, labels, wanted = ARRAYS
    doubled = np.kron(labels, np.ones((2, 2), np.uint8))
    task = api.read_analogy(picture, doubled, [wanted], resize_labels=True).tasks[0]
    assert np.array_equal(task.labels, labels)
    tripled = np.kron(picture, np.ones((3, 3, 1), np.uint8))
    task = api.read_analogy(tripled, labels, [wanted], resize_labels=True).tasks[0]
    assert np.array_equal(task.labels, np.kron(labels, np.ones((3, 3), np.uint8)))


def test_a_class_that_the_labels_lack_can_be_adopted() -> None:
    picture, labels, wanted = photo(), COLOURS[layout(6)], layout(14)
    foreign, adopted = with_a_foreign_class(wanted)
    plain = COLOURS[adopted]
    with pytest.raises(sembla.LabelError, match="adopt_nearest=True"):
        sembla.analogy(picture, labels, foreign)
    result = sembla.analogy(picture, labels, foreign, adopt_nearest=True)
    assert np.array_equal(result.picture, sembla.analogy(picture, labels, plain).picture)
    (only,) = sembla.analogy_sequence(picture, labels, [foreign], adopt_nearest=True)
    assert np.array_equal(only.picture, next(sembla.analogy_sequence(picture, labels, [plain])).picture)
    scores = sembla.evaluate_analogy(picture, labels, foreign, result=result.picture, adopt_nearest=True)
    assert scores == sembla.evaluate_analogy(picture, labels, plain, result=result.picture)
    with pytest.raises(sembla.LabelError, match="adopt_nearest=True"):
        sembla.evaluate_analogy(picture, labels, foreign, result=result.picture)


def test_previews_come_coarse_first_and_can_stop_the_work() -> None:
    seen: list[Preview] = []
    result = sembla.analogy(*ARRAYS, on_preview=seen.append)
    assert [preview.level for preview in seen] == list(range(seen[0].levels))
    assert np.array_equal(seen[-1].picture, result.picture)
    with pytest.raises(sembla.Cancelled):
        sembla.analogy(*ARRAYS, on_preview=lambda _: False)


def test_a_sequence_is_checked_at_the_call_and_made_on_demand() -> None:
    picture, labels, wanted = ARRAYS
    results = list(sembla.analogy_sequence(picture, labels, [wanted, layout(20)], seed=4))
    assert [result.picture.shape for result in results] == [(48, 64, 3)] * 2
    assert {result.seed for result in results} == {4}
    with pytest.raises(sembla.LabelError):
        sembla.analogy_sequence(picture, labels, [wanted, wanted + 1])


def test_memory_is_asked_for_before_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1 << 10)
    seen: list[Preview] = []
    with pytest.raises(sembla.MemoryNeedError, match="GiB") as caught:
        sembla.analogy(*ARRAYS, on_preview=seen.append)
    assert "\n" not in str(caught.value)
    assert not seen
    monkeypatch.setattr(memory, "available", lambda: None)
    assert sembla.analogy(*ARRAYS, size=16 * 4 // 3 + 1).picture.shape[1] == 22


def test_the_hungriest_layout_of_several_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from sembla.methods.analogy import instant  # numba: only where needed

    small = np.repeat(np.arange(3, dtype=np.uint8), 8)[:, None].repeat(96, axis=1)  # more pixels than the next
    tiny = np.repeat(np.arange(3, dtype=np.uint8), 6)[:, None].repeat(36, axis=1)  # but this enlarges the photo more
    tasks = api.read_analogy(*ARRAYS[:2], [small, tiny], size=2400).tasks
    needs = [instant.memory_need(task) for task in tasks]
    assert needs[0] < needs[1]
    monkeypatch.setattr(memory, "available", lambda: sum(needs) // 2)
    api.read_analogy(*ARRAYS[:2], [small], size=2400)
    with pytest.raises(sembla.MemoryNeedError):
        api.read_analogy(*ARRAYS[:2], [small, tiny], size=2400)


def test_finished_variations_take_memory_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from sembla.methods.analogy import instant  # numba: only where needed

    task = api.read_analogy(*ARRAYS[:2], [ARRAYS[2]], size=2000).tasks[0]
    monkeypatch.setattr(memory, "available", lambda: instant.memory_need(task) + 8 * 2000 * 1500 * 3)
    api.read_analogy(*ARRAYS[:2], [ARRAYS[2]], size=2000, variations=9)
    with pytest.raises(sembla.MemoryNeedError):
        api.read_analogy(*ARRAYS[:2], [ARRAYS[2]], size=2000, variations=10)


def test_a_smaller_size_is_offered_where_it_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    from sembla.methods.analogy import instant  # numba: only where needed

    big = api.read_analogy(*ARRAYS[:2], [ARRAYS[2]], size=4000).tasks[0]
    monkeypatch.setattr(memory, "available", lambda: instant.memory_need(big) // 2)
    with pytest.raises(sembla.MemoryNeedError, match=r"--size (\d+) \(size=\1\)") as caught:
        api.run(big)
    offered = int(str(caught.value).split("--size ")[1].split()[0])
    api.read_analogy(*ARRAYS[:2], [ARRAYS[2]], size=offered)


def test_scores_of_the_photo_itself_and_of_a_wrong_picture() -> None:
    picture, labels, _ = ARRAYS
    good = sembla.evaluate_analogy(picture, labels, labels, result=picture)
    bad = sembla.evaluate_analogy(picture, labels, labels, result=picture[::-1])
    assert good.layout_agreement == 1
    assert good.patch_distance == 0
    assert bad.layout_agreement < good.layout_agreement
    assert bad.patch_distance > good.patch_distance
    assert good.source_agreement == bad.source_agreement


def test_strokes_become_a_full_map() -> None:
    strokes = np.zeros((48, 64, 4), np.uint8)
    strokes[2:4, 30:60] = (*COLOURS[0], 255)
    strokes[36:40, 5:60] = (*COLOURS[1], 255)
    strokes[9:15, 9:17] = (*COLOURS[2], 255)
    made = sembla.label(photo(), strokes)
    assert made.palette.shape == (3, 3)
    assert (made.palette[made.labels] == COLOURS[layout(6)]).all(axis=2).mean() > 0.95
    assert made.seconds >= 0


def test_segments_are_as_many_as_their_colours() -> None:
    made = sembla.segments(photo(), 6)
    assert made.labels.shape == (48, 64)
    assert len(made.palette) == made.labels.max() + 1 == len(np.unique(made.labels))
    for wrong in (1, 65, 2.5):
        with pytest.raises(sembla.InputError, match="segments"):
            sembla.segments(photo(), wrong)  # type: ignore[arg-type]
