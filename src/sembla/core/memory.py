"""How much memory this process may still take: asked before a big job, so that it fails early and clearly."""

from pathlib import Path, PurePosixPath

from sembla.core.errors import MemoryNeedError

__all__ = ["available", "ran_out", "require"]


def available(root: Path = Path("/")) -> int | None:
    """Bytes that can still be allocated without swapping, or None where the system does not say.

    The least of the kernel's own estimate (`MemAvailable`) and what the control groups of this process, version 1
    or 2, leave of their limits. `root` is where `proc` and `sys` are found. Never raises.
    """
    rooms = [room for room in (_system_room(root), *_group_rooms(root)) if room is not None]
    return max(0, min(rooms)) if rooms else None


def require(need: int, *, what: str, instead: str) -> None:
    """Raise `MemoryNeedError` where `need` bytes, which `what` is predicted to take, are not free."""
    room = available()
    if room is not None and need > room:
        raise MemoryNeedError(
            f"{what} needs about {need / 2**30:.1f} GiB and {room / 2**30:.1f} GiB are free; {instead}."
        )


def ran_out(error: BaseException) -> bool:
    """Whether this says that memory ran out: of NumPy, or of PyTorch, which on CPUs tells it by the text alone."""
    told = "can't allocate memory" in str(error)
    return told or isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _system_room(root: Path) -> int | None:
    """MemAvailable of /proc/meminfo in bytes."""
    for line in _read(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return _number(line.removeprefix("MemAvailable:").removesuffix("kB"), 1024)
    return None


def _group_rooms(root: Path) -> list[int | None]:
    """What is left of the limit of each control group that this process is in, its ancestors included.

    Inside a container the file may name the group as the host sees it; then only the mount's own top exists, which is
    one of the ancestors tried.
    """
    mount = root / "sys/fs/cgroup"
    rooms = []
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        path = PurePosixPath(group.lstrip("/"))
        for part in (path, *path.parents):
            if controllers == "":
                rooms.append(_room(mount / part, "memory.max", "memory.current"))
            elif "memory" in controllers.split(","):
                folder = mount / "memory" / part
                rooms.append(_room(folder, "memory.limit_in_bytes", "memory.usage_in_bytes"))
    return rooms


def _room(folder: Path, limit_name: str, usage_name: str) -> int | None:
    """Limit less usage; file pages that the kernel drops first count as free, as they do in MemAvailable."""
    limit, usage = _number(_read(folder / limit_name)), _number(_read(folder / usage_name))
    if limit is None or usage is None:
        return None
    droppable = 0
    for line in _read(folder / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name in {"inactive_file", "total_inactive_file"}:
            droppable = max(droppable, _number(value) or 0)
    return limit - usage + droppable


def _number(text: str, unit: int = 1) -> int | None:
    """The number in `text` times `unit`; None for "max" and for nothing."""
    text = text.strip()
    return int(text) * unit if text.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
