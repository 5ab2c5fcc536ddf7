"""What is kept and what was taken away: retention and its runs, redactions, verifications. All to look at.

Policies are changed on the page Retention, which shows beforehand what a change removes; the rest is proof.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from marcus_events.admin import display
from marcus_events.admin.base import ReadOnly
from marcus_events.models import Redaction, RetentionPolicy, RetentionRun, Verification

SECTION = "Log"


@admin.register(RetentionPolicy)
class RetentionPolicyAdmin(ReadOnly):
    section, rank, about = SECTION, 2, "How long events are kept. Change policies under Retention."
    list_display = ("pattern_shown", "board_shown", "keep_days", "act", "enabled")
    ordering = ("board_id", "pattern")
    sortable_by = ()
    fields = readonly_fields = list_display

    def page_of(self, shown: Any) -> str:
        return reverse("retention")

    @admin.display(description="type")
    def pattern_shown(self, policy: RetentionPolicy) -> SafeString | str:
        return display.code(policy.pattern)

    @admin.display(description="board")
    def board_shown(self, policy: RetentionPolicy) -> SafeString | str:
        return display.code(policy.board_id) if policy.board_id else "all boards"


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnly):
    section, rank, about = SECTION, 2, "What each retention run removed."
    list_display = ("started", "events", "partitions", "oldest", "held_by", "passed_over", "error")
    ordering = ("-started_at",)
    sortable_by = ()
    fields = readonly_fields = (*list_display, "removed_by", "bytes_freed")

    @admin.display(description="started")
    def started(self, run: RetentionRun) -> SafeString | str:
        return display.moment(run.started_at)

    @admin.display(description="events removed")
    def events(self, run: RetentionRun) -> SafeString:
        return display.number(run.removed)


@admin.register(Redaction)
class RedactionAdmin(ReadOnly):
    section, rank, about = SECTION, 2, "Events whose content was erased, by whom and why."
    list_display = ("position", "by", "reason_shown", "when")
    ordering = ("-position",)
    sortable_by = ()
    fields = readonly_fields = list_display

    def page_of(self, shown: Any) -> str:
        return reverse("event", args=[shown.position])

    @admin.display(description="reason")
    def reason_shown(self, redaction: Redaction) -> SafeString | str:
        return display.text(redaction.reason)

    @admin.display(description="when")
    def when(self, redaction: Redaction) -> SafeString | str:
        return display.moment(redaction.at)


@admin.register(Verification)
class VerificationAdmin(ReadOnly):
    section, rank, about = SECTION, 2, "Verifications of the log and their results."
    list_display = ("started", "by", "verified_to", "events", "redacted", "removed", "found")
    ordering = ("-started_at",)
    sortable_by = ()
    fields = readonly_fields = (*list_display, "head_hash", "error")

    def page_of(self, shown: Any) -> str:
        return reverse("audit")

    @admin.display(description="started")
    def started(self, verification: Verification) -> SafeString | str:
        return display.moment(verification.started_at)

    @admin.display(description="faults")
    def found(self, verification: Verification) -> SafeString:
        return display.number(len(verification.faults))
