"""What trained networks make: sizes, what is kept, seeds, errors; and the lessons of `fast`."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.methods.analogy.support import case

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from scipy.ndimage import distance_transform_edt
from torch import nn

from sembla.core.errors import LabelError
from sembla.core.method import Feed
from sembla.core.tasks import AnalogyTask
from sembla.methods.analogy.config import RECIPES, Config, Fast, fitted
from sembla.methods.analogy.fast_batches import batches
from sembla.methods.analogy.learned import PARTS
from sembla.methods.analogy.random_layouts import random_layout, without
from sembla.methods.analogy.synthesis import Scene, relayout
from sembla.nn.planes import one_hot, to_picture, to_planes

LABELS = case().labels
TASK = AnalogyTask(case().picture, LABELS, case().layouts[0])


def copied(config: Config, generator: nn.Module, scene: Scene, chance: torch.Generator) -> torch.Tensor:
    """A generator that shows its layout, as grey levels, and checks what it is given."""
    del config, generator, chance
    views = scene.at(), scene.at(scene.factor)
    assert all(view.picture.shape[:2] == view.labels.shape == view.layout.shape for view in views)
    assert all(side % 8 == 0 for side in views[0].layout.shape)
    assert views[1].layout.shape == tuple(side * scene.factor for side in views[0].layout.shape)
    shown = views[scene.task.seed % 2]  # some make the size that was learned, some that which is wanted
    return to_planes([np.repeat(shown.layout[:, :, None] * 40, 3, axis=2)])


def answer(task: AnalogyTask, recipe: str = "semia") -> Any:
    config = fitted(RECIPES[recipe], case())
    return relayout(config, nn.ModuleDict({"generator": nn.Identity()}), task, make=copied)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("recipe", list(RECIPES))
@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        (LABELS.shape, None, LABELS.shape),
        ((71, 53), None, (71, 53)),
        ((50, 100), 200, (100, 200)),
        ((50, 100), 330, (165, 330)),
        ((33, 41), 41, (33, 41)),
    ],
)
def test_a_result_has_the_size_that_was_asked_for(
    seed: int, recipe: str, shape: tuple[int, int], size: int | None, expected: tuple[int, int]
) -> None:
    layout = np.zeros(shape, np.uint8)
    layout[:, : shape[1] // 2] = 1
    result = answer(AnalogyTask(case().picture, LABELS, layout, seed=seed, size=size, keep=False), recipe)
    assert result.picture.shape == (*expected, 3)
    half = expected[1] // 2
    assert (result.picture[:, : half - 4] >= 35).all()  # in its place, whatever was added and cropped
    assert (result.picture[:, half + 4 :] <= 5).all()


def test_what_lies_far_from_any_change_is_kept_bit_for_bit() -> None:
    layout = LABELS.copy()
    layout[-12:, -12:] = (layout[-12:, -12:] + 1) % 2
    result = answer(AnalogyTask(case().picture, LABELS, layout))
    far = distance_transform_edt(layout == LABELS) > 0.2 * max(LABELS.shape)
    assert far.any()
    assert np.array_equal(result.picture[far], case().picture[far])
    assert not np.array_equal(result.picture, case().picture)


def test_an_unchanged_layout_gives_the_photo() -> None:
    assert np.array_equal(answer(replace(TASK, layout=LABELS)).picture, case().picture)


def test_pictures_survive_the_way_in_and_out() -> None:
    assert np.array_equal(to_picture(to_planes([case().picture])[0]), case().picture)


def test_seeds_and_variations_of_fast_are_told_apart() -> None:
    config = fitted(replace(RECIPES["fast"], width=8), case())  # type: ignore[call-arg]  # of its own class
    torch.manual_seed(0)
    networks = PARTS.networks(config).eval()
    for part in networks.parameters():
        part.data.mul_(3)  # so that noise is seen in whole grey levels

    def made(task: AnalogyTask) -> tuple[Any, ...]:
        with torch.no_grad():
            return PARTS.tasks[AnalogyTask](config, networks, replace(task, keep=False)).pictures

    three, second = made(replace(TASK, variations=3)), made(replace(TASK, first_variation=1))
    assert np.array_equal(three[1], second[0])
    assert not np.array_equal(three[0], three[1])
    assert not np.array_equal(made(replace(TASK, seed=1))[0], three[0])


def test_a_class_that_was_not_learned_is_refused() -> None:
    labels = LABELS.copy()
    labels[0, 0] = 9
    with pytest.raises(LabelError, match="id 9"):
        answer(replace(TASK, labels=labels))


def test_random_layouts_have_no_new_class_and_are_not_alike() -> None:
    drawn = [random_layout(LABELS, np.random.default_rng(seed)) for seed in range(20)]
    for layout in drawn:
        assert layout.shape == LABELS.shape
        assert np.isin(layout, LABELS).all()
    assert len({layout.tobytes() for layout in drawn}) == 20
    assert np.array_equal(random_layout(LABELS, np.random.default_rng(3)), drawn[3])


def test_a_part_is_given_to_what_is_nearest() -> None:
    layout = np.zeros((9, 12), np.uint8)
    layout[:, 6:] = 2
    part = np.zeros(layout.shape, np.bool_)
    part[2:7, 2:5] = part[2:7, 8:10] = True
    painted = np.where(part, 1, layout).astype(np.uint8)
    assert np.array_equal(without(painted, part), layout)


def test_lessons_of_fast_show_their_layouts() -> None:
    config = fitted(Fast(lessons=2, photos=0.5, width=8, discriminator_width=8, longest=64), case())
    assert isinstance(config, Fast)
    batch = next(batches(config, case(), Feed(6)))
    assert bool(batch.real.any())
    assert not bool(batch.real.all())
    assert batch.picture.shape == (6, 3, *config.size)
    assert torch.unique(batch.layout).numel() <= config.classes
    assert batch.picture.abs().max() <= 1


def test_one_hot_planes_say_the_class() -> None:
    planes = one_hot(torch.tensor([[[0, 2], [1, 1]]]), 3)
    assert planes.shape == (1, 3, 2, 2)
    assert planes.argmax(1).tolist() == [[[0, 2], [1, 1]]]
    assert planes.sum() == 4
