"""Reads the retention policies with previews, and the runs; saves policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.queries import current_state
from marcus_events import audit
from marcus_events.log import read
from marcus_events.models import RetentionPolicy, RetentionRun
from marcus_events.models.retention import ALL
from marcus_events.retention.policies import rank
from marcus_events.retention.preview import Preview, previews

MAX_RUNS = 20
MAX_POLICIES = 100  # each is compared with every other


@dataclass(frozen=True)
class PolicyRow:
    """A policy in words; `preview` is None if it is disabled."""

    policy: RetentionPolicy
    what: str
    board: str
    preview: Preview | None


@dataclass(frozen=True)
class Retention:
    rows: list[PolicyRow]
    runs: list[RetentionRun]
    kept_since: datetime | None
    oldest: int

    @property
    def is_running(self) -> bool:
        return bool(self.runs) and self.runs[0].ended_at is None


def retention() -> Retention:
    found = {one.policy.pk: one for one in previews()}
    policies = sorted(RetentionPolicy.objects.all(), key=lambda policy: (not policy.enabled, rank(policy)))
    names = current_state.board_names(policy.board_id for policy in policies)
    rows = [row(policy, names, found.get(policy.pk)) for policy in policies]
    runs = list(RetentionRun.objects.order_by("-started_at")[:MAX_RUNS])
    return Retention(rows, runs, read.kept_since(), read.head().oldest)


def row(policy: RetentionPolicy, names: dict[str, str], preview: Preview | None) -> PolicyRow:
    what = "All types" if policy.pattern == ALL else policy.pattern
    return PolicyRow(policy, what, names.get(policy.board_id, policy.board_id) or "all boards", preview)


def policy(pk: int) -> RetentionPolicy | None:
    return RetentionPolicy.objects.filter(pk=pk).first()


def are_full() -> bool:
    return RetentionPolicy.objects.count() >= MAX_POLICIES


def keep(policy: RetentionPolicy, by: str, address: str, *, act: str = "") -> None:
    policy.save()
    audit.record("retention_changed", by, address, policy=str(policy), act=act or policy.act)


def forget(policy: RetentionPolicy, by: str, address: str) -> None:
    words = str(policy)
    policy.delete()
    audit.record("retention_changed", by, address, policy=words, act="deleted")
