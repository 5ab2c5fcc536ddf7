"""Check redacted events: a sealed `event_redacted` must account for each difference from the sealed event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from marcus_events.audit.hash_chain.findings import VerificationResult
from marcus_events.core.redaction_marker import REMAINING_METADATA, redaction_marker
from marcus_events.log import leaves, redacted_bodies

LIMIT = 20


@dataclass(frozen=True)
class Redacted:
    """A redacted event, its row in `redaction`, and under `said` the `event_redacted` that accounts for it, if any."""

    position: int
    details: dict[str, Any]

    @classmethod
    def read(cls, position: int, details: str) -> Redacted:
        return cls(position, json.loads(details))

    @property
    def record(self) -> int:
        return int(self.details["record"])

    def fault(self, leaf: bytes, sealed: bytes | None) -> str:
        """Describe the first mismatch; "" if there is none. `leaf` is the leaf of the present row."""
        row, said = self.details, self.details["said"]
        if bytes.fromhex(row["leaf"]) != sealed:
            return "the sealed event differs from the one its redaction names"
        if leaf.hex() != row["marked"]:
            return "the event was redacted and has since been changed outside the application"
        if said is None:
            return f"the event was replaced, but event {self.record}, which should record its redaction, does not exist"
        if not self.is_said():
            return f"the event is redacted, but event {self.record}, which should record its redaction, does not match"
        if not self.is_marked():
            return "the redacted event does not contain its redaction marker"
        return ""

    def is_said(self) -> bool:
        row, said = self.details, self.details["said"]
        data = said["data"]
        return bool(
            said["type"] == "event_redacted"
            and said["source"] == f"user:{data.get('by')}"
            and data.get("position") == self.position
            and (data.get("leaf"), data.get("marked"), data.get("type")) == (row["leaf"], row["marked"], row["type"])
            and said["metadata"].get("causation_id") == row["event_id"]
        )

    def is_marked(self) -> bool:
        """The marker holds what the sealed event says and nothing else, here and in the table of redactions."""
        row, said = self.details, self.details["said"]
        by, reason, at = said["data"].get("by"), said["data"].get("reason"), parse_time(said["timestamp"])
        stated = (row["by"], row["reason"], parse_time(row["at"]))
        return bool(
            as_json(row["data"]) == as_json(row["marker"]) == as_json(redaction_marker(by, at, reason))
            and row["metadata"] == row["kept"]
            and row["metadata"].keys() <= {*REMAINING_METADATA}
            and stated == (by, reason, at)
        )


def as_json(body: dict[str, Any]) -> str:
    """Serialise for comparison: 1 and True are equal in Python, not in JSON."""
    return json.dumps(body, sort_keys=True)


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def check_others(head: int, verdict: VerificationResult) -> None:
    """Find redactions of positions that never existed, and redactions that were undone."""
    for position in redacted_bodies.outside(head, LIMIT):
        verdict.add(position, "a redaction is recorded for an event that never existed")
    for position, record in leaves.undone_redactions(LIMIT):
        verdict.add(position, f"event {record} says that this event was redacted, but it is unchanged")
