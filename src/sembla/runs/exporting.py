"""Networks for other programs: ONNX and TorchScript files, each held against PyTorch before it is given away."""

import importlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from sembla.core.errors import InputError, MissingExtraError
from sembla.core.method import Graph
from sembla.runs.folder import durable_file

__all__ = ["SUFFIXES", "TOLERANCE", "Target", "export"]

Target: TypeAlias = Literal["onnx", "torchscript"]

SUFFIXES: Mapping[Target, str] = {"onnx": ".onnx", "torchscript": ".pt"}
"""What the files are called."""

TOLERANCE = 1e-4
"""Most that an output may differ from PyTorch's anywhere."""

Runner: TypeAlias = Callable[[Sequence[Tensor]], Sequence[Tensor]]

_OPSET = 18


def export(graph: Graph, target: Target, path: Path) -> float:
    """Write a graph to a file, and give the greatest difference of its outputs from PyTorch's.

    Compared are the examples and, where axes are free, others of other lengths. Raises `InputError`, and leaves no
    file, where they differ by more than `TOLERANCE` or the graph cannot be written in that form; `MissingExtraError`
    without the packages that ONNX needs; `OutputError` where the disk refuses.
    """
    write, load = (_write_onnx, _load_onnx) if target == "onnx" else (_write_script, _load_script)
    with _quiet(), _refused(target):
        model = write(graph)
        run = load(model)
        difference = float(np.max([_difference(graph, run, inputs) for inputs in _trials(graph)]))
    if not difference <= TOLERANCE:  # nor where it is no number
        raise InputError(
            f"the {target} model gives other results than PyTorch, by up to {difference:.2g} where {TOLERANCE} is "
            "allowed; no file was written. Export to the other format, or use the run itself."
        )
    with durable_file(path) as part:
        part.write_bytes(model)
    return difference


def _write_script(graph: Graph) -> bytes:
    trace: Any = torch.jit.trace
    file = BytesIO()
    torch.jit.save(trace(graph.module, tuple(graph.inputs.values()), check_trace=False), file)
    return file.getvalue()


def _load_script(model: bytes) -> Runner:
    load: Any = torch.jit.load
    loaded = load(BytesIO(model))

    def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        return _several(loaded(*inputs))

    return run


def _write_onnx(graph: Graph) -> bytes:
    _onnx()
    free = torch.export.Dim.AUTO  # a named one would have to tell that a network wants multiples of its stride
    shapes = [dict.fromkeys(graph.free.get(each, ()), free) for each in graph.inputs]
    program = torch.export.export(graph.module, tuple(graph.inputs.values()), dynamic_shapes=shapes, strict=False)
    made: Any = torch.onnx.export(
        program,
        input_names=list(graph.inputs),
        output_names=list(graph.outputs),
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    model: bytes = made.model_proto.SerializeToString()
    return model


def _load_onnx(model: bytes) -> Runner:
    session = _onnx().InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def run(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
        given = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        return [torch.from_numpy(np.asarray(value)) for value in session.run(None, given)]

    return run


def _onnx() -> ModuleType:
    """The runtime. Raises `MissingExtraError` where a package is not installed."""
    try:
        for name in ("onnx", "onnxscript"):
            importlib.import_module(name)
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise MissingExtraError(
            f"ONNX needs the package {error.name}; install it with: pip install 'sembla[export]'"
        ) from error


def _trials(graph: Graph) -> Sequence[Sequence[Tensor]]:
    """The examples; and where axes are free, the examples with themselves behind them along these.

    Twice the length suits whatever lengths must be multiples of, and inputs whose lengths must fit one another.
    """
    examples = list(graph.inputs.values())
    if not any(graph.free.values()):
        return [examples]
    longer = []
    for name, value in graph.inputs.items():
        for axis in graph.free.get(name, ()):
            value = torch.cat([value, value], axis)  # noqa: PLW2901  axis after axis
        longer.append(value)
    return [examples, longer]


def _difference(graph: Graph, run: Runner, inputs: Sequence[Tensor]) -> float:
    with torch.no_grad():
        expected = _several(graph.module(*inputs))
    found = run(inputs)
    if [tuple(each.shape) for each in found] != [tuple(each.shape) for each in expected]:
        return float("inf")
    pairs = zip(found, expected, strict=True)
    return float(np.max([(one.double() - other.double()).abs().max().item() for one, other in pairs]))


def _several(outputs: Any) -> Sequence[Tensor]:
    return (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to ourselves what exporters print about their own progress."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def _refused(target: Target) -> Iterator[None]:
    """Turn what an exporter says of a graph that it cannot write into one line."""
    try:
        yield
    except MissingExtraError:
        raise
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        raise InputError(f"this model cannot be written as {target} ({first}); try the other format.") from error
