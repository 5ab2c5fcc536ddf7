"""One look over an installation: what is new in all of its files, as acts in order of time.

1. Note how far each log goes. 2. Read the board: what those lines name is on it already. 3. Merge the new lines
   and rows by time and join them to acts. 4. Give the acts that no record can join any more; at the end of the
   look, all of them.

A request of an agent is given once Marcus answered it: see `requests`.

The first look sees whole files, so that an act is given with all its records at once. Later an act is given at
the end of the look that first saw it, and records of it that come later join it and add nothing. A record from
before the time that acts are remembered for could belong to any of them: then `is_late` asks for a new reader,
which joins it in its place.

Nothing is kept but the acts of the last minutes, a few numbers a file, and the board.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from marcus_events.sources.marcus import conversations, sightings
from marcus_events.sources.marcus.acts import NEVER, MarcusAct, RecentActs
from marcus_events.sources.marcus.agent_requests import Requests
from marcus_events.sources.marcus.blocker_severity import agent_differs
from marcus_events.sources.marcus.board import BoardReader, Boards
from marcus_events.sources.marcus.cards import Cards
from marcus_events.sources.marcus.event_rows import EventRows
from marcus_events.sources.marcus.installation import Installation, Log
from marcus_events.sources.marcus.log_files import LogFiles
from marcus_events.sources.marcus.log_lines import LineFile
from marcus_events.sources.marcus.marcus_replies import MarcusReply, answer_of
from marcus_events.sources.marcus.naive_times import Times
from marcus_events.sources.marcus.records import Record, RecordKind, Unreadable, line_id
from marcus_events.sources.marcus.sightings import WINDOW, Sighting, Statement, sighting_from
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, SqliteBusy, beside, changed_at

BATCH = 500  # sightings between two deliveries; as many events as the log takes in one commit


class InstallationReader:
    """Reads an installation from its start; each `look` goes on where the last one ended."""

    def __init__(
        self,
        installation: Installation,
        boards: Boards,
        complain: Callable[[Unreadable], None] = lambda _: None,
        zone: ZoneInfo | None = None,
    ) -> None:
        self.installation, self.boards, self.complain = installation, boards, complain
        self.talk = 0
        self.is_late = False
        self.is_busy = False
        self._is_first_look = True
        self._acts = RecentActs()
        self._requests = Requests(self._acts, boards.lacks)
        self._newest = NEVER
        self.times = Times(zone, complain)
        self.logs = LogFiles(installation, self.times, complain)
        self.last_read: Record | None = None
        self._rows = EventRows(Database(installation.events), installation.name(installation.events))
        self._row_times = self._rows.times = self.times.of(self._rows.name)
        self._board = Database(installation.board)
        self._board_reader = BoardReader(boards, installation.name(installation.board))
        self._board_times = self.times.of(self._board_reader.name)
        self._board_reader.times = self._board_times.of_row

    def look(self, now: datetime, *, is_last: bool = False) -> Iterator[list[MarcusAct]]:
        """The acts that are new, in batches. The last look also gives those that could still gain a record."""
        self.is_busy = False
        logs = self.logs.begin(now, is_patient=not (self._is_first_look or is_last))
        self._requests.has_conversations = any(log.kind is RecordKind.CONVERSATIONS for log, _ in logs)
        self._row_times.begin(written_at(self.installation.events), now)
        self._board_times.begin(written_at(self.installation.board), now)
        board = self._read_board()
        streams = [self._sightings(log, file) for log, file in logs]
        merged = heapq.merge(board, self._events(), *streams, key=lambda item: item.at)
        yield from self._joined(merged, now)
        self.is_busy = self.is_busy or self._rows.is_busy
        self.logs.end(logs, now)
        self._is_first_look = False
        self._requests.expire(now, is_last=is_last)
        if acts := self._acts.settled(board_only_until=None if is_last else now - WINDOW):
            yield acts

    @property
    def waiting(self) -> int:
        """How many requests of agents wait for Marcus's answer."""
        return self._requests.waiting

    @property
    def waiting_tasks(self) -> set[str]:
        """The tasks that those requests are about."""
        return self._requests.waiting_tasks

    def has_seen(self, record_id: str) -> bool:
        """Whether it has lately met a record: in the acts that it gave last, or within some minutes of them."""
        return self._acts.holds(record_id)

    def _joined(self, stream: Iterator[Sighting | MarcusReply], now: datetime) -> Iterator[list[MarcusAct]]:
        for count, item in enumerate(stream, start=1):
            if isinstance(item, MarcusReply):
                self._requests.hear(item)
            else:
                self._join(item, now)
            if count % BATCH == 0:
                if self._is_first_look and (acts := self._settled()):
                    yield acts
                self._acts.forget(self._newest)  # afterwards: whoever takes acts may ask for their neighbours in time

    def _settled(self) -> list[MarcusAct]:
        self._requests.expire(self._newest)
        return self._acts.settled(self._newest - WINDOW, board_only_until=self._newest - WINDOW)

    def _join(self, sighting: Sighting, now: datetime) -> None:
        if sighting.at < self._acts.horizon and not self._is_first_look:
            self.is_late = True
            return
        self._newest = max(self._newest, min(sighting.at, now))
        self.boards.learn_from(sighting.act, sighting.data, sighting.at)
        if act := self._acts.add(sighting):
            self._requests.note(act, sighting)
            update = agent_differs(act)
            if update and not self._acts.holds(update.record_id):
                self._acts.open(MarcusAct([update], cause=act))

    def _read_board(self) -> list[Sighting]:
        found: list[Sighting | Unreadable] = []
        try:
            found = self._board_reader.read(self._board)
        except SqliteBusy:
            self.is_busy = True
        except NotADatabase as error:
            self._board.done(self._board.signature())
            found = [Unreadable(self._board_reader.name, str(error))]
        for item in found:
            if isinstance(item, Unreadable):
                self.complain(item)
        return [item for item in found if isinstance(item, Sighting)]

    def _events(self) -> Iterator[Sighting]:
        for item in self._rows.read():
            if isinstance(item, Unreadable):
                self.complain(item)
            elif not self._row_times.holds_back(item[1].at, item[1].where) and (
                sighting := self._sighting(item[1], item[0])
            ):
                yield sighting

    def _sightings(self, log: Log, file: LineFile) -> Iterator[Sighting | MarcusReply]:
        for record in self.logs.records(log, file):
            talk = self.talk
            if sighting := self._sighting(record, file):
                yield sighting
                continue
            if log.is_copy:
                self.talk = talk  # the other file has the same lines
            if log.kind is RecordKind.CONVERSATIONS and (answer := answer_of(record)):
                yield answer

    def _sighting(self, record: Record, identity: str | LineFile) -> Sighting | None:
        """What a record says; None for talk and for what cannot be understood."""
        self.last_read = record
        try:
            statement = statement_of(record)
            if isinstance(statement, Statement):
                return sighting_from(record, statement, id_of(record, identity))
        except RecursionError:
            statement = Unreadable(record.where, "is nested too deeply")
        if isinstance(statement, Unreadable):
            self.complain(statement)
        else:
            self.talk += 1
        return None

    @property
    def cards(self) -> Cards:
        """The cards of the board; none where the last look could not read it."""
        return {} if self.is_busy else self._board_reader.cards

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read, and bytes there are."""
        size = size_of(self.installation.events) if self._rows.newest else 0
        read = size * self._rows.rowid // (self._rows.newest or 1)
        of_logs, size_of_logs = self.logs.progress
        return read + of_logs, size + size_of_logs


def statement_of(record: Record) -> Statement | Unreadable | None:
    if record.kind is RecordKind.CONVERSATIONS:
        return conversations.statement_of(record)
    return sightings.statement_of(record)


def id_of(record: Record, identity: str | LineFile) -> str:
    """Marcus's own id of an event, or that of a line of a file."""
    if isinstance(identity, str):
        return identity
    return line_id(record.kind, record.text_hash, identity.place.occurrences.count(record.text_hash, record.at))


def written_at(database: Path) -> float:
    return max(changed_at(database), changed_at(beside(database, "-wal")))


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
