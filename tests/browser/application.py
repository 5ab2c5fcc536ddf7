"""The application for browser tests: `manage.py up` on a database of its own, on the server that all tests use.

    with Application("test_now") as application:      # or the fixture `application`, one for each module
        application.sign_in(page)                     # or the fixture `signed_in`
        application.publish({"event_type": ...})      # over HTTP, committed when it returns
        application.end(signal.SIGKILL); application.start()

A page's WebSocket alone is cut by `page.route_web_socket`: see test_connection.py.
"""

import os
from functools import cache
from typing import Any

import psycopg
from django.conf import settings
from playwright.sync_api import Page, expect
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from marcus_events.postgres.data_directory import DATABASE
from tests.log.processes import migrate
from tests.running_server import Running

TEMPLATE = f"migrated_{os.getpid()}"


class Application(Running):
    def __init__(self, database: str, *, demo: bool = False) -> None:
        super().__init__(DATABASE_URL=conninfo_of(database), DEMO="1" if demo else "0")
        self.database = database
        self.cookies: list[Any] = []

    def prepare(self) -> None:
        with administration() as connection:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(self.database), template()))

    def clear_away(self) -> None:
        try:
            super().clear_away()
        finally:
            with administration() as connection:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(self.database)))

    def sign_in(self, page: Page) -> None:
        """Sign in as the administrator and open Now. All pages share one session."""
        if self.cookies:
            page.context.add_cookies(self.cookies)
        if self.cookies:
            page.goto(self.base_url)
        else:
            page.goto(self.sign_in_link())
            page.get_by_role("button", name="Sign in as admin").click()
            page.wait_for_url(f"{self.base_url}/")
        self.cookies = self.cookies or list(page.context.cookies())

    def begin(self, page: Page, *events: dict[str, Any]) -> None:
        """Publish the first events of the log, unless it has some, and wait until the page, on Now, shows them.

        Now loads itself anew then, which would end a navigation that a test has begun meanwhile.
        """
        if page.locator("#welcome").count():
            self.publish(*events)
            expect(page.locator(".verdict-text")).to_be_visible()


@cache
def template() -> Identifier:
    """Create an empty, migrated template database."""
    if settings.EMBEDDED_POSTGRES:
        return Identifier(DATABASE)
    with administration() as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
    migrate(conninfo_of(TEMPLATE))
    return Identifier(TEMPLATE)


def drop_template() -> None:
    if settings.EMBEDDED_POSTGRES:
        return
    template.cache_clear()
    with administration() as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(TEMPLATE)))


def conninfo_of(database: str) -> str:
    """Return the connection string of a database on the tests' server."""
    given = settings.DATABASES["default"]
    found = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
    return make_conninfo("", dbname=database, **{name: value for name, value in found.items() if value})


def administration() -> psycopg.Connection[Any]:
    return psycopg.connect(conninfo_of("postgres"), autocommit=True)
