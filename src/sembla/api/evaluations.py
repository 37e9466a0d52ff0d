"""Evaluation: score folders, case sets, sequences and variations; write, read and compare runs; ask people.

What computes and draws is loaded when it is called for: it takes longer to load than light verbs may last.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sembla.evaluation.results import Evaluation, OnProgress

if TYPE_CHECKING:
    from sembla.evaluation.answers import StudyResult
    from sembla.evaluation.comparing import SideBySide
    from sembla.evaluation.study import Study

__all__ = [
    "PathLike",
    "check_comparison",
    "check_run",
    "compare_runs",
    "comparison_json",
    "comparison_text",
    "evaluate_cases",
    "evaluate_folders",
    "evaluate_sequences",
    "evaluate_variations",
    "make_study",
    "read_run",
    "run_json",
    "run_text",
    "score_study",
    "study_json",
    "study_text",
    "write_comparison",
    "write_run",
]

PathLike: TypeAlias = str | os.PathLike[str]
"""Where a file or folder is."""


def evaluate_folders(
    made: PathLike,
    real: PathLike,
    *,
    split: str | None = None,
    extractors: Sequence[str] = (),
    lpips: str | None = None,
    segmenter: str | None = None,
    labels: PathLike | None = None,
    real_labels: PathLike | None = None,
    identity: bool = False,
    landmarks: PathLike | None = None,
    real_landmarks: PathLike | None = None,
    weights: Sequence[str] = (),
    fit: bool = False,
    nearest: int = 5,
    subset_size: int = 1000,
    seed: int = 0,
    batch: int = 4,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Score the pictures of a folder or prepared set against real ones; the settings are those of `FolderSettings`.

    Raises as `evaluation.folders.evaluate_folders` does.
    """
    from sembla.evaluation import folders

    settings = folders.FolderSettings(
        split=split,
        extractors=tuple(extractors),
        lpips=lpips,
        segmenter=segmenter,
        labels=_path(labels),
        real_labels=_path(real_labels),
        identity=identity,
        landmarks=_path(landmarks),
        real_landmarks=_path(real_landmarks),
        weights=tuple(weights),
        fit=fit,
        nearest=nearest,
        subset_size=subset_size,
        seed=seed,
        batch=batch,
    )
    return folders.evaluate_folders(Path(made), Path(real), settings, on_progress=on_progress)


def evaluate_cases(
    cases: PathLike,
    results: PathLike,
    *,
    extractor: str | None = None,
    weights: Sequence[str] = (),
    seed: int = 0,
    adopt_nearest: bool = False,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Score the results of one case, or of a folder of cases, as `sembla analogy CASE --out` writes them.

    The settings are those of `evaluation.cases.CaseSettings`; raises as `evaluation.cases.evaluate_cases` does.
    """
    from sembla.evaluation import cases as scoring

    settings = scoring.CaseSettings(extractor=extractor, weights=tuple(weights), seed=seed, adopt_nearest=adopt_nearest)
    return scoring.evaluate_cases(Path(cases), Path(results), settings, on_progress=on_progress)


def evaluate_sequences(
    made: PathLike,
    *,
    original: PathLike | None = None,
    holes: PathLike | None = None,
    lpips: str | None = None,
    weights: Sequence[str] = (),
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Score how alike the frames or versions of a subject are, and how near to their originals.

    The settings are those of `SequenceSettings`; raises as `evaluation.sequences.evaluate_sequences` does.
    """
    from sembla.evaluation import sequences

    settings = sequences.SequenceSettings(
        original=_path(original), holes=_path(holes), lpips=lpips, weights=tuple(weights)
    )
    return sequences.evaluate_sequences(Path(made), settings, on_progress=on_progress)


def evaluate_variations(
    made: PathLike,
    *,
    regions: PathLike | None = None,
    lpips: str | None = None,
    weights: Sequence[str] = (),
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Score how much the variations of an answer differ, and where.

    The settings are those of `VariationSettings`; raises as `evaluation.variations.evaluate_variations` does.
    """
    from sembla.evaluation import variations

    settings = variations.VariationSettings(regions=_path(regions), lpips=lpips, weights=tuple(weights))
    return variations.evaluate_variations(Path(made), settings, on_progress=on_progress)


def run_text(evaluation: Evaluation) -> str:
    """A run as plain text, a line for each score."""
    from sembla.evaluation.tables import plain

    return plain(evaluation)


def run_json(evaluation: Evaluation) -> str:
    """A run as the JSON text that `write_run` puts into scores.json."""
    from sembla.evaluation import results

    return results.run_json(evaluation)


def check_run(out: PathLike, *, force: bool = False) -> None:
    """Raise `OutputError` if a run could not be written to the folder `out`, before the work for it is done."""
    from sembla.evaluation import pages

    pages.check_run(Path(out), force=force)


def write_run(evaluation: Evaluation, out: PathLike, *, force: bool = False) -> None:
    """Write scores.json, scores.md, report.html and contact sheets into a folder, all or nothing.

    `force` replaces an earlier run, and no other folder. Raises `OutputError` where it cannot be written.
    """
    from sembla.evaluation import pages

    pages.write_run(evaluation, Path(out), force=force)


def read_run(path: PathLike) -> Evaluation:
    """Read a run that `write_run` wrote, from its folder or its scores.json. Raises `InputError` for what is none."""
    from sembla.evaluation import results

    return results.read_run(Path(path))


def compare_runs(runs: Sequence[PathLike | Evaluation], *, confidence: float = 0.95, seed: int = 0) -> "SideBySide":
    """Put runs side by side, those after the first with paired bootstrap intervals of their differences to it.

    `runs` are folders that `write_run` wrote, or evaluations. Raises `InputError` for fewer than two, one that comes
    twice, a folder that is no run, and a confidence outside 0 to 1.
    """
    from sembla.evaluation.comparing import compare
    from sembla.evaluation.wording import distinct_names

    folders = [Path(run) for run in runs if not isinstance(run, Evaluation)]
    called = iter(distinct_names(folders))
    names = [run.made if isinstance(run, Evaluation) else next(called) for run in runs]
    read = [run if isinstance(run, Evaluation) else read_run(run) for run in runs]
    return compare(read, names=names, confidence=confidence, seed=seed)


def comparison_text(side: "SideBySide") -> str:
    """A comparison as plain text, a line for each score and each difference."""
    from sembla.evaluation.tables import plain_comparison

    return plain_comparison(side)


def comparison_json(side: "SideBySide") -> str:
    """A comparison as JSON text."""
    from sembla.evaluation import comparison_pages

    return comparison_pages.comparison_json(side)


def check_comparison(out: PathLike, *, force: bool = False) -> None:
    """Raise `OutputError` if a comparison could not be written to the folder `out`."""
    from sembla.evaluation import comparison_pages

    comparison_pages.check_comparison(Path(out), force=force)


def write_comparison(side: "SideBySide", out: PathLike, *, force: bool = False) -> None:
    """Write comparison.json, comparison.md, comparison.html and contact sheets into a folder, all or nothing."""
    from sembla.evaluation import comparison_pages

    comparison_pages.write_comparison(side, Path(out), force=force)


def make_study(
    folders: Sequence[PathLike] | Mapping[str, PathLike],
    out: PathLike,
    *,
    reference: PathLike | None = None,
    questions: int = 50,
    prompt: str | None = None,
    seed: int = 0,
    force: bool = False,
) -> "Study":
    """Write a page that shows pictures of two methods side by side and asks which is better, and the key to it.

    `folders` are the methods' folders, by their names where those of the folders will not do. Raises as
    `evaluation.study.make_study` does.
    """
    from sembla.evaluation import study
    from sembla.evaluation.wording import distinct_names

    if isinstance(folders, Mapping):
        methods = {name: Path(folder) for name, folder in folders.items()}
    else:
        paths = [Path(folder) for folder in folders]
        methods = dict(zip(distinct_names(paths), paths, strict=True))
    return study.make_study(
        methods, Path(out), reference=_path(reference), questions=questions, prompt=prompt, seed=seed, force=force
    )


def score_study(folder: PathLike, files: Sequence[PathLike]) -> "StudyResult":
    """Score the answers of a study that `make_study` wrote into `folder`; `files` are the participants' CSV files.

    Raises as `evaluation.answers.score_study` does.
    """
    from sembla.evaluation import answers

    return answers.score_study(Path(folder), [Path(file) for file in files])


def study_text(result: "StudyResult") -> str:
    """The result of a study as plain text."""
    from sembla.evaluation import answers

    return answers.study_plain(result)


def study_json(result: "StudyResult") -> str:
    """The result of a study as JSON text."""
    from sembla.evaluation import answers

    return answers.study_json(result)


def _path(path: PathLike | None) -> Path | None:
    return None if path is None else Path(path)
