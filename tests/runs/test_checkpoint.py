import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch

from sembla.core.errors import InputError, OutputError
from sembla.runs.checkpoint import Score, Snapshot, State, latest, read_checkpoint, write_checkpoint
from sembla.runs.description import Description, read_description, read_weights, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.tensors import fit, read_notes, read_tensors, write_tensors

ROOT = Path(__file__).parents[2]


def snapshot(step: int, *, score: Score | None = None, width: int = 3) -> Snapshot:
    tensors = {"net.weight": torch.full((width,), float(step))}
    state = State(step, images=2 * step, seconds=0.1 + 0.2, score=score, pending={"sums": {"a/b": 1 / 3}})
    return Snapshot(state, networks=tensors, averages={}, optimisers={"net.weight.step": torch.tensor(float(step))})


def names(folder: RunFolder) -> list[str]:
    return sorted(path.name for path in folder.checkpoints.iterdir())


def test_a_checkpoint_comes_back_bit_for_bit(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        before = snapshot(3, score=Score("distance", 0.1))
        write_checkpoint(folder, before, keep=1)
        path = latest(folder)
        assert path is not None
        after = read_checkpoint(path)
    assert after.state == before.state
    assert after.averages == {}
    for name in ("networks", "optimisers"):
        one, other = getattr(before, name), getattr(after, name)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_the_last_and_the_best_stay(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        for step, value in enumerate([5.0, 1.0, 2.0, 3.0, 4.0], start=1):
            write_checkpoint(folder, snapshot(step, score=Score("distance", value)), keep=2)
        assert names(folder) == ["00000002", "00000004", "00000005"]
        write_checkpoint(folder, snapshot(6, score=Score("distance", 0.5)), keep=2)
        assert names(folder) == ["00000005", "00000006"]
        write_checkpoint(folder, snapshot(7), keep=2)
        assert names(folder) == ["00000006", "00000007"]


def test_a_checkpoint_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        write_checkpoint(folder, snapshot(3), keep=1)
        write_checkpoint(folder, snapshot(3, width=5), keep=1)
        assert read_checkpoint(folder.checkpoints / "00000003").networks["net.weight"].shape == (3,)


FULL = """
import resource, sys
from sembla.core.errors import OutputError
from sembla.runs.checkpoint import write_checkpoint
from sembla.runs.folder import RunFolder
from tests.runs.test_checkpoint import snapshot

with RunFolder(sys.argv[1]) as folder:
    write_checkpoint(folder, snapshot(1), keep=1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        write_checkpoint(folder, snapshot(2, width=100_000), keep=1)
    except OutputError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_disk_that_takes_no_more_is_told_and_leaves_the_last_whole(tmp_path: Path) -> None:
    """The system refuses in the middle of a file, from within the library that writes tensors."""
    command = [sys.executable, "-c", FULL, str(tmp_path / "run")]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "no checkpoint of step 2:" in done.stdout
    assert "step 1 is whole" in done.stdout
    folder = RunFolder(tmp_path / "run")
    assert names(folder) == ["00000001"]
    assert read_checkpoint(folder.checkpoints / "00000001").state.step == 1


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        write_checkpoint(folder, snapshot(1), keep=1)
    half = folder.checkpoints / ".abcdef.part"
    half.mkdir()
    (half / "networks.safetensors").write_bytes(b"half")
    (folder.root / ".123456.part").write_bytes(b"half")
    with RunFolder(tmp_path / "run"):
        assert names(folder) == ["00000001"]
        assert not (folder.root / ".123456.part").exists()


class Bomb:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("went-off"),)  # type: ignore[return-value]  # what pickle calls


@pytest.mark.parametrize("protocol", ["pickle", "torch"])
def test_reading_a_file_of_strangers_runs_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with RunFolder(tmp_path / "run") as folder:
        write_checkpoint(folder, snapshot(1), keep=1)
        write_description(folder, Description("toy", "small", {}, seed=0, batch=1))
        for file in [*folder.checkpoints.glob("*/*"), folder.weights]:
            if protocol == "pickle":
                file.write_bytes(pickle.dumps(Bomb()))
            else:
                torch.save(Bomb(), file)
    path = latest(folder)
    assert path is not None
    for read in (lambda: read_checkpoint(path), lambda: read_weights(folder.root), lambda: read_notes(folder.weights)):
        with pytest.raises(InputError):
            read()
    for file in path.glob("*.safetensors"):
        with pytest.raises(InputError, match="holds no tensors that can be read"):
            read_tensors(file)
    assert not (tmp_path / "went-off").exists()
    pickle.loads(pickle.dumps(Bomb()))
    assert (tmp_path / "went-off").exists()  # the bomb is one


def test_nothing_here_can_read_a_pickle() -> None:
    for path in (ROOT / "src" / "sembla" / "runs").glob("*.py"):
        text = path.read_text()
        assert "torch.load" not in text
        assert "import pickle" not in text


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        write_checkpoint(folder, snapshot(1), keep=1)
        write_description(folder, Description("toy", "small", {}, seed=0, batch=1))
    path = folder.checkpoints / "00000001"
    for file, field, read in (
        (path / "state.json", "version", lambda: read_checkpoint(path)),
        (folder.description, "format", lambda: read_description(folder.root)),
    ):
        values = json.loads(file.read_text())
        file.write_text(json.dumps(values | {field: 99}))
        with pytest.raises(InputError, match=f"has {field} 99"):
            read()
        file.write_text("{")
        with pytest.raises(InputError, match="damaged"):
            read()


def test_the_state_of_a_checkpoint_is_checked(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        write_checkpoint(folder, snapshot(1), keep=1)
    path = folder.checkpoints / "00000001"
    values = json.loads((path / "state.json").read_text())
    (path / "state.json").write_text(json.dumps(values | {"step": "one"}))
    with pytest.raises(InputError, match="step 'one' came; expected int"):
        read_checkpoint(path)


def test_weights_say_the_step_they_are_of(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        with pytest.raises(InputError, match="has no weights yet"):
            read_weights(folder.root)
        write_weights(folder, {"net.weight": torch.ones(2)}, step=7)
        write_weights(folder, {"net.weight": torch.zeros(2)}, step=8)
    assert read_notes(folder.weights)["step"] == "8"
    assert torch.equal(read_weights(folder.root)["net.weight"], torch.zeros(2))


def test_weights_whose_layout_is_another_are_written_as_they_read(tmp_path: Path) -> None:
    weights = torch.arange(48.0).reshape(2, 3, 2, 4).to(memory_format=torch.channels_last)
    write_tensors(tmp_path / "file", {"kernel": weights})
    assert torch.equal(read_tensors(tmp_path / "file")["kernel"], weights)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"a": torch.ones(2)}, "b is missing"),
        ({"a": torch.ones(2), "b": torch.ones(3), "c": torch.ones(1)}, "c is not part of the network"),
        ({"a": torch.ones(2), "b": torch.ones(4)}, r"b has shape \(4,\) instead of \(3,\)"),
    ],
)
def test_tensors_that_do_not_fit_are_named(tmp_path: Path, given: dict[str, torch.Tensor], told: str) -> None:
    with pytest.raises(InputError, match=told):
        fit(given, {"a": torch.zeros(2), "b": torch.zeros(3)}, path=tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"), RunFolder(tmp_path / "file" / "run"):
        pass
