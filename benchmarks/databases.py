"""The PostgreSQL servers of contestants that run in this process: the embedded one, with fsync on, gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def data_directory() -> Iterator[Path]:
    """Set up Django in this process with a temporary data directory."""
    with tempfile.TemporaryDirectory(prefix="marcus-bench-") as directory:
        Path(directory).chmod(0o711)  # as root, PostgreSQL's user has to pass through
        os.environ |= {
            "MARCUS_DATA_DIR": directory,
            "DATABASE_URL": "",
            "MARCUS_MAX_LAG": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        import django

        django.setup()
        yield Path(directory)


@contextmanager
def database() -> Iterator[str]:
    """Run an empty, migrated database for this process, inside `data_directory`. Yields its connection string."""
    from django.conf import settings
    from django.db import connection

    from marcus_events import postgres
    from marcus_events.core.lifecycle import stop_services
    from marcus_events.postgres.data_directory import DataDirectory
    from tests.migrated import copy_migrated

    directory = DataDirectory.under(settings.DATA_DIR)
    copy_migrated(settings.DATA_DIR)
    try:
        with postgres.ClusterMember(directory):
            try:
                yield directory.conninfo
            finally:
                stop_services()
                connection.close()
                connection.close_pool()  # type: ignore[attr-defined]  # the stubs do not know PostgreSQL's pool
    finally:
        shutil.rmtree(directory.root)
