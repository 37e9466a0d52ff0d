"""Sembla: say what is where, get the picture.

>>> import sembla
>>> result = sembla.analogy("photo.png", "labels.png", "layout.png")      # doctest: +SKIP
>>> sembla.write_picture("result.png", result.picture)                     # doctest: +SKIP

Importing this loads no engine; the functions are fetched when they are first asked for.
"""

from typing import TYPE_CHECKING

from sembla.core.errors import (
    Cancelled,
    DivergedError,
    ImageError,
    InputError,
    LabelError,
    MemoryNeedError,
    MissingExtraError,
    OutputError,
    SemblaError,
    SizeError,
)

if TYPE_CHECKING:
    from sembla.api import (
        AnalogyResult,
        AnalogyScores,
        Augmentation,
        Batch,
        Bedrooms,
        DamagedFace,
        Evaluation,
        Faces,
        Fault,
        InpaintResult,
        Kept,
        Labelling,
        Pixels,
        Predicted,
        Preparation,
        Prepared,
        PreserveResult,
        Preview,
        Report,
        SceneResult,
        Score,
        Searched,
        Share,
        Steered,
        Weighted,
        __version__,
        analogy,
        analogy_sequence,
        batches,
        batches_once,
        compare_runs,
        damage,
        evaluate_analogy,
        evaluate_cases,
        evaluate_folders,
        evaluate_sequences,
        evaluate_variations,
        examine,
        examine_pair,
        export,
        inpaint,
        keep,
        kinds,
        label,
        load,
        make_study,
        open_bank,
        open_prepared,
        prepare,
        preserve,
        read_run,
        repair,
        scene,
        score_study,
        segments,
        write_label_map,
        write_picture,
        write_run,
    )

__all__ = [
    "AnalogyResult",
    "AnalogyScores",
    "Augmentation",
    "Batch",
    "Bedrooms",
    "Cancelled",
    "DamagedFace",
    "DivergedError",
    "Evaluation",
    "Faces",
    "Fault",
    "ImageError",
    "InpaintResult",
    "InputError",
    "Kept",
    "LabelError",
    "Labelling",
    "MemoryNeedError",
    "MissingExtraError",
    "OutputError",
    "Pixels",
    "Predicted",
    "Preparation",
    "Prepared",
    "PreserveResult",
    "Preview",
    "Report",
    "SceneResult",
    "Score",
    "Searched",
    "SemblaError",
    "Share",
    "SizeError",
    "Steered",
    "Weighted",
    "__version__",
    "analogy",
    "analogy_sequence",
    "batches",
    "batches_once",
    "compare_runs",
    "damage",
    "evaluate_analogy",
    "evaluate_cases",
    "evaluate_folders",
    "evaluate_sequences",
    "evaluate_variations",
    "examine",
    "examine_pair",
    "export",
    "inpaint",
    "keep",
    "kinds",
    "label",
    "load",
    "make_study",
    "open_bank",
    "open_prepared",
    "prepare",
    "preserve",
    "read_run",
    "repair",
    "scene",
    "score_study",
    "segments",
    "write_label_map",
    "write_picture",
    "write_run",
]


def __getattr__(name: str) -> object:
    """Fetch a public name from `sembla.api` (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'sembla' has no attribute {name!r}")
    from sembla import api  # the point of this function

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
