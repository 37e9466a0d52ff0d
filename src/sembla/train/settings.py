"""How to train, whatever the method."""

from dataclasses import dataclass

from sembla.core.errors import InputError
from sembla.engine.base import Precision

__all__ = ["TrainSettings"]


@dataclass(frozen=True)
class TrainSettings:
    """How long, on what, and what is kept. Raises `InputError` for numbers out of range."""

    steps: int
    """Steps in all, those of an earlier part of the run included."""
    batch: int = 1
    """Images a step, over all processes."""
    accumulate: int = 1
    """Parts that a step is computed in, one after another: less memory, same result."""
    seed: int = 0
    """Same seed, same weights, on a CPU."""
    precision: Precision = "fp32"
    """What networks compute in; bf16 halves memory and time where the device has it."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:NUMBER or mps."""
    channels_last: bool = False
    """Keep pictures with their channels last in memory; often faster, and not bit-identical."""
    checkpoint_every: int = 500
    """Steps between checkpoints: the most that a crash can cost."""
    keep: int = 3
    """Checkpoints to keep; the best by metric stays besides."""
    preview_every: int = 500
    """Steps between contact sheets; 0 makes none."""
    log_every: int = 10
    """Steps that a line of the log averages over."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate", "checkpoint_every", "keep", "log_every"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} {getattr(self, name)} came; give 1 or more.")
        for name in ("seed", "preview_every"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} {getattr(self, name)} came; give 0 or more.")

    def part(self, ranks: int) -> int:
        """Images in one forward pass of one of `ranks` processes. Raises `InputError` where the batch has no such."""
        parts = ranks * self.accumulate
        if self.batch % parts:
            raise InputError(
                f"a batch of {self.batch} came for {ranks} processes with {self.accumulate} parts each; "
                f"give a multiple of {parts}."
            )
        return self.batch // parts
