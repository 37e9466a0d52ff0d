"""The pages for users: what they show runs, what they list is what there is, and links lead somewhere."""

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.data.doctor.support import label_maps, make_faces, make_set, photos, read, write
from tests.data.doctor.test_faults import SEEDS, each_map
from tests.methods.scene.scenery import make_bank

import sembla
from sembla.cli import main
from sembla.commands.scene import Scene
from sembla.core.labels import LabelSet
from sembla.data import doctor
from sembla.data.catalog import KINDS
from sembla.data.labelsets import (
    CELEBAMASK_HQ_19,
    CELEBAMASK_HQ_19_PARSING,
    CELEBAMASK_HQ_TO_PARSING,
    LABEL_SETS,
)

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *(ROOT / "src").rglob("README.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])

EXAMINED = 128  # px: JPEGs are told from this size on, and small sets are examined quickly


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in a language, "" for those that name none."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [body for name, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S) if name == language]


def rows(page: str, column: str) -> list[dict[str, str]]:
    """The rows of all tables of a page whose first column is called so."""
    found: list[dict[str, str]] = []
    head: list[str] = []
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells or not head:
            head = cells
        elif head[0] == column and len(cells) == len(head):
            found.append(dict(zip(head, cells, strict=True)))
    return found


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def run_python(page: str) -> None:
    """Run the blocks of a page in their order, in one namespace, in the current folder."""
    names: dict[str, object] = {}
    for number, block in enumerate(blocks(page, "python"), 1):
        exec(compile(block, f"{page}, block {number}", "exec"), names)


def test_the_python_of_the_page_on_data_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_faces(tmp_path / "faces", count=40)
    monkeypatch.chdir(tmp_path)
    run_python("data.md")
    assert sembla.open_prepared("tars").sha256 != sembla.open_prepared("prepared").sha256
    assert Path("flipped.png").is_file()


def test_the_python_of_the_page_on_scenes_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_bank(tmp_path).rename(tmp_path / "streets")
    monkeypatch.chdir(tmp_path)
    run_python("scene.md")
    assert capsys.readouterr().out.endswith("True\n")
    assert Path("made.png").is_file()


def test_the_options_of_the_page_on_scenes_are_those_that_there_are() -> None:
    told = {name.partition(" ")[0] for row in rows("scene.md", "option") for name in quoted(row["option"])}
    fields = {field.name for field in dataclasses.fields(Scene)}
    assert told == {"LABELS", *(f"--{name}" for name in fields - {"labels"})}


def test_kinds_and_their_licences_are_those_that_there_are() -> None:
    counts: dict[str, str] = {}
    licences: dict[str, str] = {}
    for row in rows("data.md", "KIND"):
        for name in quoted(row["KIND"]):
            if "classes" in row:
                counts[name] = row["classes"]
            else:
                licences[name] = row["what its makers allow"]
    expected = {name: str(kind.label_set.count) if kind.label_set else "none" for name, kind in KINDS.items()}
    assert counts == {**expected, "folder": "your own"}
    assert licences == {name: kind.licence for name, kind in KINDS.items()}


def _row(name: str, label_set: LabelSet) -> tuple[str, str, str, str]:
    swaps = ", ".join(f"{left}-{right}" for left, right in label_set.swaps) or "none"
    ignore = "none" if label_set.ignore is None else str(label_set.ignore)
    return (f"`{name.upper()}`", str(label_set.count), ignore, swaps)


def test_label_sets_are_those_that_there_are() -> None:
    told = [tuple(row.values()) for row in rows("data.md", "name")]
    assert told == [_row(name, label_set) for name, label_set in LABEL_SETS.items()]


@pytest.mark.parametrize(
    ("kind", "label_set"),
    [("celebamask_hq", CELEBAMASK_HQ_19), ("celebamask_hq_parsing", CELEBAMASK_HQ_19_PARSING)],
)
def test_both_orders_of_celebamask_are_spelt_out(kind: str, label_set: LabelSet) -> None:
    text = " ".join((DOCS / "data.md").read_text(encoding="utf-8").split())
    (listed,) = re.findall(rf"- `{kind}`, that of [^:]*: ((?:\w+, )+\w+)", text)
    assert tuple(listed.split(", ")) == label_set.names


EXAMPLES = rows("doctor.md", "code")


def code_of(row: dict[str, str]) -> str:
    """The code of a row of the tables of faults."""
    return row["code"].strip("`")


def codes_in_source() -> set[str]:
    """What is given as the code of a fault anywhere in the doctor: in calls, or in the table of unreadable files."""
    found: list[ast.expr] = []
    for path in sorted(Path(doctor.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2].lower().lstrip("_") == "fault":
                found += node.args[:2]  # `_fault` takes the chart first
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_UNREADABLE":
                found += [each for row in ast.walk(node.value) if isinstance(row, ast.Tuple) for each in row.elts[:1]]
    texts = [node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if re.fullmatch(r"[a-z_]+", text)}


def test_every_code_of_the_doctor_is_listed_and_no_other() -> None:
    listed = {code_of(row) for row in EXAMPLES}
    assert listed == codes_in_source()
    assert listed == {seed.code for seed in SEEDS.values()} | FACES.keys()


def test_what_the_page_says_is_mended_is_mended() -> None:
    told = {code_of(row): row["`--fix`"].partition(",")[0] for row in EXAMPLES}
    seeded = {seed.code: "yes" if seed.mended else "no" for seed in SEEDS.values()}
    assert {code: told[code] for code in seeded} == seeded


def mix_orders(faces: Path) -> None:
    each_map(faces, CELEBAMASK_HQ_TO_PARSING, every=3)


def flip_two(faces: Path) -> None:
    for path in [*photos(faces)[:2], *label_maps(faces)[:2]]:
        write(path, np.ascontiguousarray(read(path)[:, ::-1]))


FACES: dict[str, Callable[[Path], None]] = {"celebamask_order": mix_orders, "left_right": flip_two}


def sets_with(code: str, folder: Path) -> Iterator[Path]:
    """Sets that have this fault, each made when it is asked for."""
    for name, seed in SEEDS.items():
        if seed.code == code:
            root = make_set(folder / name, side=min(seed.side, EXAMINED))
            seed.plant(root)
            yield root
    if code in FACES:
        faces = make_faces(folder / "faces")
        FACES[code](faces)
        yield faces


@pytest.mark.parametrize("row", EXAMPLES, ids=[row["code"].strip("`") for row in EXAMPLES])
def test_an_example_sentence_is_what_the_doctor_says(tmp_path: Path, row: dict[str, str]) -> None:
    told = ({fault.sentence for fault in sembla.examine(root).faults} for root in sets_with(code_of(row), tmp_path))
    assert any(row["example"] in sentences for sentences in told)


def test_the_report_copy_and_python_of_the_page_on_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_set(tmp_path / "my-set")
    SEEDS["from 1"].plant(tmp_path / "my-set")
    SEEDS["empty"].plant(tmp_path / "my-set")
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "my-set"]) == 1
    assert capsys.readouterr().out in blocks("doctor.md", "")
    run_python("doctor.md")
    assert capsys.readouterr().out.endswith("17 17 1\n")
    assert main(["doctor", "my-set", "--fix", "copy"]) == 0
    told = re.findall(r"`(copy is a mended copy of [^`]+)`", (DOCS / "doctor.md").read_text(encoding="utf-8"))
    assert told == [capsys.readouterr().out.splitlines()[-1]]


def anchors(page: Path) -> set[str]:
    """What headings of a page are called in links, as GitHub makes it."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
