"""Parse MARCUS_ANCHORS: the targets outside of the database to which the head of the hash chain is written.

/var/log/marcus/heads.jsonl     a file, to which a line is appended
https://example.org/heads       a webhook, to which JSON is posted
syslog:                         the syslog of this machine; syslog:/dev/log or syslog:host:514 name another one
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

AnchorKind = Literal["file", "webhook", "syslog"]
LOCAL_SYSLOG = "/dev/log"
ADDRESS = re.compile(r"\[?([^\[\]/\s]+?)\]?:([0-9]{1,5})")
MAX_PORT = 65_535


@dataclass(frozen=True)
class Anchor:
    """`place` is the target. `name` is for people: a webhook's URL is shortened, since it can hold a secret."""

    kind: AnchorKind
    place: str
    name: str

    @property
    def key(self) -> str:
        """A stable id that does not reveal the target."""
        return hashlib.sha256(f"{self.kind} {self.place}".encode()).hexdigest()[:32]

    @property
    def path(self) -> Path | None:
        return Path(self.place) if self.kind == "file" else None

    @property
    def syslog_address(self) -> str | tuple[str, int]:
        found = ADDRESS.fullmatch(self.place)
        return (found[1], int(found[2])) if found else self.place


def parse(text: str) -> Anchor:
    """Parse one target. Raises ValueError, whose message never contains a webhook's URL."""
    scheme = text.partition(":")[0].lower()
    if scheme in {"http", "https"}:
        return webhook(text)
    if scheme == "syslog":
        return syslog(text.partition(":")[2])
    if "://" in text:
        raise ValueError(f"{scheme}:// is not supported; use a file, https://…, http://… or syslog:")
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError(f"{text!r} must be the absolute path of a file, https://…, http://… or syslog:")
    return Anchor("file", str(path), str(path))


def webhook(text: str) -> Anchor:
    parts = urlsplit(text)
    if not parts.hostname or not has_port(text) or parts.username is not None or any(sign.isspace() for sign in text):
        raise ValueError("a webhook must have the form https://example.org/heads, without a username")
    port = f":{parts.port}" if parts.port else ""
    return Anchor("webhook", text, f"{parts.scheme.lower()}://{parts.hostname}{port}/…")


def has_port(text: str) -> bool:
    """Whether the port is valid; no port is, too."""
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False


def syslog(place: str) -> Anchor:
    if not place or place.startswith("/"):
        return Anchor("syslog", place or LOCAL_SYSLOG, f"syslog:{place or LOCAL_SYSLOG}")
    found = ADDRESS.fullmatch(place)
    if not found or not 0 < int(found[2]) <= MAX_PORT:
        raise ValueError(f"syslog:{place} must have the form syslog:, syslog:/dev/log or syslog:host:514")
    return Anchor("syslog", place, f"syslog:{place}")
