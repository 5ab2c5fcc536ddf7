"""The spool: what it has taken survives a kill, comes out as it went in, and belongs to one living process."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marcus_events import Event
from marcus_events.bus.spool import Spool, SpoolBusy, SpoolFailed
from tests.migrated import ROOT

MOMENT = datetime(2026, 5, 4, 9, 30, 1, 250, tzinfo=UTC)


def event(n: int, **data: object) -> Event:
    return Event(f"e{n}", MOMENT, "x", "s", {"n": n, **data})


def waiting(spool: Spool) -> list[int]:
    return [event.data["n"] for _, event in spool.peek(1_000)]


def test_events_come_out_in_the_order_in_which_they_went_in(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "0.db")
    spool.put([event(1), event(2)])
    spool.put([event(3)])
    assert (waiting(spool), len(spool)) == ([1, 2, 3], 3)
    (first, _), *_ = spool.peek(1)
    spool.remove([first])
    assert (waiting(spool), len(spool)) == ([2, 3], 2)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ZONES = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.builds(
        Event,
        st.text(),
        st.datetimes(timezones=ZONES),
        st.text(),
        st.text(),
        st.dictionaries(st.text(), JSON),
        st.none() | st.dictionaries(st.text(), JSON),
    )
)
def test_an_event_is_the_same_afterwards(event: Event) -> None:
    assert Event.from_json(event.to_json()) == event


def test_a_peek_has_an_end_in_number_and_in_size(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "0.db")
    spool.put([event(n, text="x" * 1_000) for n in range(10)])
    assert len(spool.peek(3)) == 3
    assert len(spool.peek(10, max_bytes=2_500)) == 2
    assert len(spool.peek(10, max_bytes=1)) == 1


def test_what_is_set_aside_waits_no_longer_and_can_be_put_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "0.db")
    spool.put([event(n) for n in range(3)])
    number = spool.peek(3)[1][0]
    spool.set_aside(number, "refused")
    assert (waiting(spool), len(spool)) == ([0, 2], 2)
    assert [(n, e.data["n"], reason) for n, e, reason in spool.aside()] == [(number, 1, "refused")]
    spool.put_back([number])
    assert (waiting(spool), spool.aside()) == ([0, 1, 2], [])
    spool.set_aside(number, "refused again")
    spool.remove([number])
    assert (spool.aside(), len(spool)) == ([], 2)


def test_a_living_process_has_it_alone_and_the_next_takes_another(tmp_path: Path) -> None:
    first = Spool.claim(tmp_path)
    with pytest.raises(SpoolBusy):
        Spool(tmp_path / "0.db")
    second = Spool.claim(tmp_path)
    assert [first.path.name, second.path.name] == ["0.db", "1.db"]
    first.close()
    assert Spool.claim(tmp_path).path.name == "0.db"


def test_what_a_killed_process_has_put_is_there(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from marcus_events.bus.spool import Spool
from tests.bus.test_spool import event
spool = Spool(Path(sys.argv[1]))
for n in range(500):
    spool.put([event(n)])
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "0.db")]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert waiting(Spool(tmp_path / "0.db")) == list(range(500))


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    Spool(tmp_path / "spool" / "0.db")
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "spool" / "0.db").stat().st_mode) == 0o600


def test_a_file_that_is_no_spool_is_kept_and_another_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "0.db").write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    spool = Spool(tmp_path / "0.db")
    spool.put([event(1)])
    assert waiting(spool) == [1]
    assert (tmp_path / "0.broken-0").read_bytes().startswith(b"not a database")
    assert "0.broken-0" in caplog.text


def test_what_it_cannot_take_it_says_and_takes_none_of_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "0.db", max_bytes=64 * 1024)
    with pytest.raises(SpoolFailed, match="JSON"):
        spool.put([event(1), event(2, what=object())])
    with pytest.raises(SpoolFailed, match="full"):
        spool.put([event(n, text="x" * 10_000) for n in range(20)])
    assert (waiting(spool), len(spool)) == ([], 0)
    spool.put([event(3)])
    assert waiting(spool) == [3]


def test_a_directory_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolFailed):
        Spool(tmp_path / "file" / "0.db")


def test_it_is_a_file_that_sqlite_reads(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "0.db")
    spool.put([event(1)])
    spool.close()
    with sqlite3.connect(tmp_path / "0.db") as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (1,)
    connection.close()
