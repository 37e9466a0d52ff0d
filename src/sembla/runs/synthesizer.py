"""A trained method at work: rebuilt from `method.json` and `weights.safetensors`, neither of which can hold code."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sembla.core.errors import InputError, MemoryNeedError
from sembla.core.memory import ran_out
from sembla.core.method import Graph, Method
from sembla.core.tasks import UNWATCHED, Result, Watch
from sembla.nn.baking import bake
from sembla.runs.description import Description, read_description, read_weights
from sembla.runs.plain import from_plain
from sembla.runs.tensors import fill

__all__ = ["Synthesizer", "read_synthesizer"]


class Synthesizer:
    """Trained networks that do the tasks of their method, one after the other."""

    def __init__(
        self,
        method: Method[Any, Any, Any],
        description: Description,
        networks: nn.ModuleDict,
        *,
        config: Any,
        device: torch.device,
        half: bool,
    ) -> None:
        self.description = description
        """What was trained, and on what."""
        self.config = config
        """Of the method's own type."""
        self.half = half
        """Whether networks compute in bf16, which is faster and not quite the same."""
        self._parts = method.load()
        self._name = method.name
        self._device = device
        moving: Any = bake(networks).to(device).requires_grad_(requires_grad=False)
        self._networks: nn.ModuleDict = moving.to(memory_format=torch.channels_last)

    @property
    def tasks(self) -> tuple[type, ...]:
        """The types of tasks that it does."""
        return tuple(self._parts.tasks)

    @property
    def parameters(self) -> Mapping[str, int]:
        """Number of weights in use, by network."""
        return {name: sum(weight.numel() for weight in its.parameters()) for name, its in self._networks.items()}

    def __call__(self, task: Any, *, watch: Watch = UNWATCHED) -> Result:
        """Do a task. The same task gives the same result, and PyTorch's random state stays as it is.

        Raises `InputError` for a task that this method does not do, `MemoryNeedError` for one that does not fit, and
        `Cancelled` where `watch` asks for it: between variations, or between the steps of a search.
        """
        do = self._parts.tasks.get(type(task))
        if do is None:
            known = ", ".join(kind.__name__ for kind in self.tasks) or "no tasks"
            raise InputError(f"a {type(task).__name__} came; {self._name} does {known}.")
        try:
            with self._working(task.seed):
                return do(self.config, self._networks, task, watch=watch)
        except RuntimeError as error:
            if not ran_out(error):
                raise
            raise MemoryNeedError(
                f"the work does not fit into the memory of {self._device}; give a smaller picture, or another device."
            ) from error

    def many(self, tasks: Iterable[Any]) -> Iterator[Result]:
        """Do tasks as their results are asked for: those of a folder need not all be in memory."""
        return map(self, tasks)

    def graph(self) -> Graph:
        """What can be exported, in fp32. Raises `InputError` for a method of which nothing can."""
        if self._parts.graph is None:
            raise InputError(f"{self._name} cannot be exported; use it from Python with sembla.load.")
        return self._parts.graph(self.config, self._networks)

    @contextmanager
    def _working(self, seed: int) -> Iterator[None]:
        """Random numbers that begin from `seed`, no gradients, and bf16 where it is wanted."""
        gpus = [self._device] if self._device.type == "cuda" else []
        # Not cached: a code that is searched would be cast once, and then be seen as it was at first.
        lower = torch.autocast(self._device.type, torch.bfloat16, cache_enabled=False) if self.half else nullcontext()
        with torch.random.fork_rng(gpus), torch.no_grad(), lower:
            torch.manual_seed(seed)
            yield


def read_synthesizer(
    root: Path, methods: Mapping[str, Method[Any, Any, Any]], *, device: torch.device, half: bool
) -> Synthesizer:
    """Rebuild what was trained from a run, or from a folder that holds its two files and nothing else.

    Raises `InputError` where they are missing, damaged, or do not fit one another, for a method that is not among
    `methods`, and for one of a newer Sembla.
    """
    description = read_description(root)
    method = methods.get(description.method)
    if method is None:
        raise InputError(
            f"{root} is of method {description.method!r}; this Sembla has {', '.join(methods)}. Update or add it."
        )
    if description.recipe not in method.recipes:
        raise InputError(f"{root} is of recipe {description.recipe!r}; {method.name} has {', '.join(method.recipes)}.")
    config = from_plain(type(method.recipes[description.recipe]), description.config, place=f"{root}: config")
    parts = method.load()
    with torch.random.fork_rng([]):  # building draws numbers that nobody needs
        networks = parts.networks(config)
    used = {name: networks[name] for name, player in parts.players(config).items() if not player.teacher}
    tensors = {name: each for name, each in read_weights(root).items() if name.partition(".")[0] in used}
    fill(used, tensors, path=root / "weights.safetensors")
    return Synthesizer(method, description, nn.ModuleDict(used), config=config, device=device, half=half)
