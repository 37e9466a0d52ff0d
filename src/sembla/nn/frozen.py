"""Networks that others learn from, and that learn nothing themselves meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

__all__ = ["still"]


@contextmanager
def still(network: nn.Module) -> Iterator[None]:
    """A network as it is used: its statistics stay as they are."""
    learning = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(learning)
