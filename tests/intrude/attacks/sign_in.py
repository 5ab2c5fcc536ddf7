"""Attacks on sign-in: guessing, reusing links and old cookies, and forged forms."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.access.table import PUBLIC, TABLE
from tests.intrude.attack import attack, check
from tests.intrude.target import TIMEOUT_S, Target, event, found

PASSWORD = "correct horse battery"
OK, FOUND, FORBIDDEN, GONE = httpx.codes.OK, httpx.codes.FOUND, httpx.codes.FORBIDDEN, httpx.codes.GONE
TOO_MANY, BUSY = httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE
ROUNDS, PUBLISH_S = 4, 5.0
NOISE_S = 0.05  # that a busy machine may add

numbers = count(2)


def stranger(target: Target) -> httpx.Client:
    """Return a client with its own address in 127.0.0.0/8."""
    number = next(numbers)
    transport = httpx.HTTPTransport(local_address=f"127.1.{number // 250}.{number % 250 + 1}")
    return httpx.Client(base_url=target.base_url, transport=transport, timeout=TIMEOUT_S)


def try_password(target: Target, client: httpx.Client, name: str, password: str = "a guess") -> int:
    return target.post_form(client, "/sign-in/", {"username": name, "password": password}).status_code


def give_password(target: Target, name: str) -> int:
    """Set a password through Django's admin and return the person's id."""
    rows = target.admin.get(f"/admin/auth/user/?q={name}").text
    user_id = found(r"/admin/auth/user/(\d+)/change/", rows)
    form = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert target.post_form(target.admin, f"/admin/auth/user/{user_id}/password/", form).status_code == FOUND
    return int(user_id)


@contextmanager
def flood(target: Target, clients: int) -> Iterator[Counter[int]]:
    """Let each client try one password after another inside the block. Counts responses by status."""
    stop, answers = threading.Event(), Counter[int]()

    def try_on(number: int) -> None:
        with stranger(target) as client:
            tries = count()
            while not stop.is_set():
                answers[try_password(target, client, f"name-{number}-{next(tries)}")] += 1

    with ThreadPoolExecutor(clients) as pool:
        started = [pool.submit(try_on, number) for number in range(clients)]
        try:
            yield answers
        finally:
            stop.set()
    for one in started:
        one.result()


def publish_for(target: Target, program: httpx.Client, seconds: float) -> list[float]:
    """Return how long each event took, in seconds."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        answer = program.post("/api/events", json=event())
        took.append(time.monotonic() - began)
        check(answer.status_code == httpx.codes.CREATED, f"an event is answered with {answer.status_code}")
        time.sleep(0.02)
    return took


def p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[18]


@attack(
    "A flood of sign-ins is turned away before anything is hashed, and events are still taken",
    MARCUS_RATE_SIGN_IN="9/second",
)
def flood_briefly(target: Target) -> int:
    with flood(target, clients=24) as answers, target.token_client() as program:
        while answers[BUSY] < 24:
            publish_for(target, program, 0.2)
    check(answers[BUSY] + answers[TOO_MANY] > answers[OK], f"most tries were let in: {answers}")
    check(not set(answers) - {OK, BUSY, TOO_MANY}, f"some answers were others: {answers}")
    return answers.total()


@attack(
    "Publishing takes at most twice its normal time while sign-in is flooded",
    is_long=True,
    MARCUS_RATE_SIGN_IN="9/second",
)
def flood_and_measure(target: Target) -> int:
    """Alternate between both, so that other load on the machine affects both equally."""
    calm: list[float] = []
    hot: list[float] = []
    tried = 0
    with target.token_client() as program:
        publish_for(target, program, 2.0)
        for _ in range(ROUNDS):
            calm += publish_for(target, program, PUBLISH_S)
            with flood(target, clients=20) as answers:
                hot += publish_for(target, program, PUBLISH_S)
            tried += answers.total()
    for name, of in (("median", statistics.median), ("95th percentile", p95)):
        check(of(hot) <= 2 * of(calm) + NOISE_S, f"its {name} rose from {of(calm):.3f} s to {of(hot):.3f} s")
    return tried


@attack("An address that tries many names is refused under every name", MARCUS_RATE_SIGN_IN="1000/second")
def spray(target: Target) -> int:
    name, _ = target.person()
    give_password(target, name)
    with stranger(target) as client:
        tried = 0
        while (status := try_password(target, client, f"name-{tried}")) in (OK, BUSY):
            tried += status == OK
            check(tried < 40, "forty names were tried from one address")
        check(status == TOO_MANY, f"answered with {status}")
        check(try_password(target, client, name, PASSWORD) == TOO_MANY, "the right password is still let in")
    with stranger(target) as elsewhere:
        check(try_password(target, elsewhere, name, PASSWORD) == FOUND, "people elsewhere are kept out")
    return tried


@attack("A link that is used eight times at once makes one session")
def link_at_once(target: Target) -> int:
    link = target.sign_in_link()
    clients = [target.client() for _ in range(8)]
    for client in clients:
        client.get(link).raise_for_status()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda client: target.post_form(client, link, {}).status_code, clients))
    signed_in = sum(client.get("/alerts/").status_code == OK for client in clients)
    check(signed_in == 1 and statuses.count(FOUND) == 1, f"{signed_in} sessions: {statuses}")
    check(clients[0].get(link).status_code == GONE, "the link can still be opened")
    return len(clients)


@attack("A scanner that opens a link uses nothing up, and is not signed in")
def link_scanned(target: Target) -> int:
    link, scanner = target.sign_in_link(), target.client()
    for method in ("GET", "HEAD", "GET", "OPTIONS", "PUT"):
        answer = scanner.request(method, link)
        check("sessionid" not in answer.cookies, f"{method} signs in")
    page = scanner.get(link)
    check(page.headers["Referrer-Policy"] in ("strict-origin", "no-referrer"), "the address goes to other sites")
    check("no-store" in page.headers["Cache-Control"], "the page with the link is stored")
    check(scanner.get("/alerts/").status_code == FOUND, "the scanner is signed in")
    target.sign_in_client(target.client())
    return 6


@attack("A link never signs anybody in over somebody else's head")
def link_over_another(target: Target) -> int:
    name, client = target.person()
    link = target.sign_in_link()
    page = client.get(link).text
    check(name in page and "Continue as" in page, "the page does not name who is signed in")
    forged = client.post(link, data={}, headers={"Origin": "https://evil.example"})
    check(forged.status_code == FORBIDDEN, "another site can press the button")
    check(client.get("/people/").status_code == FORBIDDEN, "the browser is the administrator's now")
    return 2


@attack("After a lock-out, letting somebody in again revives no cookie, no link and no socket")
def lock_out_and_let_in(target: Target) -> int:
    name, client = target.person()
    link, user_id = target.sign_in_link(name), id_of(target, name)
    for act in ("lock-out", "let-in"):
        answer = target.post_form(target.admin, f"/people/{user_id}/", {"act": act, "confirm": name})
        assert answer.status_code == FOUND, answer.text
    for path in ("/", "/alerts/", "/history/"):
        check(client.get(path).status_code == FOUND, f"the old cookie opens {path}")
    check(client.get("/api/events").status_code == httpx.codes.UNAUTHORIZED, "the old cookie reads the API")
    with target.socket("/ws/live/?page=now", client=client) as socket:
        check(closing_code(socket) == 4401, "the old cookie opens a socket")
    check(target.client().get(link).status_code == GONE, "the old link opens")
    return 6


def id_of(target: Target, name: str) -> int:
    return int(found(rf'href="/people/(\d+)/"[^>]*>(?:<[^>]+>)*{name}', target.admin.get("/people/").text))


def closing_code(socket: ClientConnection) -> int | None:
    try:
        while True:
            socket.recv(TIMEOUT_S)
    except ConnectionClosed:
        return socket.close_code


@attack("A form is taken with the token of the browser that sends it, and no other")
def forms_of_others(target: Target) -> int:
    _, client = target.person("administrator")
    other = target.client()
    other.get("/sign-in/")
    tokens = ["", "x" * 32, other.cookies["csrftoken"], "x" * 64]
    forms = ("/people/", "/alerts/", "/history/saved/", "/sign-out/", "/audit/verify/", "/admin/logout/")
    for path in forms:
        for token in tokens:
            answer = client.post(path, data={"csrfmiddlewaretoken": token, "name": "x"})
            check(answer.status_code == FORBIDDEN, f"{path} takes {token!r}: {answer.status_code}")
            check("out of date" in answer.text, f"{path} does not say what happened")
    check(client.get("/alerts/").status_code == OK, "somebody was signed out")
    return len(forms) * len(tokens)


@attack("Nothing private is stored by a browser or a proxy")
def cacheable(target: Target) -> int:
    target.publish(event("task_blocked", data={"task_id": "t1", "description": "Which key?"}))
    names = {"position": 1, "blocker": 1, "own_position": 1, "own_blocker": 1, "outsider": 1}
    private = [row.address.format(**names) for route, row in TABLE.items() if route not in PUBLIC]
    for path in private:
        stored = target.admin.get(path).headers.get("Cache-Control", "")
        check({"private", "no-store"} <= set(stored.replace(" ", "").split(",")), f"{path} says {stored!r}")
    return len(private)
