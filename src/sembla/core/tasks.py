"""Typed requests and what they return. Surfaces build their forms from these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import Cancelled
from sembla.core.frames import Frames
from sembla.core.ranges import Whole
from sembla.core.types import MAX_PIXELS, MIN_SIDE, LabelMap, Picture, Region
from sembla.core.ways import FeaturesName, Fill, Predicted, Search, Steered

__all__ = [
    "UNWATCHED",
    "AnalogyResult",
    "AnalogyTask",
    "Damaged",
    "Donor",
    "InpaintResult",
    "InpaintTask",
    "InventTask",
    "Kept",
    "OnCount",
    "OnPicture",
    "OnPreview",
    "ParseResult",
    "ParseTask",
    "PersonResult",
    "PersonTask",
    "PortraitMade",
    "PortraitTask",
    "PreserveResult",
    "PreserveTask",
    "Preview",
    "Result",
    "SceneResult",
    "SceneTask",
    "ShouldStop",
    "Watch",
]


@dataclass(frozen=True)
class Preview:
    """A whole frame of work in progress."""

    picture: Picture
    """The frame at the size of its level, (h, w, 3)."""
    level: int
    """0 for the coarsest level."""
    levels: int
    """Number of levels; the last one is the finished picture."""
    seconds: float
    """Time since the work began."""


OnPreview: TypeAlias = Callable[[Preview], bool | None]
"""Called with each preview, read-only; an answer that is false but not None cancels the work: `Cancelled` is raised."""


OnPicture: TypeAlias = Callable[[Picture, Mapping[str, float]], None]
"""Called with each finished picture, and the shares of photos that it was copied from, as in `SceneResult.credits`."""

OnCount: TypeAlias = Callable[[int, int], None]
"""Called with how many frames are done, and how many there are; begins anew where frames are gone through again."""

ShouldStop: TypeAlias = Callable[[], bool]
"""Asked between the steps of the work, some ten times a second or more; True stops it: `Cancelled` is raised."""


@dataclass(frozen=True)
class Watch:
    """Who follows the work, and may end it."""

    on_preview: OnPreview | None = None
    stop: ShouldStop | None = None

    def check(self) -> None:
        """Raise `Cancelled` where the work shall stop."""
        if self.stop is not None and self.stop():
            raise Cancelled("the work was asked to stop.")

    def show(self, picture: Picture, *, level: int = 0, levels: int = 1, seconds: float) -> None:
        """Give a preview, as `Preview` says, read-only. Raises `Cancelled` where its receiver asks for that."""
        if self.on_preview is None:
            return
        shown = picture.view()
        shown.flags.writeable = False
        answer = self.on_preview(Preview(shown, level=level, levels=levels, seconds=seconds))
        if answer is not None and not answer:
            raise Cancelled("the preview's receiver asked to stop.")


UNWATCHED = Watch()
"""Nobody follows."""


@dataclass(frozen=True)
class AnalogyTask:
    """One photo, its label map and a new layout: ask for the photo re-laid-out."""

    picture: Picture
    """The photo, (H, W, 3)."""
    labels: LabelMap
    """Its label map, (H, W)."""
    layout: LabelMap
    """The wanted label map, (h, w); its ids mean the same classes as those of `labels`."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same picture, bit for bit."""
    keep: bool = True
    """Pixels far from any changed label stay bit-identical to the photo."""
    size: Annotated[int, Whole(MIN_SIDE, MAX_PIXELS // MIN_SIDE)] | None = None
    """Longest side of the result in pixels; left empty (None), the layout's own size."""
    variations: Annotated[int, Whole(1, 64)] = 1
    """How many different pictures to make."""
    first_variation: Annotated[int, Whole(0, 63)] = 0
    """The variation to begin with: 0 is the plain picture, k the one that `variations` makes after k others."""


@dataclass(frozen=True)
class SceneTask:
    """A label map: ask for a photo of what it says."""

    labels: LabelMap
    """What is where, (H, W); ids are classes of the model or the bank that is asked, or its value to ignore."""
    style: Picture | None = None
    """A photo (h, w, 3) whose colours and light are wanted; None leaves them to the seed."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same picture, bit for bit."""
    variations: Annotated[int, Whole(1, 64)] = 1
    """How many different pictures to make."""
    first_variation: Annotated[int, Whole(0, 63)] = 0
    """The variation to begin with: 0 is the plain picture, k the one that `variations` makes after k others."""
    region: Region | None = None
    """Where variations differ from variation 0, (H, W); None is everywhere."""
    looks: Mapping[int, int] = field(default_factory=dict)
    """Classes whose look follows from a seed of their own, by id; for models that have a latent for each class."""
    instances: NDArray[np.uint16] | None = None
    """Where one object ends and the next begins, (H, W), a value each; for models that were trained with edges, which
    take those between classes where it is None."""


@dataclass(frozen=True)
class Kept:
    """A region of a picture, whose meaning is to be kept."""

    picture: Picture
    """(H, W, 3), of the size that the model makes."""
    region: Region
    """Where, (H, W)."""
    weight: float = 1.0
    """How much it counts beside other regions, above 0."""
    locked: bool = False
    """Its very pixels come back: they are pasted into what was found, and its surroundings meet them without a seam."""


@dataclass(frozen=True)
class PreserveTask:
    """Regions of one picture or several: ask for pictures that mean the same there, and differ elsewhere."""

    kept: tuple[Kept, ...]
    """At least one; where they overlap, the later one counts."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same pictures."""
    candidates: Annotated[int, Whole(1, 256)] = 36
    """How many are looked for, together."""
    shown: Annotated[int, Whole(1, 256)] = 9
    """How many of them are chosen, at most as many as there are."""
    diverse: bool = False
    """Choose good ones that differ, and not the best."""
    search: Search = Steered()
    features: FeaturesName = ""
    """What regions are compared through; "" is what the model learned with, or else the best at hand."""


@dataclass(frozen=True)
class Damaged:
    """A face of which part is missing."""

    picture: Picture
    """(H, W, 3), of the size that the model makes; what the hole holds is never looked at."""
    hole: Region
    """(H, W), True = missing."""
    landmarks: NDArray[np.float32]
    """The 68 points of the face, (68, 2), those within the hole too."""


@dataclass(frozen=True)
class InpaintTask:
    """Damaged faces: ask for them whole."""

    frames: tuple[Damaged, ...]
    """At least one; frames of one person in their order, or faces of several."""
    shared: bool = True
    """They are of one person: one code for all, so that each frame is filled alike."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same fillings."""
    fill: Fill = Predicted()
    blend: bool = True
    """Shift the colours of fillings so that they meet their rim without a seam (Poisson)."""
    code: NDArray[np.float32] | None = None
    """Who it is in all frames, (L,), as a `PersonResult` says; None looks for it."""


@dataclass(frozen=True)
class PersonTask:
    """Damaged frames of one person, however many: ask for the code that says who it is."""

    frames: Frames[Damaged]
    """At least one; only some are kept at a time."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same code."""
    fill: Fill = Predicted()
    shared: ClassVar[bool] = True
    """As `InpaintTask.shared`."""


@dataclass(frozen=True)
class InventTask:
    """Points of faces: ask for people whom nobody knows, who stand as these do."""

    landmarks: tuple[NDArray[np.float32], ...]
    """At least one face's 68 points, (68, 2) each, in pixels of the size that the model makes."""
    people: Annotated[int, Whole(1, 256)] = 1
    """How many codes are drawn; the pictures are the first person's, one for each face's points, then the next's."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same people."""


@dataclass(frozen=True)
class Donor:
    """Another face, which lends the looks of some of its parts."""

    picture: Picture
    """(H, W, 3), of the size that the model makes."""
    labels: LabelMap
    """Its parts, (H, W)."""
    parts: tuple[int, ...]
    """Which looks are lent, by id."""


@dataclass(frozen=True)
class PortraitTask:
    """A face, its parts and those that are wanted: ask for the same person with these."""

    picture: Picture
    """(H, W, 3), of the size that the model makes, aligned as the faces that it learned from."""
    labels: LabelMap
    """Its parts, (H, W), in the model's classes."""
    layout: LabelMap
    """The parts that are wanted, (H, W); the same as `labels` asks for a reconstruction."""
    region: Region | None = None
    """Where the picture is made anew, (H, W), the rest being known; None makes all of it, from looks alone."""
    donor: Donor | None = None
    """Who lends looks; for models that have one for each part."""
    looks: Mapping[int, int] = field(default_factory=dict)
    """Parts whose look follows from a seed of their own, by id; for such models."""
    identity: NDArray[np.float32] | None = None
    """Who it is by dlib, (128,), for models that ask for it; None where it is not known."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same picture."""


@dataclass(frozen=True)
class ParseTask:
    """A face: ask for the map of its parts."""

    picture: Picture
    """(H, W, 3), of the size that the model's parser sees, aligned as the faces that it learned from."""
    seed: ClassVar[int] = 0
    """Nothing is left to chance."""


@dataclass(frozen=True)
class Result:
    """What every task returns."""

    pictures: tuple[Picture, ...]
    """One picture a variation."""
    seed: int
    """The seed that was used."""
    seconds: float
    """From decoded inputs to finished pictures, compilation not counted."""

    @property
    def picture(self) -> Picture:
        """The first picture."""
        return self.pictures[0]


@dataclass(frozen=True)
class AnalogyResult(Result):
    """The photo, re-laid-out."""

    preview_seconds: float
    """From decoded inputs to the first preview of at least 120 px."""
    classes: int
    """Number of classes in the source's label map."""


@dataclass(frozen=True)
class SceneResult(Result):
    """Photos of a label map."""

    credits: tuple[Mapping[str, float], ...] = ()
    """Of each picture: names of the photos it was copied from, and their shares of its pixels, largest first.

    Empty for a trained model, which copies nothing.
    """


@dataclass(frozen=True)
class InpaintResult(Result):
    """Whole faces; `pictures` are one a frame, known pixels bit for bit."""

    made: tuple[Picture, ...]
    """What the model made of each frame, known pixels too."""


@dataclass(frozen=True)
class PersonResult(Result):
    """Who it is; `pictures` are the first frame alone, as the model makes it."""

    code: NDArray[np.float32]
    """(L,), for `InpaintTask.code`."""


@dataclass(frozen=True)
class PortraitMade(Result):
    """The face as it is wanted; `pictures` are one, as the task's own outside its region."""

    made: Picture
    """What the model made, (H, W, 3), outside the region too."""
    usual: tuple[int, ...]
    """Parts of the layout that neither face shows, by id: they have the mean look of those that were learned from."""


@dataclass(frozen=True)
class ParseResult(Result):
    """The parts of a face; `pictures` is the face itself."""

    labels: LabelMap
    """(H, W), in the model's classes."""
    sureness: float
    """The mean probability of the class of each pixel, 0 to 1."""


@dataclass(frozen=True)
class PreserveResult(Result):
    """Pictures that mean the same in the regions; `pictures` are those chosen."""

    distances: tuple[float, ...]
    """Of each picture chosen, from the reference within the regions, as the search measured it."""
    candidates: tuple[Picture, ...]
    """All that were looked for: by their distance, the least first, or as they came where the search has no order."""
    reference: Picture
    """What was looked at: the regions, on black, or within the first picture."""
    region: Region
    """All regions, (H, W)."""
    mean: Picture
    """Of the candidates, (H, W, 3): what they share stays sharp."""
    deviation: Picture
    """Of the candidates about it, (H, W, 3), as grey: 255 is the largest in it."""
    strangeness: float
    """How far the given pictures are from what the model makes; 1 is as far as the loneliest of its own is from the
    others, and more is another kind of picture, or one that it never learned to make. 0 where too few can tell."""
