"""One look over an installation: what is new in all of its files, as acts in order of time.

1. Note how far each log goes. 2. Read the board: what those lines name is on it already. 3. Merge the new lines
   and rows by time and join them to acts. 4. Give the acts that no record can join any more; at the end of the
   look, all of them.

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

from marcus_events.core.vocabulary import EventTypes as T
from marcus_events.sources.marcus import conversations, sightings
from marcus_events.sources.marcus.acts import NEVER, Act, Acts
from marcus_events.sources.marcus.blockers import Blockers
from marcus_events.sources.marcus.board import BoardReader, Boards, Project
from marcus_events.sources.marcus.cards import Cards
from marcus_events.sources.marcus.databases import Busy, Database, NotADatabase, changed_at
from marcus_events.sources.marcus.installation import Installation, Log
from marcus_events.sources.marcus.lines import Line, LineFile
from marcus_events.sources.marcus.records import Kind, Record, Unreadable, line_id, record_from_line
from marcus_events.sources.marcus.rows import EventRows
from marcus_events.sources.marcus.sightings import WINDOW, Sighting, Statement, sighting_from

BATCH = 500  # sightings between two deliveries; as many events as the log takes in one commit


class Reader:
    """Reads an installation from its start; each `look` goes on where the last one ended."""

    def __init__(
        self, installation: Installation, boards: Boards, complain: Callable[[Unreadable], None] = lambda _: None
    ) -> None:
        self.installation, self.boards, self.complain = installation, boards, complain
        self.talk = 0
        self.is_late = False
        self.is_busy = False
        self._is_first_look = True
        self._acts, self._blockers = Acts(), Blockers()
        self._newest = NEVER
        self._files: dict[int, LineFile] = {}  # by inode: a file that is renamed has been read
        self._rows = EventRows(Database(installation.events), self._name(installation.events))
        self._board = Database(installation.board)
        self._board_reader = BoardReader(boards, self._name(installation.board))

    def look(self, now: datetime, *, is_last: bool = False) -> Iterator[list[Act]]:
        """The acts that are new, in batches. The last look also gives those that could still gain a record."""
        self.is_busy = False
        logs = self._begin_logs()
        board = self._read_board()
        streams = [self._sightings(log.kind, file) for log, file in logs]
        merged = heapq.merge(board, self._events(), *streams, key=lambda sighting: sighting.at)
        yield from self._joined(merged, now)
        self.is_busy = self.is_busy or self._rows.is_busy
        for log, file in logs:
            self._abandon(log, file, now)
        self._is_first_look = False
        if acts := self._acts.settled(board_only_until=None if is_last else now - WINDOW):
            yield acts

    def has_seen(self, record_id: str) -> bool:
        """Whether it has lately met a record: in the acts that it gave last, or within some minutes of them."""
        return self._acts.holds(record_id)

    def _joined(self, stream: Iterator[Sighting], now: datetime) -> Iterator[list[Act]]:
        for count, sighting in enumerate(stream, start=1):
            self._join(sighting, now)
            if count % BATCH == 0:
                if self._is_first_look and (acts := self._settled()):
                    yield acts
                self._acts.forget(self._newest)  # afterwards: whoever takes acts may ask for their neighbours in time

    def _settled(self) -> list[Act]:
        return self._acts.settled(self._newest - WINDOW, board_only_until=self._newest - WINDOW)

    def _join(self, sighting: Sighting, now: datetime) -> None:
        if sighting.at < self._acts.horizon and not self._is_first_look:
            self.is_late = True
            return
        self._newest = max(self._newest, min(sighting.at, now))
        if sighting.act == T.PROJECT_CREATED:
            self._learn_project(sighting)
        if act := self._acts.add(sighting):
            self._blockers.note(act, sighting, self._acts)

    def _learn_project(self, sighting: Sighting) -> None:
        """A project whose board is kept elsewhere is known from Marcus's own event only."""
        project_id, name = sighting.data.get("project_id"), sighting.data.get("project_name")
        if isinstance(project_id, str) and isinstance(name, str) and not self.boards.knows(project_id):
            self.boards.learn_project(Project(project_id, name, sighting.at))
            self.boards.check_choice()

    def _begin_logs(self) -> list[tuple[Log, LineFile]]:
        """The files as they are now; one under two names is read under the first."""
        begun: dict[int, tuple[Log, LineFile]] = {}
        for log in self.installation.logs():
            try:
                inode = log.path.stat().st_ino
                if inode not in begun:
                    begun[inode] = (log, self._begin(log.path, inode))
            except FileNotFoundError:
                continue
            except OSError as error:
                self.complain(Unreadable(self._name(log.path), f"cannot be opened: {error.strerror}"))
        return list(begun.values())

    def _begin(self, path: Path, inode: int) -> LineFile:
        file = self._files.setdefault(inode, LineFile(path, self._name(path)))
        file.path, file.name = path, self._name(path)
        file.begin()
        return file

    def _read_board(self) -> list[Sighting]:
        found: list[Sighting | Unreadable] = []
        try:
            found = self._board_reader.read(self._board)
        except Busy:
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
            elif sighting := self._sighting(item[1], item[0]):
                yield sighting

    def _sightings(self, kind: Kind, file: LineFile) -> Iterator[Sighting]:
        for line in file.read():
            record = record_from_line(kind, line.text, line.where) if isinstance(line, Line) else line
            if isinstance(record, Unreadable):
                self.complain(record)
            elif sighting := self._sighting(record, file):
                yield sighting

    def _sighting(self, record: Record, identity: str | LineFile) -> Sighting | None:
        """What a record says; None for talk and for what cannot be understood."""
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

    def _abandon(self, log: Log, file: LineFile, now: datetime) -> None:
        """A last line that was not ended, in a file that nobody writes any more."""
        is_left = log.superseded and changed_at(log.path) < (now - WINDOW).timestamp()
        if is_left and (item := file.incomplete()):
            self.complain(item)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.installation.root).as_posix()

    @property
    def cards(self) -> Cards:
        """The cards of the board; none where the last look could not read it."""
        return {} if self.is_busy else self._board_reader.cards

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read, and bytes there are."""
        size = self._rows.database.path.stat().st_size if self._rows.newest else 0
        read = size * self._rows.rowid // (self._rows.newest or 1)
        files = self._files.values()
        return read + sum(file.offset for file in files), size + sum(file.size for file in files)


def statement_of(record: Record) -> Statement | Unreadable | None:
    if record.kind is Kind.CONVERSATIONS:
        return conversations.statement_of(record)
    return sightings.statement_of(record)


def id_of(record: Record, identity: str | LineFile) -> str:
    """Marcus's own id of an event, or that of a line of a file."""
    if isinstance(identity, str):
        return identity
    return line_id(record.kind, record.text_hash, identity.occurrences.count(record.text_hash, record.at))
