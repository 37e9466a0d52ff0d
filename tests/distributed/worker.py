"""One of the processes that torchrun starts for `test_two_processes`: trains the toy, and writes what came of it."""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tests.train.support import SETTINGS, ToyTrainer, describe
from tests.train.toys import GAN, Cloud, Depth, ToyConfig
from torch import Tensor, nn

from sembla.engine.base import Engine
from sembla.engine.opening import open_engine
from sembla.runs.folder import RunFolder
from sembla.train.session import train
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


def stopped_by_the_second(engine: Engine) -> int:
    """The step at which all stop, where only one is asked to."""
    training = begin(engine, CONFIG, steps=5)
    assert training.run(stop=lambda: engine.rank == 1 and training.step == 2)
    return training.step


def main() -> None:
    """Take the folder, the steps, and whether to go on."""
    torch.set_num_threads(1)
    root, steps, resume = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "resume"
    with open_engine("cpu") as engine:
        networks = record(engine, root / "run", steps=steps, accumulate=2, resume=resume)
        save_file(dict(networks.state_dict()), root / f"weights{engine.rank}.safetensors")
        if not resume:
            save_file(normalised(engine), root / f"normalised{engine.rank}.safetensors")
            (root / f"stopped{engine.rank}").write_text(str(stopped_by_the_second(engine)))


if __name__ == "__main__":
    main()
