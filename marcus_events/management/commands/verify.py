"""`manage.py verify`: verifies the log against its hash chain."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marcus_events import audit
from marcus_events.audit.hash_chain import VerificationResult, verify
from marcus_events.audit.hash_chain.anchor_check import AnchoredHead, NotAnAnchor, read_heads
from marcus_events.audit.hash_chain.anchor_writer import is_in_data_dir
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.management.prepare_database import prepare_database

SHOW_EVERY_S = 1.0
EXPECTED = re.compile(r"([0-9a-fA-F]{64})@([1-9][0-9]{0,17})")
NOTE = "Store this hash outside of the database, then compare it later with --expect {}@{}."
BESIDE = (
    "{} is in the data directory. Anyone who can change the database can probably change it too. Use another location."
)


class Command(BaseCommand):
    help = "Verifies that no event was changed, removed or inserted outside the application, and shows where one was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="since", type=int, default=1, metavar="POSITION", help="skip earlier positions"
        )
        parser.add_argument("--expect", metavar="HASH@POSITION", help="a hash printed by an earlier run")
        of = "file of anchored heads collected by syslog or a webhook (those in MARCUS_ANCHORS are always checked)"
        parser.add_argument("--anchors", action="append", default=[], type=Path, metavar="FILE", help=of)

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        self.shown = 0.0
        heads = [head for file in options["anchors"] for head in read_file(file)]
        verdict = verify(self.show, since=options["since"], expected=expected(options["expect"]), anchored=heads)
        self.record(verdict)
        if not verdict.verified_to and verdict.is_whole:
            self.stdout.write("Nothing to verify: the log is empty.")
            return
        self.tell(verdict)

    def show(self, done: int, until: int) -> None:
        if time.monotonic() - self.shown >= SHOW_EVERY_S:
            self.shown = time.monotonic()
            self.stderr.write(f"{done:,} of {until:,}", ending="\r" if self.stderr.isatty() else "\n")

    def tell(self, verdict: VerificationResult) -> None:
        for fault in verdict.faults:
            self.stdout.write(f"position {fault.position}: {fault.words}")
        counted = f"{verdict.events:,} events, {verdict.redacted:,} redacted, {verdict.removed:,} removed"
        end = f"position {verdict.verified_to} at {utc_now():%Y-%m-%d %H:%M:%S} UTC"
        if verdict.faults:
            raise CommandError(f"The log does not match its hash chain, see above. Checked up to {end}: {counted}.")
        self.stdout.write(f"Verified up to {end}: {counted}. {verdict.head - verdict.verified_to:,} not sealed yet.")
        self.stdout.write(f"Chain head {verdict.head_hash}")
        self.tell_of_anchors(verdict)
        self.stdout.write(NOTE.format(verdict.head_hash, verdict.verified_to))

    def tell_of_anchors(self, verdict: VerificationResult) -> None:
        if verdict.anchored:
            self.stdout.write(f"Anchored heads compared: {verdict.anchored:,}. All are in the chain.")
        for anchor in settings.ANCHORS:
            if is_in_data_dir(anchor):
                self.stderr.write(BESIDE.format(anchor.name))

    def record(self, verdict: VerificationResult) -> None:
        faults = [[fault.position, fault.words] for fault in verdict.faults]
        breaks = f"the chain breaks at position {faults[0][0]}: {faults[0][1]}" if faults else ""
        audit.record(
            EventTypes.LOG_VERIFIED,
            audit.COMMAND_LINE,
            verdict=breaks or f"intact up to position {verdict.verified_to}",
            verified_to=verdict.verified_to,
            head_hash=verdict.head_hash,
            faults=faults,
        )


def read_file(path: Path) -> list[AnchoredHead]:
    try:
        found = read_heads(path, strictly=False)
    except (OSError, NotAnAnchor) as error:
        raise CommandError(str(error)) from None
    if not found:
        raise CommandError(f"{path} contains no anchored head.")
    return found


def expected(stated: str | None) -> tuple[str, int] | None:
    if stated is None:
        return None
    if (found := EXPECTED.fullmatch(stated)) is None:
        raise CommandError("--expect must be a 64-digit hash, @ and a position, as printed by this command.")
    return found[1], int(found[2])
