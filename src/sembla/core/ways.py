"""The ways to look for codes, and the names that commands and the studio have for them."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeAlias, TypeVar

from sembla.core.errors import InputError
from sembla.core.ranges import Whole, ranges, whole

__all__ = [
    "MEANING",
    "Bedrooms",
    "Faces",
    "FeaturesName",
    "Fill",
    "FillName",
    "Pixels",
    "Predicted",
    "Search",
    "SearchName",
    "Searched",
    "Steered",
    "Weighted",
    "fill_of",
    "search_of",
]

SearchName: TypeAlias = Literal["steered", "faces", "bedrooms", "pixels"]
"""For kept regions: ours; the two that were published; pixels alone, as iGAN did it."""

FillName: TypeAlias = Literal["predicted", "searched", "weighted", "released"]
"""For holes: ours; as published; that of Yeh et al. as their paper says it; and as their code was released."""

FeaturesName: TypeAlias = Literal["", "vgg19", "squeezenet", "none", "critic"]
"""What regions are compared through; "" leaves it to the model, "none" is colours alone."""

MEANING = 0.6
"""What counts for `steered` where nothing is said: 0 colours, 1 meaning."""


@dataclass(frozen=True)
class Steered:
    """Ours: codes that an encoder reads in the regions, the likeliest of a few for each candidate, then a few steps.

    Candidates are compared with the reference in their own surroundings, at all depths of a frozen network, and with
    one another: outside the regions they are driven apart.
    """

    steps: Annotated[int, Whole(0, 1000)] = 7
    """Steps of Adam; a model without an encoder begins with codes as drawn, and needs some 40."""
    tries: Annotated[int, Whole(1, 64)] = 4
    """Codes to begin with for each candidate, of which the one goes on whose picture is nearest."""
    meaning: float = MEANING
    """What counts, from 0 (colours, pixel by pixel) to 1 (what the deepest planes of a network see)."""


@dataclass(frozen=True)
class Faces:
    """The published search for faces: what is outside the regions is black, both where it is sought and found."""

    steps: Annotated[int, Whole(1, 10_000)] = 40
    hard: bool = False
    """Cells of the network's planes count only where they lie within a region wholly, as in the published notebook."""
    gram: bool = False
    """Compare which places look like which others, and not the planes themselves."""


@dataclass(frozen=True)
class Bedrooms:
    """The published search for rooms: the network sees regions within the first picture, and steps are plain."""

    steps: Annotated[int, Whole(1, 10_000)] = 400
    gram: bool = False
    """Compare which places look like which others, and not the planes themselves."""


@dataclass(frozen=True)
class Pixels:
    """The baseline of Zhu et al. 2016 (iGAN): squared differences of the regions' pixels."""

    steps: Annotated[int, Whole(1, 10_000)] = 40


Search: TypeAlias = Steered | Faces | Bedrooms | Pixels
"""How codes are looked for."""


@dataclass(frozen=True)
class Predicted:
    """Ours: an encoder reads the code in what is known; steps after it bring it nearer, where they are asked for."""

    steps: Annotated[int, Whole(0, 1000)] = 0
    """Steps of Adam after the encoder."""


@dataclass(frozen=True)
class Searched:
    """The published search (arXiv 1711.06106): the code whose face is nearest to what is known, by Adam, clipped."""

    steps: Annotated[int, Whole(1, 10_000)] = 1500
    realism: float = 0.1
    """Weight of the discriminator's opinion."""


@dataclass(frozen=True)
class Weighted:
    """The search of Yeh et al. 2017: known pixels near the hole count more, by Nesterov's momentum, clipped."""

    steps: Annotated[int, Whole(1, 10_000)] = 3000
    realism: float = 0.003
    """Weight of the discriminator's opinion; the authors' code has 0.2."""
    window: Annotated[int, Whole(3, 31)] = 7
    """Pixels of the square whose missing share is a known pixel's weight; odd."""
    released: bool = False
    """Take the share that is known, as the released code does, and not the missing one."""


Fill: TypeAlias = Predicted | Searched | Weighted
"""How the code of a damaged face is found."""

Way = TypeVar("Way", bound=Search | Fill)


def search_of(
    name: SearchName, steps: int | None, *, meaning: float = MEANING, gram: bool = False, hard: bool = False
) -> Search:
    """A search for kept regions, of so many steps; None leaves it its own number.

    `meaning` is for `steered` alone and passed over by others, `gram` is for `faces` and `bedrooms`, `hard` for
    `faces`. Raises `InputError` where those two come with another, and for a number of steps out of its range.
    """
    if (gram and name not in {"faces", "bedrooms"}) or (hard and name != "faces"):
        raise InputError(f"gram or hard came with search {name}; gram is for faces and bedrooms, hard for faces.")
    searches: dict[SearchName, Search] = {
        "steered": Steered(meaning=meaning),
        "faces": Faces(gram=gram, hard=hard),
        "bedrooms": Bedrooms(gram=gram),
        "pixels": Pixels(),
    }
    return _with_steps(searches[name], steps, name=name)


def fill_of(name: FillName, steps: int | None) -> Fill:
    """A way to fill holes, of so many steps; None leaves it its own number.

    Raises `InputError` for a number of steps out of its range.
    """
    fills: dict[FillName, Fill] = {
        "predicted": Predicted(),
        "searched": Searched(),
        "weighted": Weighted(),
        "released": Weighted(released=True),
    }
    return _with_steps(fills[name], steps, name=name)


def _with_steps(way: Way, steps: int | None, *, name: str) -> Way:
    if steps is None:
        return way
    return replace(way, steps=whole(steps, f"steps of {name}", ranges(type(way))["steps"]))
