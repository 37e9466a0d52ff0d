"""Networks as they are used: what training computes anew for each pass is computed once."""

from typing import TypeVar

from torch import nn
from torch.nn.utils import parametrize

__all__ = ["bake", "baked_twin"]

N = TypeVar("N", bound=nn.Module)


def bake(network: N) -> N:
    """Put a network into evaluation mode, normalised weights as they are now: it gives the same, and learns no more.

    Changes the network itself, and the classes that its modules share with deep copies of it: see `baked_twin`.
    """
    network.eval()
    for module in network.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    return network


def baked_twin(network: nn.Module, *, new: N) -> N:
    """What `network`, baked or not, is when baked, in a new network of the same make; `network` stays as it is."""
    if not any(parametrize.is_parametrized(module) for module in network.modules()):
        bake(new)
    new.load_state_dict(network.state_dict())
    return bake(new)
