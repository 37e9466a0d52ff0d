"""The command line as a function, and a small case on disk."""

from pathlib import Path

import pytest
from PIL import Image
from tests.surfaces.support import COLOURS, Outcome, Sembla, layout, photo

from sembla.cli import main


@pytest.fixture
def sembla(capsys: pytest.CaptureFixture[str]) -> Sembla:
    """Call the command line in this process."""

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A folder with img.png, label.png and cond/{1,2,10}.png."""
    folder = tmp_path / "case"
    (folder / "cond").mkdir(parents=True)
    Image.fromarray(photo()).save(folder / "img.png")
    Image.fromarray(COLOURS[layout(6)]).save(folder / "label.png")
    for name, sun in (("1", 14), ("2", 30), ("10", 44)):
        Image.fromarray(COLOURS[layout(sun)]).save(folder / "cond" / f"{name}.png")
    return folder


@pytest.fixture
def inputs(case: Path) -> tuple[Path, Path, Path]:
    """IMAGE, LABELS and LAYOUT."""
    return case / "img.png", case / "label.png", case / "cond" / "1.png"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder of each test's own."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
