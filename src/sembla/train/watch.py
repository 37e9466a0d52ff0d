"""What stops a training that has gone wrong, before the weights take harm."""

import math
from collections.abc import Mapping

from sembla.core.errors import DivergedError

__all__ = ["check_finite"]


def check_finite(terms: Mapping[str, float], *, norm: float, player: str, step: int) -> None:
    """Raise `DivergedError` that says which loss of which player went wrong, and when.

    `terms` are the losses, `norm` is the norm of their gradient. It is called before the player's weights change, so
    that they are good to the last.
    """
    for name, value in terms.items():
        if not math.isfinite(value):
            raise DivergedError(_told(f"the loss {name!r} of the {player} became {value}", step))
    if not math.isfinite(norm):
        raise DivergedError(_told(f"the gradient of the {player} became {norm}, its losses here are finite", step))


def _told(what: str, step: int) -> str:
    return f"{what} in step {step}; train with a lower learning rate, or in fp32."
