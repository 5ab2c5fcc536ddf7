"""One PostgreSQL for the whole run: embedded in a temporary directory, or the server of MARCUS_TEST_DATABASE_URL.

It starts before the first test and is removed after the last.
"""

import os
import shutil
import threading
from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase

from dashboard.live import regions
from dashboard.pages import slow_reads
from marcus_events import postgres
from marcus_events.access import rate_limits
from marcus_events.audit import signals
from marcus_events.core.lifecycle import stop_services
from marcus_events.log import read
from marcus_events.log.listener import LISTENER
from marcus_events.models import RefusedRequest
from marcus_events.postgres.data_directory import DataDirectory
from marcus_events.projections import PROJECTIONS, Projector
from marcus_events.retention import preview
from marcus_events.search import execute
from tests.migrated import copy_migrated

# How long an example takes says nothing about the code where the machine is shared.
hypothesis.settings.register_profile("ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ours")

FILLED_BY_MIGRATIONS = {"auth_permission", "django_content_type", "django_migrations"}
SERVER = pytest.StashKey[postgres.ClusterMember]()


def pytest_configure(config: pytest.Config) -> None:
    """Start one server per worker process; the controller of a distributed run needs none."""
    hands_out = bool(config.getoption("numprocesses", None)) and "PYTEST_XDIST_WORKER" not in os.environ
    if settings.EMBEDDED_POSTGRES and not hands_out:
        copy_migrated(settings.DATA_DIR)
        config.stash[SERVER] = postgres.ClusterMember(DataDirectory.under(settings.DATA_DIR))
        config.stash[SERVER].join()


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER].leave()
    shutil.rmtree(settings.DATA_DIR)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: Playwright leaves an event loop running in the main thread, which breaks asynchronous
    tests and Django's database access.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True, scope="session")
def quick_flush() -> Iterator[None]:
    """Delete rows instead of truncating: milliseconds instead of 0.1 s, 700 times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: delete_rows())
        yield


def delete_rows() -> None:
    """Delete the rows of every table that migrations do not fill, in any order. Triggers do not apply to the tests'
    superuser.
    """
    tables = {*connection.introspection.django_table_names(only_existing=True), "removal"} - FILLED_BY_MIGRATIONS
    names = [connection.ops.quote_name(table) for table in sorted(tables)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("; ".join(f"DELETE FROM {name}" for name in names))  # noqa: S608 - names of our own tables
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'search'::regclass")
        for (part,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {part}")


@pytest.fixture(autouse=True, scope="session")
def patience() -> Iterator[None]:
    """Reads may take as long as a slow machine needs. Tests of their time limits set these themselves."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((execute, "TIMEOUT_S"), (slow_reads, "STATEMENT_TIMEOUT_S"), (regions, "READ_TIMEOUT_S")):
            patch.setattr(module, name, 60.0)
        for name in ("TIMEOUT_S", "TOTAL_TIMEOUT_S"):
            patch.setattr(preview, name, 60.0)
        yield


@pytest.fixture(autouse=True)
def fresh_rates() -> None:
    """Reset rate limits, so that tests do not use up each other's."""
    rate_limits.limiter.cache_clear()


@pytest.fixture(autouse=True)
def off_the_record() -> None:
    """Do not record the creation of test users, so that the log begins with the test's own events. See tests/audit."""
    signals.disconnect_receivers()


@pytest.fixture
def log(transactional_db: None) -> Iterator[None]:
    """An empty log in a real database, with its own connections as in production."""
    stop_services()  # of tests without a log: they are rolled back, but not what services wrote of them
    shutil.rmtree(settings.DATA_DIR / "audit", ignore_errors=True)
    begin_log()
    if read.head().position:
        delete_rows()
        begin_log()
    RefusedRequest.objects.all().delete()
    yield
    stop_services()


def begin_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO log_head VALUES (1, 0, now(), 1, gen_random_uuid()) ON CONFLICT DO NOTHING")


@pytest.fixture
def projecting(log: None) -> Iterator[threading.Event]:
    """The tables follow the log by themselves, until the event is set."""
    stop = threading.Event()
    running = threading.Thread(target=Projector(PROJECTIONS).run, args=(stop,))
    running.start()
    yield stop
    stop.set()
    LISTENER.get().stop_soon()  # wakes the projector; `log` ends it
    running.join()
