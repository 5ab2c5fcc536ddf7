"""`manage.py subscriptions [NAME]`: lists durable subscriptions; replays or skips the events that their handlers
failed on.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from marcus_events import audit
from marcus_events.core.event_types import EventTypes
from marcus_events.subscriptions import overview

ALL = "all"


class Command(BaseCommand):
    help = "Lists durable subscriptions. With NAME, lists its parked events, which can be replayed or skipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME")
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--replay", metavar="POSITION|all", help="let the handler process the event again")
        act.add_argument("--skip", metavar="POSITION|all", help="skip the event permanently")
        act.add_argument("--remove", action="store_true", help="remove the subscription")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if not name and any(options[act] for act in ("replay", "skip", "remove")):
            raise CommandError("Give the name of a subscription.")
        try:
            self._act(name, options) if name else self._list()
        except (overview.NoSubscription, overview.NotParked, overview.HasOwner) as error:
            raise CommandError(str(error)) from None

    def _act(self, name: str, options: dict[str, Any]) -> None:
        if options["replay"]:
            count = overview.replay(name, position_from(options["replay"]))
            record(EventTypes.SUBSCRIPTION_REPLAYED, name, options["replay"], count)
            self.stdout.write(f"{count} will be replayed when {name} has an owner.")
        elif options["skip"]:
            count = overview.skip(name, position_from(options["skip"]))
            record(EventTypes.SUBSCRIPTION_SKIPPED, name, options["skip"], count)
            self.stdout.write(f"{count} skipped.")
        elif options["remove"]:
            overview.remove(name)
            self.stdout.write(f"{name} removed.")
        else:
            self._list_parked(name)

    def _list(self) -> None:
        found = overview.states()
        rows = [(s.name, s.patterns, str(s.position), str(s.lag), s.owner or "nobody", str(s.parked)) for s in found]
        self._table(("name", "types", "position", "lag", "owner", "parked"), rows)

    def _list_parked(self, name: str) -> None:
        rows = [
            (str(event.position), str(event.attempts), "to be replayed" if event.replay else "parked", event.error)
            for event in overview.parked(name)
        ]
        self._table(("position", "attempts", "state", "error"), rows)

    def _table(self, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        for row in (heads, *rows):
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def record(event_type: str, name: str, position: str, count: int) -> None:
    """Record the action; nothing if no event was affected."""
    if count:
        which: dict[str, Any] = {} if position == ALL else {"position": int(position)}
        audit.record(event_type, audit.COMMAND_LINE, subscription=name, count=count, **which)


def position_from(stated: str) -> int | None:
    """Parse a position; None means all. Raises CommandError."""
    if stated == ALL:
        return None
    if not (stated.isascii() and stated.isdecimal() and len(stated) < 19):
        raise CommandError(f"{stated} is not a position or “{ALL}”.")
    return int(stated)
