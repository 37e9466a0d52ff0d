"""The experiments of inpaint: what a model fills, and whom it makes, scored on faces that it did not learn from."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from sembla.api.checking import check_does, numbers, settings
from sembla.api.inpainting import check_inpaint
from sembla.core.ranges import Whole, whole
from sembla.core.tasks import InpaintTask, InventTask
from sembla.core.ways import Fill, Predicted
from sembla.evaluation.results import Evaluation, OnProgress
from sembla.imaging.holes import HOLES

if TYPE_CHECKING:
    from sembla.evaluation.faces import WholeFaces
    from sembla.evaluation.people import PeopleSettings
    from sembla.runs.synthesizer import Synthesizer

__all__ = [
    "evaluate_inpaint_codes",
    "evaluate_inpaint_completeness",
    "evaluate_inpaint_consistency",
    "evaluate_inpaint_maps",
]

PathLike: TypeAlias = str | os.PathLike[str]

_MANY = Whole(1, 100_000)
_FEW = Whole(2, 256)


def evaluate_inpaint_completeness(
    model: "Synthesizer",
    data: PathLike,
    *,
    fill: Fill | None = None,
    masks: Sequence[str] = (),
    faces: int = 32,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Score how right fillings of holes of every kind are, on the first `faces` that a prepared set holds out.

    `model` is what `load` gives, of method inpaint; `fill` says how a face is found, and left out, it is `Predicted`;
    `masks` are kinds of holes, and left out, they are all. The points of the faces are those of the set.

    Raises as `evaluation.inpainting.evaluate_completeness` and `evaluation.faces.whole_faces` do.
    """
    from sembla.evaluation import inpainting

    check_inpaint(model)
    its = inpainting.CompletenessSettings(_checked(fill), tuple(masks) or tuple(HOLES), _seed(seed))
    found = _held_out(model, data, count=whole(faces, "faces", _MANY))
    return inpainting.evaluate_completeness(model, found, its, name=model.description.recipe, on_progress=on_progress)


def evaluate_inpaint_consistency(
    model: "Synthesizer",
    data: PathLike,
    *,
    fill: Fill | None = None,
    shared: bool = True,
    faces: int = 8,
    masks: int = 8,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Score how alike fillings of one face under different masks are, on faces that a prepared set holds out.

    With `shared`, one code is found for all masks of a face, as for the frames of a person; else one for each alone.
    The rest is as for `evaluate_inpaint_completeness`; raises as `evaluation.inpainting.evaluate_consistency` does too.
    """
    from sembla.evaluation import inpainting

    check_inpaint(model)
    count = whole(masks, "masks", _FEW)
    its = inpainting.ConsistencySettings(_checked(fill), shared=shared, masks=count, seed=_seed(seed))
    found = _held_out(model, data, count=whole(faces, "faces", _MANY))
    return inpainting.evaluate_consistency(model, found, its, name=model.description.recipe, on_progress=on_progress)


def evaluate_inpaint_maps(
    model: "Synthesizer", data: PathLike, *, codes: int = 8, maps: int = 8, seed: int = 0
) -> Evaluation:
    """Score whether people of one code each stay the same by the maps of several held out faces, and stand as asked.

    Raises as `evaluation.people.evaluate_maps` and `evaluation.faces.whole_faces` do.
    """
    from sembla.evaluation import people, recognition

    found, its = _drawn(model, data, codes=codes, maps=maps, seed=seed)
    return people.evaluate_maps(model, found, its, name=model.description.recipe, onlooker=recognition.find_onlooker())


def evaluate_inpaint_codes(
    model: "Synthesizer", data: PathLike, *, codes: int = 8, maps: int = 8, seed: int = 0
) -> Evaluation:
    """Score whether people of several codes by one map differ, and all stand as asked; the rest is as for maps."""
    from sembla.evaluation import people, recognition

    found, its = _drawn(model, data, codes=codes, maps=maps, seed=seed)
    return people.evaluate_codes(model, found, its, name=model.description.recipe, onlooker=recognition.find_onlooker())


def _drawn(
    model: "Synthesizer", data: PathLike, *, codes: int, maps: int, seed: int
) -> "tuple[WholeFaces, PeopleSettings]":
    from sembla.evaluation.people import PeopleSettings

    check_does(model, InventTask, told="makes no people of codes; give one of inpaint")
    its = PeopleSettings(whole(codes, "codes", _FEW), _seed(seed))
    return _held_out(model, data, count=whole(maps, "maps", _FEW)), its


def _held_out(model: "Synthesizer", data: PathLike, *, count: int) -> "WholeFaces":
    """Faces of the size that a model makes."""
    from sembla.data.prepared import open_prepared
    from sembla.evaluation.faces import whole_faces

    return whole_faces(open_prepared(data), side=int(model.config.side), count=count)


def _checked(fill: Fill | None) -> Fill:
    settings(fill or Predicted())
    return fill or Predicted()


def _seed(seed: int) -> int:
    checked: int = numbers(InpaintTask, {"seed": seed})["seed"]
    return checked
