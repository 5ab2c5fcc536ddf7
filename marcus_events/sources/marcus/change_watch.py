"""Waits for file changes, with polling as a fallback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

POLL_INTERVAL_MS = 1_000  # covers missing notifications: network file systems, exhausted watches
DEBOUNCE_MS = 100  # groups changes; adds at most this much delay
STEP_MS = 20


class ChangeWatch:
    """Watches folders, which may differ from call to call because Marcus creates them later."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self._watched: list[tuple[Path, int]] = []
        self._notices: Iterator[object] = iter(())

    def wait(self, folders: list[Path]) -> None:
        """Return on a change, after one second, or when `stop` is set."""
        present = [(folder, inode_of(folder)) for folder in folders]  # a restored folder has another inode
        if present != self._watched:
            self._watched, self._notices = present, self._watch(folders)
        try:
            if self._watched and next(self._notices, None) is not None:
                return
        except OSError:  # no watches left, or a folder was removed
            pass
        self._watched = []
        self.stop.wait(POLL_INTERVAL_MS / 1_000)

    def _watch(self, folders: list[Path]) -> Iterator[object]:
        return watch(
            *folders,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=POLL_INTERVAL_MS,
            yield_on_timeout=True,
            stop_event=self.stop,
            raise_interrupt=False,
        )


def inode_of(folder: Path) -> int:
    try:
        return folder.stat().st_ino
    except OSError:
        return 0
