"""What a follower says of itself, to a person and to a page."""

import gzip
import json
import os
import shutil
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.sources.marcus.follower_state import MAX_NAMED, Activity, Totals
from marcus_events.sources.marcus.installation import UnreadFile
from marcus_events.sources.marcus.records import Unreadable
from tests.sources.away import database_unavailable
from tests.sources.following import Following, News, line
from tests.sources.installations import REALTIME, append, copy_run
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
ZSTD = "logs/conversations/realtime_20261101_000000.jsonl.zst"


def test_it_says_since_when_what_was_read_last_and_how_much_of_everything(root: Path) -> None:
    before, news = utc_now(), News()
    with Following(root) as following:
        news.position = 718
        last = line("the_end")
        append(root / REALTIME, "garbage", line("token_revoked", by="admin"), json.dumps(line("a")) + json.dumps(last))
        news.wait(2)
    state = following.follower.state
    assert (state.activity, state.root) == (Activity.STOPPED, root)
    assert state.scanned_at
    assert before <= state.since <= state.scanned_at
    assert state.last_line
    assert (state.last_line.where, state.last_line.at.isoformat()) == (f"{REALTIME}:404", last["timestamp"])
    assert (state.new, state.known, state.left_out, state.repaired) == (720, 0, 829, 1)
    assert [item.where for item in state.unreadable_lines] == [f"{REALTIME}:402"]
    assert [item.where for item in state.refused_lines] == [f"{REALTIME}:403"]
    assert (state.unreadable, state.refused, state.behind_bytes, state.unread_files) == (1, 1, 0, ())


def test_it_says_that_it_waits_and_that_the_database_is_away(tmp_path: Path) -> None:
    (tmp_path / "marcus").mkdir()
    with Following(tmp_path / "marcus") as following:
        wait_until(lambda: following.follower.state.activity is Activity.WAITING)
        copy_run(tmp_path / "ready").rename(tmp_path / "marcus")
        wait_until(lambda: following.follower.state.activity is Activity.FOLLOWING)
        wait_until(lambda: len(following.said) == 2)
        with database_unavailable():
            append(tmp_path / "marcus" / REALTIME, line("while_away"))
            wait_until(lambda: following.follower.state.activity is Activity.DATABASE_AWAY)
        wait_until(lambda: following.follower.state.activity is Activity.FOLLOWING)


def test_a_file_that_is_not_read_is_named_once_and_in_the_summary(root: Path) -> None:
    (root / ZSTD).write_bytes(b"\x28\xb5\x2f\xfd")
    news = News()
    with Following(root) as following:
        news.position = 718
        append(root / REALTIME, line("the_end"))
        news.wait(1)
    assert len(following.complaints) == 1
    assert following.complaints[0].startswith(f"{ZSTD} is compressed with zstd, which is not supported")
    assert following.follower.total.unreadable == 0
    [unread] = following.follower.state.unread_files
    assert isinstance(unread, UnreadFile)
    out = StringIO()
    call_command("follow", str(root), "--once", stdout=out)
    assert f"Not read: {ZSTD} is compressed with zstd" in out.getvalue()


def test_a_folder_that_is_deleted_and_restored_is_followed_on(root: Path, tmp_path: Path) -> None:
    backup = shutil.copytree(root, tmp_path / "backup")
    with Following(root) as following:
        news = News()
        append(root / REALTIME, line("before"))
        assert news.types(1) == ["before"]
        shutil.rmtree(root)
        wait_until(lambda: following.said[1:] == [f"Marcus's files are gone from {root}."])
        assert following.follower.state.activity is Activity.WAITING
        shutil.copytree(backup, root)
        append(root / REALTIME, line("after"))
        assert news.types(1) == ["after"]
        assert following.said[2] == "Marcus's files are back."
        append(root / REALTIME, line("and_on"))
        assert news.types(1) == ["and_on"]
    assert read.head().position == 718 + 3


@pytest.mark.parametrize("how", ["rename", "rename and compress", "copy and truncate"])
def test_a_log_that_is_rotated_while_it_is_followed_and_written_loses_nothing(root: Path, how: str) -> None:
    path = root / REALTIME
    with Following(root) as following:
        news = News()
        for turn in range(3):
            with path.open("a") as handle:
                handle.write(json.dumps(line("written", number=2 * turn)) + "\n")
                handle.flush()
                old = path.with_name(f"{path.name}-2026112{turn}")
                if how == "copy and truncate":
                    news.wait(1)
                    shutil.copyfile(path, old)
                    os.truncate(path, 0)
                else:
                    path.rename(old)
                    news.wait(1)
                handle.write(json.dumps(line("written", number=2 * turn + 1)) + "\n")
            news.wait(1)
            if how == "rename and compress":
                old.with_name(old.name + ".gz").write_bytes(gzip.compress(old.read_bytes()))
                old.unlink()
        append(path, line("the_end"))
        news.wait(1)
    state = following.follower.state
    assert (state.new, state.left_out, state.unreadable) == (718 + 7, 829, 0)
    assert [e.data["number"] for e in read.following(718, 100) if e.event_type == "written"] == list(range(6))


def test_times_that_are_held_back_are_in_the_summary(root: Path) -> None:
    append(root / REALTIME, line("built") | {"timestamp": (utc_now() + timedelta(hours=1)).isoformat()[:19]})
    out = StringIO()
    call_command("follow", str(root), "--once", stdout=out)
    assert out.getvalue().splitlines()[-1] == (
        "718 new, 0 known, 0 unreadable, 1 held back; skipped 829 lines of conversation"
    )
    call_command("follow", str(root), "--once", "--timezone=UTC", stdout=out)
    assert out.getvalue().splitlines()[-1].startswith("1 new, 718 known, 0 unreadable; ")


def test_a_million_unreadable_lines_are_counted_and_few_are_kept() -> None:
    total = Totals()
    for number in range(200_000):
        total.add_unreadable(Unreadable(f"realtime:{number}", "is not JSON"))
    assert not total.add_unreadable(Unreadable("realtime:7", "is not JSON"))
    assert total.unreadable == 200_000
    assert len(total.unreadable_lines) == MAX_NAMED
    assert total.unreadable_lines[-1].where == "realtime:199999"
