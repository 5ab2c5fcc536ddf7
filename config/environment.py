"""Read settings from the environment. An invalid value raises ImproperlyConfigured, so that no process starts."""

import ipaddress
import os
import re
import secrets
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from limits import parse as parse_rate
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from config import request_headers
from marcus_events.core.anchors import Anchor
from marcus_events.core.anchors import parse as parse_anchor
from marcus_events.core.filters import parse_duration
from marcus_events.core.threads import POOL_SIZE

# Every connection plans with the values at hand: a generic plan walks the whole log for a rare word. And without JIT,
# which takes longer to compile than our queries take to run.
SERVER_OPTIONS = "-c plan_cache_mode=force_custom_plan -c jit=off -c timezone=UTC"
NOT_A_USER = frozenset({"x-forwarded-for", "x-forwarded-proto", "connection", "upgrade", "transfer-encoding"})
POOL: dict[str, Any] = {
    "min_size": 1,
    "max_size": POOL_SIZE,  # a connection for each thread that works with the database
    "timeout": 5,  # seconds a request waits for a connection before it fails
    "max_lifetime": 30 * 60,  # seconds
    # Seconds after which an attempt to connect is given up, since the pauses within one double: it would sleep for as
    # long as the database was away. A new attempt begins at once, for the requests that wait for a connection.
    "reconnect_timeout": 1,
    "reconnect_failed": ConnectionPool.check,
}


def flag(name: str, *, default: bool) -> bool:
    """Read a flag, `1` or `0`; unset or empty means the default."""
    value = os.environ.get(name, "").strip()
    if value not in {"", "0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return value == "1" if value else default


def names(name: str, *, default: list[str]) -> list[str]:
    """Read a comma-separated list; unset means the default, an empty list is an error."""
    if (value := os.environ.get(name)) is None:
        return default
    found = [part.strip() for part in value.split(",") if part.strip()]
    if not found:
        raise ImproperlyConfigured(f"{name} is set but empty.")
    return found


def rate(name: str, *, default: str) -> str:
    """Read a rate in the syntax of the package `limits`."""
    stated = os.environ.get(name, "").strip() or default
    try:
        parse_rate(stated)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a rate such as 100/second, not {stated!r}.") from None
    return stated


def number(name: str, *, default: int, least: int = 1) -> int:
    """Read a whole number, by default one above 0."""
    stated = os.environ.get(name, "").strip() or str(default)
    if not (stated.isascii() and stated.isdigit() and len(stated) < 10 and int(stated) >= least):
        kind = "above 0" if least == 1 else f"of at least {least}"
        raise ImproperlyConfigured(f"{name} must be a whole number {kind}, not {stated!r}.")
    return int(stated)


def own_hosts() -> list[str]:
    """Return the names of this machine, and HOST unless it stands for all addresses."""
    host = os.environ.get("HOST", "").strip("[]")
    bare = ["localhost", "127.0.0.1", "::1"]
    if host and host not in {*bare, "0.0.0.0", "::"}:  # noqa: S104 - compared, never bound to
        bare.append(host)
    return [f"[{name}]" if ":" in name else name for name in bare]


def header(name: str, *, behind_proxy: bool) -> str:
    """Read the name of an HTTP header that a proxy sets; "" if unset."""
    stated = os.environ.get(name, "").strip()
    if stated and not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", stated):
        raise ImproperlyConfigured(f"{name} must be a header name such as X-Remote-User, not {stated!r}.")
    if stated and not behind_proxy:
        raise ImproperlyConfigured(f"{name} only works behind a proxy. Set MARCUS_HTTPS=1 as well.")
    if stated.lower() in request_headers.READ or stated.lower() in NOT_A_USER:
        raise ImproperlyConfigured(f"{name}: {stated} is already in use. Choose a header such as X-Remote-User.")
    return stated


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(name: str, *, default: list[str]) -> list[Network]:
    """Read a comma-separated list of addresses and networks. A network of all addresses is an error."""
    found = []
    for stated in names(name, default=default):
        try:
            network = ipaddress.ip_network(stated)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must list addresses or networks such as 10.0.0.7 or 10.0.0.0/24, not {stated!r}."
            ) from None
        if not network.prefixlen:
            raise ImproperlyConfigured(f"{name}: {stated} covers every address, so anyone could impersonate any user.")
        found.append(network)
    return found


def origins(name: str) -> list[str]:
    found = names(name, default=[])
    for origin in found:
        if not origin.startswith(("https://", "http://")):
            raise ImproperlyConfigured(f"{name}: {origin!r} must start with https:// or http://.")
    return found


def anchors(name: str) -> list[Anchor]:
    """Read the targets to which the head of the hash chain is written; unset means none."""
    try:
        return [parse_anchor(stated) for stated in names(name, default=[])]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from None


def duration(name: str, *, default: str, least: timedelta) -> timedelta:
    """Read a duration such as 30m or 2h."""
    stated = os.environ.get(name, "").strip() or default
    found = parse_duration(stated)
    if found is None or found < least:
        raise ImproperlyConfigured(
            f"{name} must be a duration such as 30m, 1h or 1d, of at least {least}, not {stated!r}."
        )
    return found


def secret_key(data_dir: Path) -> str:
    """Return MARCUS_SECRET_KEY, or a key that is created on first use in a file that only its owner can read."""
    if given := os.environ.get("MARCUS_SECRET_KEY"):
        return given
    file = data_dir / "secret_key"
    try:
        if not file.exists():
            _write_once(file, secrets.token_urlsafe(48))
        kept = file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data directory {data_dir} cannot be used: {error.strerror}. Set MARCUS_DATA_DIR to another one."
        ) from None
    if not kept:
        raise ImproperlyConfigured(f"{file} is empty. Remove it to create a new key.")
    return kept


def _write_once(file: Path, text: str) -> None:
    """Write a file unless it exists. Of two commands that start at once, the first to link its file wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # readable by nobody else from the start
    mine = Path(name)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    with suppress(FileExistsError):
        file.hardlink_to(mine)
    mine.unlink()


def database(conninfo: str) -> dict[str, Any]:
    """Return Django's settings for the database of a URL or a libpq connection string."""
    try:
        found: dict[str, Any] = dict(conninfo_to_dict(conninfo))
    except ProgrammingError:  # its message can hold the password
        raise ImproperlyConfigured(
            "DATABASE_URL must have the form postgresql://user:password@host:5432/name."
        ) from None
    if not found.get("dbname"):
        raise ImproperlyConfigured("DATABASE_URL has no database name. Use postgresql://user@host/NAME.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": found.pop("dbname"),
        "USER": found.pop("user", ""),
        "PASSWORD": found.pop("password", ""),
        "HOST": found.pop("host", ""),
        "PORT": found.pop("port", ""),
        "CONN_MAX_AGE": 0,  # the pool keeps them
        "CONN_HEALTH_CHECKS": True,  # a server that came back finds no dead connections in the pool
        "OPTIONS": {**found, "options": f"{found.get('options', '')} {SERVER_OPTIONS}".strip(), "pool": POOL},
    }
