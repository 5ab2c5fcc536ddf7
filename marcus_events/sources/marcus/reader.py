"""Scans an installation: yields what is new in all of its files, as acts in order of time.

1. Record the current size of each log. 2. Read the board, which already has whatever those lines name. 3. Merge new
   lines and rows by time and join them to acts. 4. Yield the acts that no further record can join; at the end of the
   scan, all of them.

An agent's request is yielded once Marcus has answered it: see `agent_requests`.

The first scan reads whole files, so each act is complete. Later, an act is yielded at the end of the scan that first
saw it; its later records join it and add nothing. A record older than the remembered acts could belong to any of them:
`is_late` then asks for a new reader, which joins it correctly.

Memory holds the acts of the last minutes, a few numbers per file, and the board.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from marcus_events.sources.marcus import conversations, sightings
from marcus_events.sources.marcus.acts import DISTANT_PAST, MarcusAct, RecentActs
from marcus_events.sources.marcus.agent_requests import AgentRequests
from marcus_events.sources.marcus.blocker_severity import severity_update
from marcus_events.sources.marcus.board import BoardReader, Boards
from marcus_events.sources.marcus.cards import Cards
from marcus_events.sources.marcus.event_rows import EventRows
from marcus_events.sources.marcus.installation import Installation, Log
from marcus_events.sources.marcus.log_files import LogFiles
from marcus_events.sources.marcus.log_lines import LineFile
from marcus_events.sources.marcus.marcus_replies import MarcusReply, reply_of
from marcus_events.sources.marcus.naive_times import InstallationTimes
from marcus_events.sources.marcus.records import Record, RecordKind, Unreadable, line_id
from marcus_events.sources.marcus.sightings import WINDOW, Sighting, Statement, sighting_from
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, SqliteBusy, modified_at, sibling

BATCH_SIZE = 500  # sightings per batch; as many events as the log appends in one commit


class InstallationReader:
    """Reads an installation from its start; each `scan` continues after the last one."""

    def __init__(
        self,
        installation: Installation,
        boards: Boards,
        report_unreadable: Callable[[Unreadable], None] = lambda _: None,
        zone: ZoneInfo | None = None,
    ) -> None:
        self.installation, self.boards, self.report_unreadable = installation, boards, report_unreadable
        self.ignored_lines = 0
        self.is_late = False
        self.is_busy = False
        self._is_first_scan = True
        self._acts = RecentActs()
        self._requests = AgentRequests(self._acts, boards.has_no_task)
        self._newest = DISTANT_PAST
        self.times = InstallationTimes(zone, report_unreadable)
        self.logs = LogFiles(installation, self.times, report_unreadable)
        self.last_read: Record | None = None
        self._rows = EventRows(Database(installation.events), installation.name(installation.events))
        self._row_times = self._rows.times = self.times.of(self._rows.name)
        self._board = Database(installation.board)
        self._board_reader = BoardReader(boards, installation.name(installation.board))
        self._board_times = self.times.of(self._board_reader.name)
        self._board_reader.times = self._board_times.parse_row_time

    def scan(self, now: datetime, *, is_last: bool = False) -> Iterator[list[MarcusAct]]:
        """Yield the new acts in batches. The last scan also yields those that could still gain a record."""
        self.is_busy = False
        logs = self.logs.begin(now, defer_unfinished=not (self._is_first_scan or is_last))
        self._requests.has_conversations = any(log.kind is RecordKind.CONVERSATIONS for log, _ in logs)
        self._row_times.begin(written_at(self.installation.events), now)
        self._board_times.begin(written_at(self.installation.board), now)
        board = self._read_board()
        streams = [self._sightings(log, file) for log, file in logs]
        merged = heapq.merge(board, self._event_sightings(), *streams, key=lambda item: item.at)
        yield from self._join_all(merged, now)
        self.is_busy = self.is_busy or self._rows.is_busy
        self.logs.end(logs, now)
        self._is_first_scan = False
        self._requests.expire(now, is_last=is_last)
        if acts := self._acts.pop_settled(board_only_until=None if is_last else now - WINDOW):
            yield acts

    @property
    def waiting(self) -> int:
        """The number of agents' requests that wait for Marcus's reply."""
        return self._requests.waiting

    @property
    def waiting_tasks(self) -> set[str]:
        """The tasks of those requests."""
        return self._requests.waiting_tasks

    def has_seen(self, record_id: str) -> bool:
        """Return whether a record was read recently: it belongs to one of the remembered acts."""
        return self._acts.has_record(record_id)

    def _join_all(self, stream: Iterator[Sighting | MarcusReply], now: datetime) -> Iterator[list[MarcusAct]]:
        for count, item in enumerate(stream, start=1):
            if isinstance(item, MarcusReply):
                self._requests.apply_reply(item)
            else:
                self._join(item, now)
            if count % BATCH_SIZE == 0:
                if self._is_first_scan and (acts := self._settled()):
                    yield acts
                self._acts.forget(self._newest)  # only after the yield: the consumer calls `has_seen` for these acts

    def _settled(self) -> list[MarcusAct]:
        self._requests.expire(self._newest)
        return self._acts.pop_settled(self._newest - WINDOW, board_only_until=self._newest - WINDOW)

    def _join(self, sighting: Sighting, now: datetime) -> None:
        if sighting.at < self._acts.horizon and not self._is_first_scan:
            self.is_late = True
            return
        if sighting.at > self._newest:
            self._newest = max(self._newest, min(sighting.at, now))
        self.boards.learn_from(sighting.act, sighting.data, sighting.at)
        if act := self._acts.add(sighting):
            self._requests.note(act, sighting)
            update = severity_update(act)
            if update and not self._acts.has_record(update.record_id):
                self._acts.open(MarcusAct([update], cause=act))

    def _read_board(self) -> list[Sighting]:
        found: list[Sighting | Unreadable] = []
        try:
            found = self._board_reader.read(self._board)
        except SqliteBusy:
            self.is_busy = True
        except NotADatabase as error:
            self._board.mark_read(self._board.signature())
            found = [Unreadable(self._board_reader.name, str(error))]
        for item in found:
            if isinstance(item, Unreadable):
                self.report_unreadable(item)
        return [item for item in found if isinstance(item, Sighting)]

    def _event_sightings(self) -> Iterator[Sighting]:
        for item in self._rows.read():
            if isinstance(item, Unreadable):
                self.report_unreadable(item)
            elif not self._row_times.holds_back(item[1].at, item[1].where) and (
                sighting := self._sighting(item[1], item[0])
            ):
                yield sighting

    def _sightings(self, log: Log, file: LineFile) -> Iterator[Sighting | MarcusReply]:
        has_replies = log.kind is RecordKind.CONVERSATIONS
        for record in self.logs.records(log, file):
            if sighting := self._sighting(record, file, is_copy=log.is_copy):
                yield sighting
            elif has_replies and (reply := reply_of(record)):
                yield reply

    def _sighting(self, record: Record, identity: str | LineFile, *, is_copy: bool = False) -> Sighting | None:
        """Interpret a record; None if it reports no act or cannot be interpreted."""
        self.last_read = record
        try:
            statement = statement_of(record)
            if isinstance(statement, Statement):
                return sighting_from(record, statement, id_of(record, identity))
        except RecursionError:
            statement = Unreadable(record.where, "is nested too deeply")
        if isinstance(statement, Unreadable):
            self.report_unreadable(statement)
        elif not is_copy:  # counted in the other file
            self.ignored_lines += 1
        return None

    @property
    def cards(self) -> Cards:
        """The cards of the board; none if the last scan could not read it."""
        return {} if self.is_busy else self._board_reader.cards

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read, and bytes in total."""
        size = size_of(self.installation.events) if self._rows.newest else 0
        read = size * self._rows.rowid // (self._rows.newest or 1)
        of_logs, size_of_logs = self.logs.progress
        return read + of_logs, size + size_of_logs


def statement_of(record: Record) -> Statement | Unreadable | None:
    if record.kind is RecordKind.CONVERSATIONS:
        return conversations.statement_of(record)
    return sightings.statement_of(record)


def id_of(record: Record, identity: str | LineFile) -> str:
    """Return Marcus's own event id, or the id of a line."""
    if isinstance(identity, str):
        return identity
    return line_id(record.kind, record.text_hash, identity.position.occurrences.count(record.text_hash, record.at))


def written_at(database: Path) -> float:
    return max(modified_at(database), modified_at(sibling(database, "-wal")))


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
