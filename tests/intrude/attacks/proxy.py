"""Attacks that forge what only a trusted proxy may state: user, address, TLS, path and host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.intrude.attack import Run, attack, check
from tests.intrude.target import Target, event
from tests.waiting import wait_until

HEADER, VICTIM, EVIL = "X-Remote-User", "admin", "evil.example"
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"  # addresses of this machine; the first is trusted
PAGES = ("/", "/boards/", "/people/", "/audit/", "/admin/", "/integrations/", "/history/export/?format=jsonl")
READINGS = ("/api/events", "/api/boards", "/api/blockers")
OTHER_SPELLINGS = (
    "Http-X-Remote-User",
    "HTTP_X_REMOTE_USER",
    "X_Remote_User",
    "X-Remote_User",
    "x_remote-user",
    "Remote-User",
    "REMOTE_USER",
    "X-Forwarded-User",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
)
Header = tuple[str, str]


def single_sign_on(claim: str) -> Callable[[Run], Run]:
    """Register an attack on a server behind a proxy that signs people in."""
    return attack(claim, MARCUS_HTTPS="1", MARCUS_REMOTE_USER_HEADER=HEADER, MARCUS_TRUSTED_PROXIES=PROXY)


def ask(target: Target, path: str, headers: Iterable[Header], source: str = PROXY) -> httpx.Response:
    """Send a request without cookies from this address. Without TLS, which would take longer to set up than the
    request.
    """
    transport = httpx.HTTPTransport(local_address=source, verify=False)
    with httpx.Client(transport=transport, timeout=30.0) as client:
        return client.get(target.base_url + path, headers=list(headers))


def is_let_in(answer: httpx.Response) -> bool:
    return answer.is_success or "sessionid" in answer.cookies


def opens(target: Target, path: str, headers: Iterable[Header], source: str = PROXY) -> bool:
    """Return whether a page's or program's WebSocket is accepted."""
    origin = ("Origin", f"https://127.0.0.1:{target.port}")
    address = f"ws://127.0.0.1:{target.port}{path}"
    try:
        with connect(address, additional_headers=[origin, *headers], source_address=(source, 0), proxy=None) as socket:
            if "events" in path:
                socket.send('{"action": "subscribe", "id": "a"}')
            return '"error"' not in str(socket.recv(30.0))
    except (ConnectionClosed, InvalidStatus):
        return False


def session(target: Target) -> Header:
    """Return a session of the victim that the proxy started."""
    answer = ask(target, "/boards/", [(HEADER, VICTIM)])
    check(answer.is_success, "the proxy itself is refused, so that nothing below is an attack")
    return "Cookie", f"sessionid={answer.cookies['sessionid']}"


@single_sign_on("No other spelling of the single sign-on header signs anybody in")
def spell_the_header_otherwise(target: Target) -> int:
    tries = list(product(OTHER_SPELLINGS, ("/boards/", "/people/", *READINGS), (PROXY, STRANGER)))
    for name, path, source in tries:
        check(not is_let_in(ask(target, path, [(name, VICTIM)], source)), f"{name} opens {path}")
    return len(tries)


@single_sign_on("The single sign-on header from an untrusted address signs nobody in")
def send_the_header_directly(target: Target) -> int:
    cookie = session(target)
    claims = [("X-Forwarded-For", PROXY), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=127.0.0.1")]
    tries = list(product((HEADER, HEADER.upper(), HEADER.lower()), (*PAGES, *READINGS), (True, False)))
    for name, path, has_cookie in tries:
        headers = [(name, VICTIM), *claims, *([cookie] if has_cookie else [])]
        check(not is_let_in(ask(target, path, headers, STRANGER)), f"{name} from a stranger's address opens {path}")
    for path in ("/ws/live/?page=now", "/ws/events/"):
        check(not opens(target, path, [(HEADER, VICTIM), cookie], STRANGER), f"a stranger's address opens {path}")
    return len(tries) + 2


@single_sign_on("A doubled single sign-on header signs nobody in as another")
def double_the_header(target: Target) -> int:
    victims = [(name, VICTIM) for name in (HEADER, HEADER.lower(), *OTHER_SPELLINGS[2:5])]
    orders = [order for victim in victims for order in ([(HEADER, "ann"), victim], [victim, (HEADER, "ann")])]
    orders += [[(HEADER, f"ann,{VICTIM}")], [(HEADER, f"{VICTIM},ann")], [(HEADER, ""), (HEADER, VICTIM)]]
    cookie = session(target)
    tries = list(product(orders, PAGES[:3]))
    for headers, path in tries:
        check(not is_let_in(ask(target, path, headers)), f"{headers} opens {path}")
    for headers in orders:
        check(not opens(target, "/ws/live/?page=now", [*headers, cookie]), f"{headers} opens a WebSocket")
    return len(tries) + len(orders)


@single_sign_on("No name that resembles a user's is that user's, or makes another user")
def resemble_a_user(target: Target) -> int:
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in VICTIM)
    hidden = ("\N{ZERO WIDTH SPACE}", "\N{SOFT HYPHEN}", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}")
    names = ["ADMIN", "Admin", "aDmIn", full_width, *(f"{VICTIM}{letter}" for letter in hidden)]
    for name in names:
        with httpx.Client(timeout=30.0) as client:
            answer = client.get(f"{target.base_url}/boards/", headers=[(HEADER.encode(), name.encode())])
        check(not is_let_in(answer), f"{name!r} is let in")
    return len(names)


@single_sign_on("A WebSocket of a single sign-on session opens only with the header")
def leave_the_header_out(target: Target) -> int:
    cookie = session(target)
    missing: list[list[Header]] = [[], [(HEADER, "")], [(HEADER, "ann")]]
    missing += [[(name, VICTIM)] for name in OTHER_SPELLINGS]
    tries = list(product(missing, ("/ws/live/?page=now", "/ws/live/?page=audit", "/ws/events/")))
    check(opens(target, "/ws/live/?page=now", [cookie, (HEADER, VICTIM)]), "the proxy itself is refused")
    for headers, path in tries:
        check(not opens(target, path, [cookie, *headers]), f"{headers} opens {path}")
    return len(tries)


@single_sign_on("A cookie of a single sign-on session is nobody's without the header")
def steal_the_cookie(target: Target) -> int:
    cookie = session(target)
    tries = list(product((*PAGES, *READINGS), (PROXY, STRANGER)))
    for path, source in tries:
        check(not is_let_in(ask(target, path, [cookie], source)), f"the cookie alone opens {path}")
    return len(tries)


FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP")


def addresses_refused(target: Target, source: str) -> int:
    """Send requests with forged addresses and return how many there were."""
    for number, name in enumerate(FORWARDED):
        value = f"for=203.0.113.{number}" if name == "Forwarded" else f"203.0.113.{number}"
        ask(target, "/api/events", [(name, value), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", EVIL)], source)
    return len(FORWARDED)


@single_sign_on("An untrusted address cannot forge its address, its scheme or its host")
def forge_where_it_comes_from(target: Target) -> int:
    tries = addresses_refused(target, STRANGER)
    page = wait_until(lambda: refused_from(target, STRANGER))
    check("203.0.113." not in page, "a forged address stands under Rejected requests")
    forged = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", EVIL), ("X-Forwarded-Port", "1")]
    answer = ask(target, "/sign-in/", forged, STRANGER)
    check("Strict-Transport-Security" not in answer.headers, "a forged scheme counts")
    check(EVIL not in answer.text + str(answer.headers), "a forged host counts")
    return tries + 1


def refused_from(target: Target, address: str) -> str:
    """Return the page Integrations once it shows a rejected request from this address."""
    page = ask(target, "/integrations/", [(HEADER, VICTIM)]).text
    return page if address in page.partition('id="refused"')[2] else ""


@attack("Without a proxy no client can forge its address")
def forge_an_address_without_a_proxy(target: Target) -> int:
    tries = addresses_refused(target, STRANGER)
    page = wait_until(lambda: refused_by_anybody(target))
    check("203.0.113." not in page, "a forged address stands under Rejected requests")
    return tries


def refused_by_anybody(target: Target) -> str:
    page = target.admin.get("/integrations/").text
    return page if STRANGER in page.partition('id="refused"')[2] else ""


PREFIXES = ("/evil", "//evil.example")
PATH_HEADERS = ("Daphne-Root-Path", "X-Script-Name", "X-Forwarded-Prefix", "SCRIPT_NAME", "X-Original-URL")
KEPT = ("/", "/boards/", "/activity/", "/history/", "/api/docs", "/api/openapi.json", "/api/asyncapi.json")


@attack("No client moves the site to another path, for itself or for others")
def move_the_site(target: Target) -> int:
    target.publish(event("task_blocked", data={"task_id": "t1", "description": "x"}))
    tries = list(product(PATH_HEADERS, PREFIXES, KEPT))
    poisoned = [target.admin.get(path, headers={name: prefix}) for name, prefix, path in tries]
    for answer in [*poisoned, *map(target.admin.get, KEPT)]:
        path = answer.request.url.path
        check(answer.is_success, f"a header breaks {path}")
        check(not any(prefix in answer.text for prefix in PREFIXES), f"a header moves {path}")
    return len(tries)


@attack("No path rule of a proxy is passed by a header that moves the path")
def pass_a_path_rule(target: Target) -> int:
    """A path that the proxy forbids must not be reachable under another one."""
    tries = list(product(PATH_HEADERS, ("/public", "/healthz"), ("/people/", "/metrics", "/admin/")))
    for name, prefix, path in tries:
        answer = target.admin.get(prefix + path, headers={name: prefix})
        check(answer.status_code == 404, f"{name} reaches {path} as {prefix}{path}")
    return len(tries)


@attack("Under an unknown host name nothing is served but health")
def ask_under_another_name(target: Target) -> int:
    names = (EVIL, f"{EVIL}:{target.port}", f"127.0.0.1.{EVIL}", f"127.0.0.1@{EVIL}", f"127.0.0.1, {EVIL}")
    paths = (*PAGES, *READINGS, "/sign-in/", "/api/docs", "/api/openapi.json", "/metrics", "/favicon.ico")
    tries = list(product(names, paths))
    for name, path in tries:
        answer = target.admin.get(path, headers={"Host": name})
        check(answer.status_code == 400, f"{path} is served under {name}")
        check("MARCUS_ALLOWED_HOSTS" in answer.text, f"{path} does not say which setting allows {name}")
    for path in ("/ws/live/?page=now", "/ws/events/"):
        try:
            with target.socket(path, client=target.admin, Host=EVIL):
                check(False, f"{path} opens under {EVIL}")
        except InvalidStatus as refused:
            check(refused.response.status_code in (400, 403), f"{path} answers {refused.response.status_code}")
    for path in ("/healthz", "/readyz"):
        check(target.admin.get(path, headers={"Host": EVIL}).is_success, f"{path} is not told under {EVIL}")
    return len(tries) + 4
