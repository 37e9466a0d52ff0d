"""One player at its lessons: its optimiser, its rate, its gradient, its average."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from sembla.core.method import Player
from sembla.engine.base import Precision
from sembla.runs.tensors import below, fit
from sembla.train.average import Average

__all__ = ["Learner"]

_MEANS = ("exp_avg", "exp_avg_sq")


class Learner:
    """What a player needs besides its network, which is on its device already."""

    def __init__(self, player: Player, network: nn.Module, *, precision: Precision) -> None:
        self._player = player
        self._weights = {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
        device = next(network.parameters()).device.type
        self._optimizer = torch.optim.Adam(
            self._weights.values(), lr=player.learning_rate, betas=player.betas, fused=device in {"cpu", "cuda"}
        )
        self._scaler = torch.amp.GradScaler(device, enabled=precision == "fp16")
        self.average = Average(network, half_life=player.half_life) if player.half_life else None

    def begin(self, rate: float) -> None:
        """Forget the last gradient; learn at `rate` times the player's own rate."""
        self._optimizer.zero_grad(set_to_none=True)
        self._optimizer.param_groups[0]["lr"] = self._player.learning_rate * rate

    def scale(self, loss: Tensor) -> Tensor:
        """The loss as its gradient is taken: scaled where fp16 asks for it."""
        scaled: Tensor = self._scaler.scale(loss)
        return scaled

    def clip(self) -> Tensor:
        """The norm of the gradient before it was clipped, a scalar."""
        self._scaler.unscale_(self._optimizer)
        gradients = [weight.grad for weight in self._weights.values() if weight.grad is not None]
        norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        if self._player.clip is not None:
            torch._foreach_mul_(gradients, (self._player.clip / norm).clamp(max=1.0))
        return norm

    @property
    def skips(self) -> bool:
        """Whether a gradient that is not finite only means that fp16 must scale less; the next step is then skipped."""
        return bool(self._scaler.is_enabled()) and self._scaler.get_scale() > 1

    def step(self) -> None:
        """Change the weights by the gradient."""
        self._scaler.step(self._optimizer)
        self._scaler.update()

    def state(self) -> Iterator[tuple[str, Tensor]]:
        """The tensors of the optimiser, named after the weights; of fp16's scale as well."""
        for name, weight in self._weights.items():
            for key, value in self._optimizer.state[weight].items():
                yield f"{name}.{key}", value
        for key, number in self._scaler.state_dict().items():
            yield f"scaler.{key}", torch.tensor(number, dtype=torch.float64)

    def restore(self, state: Mapping[str, Tensor], *, path: Path) -> None:
        """Take back what `state` gave, read from `path`; a weight that had not learned yet has nothing there.

        Raises `InputError` for tensors that lack, or are of other shapes.
        """
        for name, weight in self._weights.items():
            its = below(state, name)
            if not its:
                continue
            fit(its, {"step": torch.zeros(()), **dict.fromkeys(_MEANS, weight)}, path=path)
            means = {key: torch.empty_like(weight).copy_(its[key]) for key in _MEANS}
            step = its["step"].to(weight.device if self._optimizer.defaults["fused"] else "cpu")
            self._optimizer.state[weight] = {"step": step.clone(), **means}
        scale = below(state, "scaler")
        if self._scaler.is_enabled() and scale:  # none comes from steps in another precision
            known = self._scaler.state_dict()
            fit(scale, dict.fromkeys(known, torch.zeros(())), path=path)
            self._scaler.load_state_dict({key: type(was)(scale[key].item()) for key, was in known.items()})
