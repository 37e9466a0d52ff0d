"""Models of portraits at work: they see the parts of faces, and make faces anew as a layout asks."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from sembla.core.errors import Cancelled, InputError, SemblaError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.studio.models import Models
from sembla.studio.notes import heard
from sembla.studio.portrait_wire import PortraitAsk, PortraitCard, PortraitCards, Resemblance
from sembla.studio.runs import Run, RunStore, Shelf
from sembla.studio.wire import ClassEntry, Labelled, class_entries, one_line, pack

if TYPE_CHECKING:
    from sembla.api import FacePhoto, Synthesizer
    from sembla.core.tasks import ShouldStop

__all__ = ["MadePortrait", "Portraits", "UnknownPortraitModelError"]

_MOST_FACES = 8
"""Faces that are remembered with their parts, each with its photo."""


class UnknownPortraitModelError(InputError):
    """There is no such model."""


@dataclass(frozen=True)
class MadePortrait:
    """A finished portrait."""

    picture: Picture
    seconds: float
    resemblance: Resemblance
    record: Mapping[str, Any]
    """How it came about, as JSON; saved pictures carry it."""


class Portraits:
    """Models of portraits, by the names that pages use. Any thread may ask for cards; the rest is for the worker's."""

    def __init__(self, runs: RunStore, models: Models, *, packs: Mapping[str, Path] = MappingProxyType({})) -> None:
        self._shelf = Shelf(runs, packs, ("portrait",))
        self._models = models
        self._seen: OrderedDict[tuple[str, str, int], FacePhoto] = OrderedDict()
        self._lock = threading.Lock()

    def cards(self) -> PortraitCards:
        """Everything that makes portraits, and why the rest cannot."""
        from sembla import api

        cards, problems = [], []
        for name in self._shelf.names():
            try:
                run = self._run(name)
                names = run.described("config", {}).get("classes", {}).get("names", ())
                parses = str(run.described("recipe", "")).startswith("sembla")
                if run.usable and parses and set(names) == set(api.FACE_CLASSES.names):
                    cards.append(PortraitCard(name=name, title=self._shelf.title(name)))
            except SemblaError as error:
                problems.append(one_line(error))
        return PortraitCards(models=cards, problems=problems)

    def parse(self, name: str, photo: Picture) -> Labelled:
        """The parts of the face in a photo (H, W, 3), and their classes. Raises what `api.parse` does."""
        from sembla import api

        with heard() as notes:
            found = api.parse(photo, model=self._model(name))
        return Labelled(map=pack(found.labels), classes=_classes(), notes=[one_line(note) for note in notes])

    def layout_from(
        self,
        name: str,
        photo: tuple[str, Picture],
        maps: Mapping[str, LabelMap],
        *,
        reference: tuple[str, Picture],
        parts: Sequence[int],
    ) -> LabelMap:
        """A reference's layout as it lies in a photo, or `layout` with parts of it; of both, id and picture.

        `maps` are the photo's `labels` and `layout`, (H, W). Raises what `api.face_photo` does.
        """
        from sembla import api

        labels, layout = _checked(maps, photo[1])
        model = self._model(name)
        face = self._own(name, model, photo, labels)
        return api.layout_from(self._face(name, model, reference), face, layout, parts=_parts(parts))

    def make(
        self,
        ask: PortraitAsk,
        photo: tuple[str, Picture],
        maps: Mapping[str, LabelMap],
        *,
        reference: tuple[str, Picture] | None,
        seed: int,
        draft: bool,
        stop: "ShouldStop",
    ) -> MadePortrait:
        """Make the face in a photo, its id and picture, as the layout asks: `maps` are `labels` and `layout`, (H, W).

        Of a draft it is not told how much it is the person, which takes longer than the picture. Raises what
        `api.portrait` does; a layout that asks for nothing gives the photo.
        """
        from sembla import api

        if stop():
            raise Cancelled("the page asked to stop.")
        labels, layout = _checked(maps, photo[1])
        model = self._model(ask.model)
        other = self._face(ask.model, model, reference) if reference is not None and ask.lent else None
        face = self._own(ask.model, model, photo, labels)
        with heard() as notes:
            request = api.portrait_of(
                face,
                layout,
                model=model,
                other=other,
                lent=_parts(ask.lent),
                drawn={part: ask.drawn[part] for part in _parts([*ask.drawn])},
                whole=ask.whole,
                seed=seed,
            )
            picture, seconds = photo[1], 0.0
            if request.edit.any():
                result = api.run_portrait(request, stop=stop, engine=model)
                picture, seconds = result.picture, result.seconds
        distance = None if draft else api.apart(face, picture, layout)
        near = Resemblance(distance=distance, notes=[one_line(note) for note in notes])
        return MadePortrait(picture, seconds, near, self._record(ask, seed))

    def _record(self, ask: PortraitAsk, seed: int) -> dict[str, Any]:
        from sembla import api

        names = [entry.name for entry in _classes()]
        return {
            "version": api.__version__,
            "verb": "portrait",
            "seed": seed,
            "parts": [names[part] for part in _parts(ask.lent)],
            "redraw": {names[part]: its for part, its in ask.drawn.items()},
            "whole": ask.whole,
            "engine": {
                "kind": ask.model.partition(":")[0],
                "name": ask.model.partition(":")[2],
                "sha256": api.digest(self._run(ask.model).root / "weights.safetensors"),
            },
        }

    def _face(self, name: str, model: "Synthesizer", reference: tuple[str, Picture]) -> "FacePhoto":
        """A reference face, whose parts are looked for once."""
        from sembla import api

        key = (name, reference[0], self._age(name))
        return self._remembered(key, lambda: api.face_photo(reference[1], None, model=model, name="the reference"))

    def _own(self, name: str, model: "Synthesizer", photo: tuple[str, Picture], labels: LabelMap) -> "FacePhoto":
        """The face of a photo, which stands where it stood while its parts are the same."""
        from sembla import api

        key = (name, photo[0] + hashlib.sha256(labels.tobytes()).hexdigest(), self._age(name))
        return self._remembered(key, lambda: api.labelled_face(photo[1].copy(), labels, model=model))

    def _age(self, name: str) -> int:
        """When its weights were written: one that was trained further sees other parts."""
        return (self._run(name).root / "weights.safetensors").stat().st_mtime_ns

    def _remembered(self, key: tuple[str, str, int], look: Callable[[], "FacePhoto"]) -> "FacePhoto":
        with self._lock:
            if key in self._seen:
                self._seen.move_to_end(key)
                return self._seen[key]
        face = look()
        with self._lock:
            self._seen[key] = face
            while len(self._seen) > _MOST_FACES:
                self._seen.popitem(last=False)
        return face

    def _model(self, name: str) -> "Synthesizer":
        from sembla import api

        model = self._models.load(name, self._run(name).root)
        api.check_portrait(model)
        return model

    def _run(self, name: str) -> Run:
        run = self._shelf.find(name)
        if run is None:
            raise UnknownPortraitModelError(f"nothing here makes portraits by the name {name[:100]!r}; choose another.")
        return run


def _classes() -> list[ClassEntry]:
    """The classes of CelebAMask-HQ, as a page has them."""
    from sembla import api

    return class_entries(api.FACE_CLASSES.palette, api.FACE_CLASSES.names)


def _parts(ids: Sequence[int]) -> Sequence[int]:
    """Raises `InputError` for a part that there is none of."""
    count = len(_classes())
    strange = [part for part in ids if not 0 <= part < count]
    if strange:
        raise InputError(f"part {strange[0]} came; there are 0 to {count - 1}.")
    return ids


def _checked(maps: Mapping[str, LabelMap], photo: Picture) -> tuple[LabelMap, LabelMap]:
    labels, layout = maps["labels"], maps["layout"]
    for what, ids in (("labels", labels), ("layout", layout)):
        if ids.shape != photo.shape[:2]:
            told = "x".join(map(str, ids.shape[::-1]))
            size = f"{photo.shape[1]}x{photo.shape[0]}"
            raise SizeError(f"{what} of {told} came, and a photo of {size}; give both one size.")
        _parts([int(ids.max(initial=0))])
    return labels, np.ascontiguousarray(layout)
