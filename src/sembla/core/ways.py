"""The ways to look for codes, by the names that commands and the studio take."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from sembla.core.errors import InputError

if TYPE_CHECKING:
    from sembla.core.tasks import Fill, Search

__all__ = ["MEANING", "FeaturesName", "FillName", "SearchName", "fill_of", "search_of"]

SearchName: TypeAlias = Literal["steered", "faces", "bedrooms", "pixels"]
"""For kept regions: ours; the two that were published; pixels alone, as iGAN did it."""

FillName: TypeAlias = Literal["predicted", "searched", "weighted", "released"]
"""For holes: ours; as published; that of Yeh et al. as their paper says it; and as their code was released."""

FeaturesName: TypeAlias = Literal["", "vgg19", "squeezenet", "none", "critic"]
"""What regions are compared through; "" leaves it to the model, "none" is colours alone."""

MEANING = 0.6
"""What counts for `steered` where nothing is said: 0 colours, 1 meaning."""

Way = TypeVar("Way", bound="Search | Fill")


def search_of(
    name: SearchName, steps: int | None, *, meaning: float = MEANING, gram: bool = False, hard: bool = False
) -> "Search":
    """A search for kept regions, of so many steps; None leaves it its own number.

    `meaning` is for `steered` alone, `gram` for `faces` and `bedrooms`, `hard` for `faces`. Raises `InputError` for a
    number of steps out of its range.
    """
    from sembla.core.tasks import Bedrooms, Faces, Pixels, Steered  # loads NumPy: --help stays fast

    searches: dict[SearchName, Search] = {
        "steered": Steered(meaning=meaning),
        "faces": Faces(gram=gram, hard=hard),
        "bedrooms": Bedrooms(gram=gram),
        "pixels": Pixels(),
    }
    return _with_steps(searches[name], steps, name=name)


def fill_of(name: FillName, steps: int | None) -> "Fill":
    """A way to fill holes, of so many steps; None leaves it its own number.

    Raises `InputError` for a number of steps out of its range.
    """
    from sembla.core.tasks import Predicted, Searched, Weighted  # loads NumPy: --help stays fast

    fills: dict[FillName, Fill] = {
        "predicted": Predicted(),
        "searched": Searched(),
        "weighted": Weighted(),
        "released": Weighted(released=True),
    }
    return _with_steps(fills[name], steps, name=name)


def _with_steps(way: Way, steps: int | None, *, name: str) -> Way:
    from sembla.core.tasks import ranges  # loads NumPy: --help stays fast

    if steps is None:
        return way
    known = ranges(type(way))["steps"]
    if not known.least <= steps <= known.most:
        raise InputError(f"{steps} steps came; {name} takes {known.least} to {known.most}: give so many.")
    return replace(way, steps=steps)
