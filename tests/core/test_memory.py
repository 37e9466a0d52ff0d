"""The memory at hand is the least of what the system and each limit leave."""

from pathlib import Path

import pytest

from sembla.core.memory import available

MEMINFO = "MemTotal:       8000 kB\nMemAvailable:   4000 kB\nSwapFree: 9 kB\n"


def system(root: Path, **files: str) -> Path:
    """A root folder with files whose names spell / as __."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_nothing_known_is_none(tmp_path: Path) -> None:
    assert available(tmp_path) is None
    assert available(system(tmp_path, proc__meminfo="MemAvailable: lots\n", proc__self__cgroup="nonsense\n")) is None


def test_without_limits_it_is_what_the_kernel_says(tmp_path: Path) -> None:
    assert available(system(tmp_path, proc__meminfo=MEMINFO)) == 4000 * 1024


@pytest.mark.parametrize(
    ("limit", "usage", "room"), [("1000", "400", 600), ("max", "400", 4096000), ("1000", "1500", 0)]
)
def test_a_version_2_limit_counts(tmp_path: Path, limit: str, usage: str, room: int) -> None:
    system(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup="0::/job\n")
    folder = tmp_path / "sys/fs/cgroup/job"
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{usage}\n")
    assert available(tmp_path) == room


def test_pages_that_the_kernel_drops_first_count_as_free(tmp_path: Path) -> None:
    system(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup="0::/\n")
    folder = tmp_path / "sys/fs/cgroup"
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text("1000\n")
    (folder / "memory.current").write_text("900\n")
    (folder / "memory.stat").write_text("anon 5\ninactive_file 300\nactive_file 7\n")
    assert available(tmp_path) == 400


def test_the_limit_of_an_outer_group_counts_too(tmp_path: Path) -> None:
    system(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup="0::/outer/inner\n")
    for name, limit in (("outer/inner", "max"), ("outer", "700")):
        folder = tmp_path / "sys/fs/cgroup" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.max").write_text(limit)
        (folder / "memory.current").write_text("100")
    assert available(tmp_path) == 600


@pytest.mark.parametrize("group", ["/job", "/a/name/that/only/the/host/knows"])
def test_a_version_1_limit_counts(tmp_path: Path, group: str) -> None:
    system(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup=f"5:cpu,cpuacct:/x\n4:memory:{group}\n0::/\n")
    folder = tmp_path / "sys/fs/cgroup/memory" / ("job" if group == "/job" else "")
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("5000\n")
    (folder / "memory.usage_in_bytes").write_text("2000\n")
    assert available(tmp_path) == 3000


def test_here_it_is_a_sensible_number() -> None:
    room = available()
    assert room is None or 2**20 < room < 2**50
