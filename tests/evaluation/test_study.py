import csv
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from sembla.core.errors import ImageError, InputError, OutputError
from sembla.evaluation.study import make_study
from sembla.imaging.io import read_picture

METHODS = ("spade", "pix2pix", "oasis")


def save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("sembla", '{"method": "spade"}')
    pixels = np.random.default_rng(seed).integers(256, size=(20, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, pnginfo=chunks)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Eight pictures by each of three methods, in nested folders, and one that spade alone has."""
    for seed, (method, number) in enumerate(itertools.product(METHODS, range(8))):
        save(tmp_path / method / "street" / f"{number}.png", seed)
    save(tmp_path / "spade" / "alone.png", 99)
    return {method: tmp_path / method for method in METHODS}


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "key.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_page_tells_nothing_about_the_methods(folders: dict[str, Path], tmp_path: Path) -> None:
    study = make_study(folders, tmp_path / "out", questions=9)
    assert study.page == tmp_path / "out" / "page" / "index.html"
    for path in [*(tmp_path / "out" / "page").rglob("*")]:
        told = path.relative_to(tmp_path / "out").as_posix().encode()
        told += path.read_bytes() if path.is_file() else b""
        for secret in (*METHODS, "street", "sembla\x00"):
            assert secret.encode() not in told


def test_the_key_leads_to_the_very_pixels(folders: dict[str, Path], tmp_path: Path) -> None:
    make_study(folders, tmp_path / "out", reference=folders["oasis"], questions=9)
    for row in rows(tmp_path / "out"):
        for token, folder in (
            (row["a"], folders[row["method_a"]]),
            (row["b"], folders[row["method_b"]]),
            (row["reference"], folders["oasis"]),
        ):
            shown = read_picture(tmp_path / "out" / "page" / "pictures" / f"{token}.webp")
            assert np.array_equal(shown, read_picture(folder / f"{row['name']}.png"))


@pytest.mark.parametrize("asked", [3, 7, 24, 1000])
def test_every_pair_of_methods_is_asked_as_often_and_no_question_twice(
    folders: dict[str, Path], tmp_path: Path, asked: int
) -> None:
    study = make_study(folders, tmp_path / "out", questions=asked)
    key = rows(tmp_path / "out")
    assert study.questions == len(key) == min(asked, 24)
    pairs = Counter(frozenset((row["method_a"], row["method_b"])) for row in key)
    assert len(pairs) == 3
    assert max(pairs.values()) - min(pairs.values()) <= 1
    assert len({(row["name"], row["method_a"], row["method_b"]) for row in key}) == len(key)


def test_the_place_of_a_picture_does_not_tell_its_method(folders: dict[str, Path], tmp_path: Path) -> None:
    make_study(folders, tmp_path / "out", questions=24)
    page = (tmp_path / "out" / "page" / "index.html").read_text(encoding="utf-8")
    start = page.index(">", page.index('id="study"')) + 1
    questions = json.loads(page[start : page.index("</script>", start)])["questions"]
    method = {row[side]: row[f"method_{side}"] for row in rows(tmp_path / "out") for side in ("a", "b")}
    first = Counter(method[question["pictures"][0]] for question in questions)
    second = Counter(method[question["pictures"][1]] for question in questions)
    assert all(first[name] and second[name] for name in METHODS)


def test_the_seed_fixes_the_study(folders: dict[str, Path], tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        make_study(folders, tmp_path / name, questions=6, seed=seed)
    one, two, other = (rows(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert [row["name"] for row in one] != [row["name"] for row in other]
    assert one[0]["study"] != other[0]["study"]


def test_names_that_not_all_have_are_told(folders: dict[str, Path], tmp_path: Path) -> None:
    study = make_study(folders, tmp_path / "out", questions=3)
    assert study.names == 8
    assert study.notes == ("Names that are not in every folder, left out: 1.",)


def test_a_question_of_the_makers_own_stays_text(folders: dict[str, Path], tmp_path: Path) -> None:
    make_study(folders, tmp_path / "out", questions=3, prompt="Which <b>is</b>\n$study & real?")
    page = (tmp_path / "out" / "page" / "index.html").read_text(encoding="utf-8")
    assert "Which &lt;b&gt;is&lt;/b&gt; $study &amp; real?" in page


def test_bad_requests_are_refused_and_leave_nothing(folders: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="two or more"):
        make_study({"spade": folders["spade"]}, out)
    with pytest.raises(InputError, match="a folder of its own"):
        make_study({"a": folders["spade"], "b": folders["spade"] / ".." / "spade"}, out)
    with pytest.raises(InputError, match="2 questions came for 3 methods; ask 3 or more"):
        make_study(folders, out, questions=2)
    with pytest.raises(InputError, match="no such folder"):
        make_study({**folders, "x": tmp_path / "nowhere"}, out)
    save(tmp_path / "odd" / "other.png", 1)
    with pytest.raises(InputError, match="share no picture by name"):
        make_study({**folders, "x": tmp_path / "odd"}, out)
    (folders["oasis"] / "street" / "3.png").write_bytes(b"damaged")
    with pytest.raises(ImageError, match=r"3\.png"):
        make_study(folders, out, questions=24)
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))


def test_an_earlier_study_is_replaced_only_with_force_and_never_with_answers_in_it(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    make_study(folders, tmp_path / "out", questions=3)
    with pytest.raises(OutputError, match="holds a study already"):
        make_study(folders, tmp_path / "out", questions=6)
    make_study(folders, tmp_path / "out", questions=6, force=True)
    assert len(rows(tmp_path / "out")) == 6
    (tmp_path / "out" / "answers-anna.csv").write_text("")
    with pytest.raises(OutputError, match=r"holds answers-anna\.csv"):
        make_study(folders, tmp_path / "out", questions=3, force=True)
