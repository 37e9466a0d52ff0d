"""Measure seamless filling (Poisson) beside other solvers of the same equations.

An elliptic and a rectangular hole, three channels: milliseconds for a first picture and for each after it with the same
hole, the largest residual of a pixel's equation in grey levels, and how far the filled picture is from SciPy's sparse
LU. pyamg takes part where it is installed (pip install pyamg). Prints the table and writes results/blending.{md,json}.

    python -m benchmarks.blending
"""

import platform
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import linalg

from benchmarks.tables import load, publish
from sembla.core.types import Region
from sembla.imaging.blend import Poisson

Planes = NDArray[np.float64]
Solver = Callable[[Planes], Planes]

SIZES, REPEATS = (256, 1024), 5


def ellipse(size: int) -> Region:
    """Two fifths of the picture."""
    rows, columns = np.mgrid[:size, :size]
    inside: Region = ((rows - size / 2) / (size * 0.36)) ** 2 + ((columns - size / 2) / (size * 0.348)) ** 2 < 1
    return inside


def rectangle(size: int) -> Region:
    """A quarter of the picture."""
    hole = np.zeros((size, size), np.bool_)
    hole[size // 4 : size // 4 * 3, size // 4 : size // 4 * 3] = True
    return hole


def equations(hole: Region) -> sparse.csc_matrix:
    """The matrix of a hole that does not touch the picture's border."""
    number = np.full(hole.shape, -1)
    number[hole] = np.arange(hole.sum())
    pairs = []
    for axis in (0, 1):
        near = np.roll(number, 1, axis)
        both = (number >= 0) & (near >= 0)
        pairs.append((number[both], near[both]))
    rows, columns = (np.concatenate([pair[at] for pair in pairs]) for at in (0, 1))
    count = int(hole.sum())
    beside = sparse.coo_matrix((np.full(len(rows), -1.0), (rows, columns)), (count, count))
    return sparse.csc_matrix(sparse.diags(np.full(count, 4.0)) + beside + beside.T)


def right_side(hole: Region, offset: Planes) -> Planes:
    """The sums of known neighbours, (pixels, C)."""
    rim = np.where(hole, 0.0, offset)
    around = sum(np.roll(rim, shift, axis) for axis in (1, 2) for shift in (1, -1))
    return np.asarray(around)[:, hole].T


def ours(hole: Region) -> Solver:
    """Sembla."""
    poisson = Poisson(hole)
    return lambda offset: poisson.difference(offset)[:, hole].T


def factored(hole: Region) -> Solver:
    """SciPy's sparse LU."""
    factor = linalg.splu(equations(hole), permc_spec="MMD_AT_PLUS_A")
    return lambda offset: factor.solve(right_side(hole, offset))


def algebraic(hole: Region) -> Solver:
    """Pyamg's Ruge-Stuben, accelerated by conjugate gradients, to a like residual."""
    import pyamg

    solver = pyamg.ruge_stuben_solver(sparse.csr_matrix(equations(hole)))
    return lambda offset: np.stack(
        [solver.solve(right, tol=1e-10, accel="cg") for right in right_side(hole, offset).T], axis=1
    )


def rows(name: str, hole: Region) -> Iterator[dict[str, object]]:
    """A row a solver."""
    size, offset = len(hole), np.random.default_rng(0).normal(0, 60, (3, *hole.shape))
    matrix, wanted = equations(hole), right_side(hole, offset)
    exact = factored(hole)(offset)
    for title, make in (("sembla", ours), ("SciPy sparse LU", factored), ("pyamg Ruge-Stuben, cg", algebraic)):
        try:
            make(hole)(offset)
        except ImportError:
            continue
        firsts, nexts = [], []
        for _ in range(REPEATS):
            began = time.perf_counter()
            solver = make(hole)
            found = solver(offset)
            middle = time.perf_counter()
            solver(offset)
            nexts.append(time.perf_counter() - middle)
            firsts.append(middle - began)
        yield {
            "hole": f"{name}, {size}x{size}",
            "unknowns": int(hole.sum()),
            "solver": title,
            "first ms": round(1000 * statistics.median(firsts), 1),
            "next ms": round(1000 * statistics.median(nexts), 1),
            "residual": f"{np.abs(matrix @ found - wanted).max():.0e}",
            "off LU": f"{np.abs(found - exact).max():.0e}",
        }


HOLES = (("rectangle", rectangle), ("ellipse", ellipse))


def main() -> None:
    """Measure and publish."""
    table = [row for size in SIZES for name, make in HOLES for row in rows(name, make(size))]
    machine = f"{platform.machine()}, Python {platform.python_version()}, load {load()}"
    head = f"# Seamless filling\n\n`python -m benchmarks.blending`, {machine}"
    publish("blending", {"Three channels": table}, head=head, machine=machine)


if __name__ == "__main__":
    main()
