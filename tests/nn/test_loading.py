from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from sembla.core.errors import InputError
from sembla.nn.loading import load_weights, read_state
from sembla.nn.weights import Weights, WeightsFile, file_hash

WEIGHTS = Weights(name="tiny", files=("tiny.pth",), sha256="0" * 64)


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def saved(path: Path, state: dict[str, Tensor]) -> WeightsFile:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return WeightsFile(WEIGHTS, path, file_hash(path))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_arrive_frozen(tmp_path: Path, suffix: str) -> None:
    source, target = network(), network()
    extra = {"head.weight": torch.ones(2)}
    load_weights(target, saved(tmp_path / f"w{suffix}", {**source.state_dict(), **extra}), ignore=("head.",))
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))
    assert not target.training
    assert not any(parameter.requires_grad for parameter in target.parameters())


def test_counters_of_batches_may_lack(tmp_path: Path) -> None:
    state = {name: value for name, value in network().state_dict().items() if "num_batches" not in name}
    load_weights(network(), saved(tmp_path / "w.pth", state))


def test_what_does_not_fit_is_named_with_its_shape_and_the_hash(tmp_path: Path) -> None:
    state = network().state_dict()
    del state["0.bias"]
    state["1.weight"] = torch.ones(5)
    state["2.weight"] = torch.ones(1)
    file = saved(tmp_path / "w.pth", state)
    with pytest.raises(InputError) as caught:
        load_weights(network(), file)
    message = str(caught.value)
    assert "0.bias is missing" in message
    assert "1.weight has shape (5,) instead of (4,)" in message
    assert "2.weight is not part of the network" in message
    assert file.sha256[:8] in message
    assert "\n" not in message


def test_other_files_are_refused_without_running_them(tmp_path: Path) -> None:
    text = tmp_path / "w.pth"
    text.write_text("hello")
    with pytest.raises(InputError, match="holds no weights"):
        read_state(text)
    broken = tmp_path / "w.safetensors"
    broken.write_bytes(b"\x00" * 4)
    with pytest.raises(InputError, match="holds no weights"):
        read_state(broken)
    whole = tmp_path / "model.pth"
    torch.save(network(), whole)
    with pytest.raises(InputError, match="holds no weights") as caught:
        read_state(whole)
    told = str(caught.value)
    assert "no plain tensors" in told
    assert file_hash(whole)[:8] in told
    assert "weights_only" not in told  # PyTorch's advice: to run what the file holds
    numbers = tmp_path / "numbers.pth"
    torch.save({"epoch": 3}, numbers)
    with pytest.raises(InputError, match="no plain weights"):
        read_state(numbers)
