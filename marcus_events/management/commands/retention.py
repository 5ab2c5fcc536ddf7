"""`manage.py retention [--run]`: previews what the retention policies would remove, or removes it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.template.defaultfilters import filesizeformat

from marcus_events.models import RetentionRun
from marcus_events.retention.preview import Preview, previews
from marcus_events.retention.runs import RetentionBusy, run


class Command(BaseCommand):
    help = "Shows what each retention policy would remove now; --run removes it. Workers run it once an hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", action="store_true", help="remove the events")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["run"]:
            for preview in previews():
                self.stdout.write(in_words(preview))
            return
        try:
            done = run()
        except RetentionBusy as error:
            raise CommandError(str(error)) from None
        self.stdout.write(told(done) if done else "No policies: all events are kept.")


def in_words(preview: Preview) -> str:
    if preview.count is None:
        return f"{preview.policy}: too many to count"
    size = f", about {filesizeformat(preview.size)}" if preview.size else ""
    held = f"; held back by {', '.join(preview.held_by)}" if preview.held_by else ""
    return f"{preview.policy}: {preview.count:,}{size}{held}"


def told(done: RetentionRun) -> str:
    freed = f", {done.partitions} partitions with {filesizeformat(done.bytes_freed)}" if done.partitions else ""
    return f"Removed {done.removed:,} events{freed}. The log starts at {done.oldest:,}.{' ' + done.error}".strip()
