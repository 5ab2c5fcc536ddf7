"""Attacks that open connections to exhaust limits for everybody else."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import httpx

from tests.intrude.attack import attack, check
from tests.intrude.lines import as_frame, bearer, closing, handshake, line, request, reset, status
from tests.intrude.target import Target, event
from tests.waiting import wait_until

OF_TOKEN, OF_ADDRESS = "20", "50"  # limits of open connections
TRIED = 45  # attempted connections per token and address
SUBSCRIBE = as_frame(json.dumps({"action": "subscribe", "id": "a"}).encode())
ELSEWHERE = "127.0.0.2"  # the attacker's address


Opened = list[tuple[socket.socket, bytes]]


@contextmanager
def programs(target: Target, *wanted: tuple[str, str]) -> Iterator[Opened]:
    """Open a WebSocket per token and address and return the first message of each."""
    with ExitStack() as stack, ThreadPoolExecutor(50) as pool:

        def opened(token: str, source: str) -> tuple[socket.socket, bytes]:
            connection = line(target, source)
            stack.callback(connection.close)
            connection.sendall(handshake(target, "/ws/events/", bearer(token)))
            told = read_until(connection, b"\r\n\r\n")  # what comes before this is lost
            with suppress(ConnectionError):
                connection.sendall(SUBSCRIBE)
            return connection, read_until(connection, b'"subscribed"', b'"error"', begun=told)

        yield list(pool.map(lambda each: opened(*each), wanted))


def read_until(connection: socket.socket, *words: bytes, begun: bytes = b"") -> bytes:
    """Read until one of the words arrives or the connection ends."""
    found = begun
    with suppress(ConnectionError):
        while not any(word in found for word in words) and (piece := connection.recv(65536)):
            found += piece
    return found


def is_open(answer: bytes) -> bool:
    return b'"subscribed"' in answer


def get(target: Target, path: str) -> httpx.Response:
    """Send a request without credentials."""
    with target.client() as stranger:
        return stranger.get(path)


def open_on(target: Target, of: str) -> int:
    text = get(target, "/metrics").text
    counted = re.search(rf'marcus_open_connections{{of="{of}"}} (\d+)', text)
    assert counted, text[:500]
    return int(counted.group(1))


def check_others_are_served(target: Target) -> None:
    check(get(target, "/healthz").status_code == httpx.codes.OK, "/healthz does not answer")
    with target.socket("/ws/live/?page=now", client=target.admin) as page:
        check("beat" in str(page.recv(timeout=30)), "a signed-in person's page gets no frames")
    with target.token_client("read") as client, target.socket("/ws/events/", client=client) as program:
        program.send('{"action": "subscribe", "id": "a"}')
        check("subscribed" in str(program.recv(timeout=30)), "another token cannot subscribe")
    target.publish(event())


@attack(
    "One token opens no more WebSockets than it may, is told why, and locks nobody out",
    MARCUS_CONNECTIONS_TOKEN=OF_TOKEN,
    MARCUS_CONNECTIONS_ADDRESS=OF_ADDRESS,
)
def sockets_of_one_token(target: Target) -> int:
    token = target.token("read")
    with programs(target, *[(token, ELSEWHERE)] * TRIED) as opened:
        refused = [told for _, told in opened if not is_open(told)]
        check(0 < len(refused) < TRIED, f"{TRIED - len(refused)} of {TRIED} are open")
        check(all(b"token_connections" in told for told in refused), "who is refused is not told why")
        check_others_are_served(target)
        living = next(connection for connection, told in opened if is_open(told))
        check(b'"event"' in read_until(living, b'"event"'), "a connection that was there already was harmed")
    wait_until(lambda: open_on(target, "programs") == 0)
    return TRIED


@attack(
    "One token waits no more often than it may, and waits that die are counted no longer",
    MARCUS_CONNECTIONS_TOKEN=OF_TOKEN,
    MARCUS_CONNECTIONS_ADDRESS=OF_ADDRESS,
)
def waits_of_one_token(target: Target) -> int:
    token = target.token("read")
    asked = request(target, "/api/events/wait?type=never&timeout=60", bearer(token))
    with closing([line(target, ELSEWHERE) for _ in range(TRIED)]) as connections:
        for connection in connections:
            connection.sendall(asked)
        held = wait_until(lambda: open_on(target, "programs"))
        wait_until(lambda: open_on(target, "all") == open_on(target, "programs") + 1)  # the rest has been refused
        held = open_on(target, "programs")
        check(held < TRIED, f"{held} of {TRIED} wait")
        check_others_are_served(target)
        for connection in connections:
            reset(connection)
    wait_until(lambda: open_on(target, "programs") == 0)
    return TRIED


@attack("Programs with many tokens, from many addresses, leave room for people", is_long=True)
def many_tokens(target: Target) -> int:
    tokens = [(target.token("read"), f"127.0.0.{n}") for n in range(10, 14)]
    with programs(target, *tokens * 200) as opened:
        refused = [told for _, told in opened if not is_open(told)]
        check(len(refused) >= 300, f"{len(opened) - len(refused)} programs are connected")
        check(all(b"program_connections" in told for told in refused), "who is refused is not told why")
        with target.socket("/ws/live/?page=now", client=target.admin) as page:
            check("beat" in str(page.recv(timeout=30)), "a signed-in person's page gets no frames")
    return len(opened)


@attack(
    "One address that asks for everything at once is told to wait, and others are answered meanwhile",
    MARCUS_CONNECTIONS_TOKEN=OF_TOKEN,
    MARCUS_CONNECTIONS_ADDRESS=OF_ADDRESS,
)
def requests_of_one_address(target: Target) -> int:
    token = target.token("read")
    asked = request(target, "/api/events?limit=1000&q=nothing", bearer(token))
    with closing([line(target, ELSEWHERE) for _ in range(150)]) as connections:
        for connection in connections:
            connection.sendall(asked)
        begun = time.monotonic()
        check(get(target, "/healthz").status_code == httpx.codes.OK, "/healthz does not answer")
        check(get(target, "/api/events").status_code == httpx.codes.UNAUTHORIZED, "others are not answered")
        check(time.monotonic() - begun < 30, "others wait for half a minute")
        for connection in connections:
            found = status(connection.recv(65536))
            check(found in (200, 429, 503), f"{found} is no answer to one request too many")
    return len(connections)


@attack(
    "Strangers who open WebSockets and never close them hold no places",
    MARCUS_CONNECTIONS_TOKEN=OF_TOKEN,
    MARCUS_CONNECTIONS_ADDRESS=OF_ADDRESS,
)
def strangers(target: Target) -> int:
    wrong = bearer("mev_wrong")
    with closing([line(target, ELSEWHERE) for _ in range(150)]) as connections:
        for n, connection in enumerate(connections):
            origin = (f"Origin: {target.base_url}",)
            path, headers = ("/ws/events/", (wrong,)) if n % 2 else ("/ws/live/?page=now", origin)
            connection.sendall(handshake(target, path, *headers))
        check_others_are_served(target)
        wait_until(lambda: open_on(target, "all") == 1)
    return len(connections)


@attack("A person exports once at a time, and who reads an export slowly is in nobody's way")
def slow_exports(target: Target) -> int:
    for n in range(40):  # 8 MB, more than all buffers hold
        target.publish(event("note", data={"n": n, "text": "word " * 40_000}))
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in target.admin.cookies.jar)
    asked = request(target, "/history/export/?format=jsonl", f"Cookie: {cookies}")
    with closing([line(target, ELSEWHERE, is_slow=True) for _ in range(6)]) as connections:
        connections[0].sendall(asked)
        check(status(connections[0].recv(100)) == httpx.codes.OK, "the first export does not begin")
        wait_until(lambda: "Exporting" in target.admin.get("/history/exports/").text)
        for connection in connections[1:]:
            connection.sendall(asked)
            check(status(connection.recv(100)) == httpx.codes.TOO_MANY_REQUESTS, "a person exports twice at once")
        _, other = target.person("viewer", ["shop"])
        whole = other.get("/history/export/?format=jsonl").text
        other.close()
        check(whole.count("\n") >= 40, "another person's export is held up")
    wait_until(lambda: "Exporting" not in target.admin.get("/history/exports/").text)
    return len(connections)
