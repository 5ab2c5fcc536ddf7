"""What an event is found by in the index: its words with their places, and its fields.

A field is a lexeme of its own, `=type=task_blocked`: no word is such, nor begins so, since words have no `=`. Any
combination of words and fields is therefore one question to one index. Categories and importances are left out: they
are what the vocabulary says of a type today, and are asked for by types; where it does not know one, OTHER says so.

The words of what names other tasks are lexemes with a mark, `=on=cart`: only for readers who see every board they are
part of the question.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain, repeat

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import category_of
from marcus_events.core.text_search import MAX_POSITION, TEXT_BREAK, word_run

MAX_LETTERS = 400  # of a field's value: PostgreSQL takes lexemes of 2,046 bytes; ids have 512 at most
OTHER = "=other"
PLACES = [f":{place}" for place in range(1, MAX_POSITION + 1)]  # as they follow a word


def vector(recorded: RecordedEvent) -> str:
    """As PostgreSQL reads a tsvector: it gathers the places of a word itself, and keeps as many as `core.words` does.

    Every event there is goes through here. Words are letters and digits, and need no quotation marks.
    """
    run = word_run(recorded.texts())
    places = chain(PLACES, repeat(PLACES[-1]))
    words = [word + place for word, place in zip(run, places, strict=False) if word != TEXT_BREAK]
    if others := recorded.run_of_others():
        words += [f"{of_others(word)}:{place}" for place, word in enumerate(others, 1) if word != TEXT_BREAK]
    words += fields_of(recorded)
    return " ".join(words)


def of_others(word: str) -> str:
    """A word of what names other tasks."""
    return quoted(f"=on={word}")


def fields_of(recorded: RecordedEvent) -> list[str]:
    found = [lexeme("type", recorded.event_type), lexeme("source", recorded.source)]
    if recorded.board_id is not None:
        found.append(lexeme("board", recorded.board_id))
    if recorded.task_id is not None:
        found.append(lexeme("task", recorded.task_id))
    if recorded.agent_id is not None:
        found.append(lexeme("agent", recorded.agent_id))
    if isinstance(name := recorded.metadata.get("board_name"), str):
        found.append(lexeme("board_name", name[:MAX_LETTERS]))
    if category_of(recorded.event_type) == "other":
        found.append(quoted(OTHER))
    return found


@lru_cache(maxsize=10_000)
def lexeme(field: str, value: str) -> str:
    """Quoted, as PostgreSQL reads it in a tsvector and in a tsquery."""
    return quoted(f"={field}={value[:MAX_LETTERS]}")


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
