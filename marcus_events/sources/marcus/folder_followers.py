"""Follows every folder in the table of followed folders, each in its own thread.

1. Of all processes on the database, the one with the folder's lease follows it. When that process ends, another one
   takes over. `manage.py follow` may follow the same folder meanwhile: see `follow_lock`.
2. A follower that fails is restarted with increasing delays, and the table shows why it failed.
3. A follower's state is written to the table when it changes, so that a page of any process can show it.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import Error, close_old_connections, connection

from marcus_events.core.backoff import backoff_delays
from marcus_events.core.event import utc_now
from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.models import FollowedFolder
from marcus_events.sources.marcus.board import UnknownBoard
from marcus_events.sources.marcus.folder_leases import FolderLeases
from marcus_events.sources.marcus.folder_state import FolderStateJson, state_to_json
from marcus_events.sources.marcus.follower import Follower
from marcus_events.sources.marcus.follower_state import Activity, Totals
from marcus_events.sources.marcus.publisher import Outcome
from marcus_events.sources.marcus.records import Unreadable

logger = logging.getLogger(__name__)

POLL_INTERVAL_S = 1.0  # delay until a folder that was just added is read
SAVE_INTERVAL_S = 5.0  # saved without changes too: pages see that the folder is still followed
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # after an error
STOP_TIMEOUT_S = 4.0  # for all followers together, at shutdown


def follow_folders(stop: threading.Event) -> None:
    """Run the followers in a worker's thread until `stop` is set."""
    followers = FolderFollowers()
    try:
        while not stop.is_set():
            followers.synchronise()
            stop.wait(POLL_INTERVAL_S)
    finally:
        followers.close()
        connection.close()


class FolderFollowers:
    """The followers of this process. `synchronise` starts and stops them according to the table."""

    def __init__(self) -> None:
        self._leases = FolderLeases()
        self._running: dict[int, FolderFollower] = {}

    def synchronise(self) -> None:
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
        held = self._leases.acquire(folders)
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
        until = time.monotonic() + STOP_TIMEOUT_S
        for follower in ending:
            follower.thread.join(max(until - time.monotonic(), 0))
        self._leases.close()


class FolderFollower:
    """Follows one folder in a thread and receives its follower's reports."""

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
        """Write the state to the table if it has changed, and at intervals."""
        state = self._state()
        if state == self._saved and time.monotonic() < self._save_after:
            return
        FollowedFolder.objects.filter(pk=self.folder.pk).update(state=state, state_at=utc_now())
        self._saved, self._save_after = state, time.monotonic() + SAVE_INTERVAL_S

    def _state(self) -> FolderStateJson:
        follower = self._follower
        if follower is None:
            return state_to_json(None, self._failure)
        leading_out: list[str] = []
        with suppress(OSError):  # the follower meets and reports it itself
            if follower.state.activity is Activity.WAITING:
                leading_out = follower.installation.find_outside_links()
        return state_to_json(follower.state, self._failure, leading_out)

    def _run(self) -> None:
        waits = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while not self.stop.is_set():
            began = time.monotonic()
            self._follow()
            if time.monotonic() - began > LONGEST_PAUSE_S:
                waits = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S)
            self.stop.wait(next(waits))

    def _follow(self) -> None:
        """Follow until stopped or until an error occurs."""
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
            self._failure = describe_error(error)
        finally:
            connection.close()

    def report_message(self, text: str) -> None:
        """Clear the failure: the follower runs, or waits for something that its state shows."""
        self._failure = ""

    def report_unreadable(self, item: Unreadable) -> None: ...

    def progress(self, read: int, size: int, total: Totals) -> None:
        connection.close()  # return it to the pool that pages share

    def report_scan(self, outcome: Outcome) -> None:
        self._failure = ""
        connection.close()


def describe_error(error: Exception) -> str:
    """Describe an error for a page. Quotes the operating system, never file contents."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"An error occurred ({type(error).__name__}). See the server log for details."
