"""Waits until something may have changed in a folder: the system's notices shorten the wait, a second bounds it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

LOOK_EVERY_MS = 1_000  # what is not noticed (network file systems, too many watches) is found by looking
GATHER_MS = 100  # changes within it are looked at together; a person waits at most this much longer
STEP_MS = 20


class ChangeWatch:
    """The changes in some folders. `folders` may differ from wait to wait, as they come into being."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self._watched: list[tuple[Path, int]] = []
        self._notices: Iterator[object] = iter(())

    def wait(self, folders: list[Path]) -> None:
        """Returns at a change, after a second, or when stopping."""
        present = [(folder, inode_of(folder)) for folder in folders]  # a folder that was restored is another one
        if present != self._watched:
            self._watched, self._notices = present, self._watch(folders)
        try:
            if self._watched and next(self._notices, None) is not None:
                return
        except OSError:  # no more watches to be had, or a folder went away
            pass
        self._watched = []
        self.stop.wait(LOOK_EVERY_MS / 1_000)

    def _watch(self, folders: list[Path]) -> Iterator[object]:
        return watch(
            *folders,
            watch_filter=None,
            debounce=GATHER_MS,
            step=STEP_MS,
            rust_timeout=LOOK_EVERY_MS,
            yield_on_timeout=True,
            stop_event=self.stop,
            raise_interrupt=False,
        )


def inode_of(folder: Path) -> int:
    try:
        return folder.stat().st_ino
    except OSError:
        return 0
