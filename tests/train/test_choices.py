import re
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from tests.train.painter import PAINTER, Depth, PainterConfig

from sembla import api
from sembla.core.errors import InputError
from sembla.runs.description import Description
from sembla.runs.plain import to_plain
from sembla.train.choices import Choices, Written, filled, read_written, write_written
from sembla.train.settings import TrainSettings

PAGE = (Path(__file__).parents[2] / "docs" / "train.md").read_text(encoding="utf-8")


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    config = PainterConfig(depth=Depth(width=9, norm=True), learning_rate=1e-7, classes=3)
    settings = TrainSettings(steps=70, batch=6, accumulate=3, seed=2**40, precision="bf16")
    description = Description("painter", "wide", to_plain(config), seed=settings.seed, batch=6)
    write_written(tmp_path / "config.yaml", description, settings)
    read = filled(PAINTER, read_written(tmp_path / "config.yaml"))
    assert read == Choices("wide", config, steps=70, batch=6, accumulate=3, seed=2**40, precision="bf16")


def test_what_a_file_leaves_out_is_the_recipes() -> None:
    read = filled(PAINTER, Written("painter", recipe="wide", config={"depth": {"norm": True}}))
    assert read == Choices("wide", PainterConfig(depth=Depth(width=16, norm=True)))
    assert filled(PAINTER, Written("painter")).recipe == "small"


def test_options_win_over_the_file_and_a_named_recipe_over_its_config(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("method: painter\nrecipe: small\nsteps: 4\nseed: 9\nconfig: {noise: 0.5}\n")
    one = api.choose(PAINTER, config_file=file, seed=0)
    assert (one.recipe, one.steps, one.seed, one.config.noise) == ("small", 4, 0, 0.5)
    other = api.choose(PAINTER, config_file=file, recipe="wide")
    assert (other.recipe, other.steps, other.config) == ("wide", 4, PAINTER.recipes["wide"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- painter", "expected its fields by name"),
        ("recipe: wide", "method is missing"),
        ("method: painter\nsteps: many", "steps 'many' came"),
        ("method: painter\nprecision: fp8", "precision 'fp8' came"),
        ("method: painter\nrecipe: huge", "painter has small, wide"),
        ("method: painter\nconfig: {depth: {width: [1]}}", r"config\.depth\.width \[1\] came; expected int"),
        ("method: [", "is no YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=told) as caught:
        api.choose(PAINTER, config_file=file)
    assert "\n" not in str(caught.value)


def test_the_file_that_the_page_shows_can_be_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(text)
    chosen = api.choose("analogy", config_file=tmp_path / "mine.yaml")
    assert (chosen.recipe, chosen.steps, chosen.config.width, chosen.config.patches) == ("fast", 2000, 48, 1.0)
