"""A game in two moves: the generator's, then that of the discriminator, which sees what was just made."""

from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from torch import Tensor

from sembla.core.method import Batch, Term, Turn

__all__ = ["Made", "Terms", "Turns"]

Terms: TypeAlias = dict[str, Term]
B = TypeVar("B", bound=Batch)


class Made(Generic[B]):
    """What the generator made of each batch of one step, for the discriminator's turn after it: made once, not twice.

    SPADE's code makes it again, with the weights that just learned.
    """

    def __init__(self) -> None:
        self._found: dict[int, tuple[Tensor, ...]] = {}

    def keep(self, batch: B, *made: Tensor) -> None:
        """Remember it without its gradient."""
        self._found[id(batch)] = tuple(each.detach() for each in made)

    def take(self, batch: B) -> tuple[Tensor, ...]:
        """What was made of a batch of this step."""
        return self._found.pop(id(batch))


class Turns(Generic[B]):
    """The generator's move, then the discriminator's."""

    def turns(self, step: int) -> Sequence[Turn[B]]:
        """The same in every step."""
        del step
        return self.moves(Made())

    def moves(self, made: Made[B]) -> Sequence[Turn[B]]:
        """What happens in a step, whose pictures `made` hands from one move to the next."""
        return (
            Turn("generator", lambda batch: self.paint(batch, made)),
            Turn("discriminator", lambda batch: self.judge(batch, made)),
        )

    def paint(self, batch: B, made: Made[B]) -> Terms:
        """What the generator is taught."""
        raise NotImplementedError

    def judge(self, batch: B, made: Made[B]) -> Terms:
        """What the discriminator is taught."""
        raise NotImplementedError
