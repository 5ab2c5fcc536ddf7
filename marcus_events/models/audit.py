"""Redactions, the hash chain, its anchors, and verifications."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from marcus_events.core.event import utc_now


class Redaction(models.Model):
    """A redacted event. Written by `marcus_events.audit.redaction`; a trigger prevents changes.

    `marker` and `metadata` are the event's new data and metadata, `leaf` and `marked` its leaves of the hash chain
    before and after, `record` the position of its `event_redacted`.
    """

    position = models.BigIntegerField(primary_key=True)
    by = models.TextField()
    reason = models.TextField()
    at = models.DateTimeField()
    marker = models.JSONField()
    metadata = models.JSONField()
    leaf = models.BinaryField(max_length=16)
    marked = models.BinaryField(max_length=16)
    record = models.BigIntegerField()

    class Meta:
        db_table = "redaction"
        indexes: ClassVar[list[Any]] = [models.Index(fields=["record"], name="redaction_by_record")]

    def __str__(self) -> str:
        return f"{self.position} by {self.by}"


class Seal(models.Model):
    """A block of the hash chain: the leaves of the events from `first` to `last`, 16 bytes each, and its hash.

    `chain` is the epoch of the log.
    """

    last = models.BigIntegerField()
    first = models.BigIntegerField()
    chain = models.UUIDField()
    leaves = models.BinaryField()
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(default=utc_now)
    pk = models.CompositePrimaryKey("chain", "last")

    class Meta:
        db_table = "seal"

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


class Verification(models.Model):
    """A verification of the log. It is running while `ended_at` is null; `seen_at` is its last sign of progress.

    `faults` holds pairs [position, description]; `verified_to` is the last position of the last verified block.
    """

    by = models.TextField()
    started_at = models.DateTimeField(default=utc_now)
    seen_at = models.DateTimeField(default=utc_now)
    ended_at = models.DateTimeField(null=True)
    until = models.BigIntegerField(default=0)
    verified_to = models.BigIntegerField("verified up to", default=0)
    head_hash = models.TextField("chain head", default="")
    events = models.BigIntegerField("events checked", default=0)
    redacted = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    anchored = models.BigIntegerField(default=0)  # heads written down elsewhere that were compared
    faults = models.JSONField(default=list)
    error = models.TextField(default="")

    class Meta:
        db_table = "verification"
        indexes: ClassVar[list[Any]] = [models.Index(fields=["-started_at"], name="verification_newest")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} to {self.verified_to}"


class AnchorState(models.Model):
    """The state of an anchor: the last head written, and failures.

    `key` identifies the target, `name` is shown to people, `failures` counts attempts since the last success.
    """

    key = models.TextField(primary_key=True)
    name = models.TextField()
    epoch = models.UUIDField(null=True)
    position = models.BigIntegerField(default=0)
    hash = models.TextField(default="")
    anchored_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    error = models.TextField(default="")

    class Meta:
        db_table = "anchor_state"

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"
