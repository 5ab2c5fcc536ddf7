"""The application's settings with a directory and server for the tests.

Read before anything else, so this module only names things; tests/conftest.py starts and ends the server.
MARCUS_TEST_DATABASE_URL names a server to use instead of the embedded one.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")  # noqa: S108 - a disk in memory, as Linux has one
ROOM = 8 * 1024**3  # bytes, about three times what a whole run needs


def memory_is_roomy() -> bool:
    """Return whether files may lie in memory, where copying a database takes a tenth of the time."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return False
    return min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > ROOM


if memory_is_roomy():
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
os.environ["MARCUS_DATA_DIR"] = tempfile.mkdtemp(prefix="marcus-test-")
Path(os.environ["MARCUS_DATA_DIR"]).chmod(0o711)  # as root, PostgreSQL's user has to pass through
# pytest closes the directory that all runs of a user share, also to a server that another run has in it.
os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["MARCUS_DATA_DIR"]
os.environ["DATABASE_URL"] = os.environ.get("MARCUS_TEST_DATABASE_URL", "")
# If set, as in many containers, each program that a test starts would compile everything again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
PROXY = ("MARCUS_HTTPS", "MARCUS_TRUSTED_ORIGINS", "MARCUS_REMOTE_USER_HEADER", "MARCUS_TRUSTED_PROXIES")
for name in ("HOST", "MARCUS_ALLOWED_HOSTS", *PROXY, "MARCUS_DEBUG", "DEMO"):
    os.environ.pop(name, None)

from config.settings import *
from config.settings import DATA_DIR, DATABASES, EMBEDDED_POSTGRES

# The names of files carry no hash: nothing has to be collected before a page can be rendered.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
Path(DATA_DIR, "static").mkdir()
MAX_LAG = 0  # no projector runs beside most tests, and some publish for minutes
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; guards nothing here
if EMBEDDED_POSTGRES:
    DATABASES["default"]["TEST"] = {"TEMPLATE": DATABASES["default"]["NAME"]}  # migrated: see tests/migrated.py
