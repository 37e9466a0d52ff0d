import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from sembla.imaging.save import write_picture
from sembla.runs.description import Description
from sembla.runs.folder import RunFolder
from sembla.runs.log import Log, read_log
from sembla.runs.report import write_report


def test_a_log_goes_on_after_the_step_of_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with Log(path) as log:
        for step in range(1, 6):
            log.add(step, {"loss": step / 3})
    with path.open("a") as file:
        file.write('{"step": 6, "lo')  # cut off by a kill
    with Log(path, step=3) as log:
        log.add(4, {"loss": 9.0})
        assert [line["step"] for line in read_log(path)] == [1, 2, 3, 4]  # there while the log is open
    assert [line["loss"] for line in read_log(path)] == [1 / 3, 2 / 3, 1.0, 9.0]


def test_there_are_events_only_with_tensorboard(tmp_path: Path) -> None:
    with Log(tmp_path / "log.jsonl") as log:
        log.add(1, {"loss": 1.0})
    assert (tmp_path / "tensorboard").exists() == (find_spec("tensorboard") is not None)


def test_tensorboard_is_told_every_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[object, ...]] = []

    class Board:
        def add_scalar(self, name: str, value: float, step: int) -> None:
            told.append((name, value, step))

        def close(self) -> None:
            told.append(("closed",))

    monkeypatch.setattr("sembla.runs.log._board", lambda _folder, _step: Board())
    with Log(tmp_path / "log.jsonl") as log:
        log.add(3, {"a": 1.0, "b": 2.0})
    assert told == [("a", 1.0, 3), ("b", 2.0, 3), ("closed",)]


def report(tmp_path: Path, *, lines: int) -> str:
    with RunFolder(tmp_path / "run") as folder:
        with Log(folder.log) as log:
            for step in range(1, lines + 1):
                log.add(step, {"images": step, "net/<loss>": 10.0 if step <= lines // 2 else 20.0})
        for step in (1, 2, 3, 4, 5, 6):
            picture = np.full((8, 8, 3), step, np.uint8)
            write_picture(folder.previews / f"{step:08}.png", picture, force=True)
        write_report(folder, Description("toy", "small", {"width": 8}, seed=0, batch=1, data="<b>points</b>"))
    return (tmp_path / "run" / "report.html").read_text()


def test_a_report_asks_for_nothing_beyond_itself(tmp_path: Path) -> None:
    page = report(tmp_path, lines=10)
    assert "default-src 'none'" in page
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in page
    assert "<script" not in page
    assert "&lt;b&gt;points" in page
    assert "net/&lt;loss&gt;" in page
    assert "<loss>" not in page
    assert re.findall(r"<figcaption>Step (\d)", page) == ["1", "4", "5", "6"]


def test_a_curve_goes_from_bottom_to_top_and_is_thinned(tmp_path: Path) -> None:
    page = report(tmp_path, lines=1000)
    found = re.search(r'points="([^"]+)"', page)
    assert found
    points = [tuple(map(float, point.split(","))) for point in found[1].split()]
    assert 200 < len(points) <= 320
    assert points[0][1] == 116.0  # the least value, at the bottom
    assert points[-1][1] == 4.0
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert json.dumps(["images"]) not in page
