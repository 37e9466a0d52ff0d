"""How large the networks of a method are, told without building them in memory."""

from collections.abc import Mapping
from typing import Any

import torch

from sembla.core.method import Method

__all__ = ["count"]


def count(method: Method[Any, Any, Any], config: Any) -> Mapping[str, int]:
    """Number of weights of each player that learn, by name."""
    parts = method.load()
    with torch.device("meta"):
        networks = parts.networks(config)
    return {
        name: sum(weight.numel() for weight in networks[name].parameters() if weight.requires_grad)
        for name in parts.players(config)
    }
