"""Searches for codes, on generators whose answers are known."""

from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from sembla.core.errors import Cancelled
from sembla.core.method import Term
from sembla.latents.gauss_newton import gauss_newton
from sembla.latents.projections import Clip, Free, Projection, StochasticClip, Tanh
from sembla.latents.search import Found, Optimizer, Plan, Rejection, Step, search

ADAM: Optimizer = partial(torch.optim.Adam, lr=0.1)
OPTIMISERS: dict[str, tuple[Optimizer, int]] = {
    "adam": (ADAM, 300),
    "gradient descent": (partial(torch.optim.SGD, lr=0.2), 300),
    "momentum": (partial(torch.optim.SGD, lr=0.05, momentum=0.9, nesterov=True), 300),
    "l-bfgs": (partial(torch.optim.LBFGS, line_search_fn="strong_wolfe"), 5),
}


def mixing() -> Tensor:
    return torch.randn(12, 4, generator=torch.Generator().manual_seed(1))


def generator(codes: Tensor) -> Tensor:
    """Pictures (N, 3, 2, 2) that are linear in their codes (N, 4)."""
    return (codes @ mixing().T).reshape(-1, 3, 2, 2)


def starts(count: int = 5) -> Tensor:
    return torch.empty(count, 4).uniform_(-1, 1, generator=torch.Generator().manual_seed(0))


def towards(target: Tensor, pictures: Tensor, _: Tensor) -> Mapping[str, Term]:
    return {"pixels": Term((pictures - target).square().mean((1, 2, 3)), 2.0)}


WANTED = torch.tensor([[0.3, -0.2, 0.5, 0.1]])
LOSS = partial(towards, generator(WANTED))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_code_of_a_picture_is_found(name: str) -> None:
    optimizer, steps = OPTIMISERS[name]
    found = search(generator, starts(), LOSS, plan=Plan(steps, optimizer))
    torch.testing.assert_close(found.codes, WANTED.expand(5, 4), atol=2e-3, rtol=0)
    torch.testing.assert_close(found.pictures, generator(found.codes))
    torch.testing.assert_close(found.losses, 2 * found.terms["pixels"])


def test_candidates_do_not_see_one_another() -> None:
    plan = Plan(20, ADAM)
    together = search(generator, starts(), LOSS, plan=plan).codes
    alone = torch.cat([search(generator, start[None], LOSS, plan=plan).codes for start in starts()])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("projection", [Clip(), StochasticClip(), Tanh()])
def test_projections_keep_codes_inside(projection: Projection) -> None:
    far = partial(towards, generator(torch.full((1, 4), 5.0)))
    found = search(generator, starts(), far, plan=Plan(60, ADAM, projection))
    assert found.codes.abs().max() <= 1
    free = search(generator, starts(), far, plan=Plan(60, ADAM, Free()))
    assert free.codes.abs().max() > 1


def test_what_is_clipped_by_chance_is_inside_and_not_in_corners() -> None:
    values = torch.tensor([[3.0, -2.0, 0.5, 9.0]])
    StochasticClip().settle(values)
    assert values.abs().max() < 1
    assert values[0, 2] == 0.5
    clipped = torch.tensor([[3.0, -2.0, 0.5]])
    Clip().settle(clipped)
    assert clipped.tolist() == [[1, -1, 0.5]]


def test_tanh_is_undone_by_its_inverse() -> None:
    torch.testing.assert_close(Tanh().codes(Tanh().free(starts())), starts())


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_best_go_on(name: str) -> None:
    optimizer, _ = OPTIMISERS[name]
    plan = Plan(6, optimizer, rejections=(Rejection(2, 3), Rejection(4, 1)))
    losses: list[Tensor] = []

    def watch(step: Step) -> None:
        losses.append(step.losses)

    found = search(generator, starts(), LOSS, plan=plan, on_step=watch)
    assert [len(each) for each in losses] == [5, 5, 3, 3, 1, 1]
    assert sorted(losses[1].argsort()[:3].tolist())[int(losses[3].argmin())] == int(found.candidates)


def test_candidates_that_go_on_do_so_as_if_alone() -> None:
    """Adam's two means go on with them."""
    found: Found = search(generator, starts(), LOSS, plan=Plan(30, ADAM, rejections=(Rejection(10, 2),)))
    whole = search(generator, starts(), LOSS, plan=Plan(30, ADAM))
    torch.testing.assert_close(found.codes, whole.codes[found.candidates])


def test_a_search_can_be_stopped() -> None:
    seen: list[int] = []

    def stop(step: Step) -> bool:
        seen.append(step.number)
        return step.number < 3

    with pytest.raises(Cancelled):
        search(generator, starts(), LOSS, plan=Plan(50, ADAM), on_step=stop)
    assert seen == [1, 2, 3]


def test_gauss_newton_solves_a_linear_problem_in_one_step() -> None:
    target = torch.randn(5, 12, generator=torch.Generator().manual_seed(2))
    fit = gauss_newton(lambda codes: codes @ mixing().T - target, starts(), steps=1, inner=8, damping=0)
    wanted = torch.linalg.lstsq(mixing(), target.T).solution.T
    torch.testing.assert_close(fit.codes, wanted, atol=1e-4, rtol=1e-4)


def test_gauss_newton_never_makes_it_worse() -> None:
    def residuals(codes: Tensor) -> Tensor:
        return torch.sin(5 * codes @ mixing().T)

    before = residuals(starts()).square().sum(1) / 2
    losses: list[Tensor] = [before]
    fit = gauss_newton(residuals, starts(), steps=12, on_step=losses.append)
    for one, after in pairwise(losses):
        assert (after <= one).all()
    torch.testing.assert_close(fit.losses, residuals(fit.codes).square().sum(1) / 2)
    assert (fit.losses < 0.75 * before).all()


def test_gauss_newton_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        gauss_newton(lambda codes: codes, starts(), steps=3, on_step=lambda _: False)


def test_gauss_newton_finds_the_minimum_that_rosenbrock_hid() -> None:
    def valley(codes: Tensor) -> Tensor:
        return torch.stack([1 - codes[:, 0], 10 * (codes[:, 1] - codes[:, 0] ** 2)], dim=1)

    fit = gauss_newton(valley, torch.tensor([[-1.2, 1.0], [2.0, -1.0]]), steps=60)
    torch.testing.assert_close(fit.codes, torch.ones(2, 2), atol=1e-3, rtol=0)
