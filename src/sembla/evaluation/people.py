"""Scores of people that are made of codes and maps: does the map say how they stand, and the code who it is?

arXiv 1711.06106 shows both in sheets of pictures; the numbers beside them are ours.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from sembla.core.errors import InputError
from sembla.core.tasks import InventTask
from sembla.evaluation.faces import WholeFaces
from sembla.evaluation.groups import mean_over
from sembla.evaluation.inpainting import Model
from sembla.evaluation.measures import mean_score
from sembla.evaluation.recognition import Onlooker, Seen
from sembla.evaluation.results import Evaluation
from sembla.faces.face_map import face_map
from sembla.imaging.sheet import contact_sheet
from sembla.metrics.landmarks import normalised_mean_error
from sembla.metrics.protocol import Protocol, Score, score_name

__all__ = ["PeopleSettings", "evaluate_codes", "evaluate_maps"]

_CELL = 96
_SHOWN = 12  # codes and maps on a sheet
_NO_POINTS = "nme was left out: points are found again by dlib; install it with: pip install 'sembla[faces]'."
_NO_PERSONS = (
    "identity_distance was left out: persons are told apart by dlib (pip install 'sembla[faces]'), or with the weights "
    "of mobilefacenet."
)

Grid: TypeAlias = Sequence[Sequence[Seen]]
"""What is seen in the pictures of each code, one by the map of each face."""


@dataclass(frozen=True)
class PeopleSettings:
    """How people are made."""

    codes: int = 8
    """How many are drawn; every one is made by the map of every face."""
    seed: int = 0
    """Of the codes."""


def evaluate_maps(
    model: Model, faces: WholeFaces, settings: PeopleSettings, *, name: str, onlooker: Onlooker
) -> Evaluation:
    """Score people of one code each, made by the maps of several faces; `name` is that of the model.

    "nme" is how far points that are found in a picture lie from those of its map, and "found" the share of pictures
    in which any are found; "identity_distance" is the mean distance of all pairs of pictures of a code: a person stays
    the same where it is low. "nme.real" and "identity_distance.real", of the faces themselves, say what the onlooker is
    able to see, and how far strangers are from one another.

    Raises `InputError` for fewer than two faces or codes, and what the model raises.
    """
    look = _Look(model, faces, settings, onlooker)
    about = faces.protocol(f"{name}, codes by several maps each", seed=settings.seed, settings=look.settings)
    groups = {f"code {number}": seen for number, seen in enumerate(look.grid, 1)}
    scores = (*look.points(about), *look.persons(groups, about=about, of="codes", better="lower"))
    return look.evaluation("inpaint maps", scores, about=about)


def evaluate_codes(
    model: Model, faces: WholeFaces, settings: PeopleSettings, *, name: str, onlooker: Onlooker
) -> Evaluation:
    """Score people of several codes, made by the same map; `name` is that of the model.

    As `evaluate_maps`, of the same pictures; but pairs are those of a map, and codes decide who it is where their
    distance is high.
    """
    look = _Look(model, faces, settings, onlooker)
    about = faces.protocol(f"{name}, maps with several codes each", seed=settings.seed, settings=look.settings)
    groups = {face: [seen[number] for seen in look.grid] for number, face in enumerate(faces.names)}
    scores = (*look.points(about), *look.persons(groups, about=about, of="maps", better="higher"))
    return look.evaluation("inpaint codes", scores, about=about)


class _Look:
    """A look at the people of a model, and at the faces whose maps they were made by."""

    def __init__(self, model: Model, faces: WholeFaces, settings: PeopleSettings, onlooker: Onlooker) -> None:
        count = len(faces.names)
        if min(count, settings.codes) < 2:
            raise InputError(
                f"{settings.codes} codes and {count} maps came; give two or more of each, to compare them."
            )
        made = model(InventTask(tuple(faces.landmarks), people=settings.codes, seed=settings.seed)).pictures
        self._faces, self._onlooker = faces, onlooker
        self._made = [list(made[at : at + count]) for at in range(0, len(made), count)]
        self._real = [onlooker.look(picture) for picture in faces.pictures]
        self.grid: Grid = [[onlooker.look(picture) for picture in pictures] for pictures in self._made]
        self.settings: dict[str, float | str] = {"codes": float(settings.codes)}

    def points(self, about: Protocol) -> Iterator[Score]:
        """How far points lie from where they should, in made pictures and in the faces themselves."""
        label = self._onlooker.points
        if not label:
            return
        about = replace(about, extractor=label)
        rows = {f"code {number}/": seen for number, seen in enumerate(self.grid, 1)}
        for suffix, shown in (("", rows), (".real", {"": self._real})):
            found, errors = {}, {}
            for row, several in shown.items():
                for face, seen, wanted in zip(self._faces.names, several, self._faces.landmarks, strict=True):
                    found[f"{row}{face}"] = float(seen.points is not None)
                    if seen.points is not None:
                        errors[f"{row}{face}"] = normalised_mean_error(seen.points, wanted)
            if errors:
                name = score_name(f"nme{suffix}", label)
                yield mean_score(name, errors, unit="eye distances", better="lower", about=about)
            yield mean_score(score_name(f"found{suffix}", label), found, unit="0 to 1", better="higher", about=about)

    def persons(
        self, groups: Mapping[str, Sequence[Seen]], *, about: Protocol, of: str, better: str
    ) -> Iterator[Score]:
        """How far the persons of a group are from one another, of made pictures and of the faces themselves."""
        label = self._onlooker.persons
        if not label:
            return
        about = replace(about, extractor=label, weights_sha256=self._onlooker.weights_sha256)
        for suffix, shown in (("", groups), (".real", {"all faces": self._real})):
            apart = {}
            for group, several in shown.items():
                persons = [seen.person for seen in several if seen.person is not None]
                if len(persons) > 1:
                    pairs = itertools.combinations(persons, 2)
                    apart[group] = float(np.mean([self._onlooker.apart(*pair) for pair in pairs]))
            if apart:
                name = score_name(f"identity_distance{suffix}", label)
                yield mean_over(name, apart, of=of, unit="", better=better, about=about)

    def evaluation(self, kind: str, scores: tuple[Score, ...], *, about: Protocol) -> Evaluation:
        """The scores, with a sheet of the first pictures below the faces and their maps."""
        notes = [_NO_POINTS] * (not self._onlooker.points) + [_NO_PERSONS] * (not self._onlooker.persons)
        maps = [face_map(points, self._faces.size) for points in self._faces.landmarks]
        rows = [list(self._faces.pictures), maps, *self._made[:_SHOWN]]
        headings = self._faces.names[:_SHOWN]
        sheet = contact_sheet([row[:_SHOWN] for row in rows], headings=headings, cell=_CELL)
        return Evaluation(kind, about.made, about.real, scores, notes=tuple(notes), maps={"people": sheet})
