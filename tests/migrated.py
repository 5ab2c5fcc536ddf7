"""A data directory with an embedded PostgreSQL whose database `marcus` is empty and up to date.

To copy it takes a tenth of a second, to make it several. So it is kept in the checkout, one for each user, until the
migrations, the packages or the way in which the server is made change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / f".postgres_{os.geteuid()}_cache"
MADE_OF = ("requirements.txt", "marcus_events/postgres/*.py", "*/migrations/*.py")


def copy_migrated(data_dir: Path) -> None:
    """Into a data directory in which no PostgreSQL is yet."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept().exists():
            for outdated in CACHE.glob("postgres-*"):
                shutil.rmtree(outdated)
            make()
        copy(kept(), data_dir / "postgres")


def make() -> None:
    """In a temporary directory: as root, PostgreSQL's user has to pass through all directories above it."""
    with tempfile.TemporaryDirectory(prefix="marcus-migrated-") as directory:
        Path(directory).chmod(0o711)
        environment = {"MARCUS_DATA_DIR": directory, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "manage.py", "tokens"]  # any command that first brings its tables up to date
        subprocess.run(command, cwd=ROOT, env=os.environ | environment, stdin=subprocess.DEVNULL, check=True)
        unfinished = CACHE / "postgres-unfinished"
        copy(Path(directory, "postgres"), unfinished)
        unfinished.rename(kept())


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


@cache
def kept() -> Path:
    made_of = hashlib.sha256()
    for file in sorted(file for pattern in MADE_OF for file in ROOT.glob(pattern)):
        made_of.update(file.read_bytes())
    return CACHE / f"postgres-{made_of.hexdigest()[:16]}"
