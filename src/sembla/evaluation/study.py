"""A user study: a page that shows pictures of two methods side by side and asks which is better, offline.

OUT/page is handed to the participants: index.html and pictures under names that tell nothing. OUT/key.csv says which
picture is which method's and stays with whoever asks, as does study.json, which says how the study was made;
`evaluation.answers` reads the key.
"""

import csv
import itertools
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from string import Template

import numpy as np

from sembla.core.errors import InputError
from sembla.evaluation.groups import sheets_note
from sembla.evaluation.markup import asset, text
from sembla.evaluation.reading import PictureSet, open_set
from sembla.evaluation.writing import ANY_NAME, Kind, check_folder, whole_folder
from sembla.imaging.save import write_picture

__all__ = ["KEY", "KEY_FIELDS", "Study", "check_study", "make_study"]

KEY = "key.csv"
"""The file of a study that says which picture is whose."""

KEY_FIELDS = ("study", "question", "name", "a", "method_a", "b", "method_b", "reference")
"""Its columns: of each question the name of its pictures, and for both of them the file and the method."""

_STUDY = Kind(
    name="study",
    mark="study.json",
    keys=frozenset({"study", "methods", "prompt", "seed"}),
    files=("study.json", KEY, "page/index.html", "page/pictures/*.webp"),
)
_PROMPT = "Which picture looks better?"
_PROMPT_WITH_REFERENCE = "Which picture fits the one above better?"


@dataclass(frozen=True)
class Study:
    """What was made."""

    page: Path
    """index.html: hand out its folder, and nothing else."""
    key: Path
    """Keep it: without it no answer can be scored."""
    methods: tuple[str, ...]
    names: int
    """How many pictures all methods share."""
    questions: int
    notes: tuple[str, ...]
    """What was left out, a sentence each."""


@dataclass(frozen=True)
class _Question:
    """Two methods' versions of one picture."""

    name: str
    a: str
    b: str


def check_study(out: Path, *, force: bool = False) -> None:
    """Raise `OutputError` if a study could not be written to `out`."""
    check_folder(out, _STUDY, force=force)


def make_study(
    folders: Mapping[str, Path],
    out: Path,
    *,
    reference: Path | None = None,
    questions: int = 50,
    prompt: str | None = None,
    seed: int = 0,
    force: bool = False,
) -> Study:
    """Write a study of the pictures that all methods have by name; `folders` gives each method's folder by its name.

    Up to `questions` questions are asked, as many of each pair of methods, pictures by chance. Each participant gets
    them in another order, with the sides by chance. Where `reference` is given, its picture of that name stands above
    the two. `prompt` is the question. Pictures are written anew without loss, so that no metadata tells their origin.
    `out` must be new or empty; with `force` an earlier study is replaced, with its key, but no other folder.

    Raises `InputError` for fewer than two methods, a folder that comes twice, no shared name and fewer questions than
    pairs of methods, `ImageError` for a picture that cannot be read, `OutputError` where `out` cannot be written.
    """
    check_study(out, force=force)
    _check_methods(folders)
    sets: dict[str | None, PictureSet] = {method: open_set(folder) for method, folder in folders.items()}
    if reference is not None:
        sets[None] = open_set(reference)
    names, notes = _shared([*sets.values()])
    chosen = _choose(names, sorted(folders), most=questions, seed=seed)
    tokens = _tokens(chosen, with_reference=reference is not None, seed=seed)
    rows = [_key_row(number, question, tokens) for number, question in enumerate(chosen, 1)]
    study = f"s{blake2b(json.dumps(rows).encode(), digest_size=6).hexdigest()}"  # no spreadsheet takes it for a number
    asked = prompt or (_PROMPT if reference is None else _PROMPT_WITH_REFERENCE)
    about = {
        "study": study,
        "prompt": asked,
        "methods": {method: str(folder) for method, folder in folders.items()},
        "reference": "" if reference is None else str(reference),
        "names": len(names),
        "questions": len(rows),
        "seed": seed,
    }
    with whole_folder(out, _STUDY, force=force) as folder:
        _write_pictures(folder / "page" / "pictures", sets, tokens)
        (folder / "page" / "index.html").write_text(_page(study, asked, rows), encoding="utf-8", errors=ANY_NAME)
        told = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        (folder / "study.json").write_text(told, encoding="utf-8", errors=ANY_NAME)
        _write_key(folder / KEY, study, rows)
    page = out / "page" / "index.html"
    return Study(page, out / KEY, tuple(folders), names=len(names), questions=len(rows), notes=notes)


def _check_methods(folders: Mapping[str, Path]) -> None:
    if len(folders) < 2:
        raise InputError(f"{len(folders)} methods came; a study needs the folders of two or more.")
    places: dict[Path, str] = {}
    for method, folder in folders.items():
        if not method.strip():
            raise InputError(f"the method of {folder} has no name; give one.")
        other = places.setdefault(folder.resolve(), method)
        if other != method:
            raise InputError(f"{folder} came as {other} and as {method}; give each method a folder of its own.")


def _shared(sets: Sequence[PictureSet]) -> tuple[list[str], tuple[str, ...]]:
    """Names that all sets have, in the first one's order, and notes on what was left out."""
    common = set.intersection(*({*one.entries} for one in sets))
    names = [name for name in sets[0].entries if name in common]
    if not names:
        told = ", ".join(f"{one.root} has {next(iter(one.entries))}" for one in sets)
        raise InputError(f"the folders share no picture by name ({told}); name each picture alike in all folders.")
    notes = [sheets_note(sheets)] if (sheets := [path for one in sets for path in one.sheets]) else []
    odd = len(set.union(*({*one.entries} for one in sets))) - len(names)
    if odd:
        notes.append(f"Names that are not in every folder, left out: {odd}.")
    return names, tuple(notes)


def _choose(names: Sequence[str], methods: Sequence[str], *, most: int, seed: int) -> list[_Question]:
    """Questions with every pair of methods as often as any other, and no picture of a pair twice."""
    pairs = list(itertools.combinations(methods, 2))
    if most < len(pairs):
        raise InputError(
            f"{most} questions came for {len(methods)} methods; ask {len(pairs)} or more, one for each pair of them."
        )
    generator = np.random.default_rng(seed)
    orders = {pair: generator.permutation(len(names)) for pair in pairs}
    rounds = ((pair, names[orders[pair][turn]]) for turn in range(len(names)) for pair in pairs)
    return [_Question(name, *pair) for pair, name in itertools.islice(rounds, most)]


def _tokens(questions: Sequence[_Question], *, with_reference: bool, seed: int) -> dict[tuple[str | None, str], str]:
    """A file name that tells nothing for each picture, by method (None: the reference) and name."""
    pictures = dict.fromkeys((method, one.name) for one in questions for method in _shown(one, with_reference))
    generator = np.random.default_rng([seed, 1])
    return {picture: f"p{generator.bytes(8).hex()}" for picture in pictures}  # as with the study's own


def _shown(question: _Question, with_reference: bool) -> tuple[str | None, ...]:
    return (question.a, question.b, None) if with_reference else (question.a, question.b)


def _key_row(number: int, question: _Question, tokens: Mapping[tuple[str | None, str], str]) -> dict[str, str]:
    return {
        "question": str(number),
        "name": question.name,
        "a": tokens[question.a, question.name],
        "method_a": question.a,
        "b": tokens[question.b, question.name],
        "method_b": question.b,
        "reference": tokens.get((None, question.name), ""),
    }


def _write_pictures(
    folder: Path, sets: Mapping[str | None, PictureSet], tokens: Mapping[tuple[str | None, str], str]
) -> None:
    """Write each picture under its token, in the order of the tokens: dates must not tell the methods either."""
    folder.mkdir(parents=True)
    for (method, name), token in sorted(tokens.items(), key=lambda item: item[1]):
        write_picture(folder / f"{token}.webp", sets[method].entries[name].read()[0])


def _write_key(path: Path, study: str, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", errors=ANY_NAME, newline="") as stream:
        writer = csv.DictWriter(stream, KEY_FIELDS)
        writer.writeheader()
        writer.writerows({"study": study, **row} for row in rows)


def _page(study: str, prompt: str, rows: Sequence[Mapping[str, str]]) -> str:
    """The page, with a policy that lets it run its own script and load its own pictures, and nothing else.

    The two pictures of a question stand in the order of their file names, lest their place tell the method.
    """
    questions = [
        {"id": row["question"], "pictures": sorted((row["a"], row["b"])), "reference": row["reference"]} for row in rows
    ]
    script = asset("study.js")
    data = json.dumps({"id": study, "questions": questions})  # digits only: no name of a file comes into the page
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return Template(asset("study.html")).substitute(
        digest=digest, style=asset("study.css"), script=script, study=data, prompt=text(re.sub(r"\s+", " ", prompt))
    )
