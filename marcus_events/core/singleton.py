"""One of its kind in this process: made when first needed, ended when it is closed, and made again when needed then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    def close(self) -> None: ...


Kind = TypeVar("Kind", bound=Closable)


class Single(Generic[Kind]):
    def __init__(self, make: Callable[[], Kind]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self.made: Kind | None = None  # to look at what there is, without making it

    def get(self) -> Kind:
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made

    def close(self) -> None:
        """Nothing happens where there is none."""
        with self._lock:
            if self.made is not None:
                self.made.close()
                self.made = None
