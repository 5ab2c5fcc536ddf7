"""The replies that an agent proposes with its question: `options` and `recommendation` of a `task_blocked` event.

They are read from the event in the log, never from a form: what a button sends is what the agent wrote, or, once the
event is redacted, nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_fields import read_data
from marcus_events.core.text_identity import normalised
from marcus_events.log import read
from marcus_events.models import Blocker

MAX_OPTIONS = 9  # each has a key


@dataclass(frozen=True)
class ReplyOption:
    """`number` counts from 1: it is the key that chooses the option."""

    number: int
    text: str
    is_recommended: bool


def options_of(blocker: Blocker) -> list[ReplyOption]:
    """Return the options of a blocker, at most MAX_OPTIONS; a recommendation that is none of them comes first."""
    report = read.event(blocker.blocker_id)
    return proposed_by(report) if report else []


def stated_options(report: RecordedEvent) -> list[str]:
    """Return the texts of all options in a report."""
    return [text.strip() for text in read_data(report.data, "options") or [] if text.strip()]


def proposed_by(report: RecordedEvent) -> list[ReplyOption]:
    recommended = normalised(read_data(report.data, "recommendation") or "")
    texts = list(dict.fromkeys(stated_options(report)))
    if recommended and recommended not in map(normalised, texts):
        texts.insert(0, recommended)
    return [
        ReplyOption(number, text, normalised(text) == recommended)
        for number, text in enumerate(texts[:MAX_OPTIONS], start=1)
    ]


def option_text(blocker: Blocker, number: str) -> str:
    """Return the text of an option; "" if the blocker has no such option."""
    return next((option.text for option in options_of(blocker) if str(option.number) == number), "")
