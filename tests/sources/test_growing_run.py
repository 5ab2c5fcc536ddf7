"""A run followed while it grows: what is told in the end is what reading it at once tells, each act once."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.sources.installations import AGENT_EVENTS, CONVERSATIONS, REALTIME, RUN, Session, append, counts, read_once

START = datetime.fromisoformat("2026-11-23T20:46:18+00:00")
LENGTH_S = 25  # of the run
LATEST_S = 4.0  # a file may be so much behind the others
WHOLE = read_once(RUN)
FILES = (REALTIME, CONVERSATIONS, AGENT_EVENTS)
LINES = {
    name: [(json.loads(line)["timestamp"], line) for line in (RUN / name).read_text().splitlines()] for name in FILES
}
TIMES = {
    "data/marcus.db": {"persistence": "stored_at"},
    "data/kanban.db": dict.fromkeys(("projects", "tasks", "blockers"), "created_at"),
}


def grow(root: Path, name: str, before: datetime, now: datetime) -> None:
    """Bring a file from what it held at one time to what it held at another."""
    if name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        append(root / name, *[line for at, line in LINES[name] if before <= datetime.fromisoformat(at) < now])
        return
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    young = (root / name).with_name("young")
    shutil.copyfile(RUN / name, young)
    with closing(sqlite3.connect(young)) as database, database:
        for table, column in TIMES[name].items():
            database.execute(f"DELETE FROM {table} WHERE julianday({column}) >= julianday(?)", [now.isoformat()])  # noqa: S608
    young.rename(root / name)


steps = st.lists(st.floats(0.5, 4), min_size=3, max_size=12)
lags = st.fixed_dictionaries({name: st.floats(0, LATEST_S) for name in (*FILES, *TIMES)})


@settings(max_examples=25, deadline=None, phases=[Phase.generate])  # a smaller growth says no more
@given(steps=steps, lags=lags, is_restarted=st.booleans())
def test_a_growing_run_is_told_as_if_it_had_been_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[float], lags: dict[str, float], is_restarted: bool
) -> None:
    root = tmp_path_factory.mktemp("growing") / "run"
    session = Session(root)
    now = dict.fromkeys(lags, START - timedelta(seconds=LATEST_S))
    scale = (LENGTH_S + LATEST_S) / sum(steps)
    at = START
    for step in steps:
        at += timedelta(seconds=step * scale)
        for name, lag in lags.items():
            until = at - timedelta(seconds=lag)
            grow(root, name, now[name], until)
            now[name] = until
        if is_restarted:
            session.restart()
        session.scan(now=at, is_last=False)
    session.scan(now=at + timedelta(minutes=5), is_last=False)
    assert session.unreadable == []
    assert counts(session.log) == counts(WHOLE)
