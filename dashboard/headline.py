"""The state of things in one sentence, for a person who has two minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

QUIET = timedelta(minutes=10)  # agents report every few minutes; longer silence is worth a word


@dataclass(frozen=True)
class HeadlineNumbers:
    """What the verdict is made from. `causes` are the reasons of those blocked, `waiting` the tasks behind them."""

    blocked: int
    causes: int
    waiting: int
    tasks: int
    done: int
    working: int
    last_event_at: datetime | None


@dataclass(frozen=True)
class Headline:
    tone: Literal["attention", "calm", "good"]
    text: str


def headline_of(numbers: HeadlineNumbers, now: datetime) -> Headline:
    """The worst news first."""
    if numbers.blocked:
        return Headline("attention", blocked_words(numbers))
    if numbers.tasks and numbers.done == numbers.tasks:
        return Headline("good", f"All {count(numbers.tasks, 'task')} {be(numbers.tasks)} done.")
    if numbers.tasks and is_quiet(numbers, now):
        return Headline("calm", "Nothing is blocked, but nothing has happened for a while.")
    if numbers.tasks and not numbers.working:
        return Headline("calm", "Nothing is blocked, but no agent is working on the open tasks.")
    if numbers.working:
        return Headline("good", f"Nothing needs you. {count(numbers.working, 'agent')} {be(numbers.working)} working.")
    return Headline("calm", "Nothing needs you.")


def blocked_words(numbers: HeadlineNumbers) -> str:
    first = f"{count(numbers.blocked, 'task')} {be(numbers.blocked)} waiting for a person{reasons(numbers)}"
    behind = "it" if numbers.blocked == 1 else "them"
    if not numbers.waiting:
        return f"{first}; nothing else is waiting behind {behind}."
    return f"{first}; {numbers.waiting:,} more {be(numbers.waiting)} waiting behind {behind}."


def reasons(numbers: HeadlineNumbers) -> str:
    """How many answers it takes, where that is not one for each task."""
    if numbers.causes == numbers.blocked:
        return ""
    return ", all with one cause" if numbers.causes == 1 else f", with {numbers.causes:,} causes"


def is_quiet(numbers: HeadlineNumbers, now: datetime) -> bool:
    return numbers.last_event_at is not None and now - numbers.last_event_at > QUIET


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def be(number: int) -> str:
    return "is" if number == 1 else "are"
