"""Follows every folder of the table of followed folders: each in a thread of its own, until it is taken out of it.

1. Of several processes on the same database, one follows a folder: the one that has its lease. When that process ends,
   another one takes over. `manage.py follow` may follow the same folder meanwhile: see `turns`.
2. A follower that ends with an error is started again, later each time, and the table says why it ended.
3. What a follower does is written to the table as it changes, so that a page of any process can show it.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import Error, close_old_connections, connection

from marcus_events.core.backoff import pauses
from marcus_events.core.event import utc_now
from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.models import FollowedFolder
from marcus_events.sources.marcus.board import UnknownBoard
from marcus_events.sources.marcus.folder_leases import FolderLeases
from marcus_events.sources.marcus.folder_state import FolderStateJson, as_json
from marcus_events.sources.marcus.follower import Follower
from marcus_events.sources.marcus.follower_state import Activity, Totals
from marcus_events.sources.marcus.publisher import Outcome
from marcus_events.sources.marcus.records import Unreadable

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # a person who adds a folder waits at most this long until it is read
SAVE_EVERY_S = 5.0  # without a change too: a page tells by it that the folder is still followed
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # after an error
END_WITHIN_S = 4.0  # of all followers together, when the process ends


def follow_folders(stop: threading.Event) -> None:
    """For a thread of a worker, until it is told to stop."""
    followers = FolderFollowers()
    try:
        while not stop.is_set():
            followers.look()
            stop.wait(LOOK_EVERY_S)
    finally:
        followers.close()
        connection.close()


class FolderFollowers:
    """The followers of this process. `look` brings them in line with the table."""

    def __init__(self) -> None:
        self._leases = FolderLeases()
        self._running: dict[int, FolderFollower] = {}

    def look(self) -> None:
        try:
            self._compare()
        except (Error, *CONNECTION_ERRORS) as error:
            logger.debug("following folders is waiting for the database: %s", error)
        except Exception:
            logger.exception("the table of followed folders could not be read")
        finally:
            close_old_connections()

    def _compare(self) -> None:
        folders = {folder.pk: folder for folder in FollowedFolder.objects.defer("state")}
        held = self._leases.hold(folders)
        for pk in self._running.keys() - held:
            self._running.pop(pk).stop.set()
        for pk in held:
            if pk not in self._running:
                self._running[pk] = FolderFollower(folders[pk])
            self._running[pk].save()

    def close(self) -> None:
        ending = list(self._running.values())
        for follower in ending:
            follower.stop.set()
        until = time.monotonic() + END_WITHIN_S
        for follower in ending:
            follower.thread.join(max(until - time.monotonic(), 0))
        self._leases.close()


class FolderFollower:
    """Follows one folder, and is the listener of its own follower."""

    def __init__(self, folder: FollowedFolder) -> None:
        self.folder = folder
        self.stop = threading.Event()
        self._follower: Follower | None = None
        self._failure = ""
        self._saved: FolderStateJson = {}
        self._save_after = 0.0  # on the monotonic clock
        self.thread = threading.Thread(target=self._run, name=f"follow folder {folder.pk}", daemon=True)
        self.thread.start()

    def save(self) -> None:
        """Write the state to the table, where it has changed or stood for a while."""
        state = self._state()
        if state == self._saved and time.monotonic() < self._save_after:
            return
        FollowedFolder.objects.filter(pk=self.folder.pk).update(state=state, state_at=utc_now())
        self._saved, self._save_after = state, time.monotonic() + SAVE_EVERY_S

    def _state(self) -> FolderStateJson:
        follower = self._follower
        if follower is None:
            return as_json(None, self._failure)
        leading_out: list[str] = []
        with suppress(OSError):  # the follower itself meets it too, and tells
            if follower.state.activity is Activity.WAITING:
                leading_out = follower.installation.leading_out()
        return as_json(follower.state, self._failure, leading_out)

    def _run(self) -> None:
        waits = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while not self.stop.is_set():
            began = time.monotonic()
            self._follow()
            if time.monotonic() - began > LONGEST_PAUSE_S:
                waits = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
            self.stop.wait(next(waits))

    def _follow(self) -> None:
        """Until it is stopped, or ends with an error."""
        folder = self.folder
        try:
            zone = ZoneInfo(folder.time_zone) if folder.time_zone else None
            path, board = Path(folder.path), folder.board or None
            self._follower = Follower(path, board, self, self.stop, zone, is_confined=True)
            try:
                self._follower.run()
            finally:
                self._follower.close()
        except UnknownBoard as error:
            self._failure = str(error)
        except Exception as error:
            logger.exception("following %s ended with an error", folder.path)
            self._failure = words_of(error)
        finally:
            connection.close()

    def say(self, text: str) -> None:
        """It goes on, or waits for something that the state names."""
        self._failure = ""

    def complain(self, item: Unreadable) -> None: ...

    def progress(self, read: int, size: int, total: Totals) -> None:
        connection.close()  # back into the pool, which pages share

    def looked(self, outcome: Outcome) -> None:
        self._failure = ""
        connection.close()


def words_of(error: Exception) -> str:
    """What a page may say of an error: what the system says of a file, but nothing that might quote from one."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"An error occurred ({type(error).__name__}). See the server log for details."
