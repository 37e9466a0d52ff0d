"""What waits to be sent to one page: words all of them, pictures of the latest request only, previews at most one.

Lives on the event loop. A page that reads slowly therefore costs nothing but its own waiting.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

__all__ = ["Outbox"]

_MANY_WORDS = 64
_ENOUGH_PICTURES = 2


@dataclass(frozen=True)
class _Item:
    """Something to be sent."""

    content: str | bytes
    request: object | None = None
    """Which request a picture belongs to; None for words."""
    passing: bool = False
    """A preview, which a newer one replaces."""


class Outbox:
    """A queue that forgets what is out of date."""

    def __init__(self) -> None:
        self._items: deque[_Item] = deque()
        self._current: object | None = None
        self._change = asyncio.Event()
        self.behind = False
        """Whether a preview waits that the page was too slow to take. May be read from any thread."""

    def turn_to(self, request: object | None) -> None:
        """From now on only pictures of this request are of interest; None: of no request."""
        self._current = request
        self._keep([item for item in self._items if item.request is None])

    def say(self, words: str) -> None:
        """Send a text message; it stays in its order."""
        self._add(_Item(words))

    def show(self, request: object, preview: bytes) -> None:
        """Send a preview, unless a newer one comes first."""
        self._add_picture(_Item(preview, request, passing=True))

    def hand_over(self, request: object, picture: bytes) -> None:
        """Send a finished picture."""
        self._add_picture(_Item(picture, request))

    @property
    def full(self) -> bool:
        """Whether so many finished pictures wait that no more should be made."""
        return sum(item.request is not None and not item.passing for item in self._items) >= _ENOUGH_PICTURES

    async def take(self) -> str | bytes:
        """The next message, as soon as there is one."""
        while not self._items:
            self._change.clear()
            await self._change.wait()
        item = self._items.popleft()
        self._update()
        return item.content

    async def room(self) -> None:
        """Wait while too much waits to be said: who does not listen is not answered either."""
        while len(self._items) > _MANY_WORDS:
            self._change.clear()
            await self._change.wait()

    def _add_picture(self, item: _Item) -> None:
        if item.request is self._current:
            self._keep([other for other in self._items if not other.passing])
            self._add(item)

    def _add(self, item: _Item) -> None:
        self._items.append(item)
        self._update()

    def _keep(self, items: list[_Item]) -> None:
        self._items = deque(items)
        self._update()

    def _update(self) -> None:
        self.behind = any(item.passing for item in self._items)
        self._change.set()
