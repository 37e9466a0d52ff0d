"""What a method is: networks that learn as players, what each is taught in its turn, the batches, and the tasks.

A trainer runs any method; a method knows no trainer, file, device or progress bar. Nothing here imports PyTorch, so a
method can be named and configured without it: what needs PyTorch stands in `Parts`, which `Method.load` imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from sembla.core.tasks import UNWATCHED, Result, Watch
from sembla.core.types import Picture

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "Answer",
    "Batch",
    "Feed",
    "Graph",
    "Lesson",
    "Method",
    "Objective",
    "Pace",
    "Parts",
    "Player",
    "Sheet",
    "Term",
    "Turn",
]

C = TypeVar("C")
"""The config of a method: a frozen dataclass of plain values, tuples of them, and such dataclasses."""
C_contra = TypeVar("C_contra", contravariant=True)
"""The same, as what is asked for."""
S = TypeVar("S")
"""What the method is trained on: a case or a prepared set."""


class Batch(Protocol):
    """What one forward pass sees: a frozen dataclass whose tensors all begin with the axis of images, N."""

    @property
    def count(self) -> int:
        """Number of images, N."""
        ...


B = TypeVar("B", bound=Batch)


@dataclass(frozen=True)
class Term:
    """One part of a loss. The weights meet in the total, and nowhere else."""

    value: Tensor
    """A scalar, not weighted: a mean over the images of the batch, so that batches can be split and shared."""
    weight: float = 1.0


Lesson: TypeAlias = Callable[[B], Mapping[str, Term]]
"""A batch in, the named terms of the loss out; called once a batch and turn, under the trainer's autocast."""


@dataclass(frozen=True)
class Turn(Generic[B]):
    """One player's move: who learns, and from which losses."""

    player: str
    """A key of `Parts.players`. Only this player's weights have gradients meanwhile."""
    losses: Lesson[B]


class Objective(Protocol[B]):
    """How the players learn. It keeps no state: what training changes lies in weights and buffers of the players."""

    def turns(self, step: int) -> Sequence[Turn[B]]:
        """Who learns what in step `step`, counted from 0, in order; every turn sees the same batch.

        Turns of players whose rate is 0 then are left out.
        """
        ...


@dataclass(frozen=True)
class Player:
    """How one network learns: by Adam, at its own rate."""

    learning_rate: float
    betas: tuple[float, float] = (0.0, 0.99)
    """Decay of Adam's two means."""
    half_life: float = 0.0
    """Of the average of its weights, in images seen; 0 keeps no average, and the weights themselves are used."""
    clip: float | None = None
    """Most that the norm of its gradient may be; None leaves gradients as they are."""
    teacher: bool = False
    """It is there to teach the others: tasks, previews and the graph do not need it."""


@dataclass(frozen=True)
class Pace:
    """How far a config is meant to be trained; a user may say otherwise."""

    steps: int
    batch: int = 1
    """Images a step."""


@dataclass(frozen=True)
class Feed:
    """Which batches a process is to be given.

    Images are numbered over the whole training, and everything about image j follows from `seed` and j alone. So
    stopping and going on changes nothing, and the same images make up a step however many processes share it.
    """

    batch: int
    """Images in each batch."""
    seed: int = 0
    start: int = 0
    """Batches of this process to pass over."""
    rank: int = 0
    ranks: int = 1
    """Processes that share the images: this one takes every `ranks`-th from `rank` on."""

    def numbers(self) -> Iterator[tuple[int, ...]]:
        """The numbers of the images of each batch, without end."""
        first = self.start * self.batch
        while True:
            yield tuple(self.rank + (first + place) * self.ranks for place in range(self.batch))
            first += self.batch


@dataclass(frozen=True)
class Sheet:
    """Pictures for a contact sheet."""

    headings: tuple[str, ...]
    """One a column."""
    rows: Sequence[Sequence[Picture]]
    """As many pictures a row as there are headings; (H, W, 3) each."""


@dataclass(frozen=True)
class Graph:
    """Work on tensors alone, for programs without Sembla."""

    module: nn.Module
    """In evaluation mode; takes the inputs in their order, gives one tensor or a tuple of them."""
    inputs: Mapping[str, Tensor]
    """An example of each, by name."""
    outputs: tuple[str, ...]
    """Names of what comes out, in order."""
    free: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Axes that may have other lengths, by input. Tried is twice what the examples have, all at once."""


class Answer(Protocol[C_contra]):
    """How a task is done."""

    def __call__(self, config: C_contra, networks: nn.ModuleDict, task: Any, /, *, watch: Watch = UNWATCHED) -> Result:
        """Config, trained networks in evaluation mode and the task in, its result out; `watch` may end it early."""
        ...


@dataclass(frozen=True)
class Parts(Generic[C, S, B]):
    """What of a method needs PyTorch. All are pure functions of their arguments and of PyTorch's random state."""

    networks: Callable[[C], nn.ModuleDict]
    """All networks on the CPU, new: the players, and frozen helpers that no player is named after.

    Helpers (feature networks) are not saved, so they must come out the same each time.
    """
    players: Callable[[C], Mapping[str, Player]]
    """Who learns; the names are keys of the networks."""
    rate: Callable[[C, str, int], float]
    """Factor on the learning rate of a player (by name) after so many images seen; 1.0 at full rate."""
    objective: Callable[[C, nn.ModuleDict], Objective[B]]
    batches: Callable[[C, S, Feed], Iterator[B]]
    """Batches without end, on the CPU; must draw no random number but from the seed and the numbers of its images."""
    previews: Callable[[C, nn.ModuleDict, S], Sheet]
    """What the networks can do now, from fixed inputs; they are in evaluation mode and without gradients."""
    tasks: Mapping[type[Any], Answer[C]] = field(default_factory=dict)
    """What is made of a task, by its type.

    They are called without gradients, with PyTorch's random state begun anew from the task's seed, and under autocast:
    what comes out of a network may be bf16.
    """
    trials: Callable[[C, S], Sequence[Any]] | None = None
    """Tasks of types in `tasks` that show how far a training is, the same each time; there may be none."""
    graph: Callable[[C, nn.ModuleDict], Graph] | None = None
    """What can be exported, from trained networks in evaluation mode; None where nothing can."""


@dataclass(frozen=True)
class Method(Generic[C, S, B]):
    """One way to make pictures, as a value."""

    name: str
    summary: str
    """One sentence."""
    paper: str
    """Authors, title, year."""
    recipes: Mapping[str, C]
    """Named complete settings; the first is the one to begin with. Recipes may be of different subclasses of C."""
    source: type[S]
    """What data are read as."""
    fitted: Callable[[C, S], C]
    """The config with the fields that follow from the data (classes, size); raises `InputError` for data that do not
    fit."""
    pace: Callable[[C], Pace]
    load: Callable[[], Parts[C, S, B]]
    """Import the rest."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """A sentence on a recipe, by name; without, what the docstring of its config begins with."""
