"""Names of networks and files of weights; what is said without PyTorch."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from sembla.core.errors import InputError, MissingExtraError
from sembla.evaluation.networks import (
    LPIPS_NETWORKS,
    has_torch,
    load_extractor,
    load_lpips,
    load_segmenter,
    load_stem,
    lpips_names,
    weights_by_name,
)

LOADERS = (load_extractor, load_stem, load_segmenter, load_lpips)
KNOWN = ("vgg19", "inception", "face-parsing-unet", "alex")


def test_a_plain_file_goes_to_the_one_network_and_named_files_to_theirs() -> None:
    assert weights_by_name(["a.pth"], ["vgg19"]) == {"vgg19": Path("a.pth")}
    assert weights_by_name(["a.pth"], ["vgg19", "vgg19"]) == {"vgg19": Path("a.pth")}
    assert weights_by_name([], []) == {}
    found = weights_by_name(["vgg19=a.pth", "inception=b=c.pth"], ["inception", "vgg19"])
    assert found == {"vgg19": Path("a.pth"), "inception": Path("b=c.pth")}


def test_a_file_with_an_equals_sign_in_its_name_is_a_plain_file(tmp_path: Path) -> None:
    file = tmp_path / "run=3.pth"
    file.touch()
    assert weights_by_name([str(file)], ["vgg19"]) == {"vgg19": file}


@pytest.mark.parametrize(
    ("files", "asked", "told"),
    [
        (["vgg=a.pth"], ["vgg19", "alexnet"], r"'vgg'.*vgg19, alexnet"),
        (["a.pth"], ["vgg19", "alexnet"], r"vgg19, alexnet.*--weights vgg19=a\.pth"),
        (["a.pth"], [], "--extractor NAME"),
        (["vgg19=a.pth", "vgg19=b.pth"], ["vgg19"], r"vgg19: a\.pth and b\.pth"),
    ],
)
def test_files_that_cannot_be_given_to_a_network_are_refused(files: list[str], asked: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        weights_by_name(files, asked)


def test_unknown_names_are_told_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"'alexa'.*alex, vgg, squeeze"):
        lpips_names("alexa")
    pytest.importorskip("torch", reason="needs PyTorch")
    for load in LOADERS[:3]:
        with pytest.raises(InputError, match=r"'nonsense' is no .*there are "):
            load("nonsense", {})


def test_the_backbones_here_are_those_of_lpips() -> None:
    pytest.importorskip("torch", reason="needs PyTorch")
    from sembla.metrics.lpips import BACKBONES

    assert {name: (one.weights, one.linear) for name, one in BACKBONES.items()} == dict(LPIPS_NETWORKS)


def test_without_pytorch_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that were loaded before would not be imported again."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch" or name.startswith("sembla.nn")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "sembla.metrics.lpips", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    for load, name in zip(LOADERS, KNOWN, strict=True):
        with pytest.raises(MissingExtraError, match=r"^[^\n]*pip install 'sembla\[models\]'$"):
            load(name, {})


def test_only_this_module_knows_networks_and_it_loads_no_pytorch() -> None:
    script = (
        "import sys, pkgutil, importlib, sembla.evaluation as e\n"
        "for m in pkgutil.iter_modules(e.__path__): importlib.import_module('sembla.evaluation.' + m.name)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_whether_pytorch_is_there_is_found_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", {"torch": None}.__getitem__)
    assert not has_torch()
