"""The contract of the tree: what every module, class and function of the package keeps to."""

import ast
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import sembla

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "sembla"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")  # that one runs when imported
SCRIPTS = sorted(path for folder in ("benchmarks", "examples", "scripts") for path in (ROOT / folder).rglob("*.py"))

MOST_MODULE_LINES = 400
MOST_FUNCTION_LINES = 60
MOST_POSITIONAL = 3

ENGINES = ("copying", "distance", "learned", "painted", "painters", "searches")
LEARNED = frozenset(
    {
        "sembla.metrics.lpips",
        *(f"sembla.nn.{path.stem}" for path in (PACKAGE / "nn").glob("[!_]*.py") if path.stem != "weights"),
        *(
            f"sembla.{package}.{path.stem}"
            for package in ("engine", "latents", "losses", "runs", "train")
            for path in (PACKAGE / package).glob("[!_]*.py")
        ),
        *(
            f"sembla.methods.{path.parent.name}.{path.stem}"
            for part in ("*batches", "*networks", "*objective", "*synthesis", *ENGINES)
            for path in (PACKAGE / "methods").glob(f"*/{part}.py")
        ),
    }
)
"""What may ask for PyTorch, and comes with the extra `models`."""

WITHOUT_TORCH = """
import importlib, json, pkgutil, sys

wanted = []

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision"}:
            wanted.append(name)

sys.meta_path.insert(0, Watch())
import sembla

names = [module.name for module in pkgutil.walk_packages(sembla.__path__, "sembla.")]
names = [name for name in names if name not in sys.argv[1:]]
for name in names:
    importlib.import_module(name)
print(json.dumps({"names": names, "wanted": wanted}))
"""
"""Imports every module and prints who asked for PyTorch, installed or not."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """A function of the package, and where it stands."""

    module: Path
    node: FunctionNode
    owner: ast.ClassDef | None
    """The class that it is a method of."""
    public: bool
    """No name on the way from the module to it begins with an underscore, and no function lies between."""

    @property
    def name(self) -> str:
        """Where to look: file, line and name."""
        return f"{place(self.module, self.node)} {self.node.name}"

    @property
    def lines(self) -> int:
        """Length from `def` to the last statement, its docstring not counted."""
        first = self.node.body[0]
        documented = ast.get_docstring(self.node) is not None
        docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
        return (self.node.end_lineno or 0) - self.node.lineno + 1 - docstring

    @property
    def compiled(self) -> bool:
        """Whether numba compiles it (see `compiling`); then it cannot take keyword-only arguments."""
        return any(ast.unparse(decorator).endswith("kernel") for decorator in self.node.decorator_list)

    @property
    def positional(self) -> int:
        """Number of arguments that can be passed by position, `self` and `cls` not counted."""
        arguments = [argument.arg for argument in (*self.node.args.posonlyargs, *self.node.args.args)]
        return len([name for name in arguments if name not in {"self", "cls"}])

    @property
    def unannotated(self) -> list[str]:
        """Arguments without a type, and "return" where its type is missing."""
        node = self.node.args
        arguments = [*node.posonlyargs, *node.args, *node.kwonlyargs, *filter(None, (node.vararg, node.kwarg))]
        names = [item.arg for item in arguments if item.annotation is None and item.arg not in {"self", "cls"}]
        return names if self.node.returns is not None else [*names, "return"]


def place(path: Path, node: ast.stmt) -> str:
    """File and line of a statement, as an editor takes them."""
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    """Every function of a module, however deep."""

    def visit(node: ast.AST, *, owner: ast.ClassDef | None, public: bool) -> Iterator[Function]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(path, child, owner, public and not child.name.startswith("_"))
                yield from visit(child, owner=None, public=False)
            elif isinstance(child, ast.ClassDef):
                yield from visit(child, owner=child, public=public and not child.name.startswith("_"))
            else:
                yield from visit(child, owner=owner, public=public)

    return visit(tree(path), owner=None, public=True)


def module_name(path: Path) -> str:
    """The dotted name that a file is imported by."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


ALL_FUNCTIONS = [function for path in MODULES for function in functions(path)]
PUBLIC_FUNCTIONS = [function for function in ALL_FUNCTIONS if function.public]


def test_the_package_under_test_is_the_one_of_this_tree() -> None:
    assert Path(sembla.__file__).parent == PACKAGE
    assert PUBLIC_FUNCTIONS


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_says_what_it_is_and_what_it_offers(path: Path) -> None:
    docstring = ast.get_docstring(tree(path))
    assert docstring is not None
    assert len(docstring) > 10, f"{path.name}: {docstring!r} says nothing"
    if module_name(path) in LEARNED:
        pytest.importorskip("torch", reason="PyTorch is not installed; the extra [models] brings it")
    module = importlib.import_module(module_name(path))
    offered = module.__all__
    assert len(offered) == len(set(offered))
    assert [name for name in offered if not hasattr(module, name)] == []
    assert [name for name in offered if name.startswith("_") and name != "__version__"] == []


def test_every_public_class_is_documented() -> None:
    bare = [
        place(path, node)
        for path in MODULES
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and ast.get_docstring(node) is None
    ]
    assert bare == []


def test_every_public_function_is_documented() -> None:
    assert [function.name for function in PUBLIC_FUNCTIONS if ast.get_docstring(function.node) is None] == []


def test_every_function_is_annotated() -> None:
    bare = {function.name: function.unannotated for function in ALL_FUNCTIONS if function.unannotated}
    assert bare == {}


def test_public_functions_take_at_most_three_positional_arguments() -> None:
    many = [
        function.name
        for function in PUBLIC_FUNCTIONS
        if function.positional > MOST_POSITIONAL and not function.compiled
    ]
    assert many == []


def test_functions_are_short() -> None:
    lengths = {function.name: function.lines for path in [*MODULES, *SCRIPTS] for function in functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_FUNCTION_LINES} == {}


def test_most_functions_are_very_short() -> None:
    lengths = [function.lines for function in ALL_FUNCTIONS]
    assert statistics.median(lengths) <= 10
    assert statistics.quantiles(lengths, n=10)[-1] <= 30


def test_modules_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *SCRIPTS]}
    assert {str(path): lines for path, lines in lengths.items() if lines > MOST_MODULE_LINES} == {}


def test_imports_keep_to_the_rules_of_dependency(tmp_path: Path) -> None:
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("import-linter is not installed; it comes with the extra 'test'")
    command = [linter, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    report = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert report.returncode == 0, report.stdout + report.stderr


def test_no_module_asks_for_pytorch() -> None:
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT_TORCH, *LEARNED]
    report = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert report.returncode == 0, report.stderr
    found = json.loads(report.stdout.splitlines()[-1])
    assert {"sembla.core.types", "sembla.imaging"} <= set(found["names"])
    assert found["wanted"] == []
