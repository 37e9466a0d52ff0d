"""The ways to fill holes, by the names that --search takes."""

from typing import TYPE_CHECKING, Literal, TypeAlias

from sembla.commands.making import with_steps

if TYPE_CHECKING:
    from sembla.core.tasks import Fill

__all__ = ["FillName", "fill_of"]

FillName: TypeAlias = Literal["predicted", "searched", "weighted", "released"]
"""Ours; as published; that of Yeh et al. as their paper says it; and as their code was released."""


def fill_of(name: FillName, steps: int | None) -> "Fill":
    """A way to fill, with as many steps as --steps says. Raises `InputError` for a number out of its range."""
    from sembla.core.tasks import Predicted, Searched, Weighted  # loads NumPy: --help stays fast

    fills: dict[FillName, Fill] = {
        "predicted": Predicted(),
        "searched": Searched(),
        "weighted": Weighted(),
        "released": Weighted(released=True),
    }
    return with_steps(fills[name], steps, name=name)
