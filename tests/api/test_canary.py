"""A token, a password and the id of a session are nobody's to read: whatever is asked with them, they stand in no log,
no answer, no page, no file and no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from marcus_events.access import tokens
from marcus_events.postgres.data_directory import DataDirectory
from tests.canary import in_files
from tests.running_server import Running

GUESS = f"{tokens.PREFIX}canary-that-nobody-ever-made-0123456789abcdefghijkl"
EVENT = {"event_type": "task_progress", "source": "s", "data": {}}
PAGES = ("/", "/activity/", "/boards/", "/blocked/", "/integrations/", "/admin/", "/metrics", "/readyz")


@pytest.fixture
def running() -> Iterator[Running]:
    with Running() as application:
        yield application


def asked(client: httpx.Client, secret: str) -> list[httpx.Response]:
    """Good requests and every kind of bad one, with the token where it belongs and where it does not."""
    headers = {"Authorization": f"Bearer {secret}"}
    answers = [
        client.post("/api/events", json=EVENT, headers=headers),
        client.post("/api/events", json=[EVENT, {}], headers=headers),
        client.post("/api/events", content=b"{", headers=headers | {"Content-Type": "application/json"}),
        client.post("/api/events", content=b"x" * 1_100_000, headers=headers),
        client.put("/api/events", headers=headers),
        client.get("/api/events?limit=x", headers=headers),
        client.get("/api/events/wait?timeout=0", headers=headers),
        client.get("/api/nothing", headers=headers),
        client.get("/api/events", headers={"Authorization": secret}),
        client.get("/api/events", headers={"Authorization": f"Basic {secret}"}),
        client.get("/api/events", headers={"Authorization": f"Bearer {secret} {secret}"}),
    ]
    answers += [client.get(path, headers=headers) for path in PAGES]
    return answers


def tables(conninfo: str) -> str:
    """Everything that is stored, as text."""
    with psycopg.connect(conninfo) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        queries = [SQL("SELECT t::text FROM {} t").format(Identifier(*name)) for name in names]
        return "\n".join(str(row[0]) for query in queries for row in connection.execute(query))


@pytest.mark.parametrize("is_known", [True, False])
def test_a_token_appears_nowhere(running: Running, is_known: bool) -> None:
    secret = running.manage("create_token", "canary") if is_known else GUESS
    with httpx.Client(base_url=running.base_url, timeout=180) as client:
        answers = asked(client, secret)
        running.sign_in_client(client)
        answers += [client.get(path) for path in PAGES]
        assert {answer.status_code for answer in answers} >= ({201, 200} if is_known else {401, 200})
        said = "".join(answer.text + str(answer.headers) for answer in answers)
    stored = tables(DataDirectory.under(Path(running.data_dir.name)).conninfo)
    running.end()
    assert "canary" in stored or not is_known, "nothing was looked at"
    for text in (said, stored, running.output.read_text()):
        assert secret not in text


PASSWORD = "canary-horse-battery-staple"
SET_PASSWORD = "from django.contrib.auth.models import User; u = User.objects.get(); u.set_password({!r}); u.save()"


def nowhere(running: Running, secret: str, said: str) -> None:
    """Neither in what was answered, nor in what is stored or printed."""
    stored = tables(DataDirectory.under(Path(running.data_dir.name)).conninfo)
    running.end()
    assert secret not in said
    assert secret not in stored
    assert in_files(Path(running.data_dir.name), secret) == set()


def sign_in(client: httpx.Client, username: str, password: str) -> httpx.Response:
    client.get("/sign-in/")
    form = {"username": username, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post("/sign-in/", data=form)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_password_appears_nowhere_also_typed_as_the_name(running: Running, is_right: bool) -> None:
    done = running.run("shell", "-c", SET_PASSWORD.format(PASSWORD if is_right else "another-horse-battery-staple"))
    assert done.returncode == 0, done.stderr
    with httpx.Client(base_url=running.base_url, timeout=180) as client:
        tried = sign_in(client, "admin", PASSWORD)
        assert (tried.status_code == httpx.codes.FOUND) == is_right
        client.post("/sign-out/", data={"csrfmiddlewaretoken": client.cookies["csrftoken"]})
        sign_in(client, PASSWORD, "admin")  # into the wrong field; the form shows to whoever typed it what they typed
        answers = [tried, sign_in(client, "admin", "")]
        client.get(running.manage("login_link", "admin"), follow_redirects=True)
        answers += [client.get(path) for path in (*PAGES, "/audit/", "/people/")]
    nowhere(running, PASSWORD, "".join(answer.text + str(answer.headers) for answer in answers))


def test_the_id_of_a_session_appears_nowhere(running: Running) -> None:
    with httpx.Client(base_url=running.base_url, timeout=180) as client:
        running.sign_in_client(client)
        session = client.cookies["sessionid"]
        answers = [client.get(path) for path in (*PAGES, "/audit/", "/people/")]
        assert {answer.status_code for answer in answers} == {200}
        said = "".join(answer.text + str(answer.headers) for answer in answers)
    nowhere(running, session, said)
