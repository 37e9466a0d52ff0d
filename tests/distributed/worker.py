"""One of the processes that torchrun starts for `test_two_processes`: trains the toy, and writes what came of it."""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tests.methods.test_contract import BY_NAME, RECIPES, small, source_of, tensors
from tests.train.support import SETTINGS, ToyTrainer, describe
from tests.train.toys import GAN, Cloud, Depth, Points, ToyConfig
from torch import Tensor, nn

from sembla.core.method import Term, Turn
from sembla.engine.base import Engine
from sembla.engine.opening import open_engine
from sembla.runs.folder import RunFolder
from sembla.train.session import train
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Trainer

CONFIG = ToyConfig(own_noise=False)
"""Nothing is drawn in the lessons, so that the same images give the same losses however they are shared."""

BATCH = 8


def begin(engine: Engine, config: ToyConfig, *, steps: int, accumulate: int = 1) -> ToyTrainer:
    """A training in this process."""
    settings = replace(SETTINGS, steps=steps, batch=BATCH, accumulate=accumulate, log_every=1)
    return Trainer(GAN, config, Cloud(), settings=settings, engine=engine)


def record(engine: Engine, root: Path, *, steps: int, accumulate: int, resume: bool) -> nn.ModuleDict:
    """Train into a run folder."""
    training = begin(engine, CONFIG, steps=steps, accumulate=accumulate)
    train(training, engine, RunFolder(root), description=describe(CONFIG, training.settings), resume=resume)
    return training.networks


def normalised(engine: Engine) -> dict[str, Tensor]:
    """Networks with running statistics, after some steps."""
    training = begin(engine, ToyConfig(depth=Depth(norm=True)), steps=3)
    training.run()
    return dict(training.networks.state_dict())


def methods(engine: Engine) -> dict[str, Tensor]:
    """All that every recipe of every method keeps after two steps, of which each process sees its own images."""
    kept: dict[str, Tensor] = {}
    for name, recipe in RECIPES:
        method = BY_NAME[name]
        settings = TrainSettings(steps=2, batch=engine.ranks, device="cpu", seed=3)
        source = source_of(method)
        training = Trainer(method, small(method, recipe), source, settings=settings, engine=engine)
        training.run()
        kept |= {f"{name}.{recipe}.{key}": value for key, value in tensors(training).items()}
    return kept


def statistics(engine: Engine) -> Tensor:
    """The running mean after one lesson on ones in the first process, on twos in the second, and so on."""
    networks = nn.ModuleDict({"net": nn.BatchNorm1d(2)})
    engine.prepare(networks, ["net"])
    points = torch.full((4, 2), engine.rank + 1.0)
    turn: Turn[Points] = Turn("net", lambda batch: {"sum": Term(networks["net"](batch.points).square().mean())})
    engine.learn(turn, [Points(points, points)], scale=lambda loss: loss)
    return networks["net"].get_buffer("running_mean")


def stopped_by_the_second(engine: Engine) -> int:
    """The step at which all stop, where only one is asked to."""
    training = begin(engine, CONFIG, steps=5)
    assert training.run(stop=lambda: engine.rank == 1 and training.step == 2)
    return training.step


def main() -> None:
    """Take the folder, the steps, and whether to begin, to resume, or to train a little of every method instead."""
    torch.set_num_threads(1)
    root, steps, resume = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "resume"
    with open_engine("cpu") as engine:
        if sys.argv[3] == "methods":
            save_file(methods(engine), root / f"methods{engine.rank}.safetensors")
            return
        networks = record(engine, root / "run", steps=steps, accumulate=2, resume=resume)
        save_file(dict(networks.state_dict()), root / f"weights{engine.rank}.safetensors")
        if not resume:
            save_file(normalised(engine), root / f"normalised{engine.rank}.safetensors")
            save_file({"mean": statistics(engine)}, root / f"mean{engine.rank}.safetensors")
            (root / f"stopped{engine.rank}").write_text(str(stopped_by_the_second(engine)))


if __name__ == "__main__":
    main()
