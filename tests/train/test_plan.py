import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.train.support import SETTINGS, engine
from tests.train.toys import GAN, Cloud, ToyConfig

from sembla.core.errors import InputError
from sembla.engine.local import LocalEngine
from sembla.train.plan import Measured, choose, plan

ONE, TWO = Measured(1, seconds=0.5, peak=300), Measured(2, seconds=0.7, peak=400)  # 200 + 100 each; 0.3 s + 0.2 s each


@pytest.mark.parametrize(
    ("room", "part", "accumulate", "peak", "seconds"),
    [
        (None, 12, 1, 1400, 0.3 + 12 * 0.2),
        (2000, 12, 1, 1400, 0.3 + 12 * 0.2),
        (1500, 6, 2, 800, 2 * (0.3 + 6 * 0.2)),  # 1400 is more than nine tenths of 1500
        (700, 4, 3, 600, 3 * (0.3 + 4 * 0.2)),
        (100, 1, 12, 300, 12 * 0.5),
    ],
)
def test_the_fewest_parts_that_fit_are_chosen(
    room: int | None, part: int, accumulate: int, peak: int, seconds: float
) -> None:
    found = choose([ONE, TWO], 12, ranks=2, room=room)
    assert (found.part, found.accumulate, found.peak, found.room) == (part, accumulate, peak, room)
    assert found.seconds_per_1000 == pytest.approx(1000 * seconds / 24)


def test_where_two_images_did_not_fit_they_come_one_by_one() -> None:
    found = choose([ONE], 4, room=350)
    assert (found.part, found.accumulate, found.peak) == (1, 4, 300)
    assert found.seconds_per_1000 == pytest.approx(500)


def test_a_small_training_is_planned_in_one_part() -> None:
    found = plan(GAN, ToyConfig(), Cloud(), settings=SETTINGS, engine=engine())
    assert (found.part, found.accumulate) == (4, 1)
    assert found.seconds_per_1000 > 0


ROOT = Path(__file__).parents[2]

PEAKS = """
from dataclasses import replace
from tests.train.support import SETTINGS, engine
from tests.train.toys import GAN, Cloud, Depth, ToyConfig
from sembla.train.plan import plan

wide = ToyConfig(depth=Depth(width=1_000_000), half_life=0)
for config, batch in ((ToyConfig(), 4), (wide, 1)):
    print(plan(GAN, config, Cloud(), settings=replace(SETTINGS, batch=batch), engine=engine()).peak)
"""


def test_the_peak_counts_weights_gradients_and_what_adam_keeps() -> None:
    """In a process of its own: one that has worked before takes again what it holds, and does not grow."""
    done = subprocess.run([sys.executable, "-c", PEAKS], cwd=ROOT, capture_output=True, text=True, check=True)
    small, big = (int(line) for line in done.stdout.split())
    if small == 0:
        pytest.skip("this system does not tell the peak of a process")
    weights = 4 * (5 + 4) * 1_000_000  # bytes of generator and discriminator
    assert 3.5 * weights < big - small < 7 * weights


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    three = LocalEngine(torch.device("cpu"))
    three.ranks = 3
    with pytest.raises(InputError, match="give a multiple of 3"):
        plan(GAN, ToyConfig(), Cloud(), settings=SETTINGS, engine=three)
