"""A data directory with an embedded PostgreSQL and an empty, migrated database `marcus`.

Copying it takes 0.1 s, creating it several. So it is cached in the checkout, one per user, until migrations, packages
or the server's creation change.
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
    """Copy into a data directory without PostgreSQL."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cached_directory().exists():
            for outdated in CACHE.glob("postgres-*"):
                shutil.rmtree(outdated)
            make()
        copy(cached_directory(), data_dir / "postgres")


def make() -> None:
    """Create in a temporary directory: as root, PostgreSQL's user has to traverse all parent directories."""
    with tempfile.TemporaryDirectory(prefix="marcus-migrated-") as directory:
        Path(directory).chmod(0o711)
        environment = {"MARCUS_DATA_DIR": directory, "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "manage.py", "tokens"]  # any command that first brings its tables up to date
        subprocess.run(command, cwd=ROOT, env=os.environ | environment, stdin=subprocess.DEVNULL, check=True)
        unfinished = CACHE / "postgres-unfinished"
        copy(Path(directory, "postgres"), unfinished)
        unfinished.rename(cached_directory())


def copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


@cache
def cached_directory() -> Path:
    made_of = hashlib.sha256()
    for file in sorted(file for pattern in MADE_OF for file in ROOT.glob(pattern)):
        made_of.update(file.read_bytes())
    return CACHE / f"postgres-{made_of.hexdigest()[:16]}"
