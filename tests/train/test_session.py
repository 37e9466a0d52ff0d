import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from safetensors.torch import save_file
from tests.train.support import SETTINGS, left, lines, run, trainer
from tests.train.toys import GAN, Depth, ToyConfig
from torch import Tensor, nn

from sembla.core.errors import DivergedError, InputError, OutputError
from sembla.runs import checkpoint, folder, tensors
from sembla.runs.description import read_description, read_weights
from sembla.runs.plain import from_plain
from sembla.runs.tensors import fill
from sembla.train.recording import Metric
from sembla.train.stopping import SignalStop

ROOT = Path(__file__).parents[2]


def after(steps: int) -> Callable[[], bool]:
    """A wish to stop before the step after `steps`."""
    asked = iter(range(steps + 1))
    return lambda: next(asked) == steps


def steps_of(root: Path) -> list[int]:
    return sorted(int(path.name) for path in (root / "checkpoints").iterdir())


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums are rounded by how many threads share them: runs that are compared to the bit have one, here and below."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never stopped."""
    root = tmp_path_factory.mktemp("whole") / "run"
    assert not run(root, config=ToyConfig(depth=Depth(norm=True)))
    return root


def test_a_run_holds_what_it_says(whole: Path) -> None:
    assert steps_of(whole) == [10, 12]  # 5 is past `keep`
    assert sorted(int(path.stem) for path in (whole / "previews").iterdir()) == [4, 8, 12]
    assert [line["step"] for line in lines(whole)] == [3, 6, 9, 12]
    description = read_description(whole)
    assert description.method == "toy"
    assert description.config["depth"] == {"width": 8, "norm": True}
    names = read_weights(whole).keys()
    assert {name.partition(".")[0] for name in names} == {"generator", "discriminator"}
    report = (whole / "report.html").read_text()
    assert "generator/adversarial" in report
    assert "data:image/png;base64," in report


def test_the_weights_are_the_average_where_there_is_one(whole: Path) -> None:
    weights = read_weights(whole)
    snapshot = checkpoint.read_checkpoint(whole / "checkpoints" / "00000012")
    for name, value in weights.items():
        its = snapshot.averages if name.startswith("generator") else snapshot.networks
        assert torch.equal(value, its[name])
    assert not torch.equal(weights["generator.0.weight"], snapshot.networks["generator.0.weight"])


def test_a_run_is_enough_to_use_its_networks(whole: Path) -> None:
    description = read_description(whole)
    config = from_plain(type(GAN.recipes[description.recipe]), description.config)
    assert config == ToyConfig(depth=Depth(norm=True))
    networks = GAN.load().networks(config)
    players = {name: networks[name] for name in ("generator", "discriminator")}
    fill(players, read_weights(whole), path=whole)
    training = trainer(config)
    training.restore(checkpoint.read_checkpoint(whole / "checkpoints" / "00000012"), path=whole)
    latents = torch.randn(5, 2)
    with training.shown() as shown:
        assert torch.equal(networks.eval()["generator"](latents), shown["generator"](latents))


@pytest.mark.parametrize("stopped_at", [1, 4, 7, 10])
def test_stopping_and_going_on_equals_never_having_stopped(whole: Path, tmp_path: Path, stopped_at: int) -> None:
    config = ToyConfig(depth=Depth(norm=True))
    assert run(tmp_path / "run", config=config, stop=after(stopped_at))
    assert steps_of(tmp_path / "run")[-1] == stopped_at
    assert not run(tmp_path / "run", config=config, resume=True)
    there, expected = left(tmp_path / "run"), left(whole)
    kept = {name: data for name, data in there.items() if not name.startswith(("checkpoints/", ".lock"))}
    assert kept == {name: data for name, data in expected.items() if not name.startswith("checkpoints/")}
    last = {name: data for name, data in there.items() if name.startswith("checkpoints/00000012")}
    assert last == {name: data for name, data in expected.items() if name.startswith("checkpoints/00000012")}
    assert len(last) == 4


def test_a_run_may_go_on_in_another_precision(tmp_path: Path) -> None:
    run(tmp_path / "run", steps=6)
    for steps, precision in ((8, "fp16"), (10, "bf16"), (12, "fp16")):
        settings = replace(SETTINGS, precision=precision)  # type: ignore[arg-type]  # a literal, in a loop
        assert not run(tmp_path / "run", steps=steps, settings=settings, resume=True)
    assert steps_of(tmp_path / "run")[-1] == 12


def test_fp16_goes_on_exactly_too(tmp_path: Path) -> None:
    settings = replace(SETTINGS, precision="fp16")
    run(tmp_path / "whole", settings=settings)
    run(tmp_path / "parts", settings=settings, stop=after(7))
    run(tmp_path / "parts", settings=settings, resume=True)
    one, other = left(tmp_path / "whole"), left(tmp_path / "parts")
    assert one["weights.safetensors"] == other["weights.safetensors"]
    assert one["checkpoints/00000012/optimisers.safetensors"] == other["checkpoints/00000012/optimisers.safetensors"]


def test_a_run_may_be_made_longer(tmp_path: Path) -> None:
    run(tmp_path / "whole", steps=12)
    run(tmp_path / "parts", steps=10)
    run(tmp_path / "parts", steps=12, resume=True)
    assert left(tmp_path / "whole")["weights.safetensors"] == left(tmp_path / "parts")["weights.safetensors"]


def test_the_best_checkpoint_is_kept(tmp_path: Path) -> None:
    values = iter([3.0, 1.0, 2.0, 4.0, 5.0])
    run(
        tmp_path / "run",
        steps=10,
        settings=replace(SETTINGS, checkpoint_every=2, keep=1),
        metric=Metric("distance", lambda _networks: {"distance": next(values), "beside": 1.0}),
    )
    assert steps_of(tmp_path / "run") == [4, 10]
    told = {line["step"]: line["distance"] for line in lines(tmp_path / "run") if "distance" in line}
    assert told == {2: 3.0, 4: 1.0, 6: 2.0, 8: 4.0, 10: 5.0}
    assert [line["beside"] for line in lines(tmp_path / "run") if "beside" in line] == [1.0] * 5


def test_a_metric_of_which_more_is_better(tmp_path: Path) -> None:
    values = iter([1.0, 3.0, 2.0])
    settings = replace(SETTINGS, checkpoint_every=2, keep=1)
    metric = Metric("agreement", lambda _networks: {"agreement": next(values)}, lower_is_better=False)
    run(tmp_path / "run", steps=6, settings=settings, metric=metric)
    assert steps_of(tmp_path / "run") == [4, 6]


def test_a_metric_sees_averages_in_evaluation_mode(tmp_path: Path) -> None:
    def look(networks: nn.ModuleDict) -> dict[str, float]:
        assert not networks.training
        assert networks.keys() == {"generator", "discriminator", "helper"}
        return {"nothing": 0.0}

    run(tmp_path / "run", steps=5, metric=Metric("nothing", look))


def test_a_folder_that_holds_a_run_is_not_begun_anew(tmp_path: Path, whole: Path) -> None:
    with pytest.raises(OutputError, match="holds a run already; go on with --resume"):
        run(whole)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is no empty folder"):
        run(tmp_path)
    with pytest.raises(InputError, match="holds no run to go on with"):
        run(tmp_path / "none", resume=True)


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "run", steps=2)
    with folder.RunFolder(tmp_path / "run"), pytest.raises(OutputError, match="in use by another training"):
        run(tmp_path / "run", resume=True)


def test_going_on_with_other_settings_names_them(whole: Path) -> None:
    config = ToyConfig(depth=Depth(width=9, norm=True), clip=1.0)
    settings = replace(SETTINGS, batch=8)
    with pytest.raises(InputError) as caught:
        run(whole, config=config, settings=settings, resume=True)
    told = str(caught.value)
    assert "depth.width is 9, was 8" in told
    assert "clip is 1.0, was None" in told
    assert "batch is 8, was 4" in told
    assert "rates" not in told


def test_going_on_with_another_method_is_refused(tmp_path: Path) -> None:
    run(tmp_path / "run", steps=1)
    values = json.loads((tmp_path / "run" / "method.json").read_text())
    (tmp_path / "run" / "method.json").write_text(json.dumps(values | {"method": "scene"}))
    with pytest.raises(InputError, match="is a run of method scene, not toy"):
        run(tmp_path / "run", resume=True)


def test_a_run_from_before_a_setting_was_there_goes_on(tmp_path: Path) -> None:
    run(tmp_path / "run", steps=1)
    values = json.loads((tmp_path / "run" / "method.json").read_text())
    del values["config"]["poison"]
    (tmp_path / "run" / "method.json").write_text(json.dumps(values))
    run(tmp_path / "run", resume=True)
    run(tmp_path / "whole")
    assert left(tmp_path / "run")["weights.safetensors"] == left(tmp_path / "whole")["weights.safetensors"]


def test_divergence_leaves_the_last_good_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match=r"in step 2; .* There is no checkpoint before it\."):
        run(tmp_path / "early", config=ToyConfig(poison=2))
    with pytest.raises(DivergedError, match=r"'adversarial' of the generator .* in step 7; .* of step 5 is good\."):
        run(tmp_path / "run", config=ToyConfig(poison=7))
    assert steps_of(tmp_path / "run") == [5]
    assert all(value.isfinite().all() for value in read_weights(tmp_path / "run").values())
    with pytest.raises(DivergedError, match="in step 7"):
        run(tmp_path / "run", config=ToyConfig(poison=7), resume=True)


def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100))

    def fill(data: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
        if next(calls) == 6:  # four files at step 5, then the third of step 10
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save_file(data, path, metadata=metadata)

    monkeypatch.setattr(tensors, "save_file", fill)
    with pytest.raises(OutputError, match=r"no checkpoint of step 10: .*No space left.*step 5 is whole"):
        run(tmp_path / "run")
    monkeypatch.undo()
    assert steps_of(tmp_path / "run") == [5]
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["00000005"]
    run(tmp_path / "run", resume=True)
    run(tmp_path / "whole")
    assert left(tmp_path / "run")["weights.safetensors"] == left(tmp_path / "whole")["weights.safetensors"]


KILLED = """
import os, signal, sys
from pathlib import Path
from sembla.runs import folder
from tests.train.support import run
from tests.train.toys import GAN, Depth, ToyConfig

moment, root = int(sys.argv[1]), Path(sys.argv[2])
calls = iter(range(1000))

def maybe(act):
    def acted(*args, **named):
        if next(calls) == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **named)
    return acted

folder._sync = maybe(folder._sync)
folder.shutil.rmtree = maybe(folder.shutil.rmtree)
run(root, config=ToyConfig(depth=Depth(norm=True)))
"""


def killed(moment: int, root: Path) -> None:
    """Begin a run in another process, which is killed before so many acts."""
    command = [sys.executable, "-c", KILLED, str(moment), str(root)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    ("moment", "saved"),
    [
        pytest.param(4, [], id="before the first", marks=pytest.mark.slow),
        pytest.param(8, [], id="in the first", marks=pytest.mark.slow),
        pytest.param(11, [5], id="after it took its place", marks=pytest.mark.slow),
        pytest.param(14, [5], id="with the weights", marks=pytest.mark.slow),
        pytest.param(20, [5], id="in the second"),
        pytest.param(35, [10, 12], id="while the first is removed"),
    ],
)
def test_a_kill_while_saving_costs_the_interval_at_most(
    tmp_path: Path, whole: Path, moment: int, saved: list[int]
) -> None:
    """`moment` counts the acts that make files safe."""
    root = tmp_path / "run"
    killed(moment, root)
    assert [int(path.name) for path in sorted((root / "checkpoints").glob("0*"))] == saved
    run(root, config=ToyConfig(depth=Depth(norm=True)), resume=True)
    assert left(root)["weights.safetensors"] == left(whole)["weights.safetensors"]
    assert lines(root) == lines(whole)
    assert not list(root.rglob(".*.part"))


@pytest.mark.parametrize(
    ("moment", "begun"),
    [
        pytest.param(0, False, id="with the settings"),
        pytest.param(1, False, id="after the settings", marks=pytest.mark.slow),
        pytest.param(2, False, id="with the description", marks=pytest.mark.slow),
        pytest.param(3, True, id="after the description"),
    ],
)
def test_a_run_is_begun_wholly_or_not_at_all(tmp_path: Path, whole: Path, moment: int, *, begun: bool) -> None:
    root = tmp_path / "run"
    killed(moment, root)
    config = ToyConfig(depth=Depth(norm=True))
    with pytest.raises((InputError, OutputError), match="go on with" if begun else "holds no run to go on with"):
        run(root, config=config, resume=not begun)
    run(root, config=config, resume=begun)
    assert left(root)["weights.safetensors"] == left(whole)["weights.safetensors"]
    assert not list(root.rglob(".*.part"))


@pytest.mark.parametrize(
    "names",
    [
        ("config.yaml",),  # written by hand, for there is no lock
        ("checkpoints/",),
        (".lock", "config.yaml", "notes.txt"),
        (".lock", "checkpoints/", "checkpoints/00000005/"),
    ],
)
def test_a_folder_that_was_no_beginning_is_not_taken(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if name.endswith("/"):
            (tmp_path / name).mkdir()
        else:
            (tmp_path / name).write_text("precious")
    with pytest.raises(OutputError, match="is no empty folder; choose another"):
        run(tmp_path)
    assert all((tmp_path / name).exists() for name in names)
    assert all((tmp_path / name).read_text() == "precious" for name in names if not name.endswith("/"))


def test_a_run_that_came_between_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are begun at once: the second has found the folder empty, and gets the lock when the first has ended."""
    check, asked = folder.RunFolder.check, iter(range(10))

    def pass_first(its: folder.RunFolder, *, resume: bool) -> None:
        if next(asked):
            check(its, resume=resume)

    run(tmp_path / "run", steps=2)
    before = left(tmp_path / "run")
    monkeypatch.setattr(folder.RunFolder, "check", pass_first)
    with pytest.raises(OutputError, match="holds a run already"):
        run(tmp_path / "run", steps=2)
    assert left(tmp_path / "run") == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_step_and_saves(tmp_path: Path, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    asked = iter(range(100))

    with SignalStop() as stop:

        def ask() -> bool:
            if next(asked) == 4:
                os.kill(os.getpid(), number)
            return stop()

        assert run(tmp_path / "run", stop=ask)
        assert stop.signal == number
    assert signal.getsignal(number) is before
    assert steps_of(tmp_path / "run") == [4]


def test_a_second_signal_is_not_held_back_but_an_echo_of_the_first_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("sembla.train.stopping.time.monotonic", lambda: now[0])
    with SignalStop() as stop:
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
        assert stop.signal == signal.SIGINT
        now[0] += 3
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_checkpoint_without_all_that_an_optimiser_holds_is_refused(tmp_path: Path) -> None:
    training = trainer()
    training.advance()
    snapshot = training.snapshot()
    rest = {name: value for name, value in snapshot.optimisers.items() if name != "generator.0.bias.exp_avg_sq"}
    with pytest.raises(InputError, match="exp_avg_sq is missing"):
        trainer().restore(replace(snapshot, optimisers=rest), path=tmp_path)


def test_a_checkpoint_of_other_networks_is_refused(tmp_path: Path) -> None:
    training = trainer(ToyConfig(depth=Depth(width=4)))
    with pytest.raises(InputError, match=r"generator.0.weight has shape \(4, 2\) instead of \(8, 2\)"):
        trainer().restore(training.snapshot(), path=tmp_path)
