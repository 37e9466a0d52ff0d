import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla.core.errors import OutputError
from sembla.evaluation.comparing import SideBySide, compare
from sembla.evaluation.comparison_pages import comparison_json, comparison_markdown, write_comparison
from sembla.evaluation.results import Evaluation, Judged
from sembla.metrics.protocol import Protocol, Score

ABOUT = Protocol(made="a", real="real", count_made=8, count_real=8)
GAINS = (5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.0, -3.0)


@pytest.fixture
def side(tmp_path: Path) -> SideBySide:
    """The second run is ahead in pictures 0 to 5, level in 6 and behind in 7; its kid has another split."""
    runs = []
    for made, gains in (("first", [0.0] * 8), ("second <b>", GAINS)):
        pictures, values = {}, {}
        for number, gain in enumerate(gains):
            path = tmp_path / made[:5] / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            pixels = np.random.default_rng(number).integers(256, size=(32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path)
            pictures[str(number)] = Judged(path, path)
            values[str(number)] = 20 + gain
        psnr = Score("psnr", float(np.mean(list(values.values()))), "dB", "higher", ABOUT, per_picture=values)
        kid = Score("kid[x:1]", 0.5, "", "lower", replace(ABOUT, split=made), cautions=("few pictures",))
        runs.append(Evaluation("folders", made, "real", (kid, psnr), pictures))
    return compare(runs)


def test_the_sheets_show_where_the_runs_differ_most_both_ways(side: SideBySide, tmp_path: Path) -> None:
    write_comparison(side, tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    ahead, behind = re.split(r"<h3>first ahead", page)
    assert re.findall(r"<figcaption><b>(\d)</b>", ahead) == ["0", "1", "2", "3", "4"]
    assert re.findall(r"<figcaption><b>(\d)</b>", behind) == ["7"]
    assert "20.00 → 25.00 dB" in ahead
    files = {path.name for path in (tmp_path / "out" / "sheets").iterdir()}
    assert files == {"psnr-run-2-ahead.png", "psnr-run-2-behind.png"}


def test_a_run_is_ahead_where_it_is_lower_if_lower_is_better(side: SideBySide, tmp_path: Path) -> None:
    runs = [replace(run, scores=(replace(run.scores[1], name="l1", better="lower"),)) for run in side.runs]
    write_comparison(compare(runs), tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    ahead, behind = re.split(r"<h3>first ahead", page)
    assert re.findall(r"<figcaption><b>(\d)</b>", ahead) == ["7"]
    assert re.findall(r"<figcaption><b>(\d)</b>", behind) == ["0", "1", "2", "3", "4"]


def test_a_row_that_is_not_comparable_says_so_everywhere(side: SideBySide, tmp_path: Path) -> None:
    write_comparison(side, tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    table = (tmp_path / "out" / "comparison.md").read_text(encoding="utf-8")
    content = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert page.count(">not comparable<") == 1
    assert "split: second &lt;b&gt;, the first has first" in page
    assert "0.5000 (not comparable)" in table
    entry = content["rows"][0]["entries"][1]
    assert entry["comparable"] is False
    assert entry["obstacles"] == ["split: second <b>, the first has first"]
    assert entry["difference"] is None
    assert content["rows"][1]["entries"][1]["comparable"] is True


def test_the_three_forms_tell_one_difference(side: SideBySide, tmp_path: Path) -> None:
    write_comparison(side, tmp_path / "out")
    found = side.rows[1].entries[1].difference
    assert found is not None
    told = f"+{found.difference:.3f}"
    assert told in comparison_markdown(side)
    assert told in (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    written = json.loads(comparison_json(side))["rows"][1]["entries"][1]["difference"]
    assert written["difference"] == found.difference
    assert (written["low"], written["high"], written["pictures"]) == (found.low, found.high, 8)


def test_names_of_runs_stay_text(side: SideBySide, tmp_path: Path) -> None:
    write_comparison(side, tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    assert "second <b>" not in page
    assert "second <b>" not in comparison_markdown(side)


def test_a_caution_that_all_runs_have_is_said_once(side: SideBySide) -> None:
    assert comparison_markdown(side).count("few pictures") == 1


def test_nothing_but_an_earlier_comparison_is_replaced(side: SideBySide, tmp_path: Path) -> None:
    write_comparison(side, tmp_path / "out")
    with pytest.raises(OutputError, match="holds a comparison already"):
        write_comparison(side, tmp_path / "out")
    write_comparison(side, tmp_path / "out", force=True)
    with pytest.raises(OutputError, match="something else than a comparison"):
        write_comparison(side, tmp_path / "first", force=True)


def test_classes_are_folded_under_their_score(tmp_path: Path) -> None:
    def run(made: str, shift: float) -> Evaluation:
        names = ("delta_e", "delta_e.sky", "delta_e.<sea>", "label_swd")
        scores = [Score(name, place + shift, "", "lower", ABOUT) for place, name in enumerate(names)]
        other = replace(ABOUT, seed=3) if made == "other" else ABOUT
        return Evaluation("folders", made, "real", (*scores[:2], replace(scores[2], protocol=other), scores[3]))

    write_comparison(compare([run("one", 0.25), run("other", 0.5)]), tmp_path / "out")
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    folded = re.findall(r"<details><summary>by class or region \((\d)\)</summary>(.*?)</details>", page, re.DOTALL)
    assert [count for count, _ in folded] == ["2"]
    shown = re.sub(r"<[^>]*>", " ", folded[0][1])
    for told in ("delta_e.sky", "1.250", "1.500", "&lt;sea&gt;", "2.250", "2.500", "not comparable", "seed: 3"):
        assert told in shown
    assert "delta_e.sky" not in page.replace(folded[0][1], "")
    assert "label_swd" not in shown
