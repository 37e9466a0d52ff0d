import html.parser
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla.core.errors import InputError, OutputError
from sembla.evaluation import galleries
from sembla.evaluation.pages import check_run, write_run
from sembla.evaluation.results import Evaluation, Judged, read_run
from sembla.evaluation.tables import markdown
from sembla.evaluation.wording import with_parts
from sembla.imaging.io import Source, read_picture
from sembla.metrics.protocol import Protocol, Score, from_json

NASTY = '<img src=x onerror=alert(1)>"&`|'


def about(**settings: float) -> Protocol:
    return Protocol(
        made="ours",
        real="facades/test",
        count_made=12,
        count_real=13,
        split="test",
        extractor="vgg19:dcbb9e9d",
        weights_sha256="dcbb9e9d" * 8,
        resize="bicubic to 224x224",
        seed=7,
        settings=settings,
        versions={"numpy": "2.0"},
    )


def score(name: str, values: Mapping[str, float], better: str = "higher") -> Score:
    finite = [value for value in values.values() if math.isfinite(value)]
    mean = float(np.mean(finite))
    return Score(
        name, mean, "dB", better, about(), spread=float(np.std(finite)), spread_of="pictures", per_picture=values
    )


def save(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(256, size=(40, 60, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Evaluation:
    """Twelve pictures: number 0 is worst, number 11 best."""
    names = [f"{number:02}" for number in range(12)]
    pictures = {
        name: Judged(save(tmp_path / f"made/{name}.png", seed), save(tmp_path / f"real/{name}.png", seed + 50))
        for seed, name in enumerate(names)
    }
    values = {name: 20.0 + number for number, name in enumerate(names)}
    kid = Score("kid[vgg19:dcbb9e9d]", 0.0339, "", "lower", about(subset_size=1000), cautions=("few pictures",))
    return Evaluation("folders", "ours", "facades/test", (kid, score("psnr", values)), pictures, ("LPIPS left out",))


class Outline(html.parser.HTMLParser):
    """What a browser would make of a page: elements, addresses, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_run_is_read_as_it_was_written(run: Evaluation, tmp_path: Path) -> None:
    write_run(run, tmp_path / "out")
    assert read_run(tmp_path / "out") == run
    assert read_run(tmp_path / "out" / "scores.json") == run
    assert from_json((tmp_path / "out" / "scores.json").read_text(encoding="utf-8")) == list(run.scores)


def test_the_files_are_those_that_are_told(run: Evaluation, tmp_path: Path) -> None:
    write_run(run, tmp_path / "out")
    files = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert files == {"scores.json", "scores.md", "report.html", "sheets/psnr-best.png", "sheets/psnr-worst.png"}
    assert not list(tmp_path.glob(".*"))


def test_only_the_pictures_at_both_ends_are_opened(
    run: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def spy(path: Source) -> object:
        opened.append(Path(str(path)).relative_to(tmp_path).as_posix())
        return read_picture(path)

    monkeypatch.setattr(galleries, "read_picture", spy)
    write_run(run, tmp_path / "out")
    ends = [*(f"{number:02}" for number in range(5)), *(f"{number:02}" for number in range(7, 12))]
    assert sorted(opened) == sorted(f"{role}/{name}.png" for role in ("made", "real") for name in ends)


def test_best_and_worst_go_by_the_direction(run: Evaluation, tmp_path: Path) -> None:
    values = run.scores[1].per_picture
    for better, best in (("higher", "11"), ("lower", "00")):
        turned = Evaluation("folders", "ours", "", (score("x", values, better),), run.pictures)
        write_run(turned, tmp_path / better)
        page = (tmp_path / better / "report.html").read_text(encoding="utf-8")
        first = re.search(r"<h3>Best</h3>.*?<figcaption><b>(\d+)</b>", page, re.DOTALL)
        assert first is not None
        assert first[1] == best


def test_where_all_pictures_are_alike_none_is_best(run: Evaluation, tmp_path: Path) -> None:
    same = dict.fromkeys(run.pictures, 0.9)
    write_run(Evaluation("cases", "ours", "", (score("ceiling", same),), run.pictures), tmp_path / "out")
    assert not (tmp_path / "out" / "sheets").exists()
    assert "<figure>" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_page_asks_for_nothing_beyond_itself(run: Evaluation, tmp_path: Path) -> None:
    write_run(run, tmp_path / "out")
    outline = Outline((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert outline.tags.count("img") == 20
    assert all(address.startswith("data:image/webp;base64,") for address in outline.addresses)
    assert not {"script", "link", "iframe", "object"} & set(outline.tags)


def test_everything_that_a_score_must_say_is_on_the_page_and_in_the_table(run: Evaluation, tmp_path: Path) -> None:
    write_run(run, tmp_path / "out")
    words = " ".join(Outline((tmp_path / "out" / "report.html").read_text(encoding="utf-8")).words)
    table = (tmp_path / "out" / "scores.md").read_text(encoding="utf-8")
    assert table == markdown(run)
    for text in (words, table):
        for wanted in ("kid[vgg19:dcbb9e9d]", "0.03390", "↓ lower", "12 / 13", "few pictures", "LPIPS left out"):
            assert wanted in text
        for wanted in ("25.50 ± 3.45", "dB", "↑ higher", "dcbb9e9d" * 8, "bicubic to 224x224", "numpy 2.0"):
            assert wanted in text


def test_names_of_files_stay_text(run: Evaluation, tmp_path: Path) -> None:
    values = {NASTY: 1.0, "b": 2.0}
    pictures = {NASTY: run.pictures["00"], "b": run.pictures["01"]}
    shown = Evaluation("folders", NASTY, NASTY, (score(NASTY, values),), pictures, (NASTY,))
    write_run(shown, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.handlers == []
    assert all(address.startswith("data:") for address in outline.addresses)
    assert NASTY in outline.words
    table = markdown(shown)
    assert "<img" not in table.replace("`<img", "")  # in code it is text
    assert all(line.count("|") - line.count("\\|") == 7 for line in table.splitlines() if line.startswith("|"))


@pytest.mark.parametrize(
    "loss", [lambda path: path.unlink(), lambda path: path.write_bytes(b"nothing"), lambda path: path.write_bytes(b"")]
)
def test_pictures_that_are_gone_are_shown_as_gone(
    run: Evaluation, tmp_path: Path, loss: Callable[[Path], object]
) -> None:
    loss(tmp_path / "made" / "11.png")
    write_run(run, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("not found") == 1
    assert page.count("<img") == 19


def test_scores_that_are_no_numbers_are_told_in_words(run: Evaluation, tmp_path: Path) -> None:
    values = {"00": math.inf, "01": math.nan, "02": 30.0, "03": 31.0}
    odd = Score("psnr", math.inf, "dB", "higher", about(), per_picture=values)
    shown = Evaluation("folders", "ours", "", (odd,), run.pictures)
    write_run(shown, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "infinite" in page
    assert "nan" not in page.lower().replace("not a number", "")
    names = re.findall(r"<figcaption><b>(\d+)</b>", page)
    assert names == ["00", "03", "02"]
    assert "2 pictures from 30.00 to 31.00" in page


def test_the_histogram_counts_every_picture(run: Evaluation, tmp_path: Path) -> None:
    write_run(run, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    heights = [float(found) for found in re.findall(r'<rect [^>]*height="([\d.]+)"', page)]
    assert len(heights) == 8  # twelve even values in twice the root of twelve, rounded up
    assert sum(heights) / min(heights) == pytest.approx(12, abs=0.01)


def test_parts_are_folded_under_their_score(run: Evaluation, tmp_path: Path) -> None:
    part = Score("iou.skin[unet:1]", 0.25, "0 to 1", "higher", about(), cautions=("few pixels",))
    scores = (part, *run.scores, part, Score("iou.<hair>[unet:1]", 0.75, "0 to 1", "higher", about()))
    write_run(Evaluation("folders", "ours", "", scores), tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    bodies = re.findall(r"<tbody>.*?</tbody>", page, re.DOTALL)
    assert ["iou.skin" in body for body in bodies] == [True, False, True]  # a part without a whole stands alone
    assert "by class or region (2)" in bodies[2]
    assert re.search(r"iou\.&lt;hair&gt;\[unet:1\]</th><td>0\.7500 0 to 1", bodies[2])
    assert "few pixels" in bodies[2]


def test_label_maps_and_computed_maps_are_shown(run: Evaluation, tmp_path: Path) -> None:
    labels = tmp_path / "labels.png"
    Image.fromarray(np.repeat(np.arange(3, dtype=np.uint8), 20)[:, None].repeat(50, 1)).save(labels)
    pictures = {name: Judged(judged.made, None, labels) for name, judged in run.pictures.items()}
    grey = np.full((20, 20, 3), 128, np.uint8)
    shown = Evaluation("variations", "ours", "", run.scores, pictures, maps={"a/b": grey, "a-b": grey})
    write_run(shown, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count('alt="labels"') == 10
    assert sorted(path.name for path in (tmp_path / "out" / "maps").iterdir()) == ["a-b-2.png", "a-b.png"]
    write_run(shown, tmp_path / "out", force=True)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_earlier_run_is_replaced_only_with_force(run: Evaluation, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_run(run, out)
    before = snapshot(out)
    with pytest.raises(OutputError, match="holds a run of scores already"):
        write_run(run, out)
    assert snapshot(out) == before
    fewer = Evaluation("folders", "theirs", "", run.scores[:1])
    write_run(fewer, out, force=True)
    assert read_run(out) == fewer
    assert not (out / "sheets").exists()


def _own_file(out: Path) -> None:
    (out / "notes.txt").write_text("mine")


def _own_scores(out: Path) -> None:
    (out / "scores.json").write_text('{"mine": 1}')


def _no_scores(out: Path) -> None:
    (out / "scores.json").unlink()


def _own_sheet(out: Path) -> None:
    (out / "sheets" / "deep").mkdir()
    (out / "sheets" / "deep" / "mine.png").write_text("mine")


@pytest.mark.parametrize("change", [_own_file, _own_scores, _no_scores, _own_sheet])
def test_no_other_folder_is_replaced_even_with_force(
    run: Evaluation, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    out = tmp_path / "out"
    write_run(run, out)
    change(out)
    before = snapshot(out)
    with pytest.raises(OutputError, match="choose another folder"):
        write_run(run, out, force=True)
    assert snapshot(out) == before


def test_a_run_goes_into_a_new_or_an_empty_folder_only(run: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_run(run, tmp_path / "empty")
    assert read_run(tmp_path / "empty") == run
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="no folder"):
        check_run(tmp_path / "file", force=True)
    with pytest.raises(OutputError, match="does not exist"):
        check_run(tmp_path / "none" / "out")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    with pytest.raises(OutputError, match="no folder"):
        check_run(tmp_path / "link", force=True)


def test_a_run_that_fails_leaves_nothing_behind(
    run: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_run(run, out)
    before = snapshot(out)

    def fail(*_: object, **__: object) -> Iterator[None]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sembla.evaluation.pages._write_sheets", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_run(run, out, force=True)
    with pytest.raises(OutputError, match="No space left"):
        write_run(run, tmp_path / "new")
    assert snapshot(out) == before
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_run_that_cannot_be_moved_into_place_puts_the_earlier_one_back(
    run: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_run(run, out)
    before, rename = snapshot(out), Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        write_run(run, out, force=True)
    assert snapshot(out) == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1, "scores": []}', '{"format": 9}', "\x00"])
def test_what_is_no_run_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "scores.json").write_text(text)
    with pytest.raises(InputError, match="no run of `sembla evaluate`"):
        read_run(tmp_path)


def test_a_broken_picture_entry_is_refused(run: Evaluation, tmp_path: Path) -> None:
    write_run(run, tmp_path / "out")
    content = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    entries: tuple[object, ...] = ({}, [], None, {"made": 3})
    for entry in entries:
        (tmp_path / "scores.json").write_text(json.dumps({**content, "pictures": {"a": entry}}))
        with pytest.raises(InputError, match="no run"):
            read_run(tmp_path)


def test_a_folder_without_a_run_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run is here"):
        read_run(tmp_path)
    (tmp_path / "scores.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        read_run(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_unicode_are_written_and_read_back(run: Evaluation, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    judged = run.pictures["00"]
    odd = Score("psnr", 30.0, "dB", "higher", about(), per_picture={name: 30.0, "ü": 31.0}, cautions=(name,))
    written = Evaluation("folders", name, "real", (odd,), {name: judged, "ü": judged}, (name,))
    write_run(written, tmp_path / "out")
    found = read_run(tmp_path / "out")
    assert (found.made, found.notes, found.scores) == (name, (name,), (odd,))
    assert set(found.pictures) == {name, "ü"}
    for file in ("report.html", "scores.md", "scores.json"):
        text = (tmp_path / "out" / file).read_text(encoding="utf-8")
        assert "caf\\udce9" in text.replace("\\\\", "\\")
        assert "ü" in text or file == "scores.md"


def test_parts_go_to_their_own_score_and_holes_stand_alone() -> None:
    names = (
        "miou[u:1] iou.sky[u:1] psnr psnr.holes delta_e delta_e.sky label_swd label_swd.sky delta_e.a.b iou.hat[u:1] "
        "psnr.holes.left psnr.left"
    )
    scores = [Score(name, 1.0, "", "lower", about()) for name in names.split()]
    assert {score.name: [part.name for part in parts] for score, parts in with_parts(scores)} == {
        "miou[u:1]": ["iou.sky[u:1]", "iou.hat[u:1]"],
        "psnr": ["psnr.left"],
        "psnr.holes": ["psnr.holes.left"],
        "delta_e": ["delta_e.sky", "delta_e.a.b"],
        "label_swd": ["label_swd.sky"],
    }
