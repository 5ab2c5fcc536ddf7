"""The embedded PostgreSQL: shared, kept, stopped with the last command, reachable by nobody else."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from marcus_events.postgres import ClusterMember, StartFailed, conninfo
from marcus_events.postgres.data_directory import DataDirectory, make_private, programs
from tests.waiting import wait_until

AS_ROOT = os.geteuid() == 0
SOURCES = Path(__file__).resolve().parent.parent
COMMAND = """
import sys, time
from pathlib import Path
from marcus_events import postgres
print(postgres.start(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place() -> Iterator[DataDirectory]:
    """Not tmp_path: its name is so long that the socket would not lie in it."""
    data_dir = Path(tempfile.mkdtemp(prefix="marcus-pg-"))
    data_dir.chmod(0o711)
    yield DataDirectory.under(data_dir)
    found = DataDirectory.under(data_dir)
    wait_until(lambda: not processes_of(found))
    shutil.rmtree(data_dir)


class Command:
    """Another command on the same data directory; it ends when its input does."""

    def __init__(self, place: DataDirectory) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(place.root.parent)],
            cwd=SOURCES,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def started(self) -> "Command":
        assert self.process.stdout
        assert self.process.stdout.readline().startswith("host=")
        return self

    def end(self, signal_number: int | None = None) -> None:
        if signal_number is not None:
            self.process.send_signal(signal_number)
        self.process.communicate(timeout=180)


def processes_of(place: DataDirectory) -> list[psutil.Process]:
    """The server's and the guard's."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if {str(place.root), str(place.data)} & set(process.info["cmdline"] or [])
    ]


def rows(place: DataDirectory, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(place.conninfo, autocommit=True) as connection:
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def answers(place: DataDirectory) -> bool:
    try:
        return rows(place, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def kill_server(place: DataDirectory) -> None:
    pid = ClusterMember(place).server.pid()
    assert pid
    os.kill(pid, signal.SIGKILL)


def test_the_first_command_creates_the_database_in_utf8_with_fsync_on(place: DataDirectory) -> None:
    with ClusterMember(place):
        assert rows(place, "SHOW server_encoding") == [("UTF8",)]
        assert rows(place, "SHOW fsync") == [("on",)]
        assert rows(place, "SELECT current_database()::text") == [("marcus",)]


def test_asking_for_the_address_touches_nothing(tmp_path: Path) -> None:
    assert "dbname=marcus" in conninfo(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_was_committed_is_there_after_a_stop(place: DataDirectory) -> None:
    with ClusterMember(place):
        rows(place, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert not answers(place)
    with ClusterMember(place):
        assert rows(place, "TABLE kept") == [(42,)]


def test_the_last_command_to_leave_stops_the_server(place: DataDirectory) -> None:
    first, second = Command(place).started(), Command(place).started()
    first.end()
    assert answers(place)
    second.end()
    assert not answers(place)
    wait_until(lambda: not processes_of(place))


def test_commands_that_start_at_once_share_one_server(place: DataDirectory) -> None:
    commands = [Command(place) for _ in range(4)]
    for command in commands:
        command.started()
    assert len([process for process in processes_of(place) if str(place.data) in process.cmdline()]) == 1
    with ThreadPoolExecutor() as pool:
        list(pool.map(Command.end, commands))
    assert not answers(place)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_command_ended_by_a_signal_does_not_keep_the_server_alive(place: DataDirectory, how: int) -> None:
    Command(place).started().end(how)
    wait_until(lambda: not processes_of(place))


def test_a_killed_command_does_not_take_the_server_from_the_others(place: DataDirectory) -> None:
    with ClusterMember(place):
        Command(place).started().end(signal.SIGKILL)
        assert answers(place)
    wait_until(lambda: not processes_of(place))


def test_a_command_that_joins_while_the_last_one_leaves_has_a_server_and_a_guard(place: DataDirectory) -> None:
    for _ in range(5):
        leaving = Command(place).started()
        leaving.process.kill()
        joining = Command(place).started()
        leaving.end()
        assert answers(place)
        joining.process.kill()
        joining.end()
    wait_until(lambda: not processes_of(place))


def test_a_killed_server_comes_back_at_the_same_address_with_all_that_was_committed(place: DataDirectory) -> None:
    with ClusterMember(place):
        rows(place, "CREATE TABLE kept AS SELECT 42 AS answer")
        kill_server(place)
        wait_until(lambda: answers(place))
        assert rows(place, "TABLE kept") == [(42,)]


def test_a_killed_server_comes_back_once_for_several_commands(place: DataDirectory) -> None:
    with ClusterMember(place), ClusterMember(place):
        for _ in range(3):
            kill_server(place)
            wait_until(lambda: not answers(place))
            wait_until(lambda: answers(place))


def test_a_killed_server_comes_back_although_a_backend_is_still_at_work(place: DataDirectory) -> None:
    with ClusterMember(place), psycopg.connect(place.conninfo, autocommit=True) as busy:
        backend = psutil.Process(busy.info.backend_pid)
        backend.suspend()
        kill_server(place)
        wait_until(lambda: "shared memory block" in place.log.read_text())
        assert not answers(place)
        backend.resume()
        wait_until(lambda: answers(place))


def test_a_server_that_somebody_else_tells_to_stop_comes_back(place: DataDirectory) -> None:
    with ClusterMember(place) as member, psycopg.connect(place.conninfo, autocommit=True):
        told = member.server.pid()
        assert told
        os.kill(told, signal.SIGTERM)  # "smart": would wait for the open session for ever
        wait_until(lambda: member.server.pid() not in {told, None} and answers(place))


def test_a_command_starts_a_server_whose_predecessor_was_killed_with_everything_else(place: DataDirectory) -> None:
    command = Command(place).started()
    for process in processes_of(place):
        process.kill()
    command.end(signal.SIGKILL)
    with ClusterMember(place):
        assert answers(place)


@pytest.mark.parametrize("content", ["", "nonsense\n", "{}\n/somewhere\n", "-1\n", "999999999\n"])
def test_a_stale_lock_file_does_not_stop_the_server_from_starting(place: DataDirectory, content: str) -> None:
    with ClusterMember(place):
        pass
    with Sleeper(place) as pid:
        for lock in (place.data / "postmaster.pid", place.root / ".s.PGSQL.5432.lock"):
            lock.write_text(content.format(pid))
        with ClusterMember(place):
            assert answers(place)


class Sleeper:
    """A process that got a dead server's number: PostgreSQL itself would take it for that server."""

    def __init__(self, place: DataDirectory) -> None:
        self.process = subprocess.Popen(["/bin/sleep", "600"], **place.as_owner())

    def __enter__(self) -> int:
        return self.process.pid

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def test_a_database_that_was_created_only_half_is_created_again(place: DataDirectory) -> None:
    place.prepare()
    (place.root / "data.unfinished").mkdir()
    (place.root / "data.unfinished" / "PG_VERSION").write_text("18")
    with ClusterMember(place):
        assert answers(place)


def test_files_of_another_version_are_refused_and_left_alone(place: DataDirectory) -> None:
    place.prepare()
    place.data.mkdir()
    (place.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartFailed, match="PostgreSQL 16"):
        ClusterMember(place).join()
    assert [file.name for file in place.data.iterdir()] == ["PG_VERSION"]


def test_a_server_that_can_not_start_says_why(place: DataDirectory) -> None:
    with ClusterMember(place):
        pass
    with (place.data / "postgresql.conf").open("a") as settings:
        settings.write("\nno_such_setting = 1\n")
    with pytest.raises(StartFailed, match="no_such_setting"):
        ClusterMember(place).join()


def test_only_the_owner_gets_to_the_socket_and_there_is_no_port(place: DataDirectory) -> None:
    with ClusterMember(place):
        assert stat.S_IMODE(place.root.stat().st_mode) == 0o700
        assert stat.S_IMODE((place.root / ".s.PGSQL.5432").stat().st_mode) == 0o700
        assert rows(place, "SHOW listen_addresses") == [("",)]


def test_a_directory_that_others_could_enter_is_closed_before_the_start(place: DataDirectory) -> None:
    place.prepare()
    place.root.chmod(0o777)
    with ClusterMember(place):
        assert stat.S_IMODE(place.root.stat().st_mode) == 0o700


@pytest.mark.skipif(not AS_ROOT, reason="only root can act as another user")
def test_another_user_can_not_connect(place: DataDirectory) -> None:
    with ClusterMember(place):
        nobody = pwd.getpwnam("nobody")
        done = subprocess.run(
            [programs() / "psql", place.conninfo, "--command=SELECT 1"],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
        )
        assert "Permission denied" in done.stderr


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a directory away")
def test_a_directory_that_is_somebody_elses_is_refused(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    place = DataDirectory.under(tmp_path)
    place.prepare()
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    with pytest.raises(PermissionError, match="belongs to nobody"):
        make_private(tmp_path, place.owner)


def test_a_link_in_place_of_the_socket_directory_is_refused(tmp_path: Path) -> None:
    place = DataDirectory.under(tmp_path)
    place.prepare()
    (tmp_path / "link").symlink_to(place.root)
    with pytest.raises(NotADirectoryError):
        make_private(tmp_path / "link", place.owner)


@pytest.mark.parametrize("name", ["long" * 30, "with a space", "with,a comma", "with 'quotes' and $HOME"])
def test_a_path_that_no_socket_can_have_works_too(place: DataDirectory, name: str) -> None:
    awkward = DataDirectory.under(place.root.parent / name)
    try:
        with ClusterMember(awkward):
            assert answers(awkward)
            assert stat.S_IMODE(awkward.socket_directory.stat().st_mode) == 0o700
        wait_until(lambda: not processes_of(awkward))
    finally:
        shutil.rmtree(awkward.socket_directory, ignore_errors=True)


def test_the_environment_of_the_command_does_not_move_the_server(
    place: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("LC_ALL", "xx_XX.nothing")
    with ClusterMember(place), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(place.root / ".s.PGSQL.5432"))


def test_a_forked_child_does_not_stop_the_server_of_its_parent(place: DataDirectory) -> None:
    with ClusterMember(place) as member:
        if (child := os.fork()) == 0:
            member.leave()
            os._exit(0)
        os.waitpid(child, 0)
        assert answers(place)
