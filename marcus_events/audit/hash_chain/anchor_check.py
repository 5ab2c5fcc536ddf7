"""Compare anchored heads, which are stored outside of the database, with the chain.

An attacker with write access to the whole database can rebuild the chain so that it verifies. A head that was anchored
before is not in the rebuilt chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Q

from marcus_events.audit.hash_chain.findings import VerificationResult
from marcus_events.models import Seal

BATCH_SIZE = 500  # heads looked up at once
MAX_LINE = 4_096  # characters; a line of ours has some 200


class NotAnAnchor(ValueError):
    """A line is not an anchored head; the message names the line."""


@dataclass(frozen=True)
class AnchoredHead:
    """A hash of the chain of an epoch at a position; `at` and `place` tell when and where it was anchored."""

    epoch: UUID
    position: int
    digest: str
    at: str = ""
    place: str = ""

    @property
    def words(self) -> str:
        if not self.place:
            return f"the expected hash is {self.digest}"
        return f"the head anchored on {self.at} in {self.place} is {self.digest}"

    def as_line(self) -> str:
        stated = {"time": self.at, "epoch": str(self.epoch), "position": self.position, "hash": self.digest}
        return json.dumps({"log": "marcus-events"} | stated)


def read_heads(path: Path, *, strictly: bool) -> list[AnchoredHead]:
    """Read the heads in a file. Raises OSError or NotAnAnchor.

    Other lines, as in a file of syslog, are skipped, unless `strictly`, for a file that only holds heads.
    """
    found: list[AnchoredHead] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(MAX_LINE), ""), 1):
            if is_head_line(line.strip(), strictly):
                found.append(read_head(line, f"line {number} of {path}"))
    return found


def is_head_line(line: str, strictly: bool) -> bool:
    """Whether a line must be a head. A truncated head is skipped: it comes from a crash or a full disk."""
    is_cut = line.startswith('{"log": "marcus-events"') and not line.endswith("}")
    return bool(line) and not is_cut and (strictly or '"marcus-events"' in line)


def read_head(line: str, place: str) -> AnchoredHead:
    try:
        stated = first_object(line)
        digest, position = stated["hash"], stated["position"]
        if stated["log"] != "marcus-events" or type(position) is not int or not is_hash(digest):
            raise ValueError
        return AnchoredHead(UUID(stated["epoch"]), position, digest, str(stated["time"]), place)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotAnAnchor(f"{place} is not an anchored head; the file was changed") from None


def first_object(line: str) -> Any:
    """Parse the first JSON object of a line, after the prefix of a log collector. Raises ValueError."""
    return json.JSONDecoder().raw_decode(line, line.index("{"))[0]


def is_hash(digest: object) -> bool:
    return isinstance(digest, str) and len(digest) == 64 and not set(digest) - set("0123456789abcdef")


def check_heads(heads: Sequence[AnchoredHead], verdict: VerificationResult) -> None:
    each = iter(heads)
    while some := list(islice(each, BATCH_SIZE)):
        found = hashes_at(some)
        for head in some:
            check_head(head, found.get((head.epoch, head.position)), verdict)


def hashes_at(heads: Iterable[AnchoredHead]) -> dict[tuple[UUID, int], str]:
    wanted = Q()
    for epoch in {head.epoch for head in heads}:
        wanted |= Q(chain=epoch, last__in=[head.position for head in heads if head.epoch == epoch])
    found = Seal.objects.filter(wanted).values_list("chain", "last", "hash")
    return {(chain, last): bytes(digest).hex() for chain, last, digest in found}


def check_head(head: AnchoredHead, digest: str | None, verdict: VerificationResult) -> None:
    """Compare a head with the chain's hash at its position (step 8 of `verify`)."""
    verdict.anchored += bool(head.place)
    if digest != head.digest.lower():
        has = f"has {digest}" if digest else "has no block ending there"
        verdict.add(head.position, f"{head.words}, but the chain {has}; the chain was rebuilt")
