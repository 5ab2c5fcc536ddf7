"""Which places MARCUS_ANCHORS may name."""

from __future__ import annotations

import pytest

from marcus_events.core.anchors import parse


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("/var/log/heads.jsonl", "file", "/var/log/heads.jsonl"),
        ("https://example.org/heads?key=secret", "webhook", "https://example.org/…"),
        ("HTTP://example.org:8080", "webhook", "http://example.org:8080/…"),
        ("syslog:", "syslog", "syslog:/dev/log"),
        ("syslog:/run/log", "syslog", "syslog:/run/log"),
        ("syslog:logs.example.org:514", "syslog", "syslog:logs.example.org:514"),
        ("syslog:[::1]:514", "syslog", "syslog:[::1]:514"),
    ],
)
def test_a_file_a_webhook_or_syslog(text: str, kind: str, name: str) -> None:
    assert (parse(text).kind, parse(text).name) == (kind, name)


def test_syslog_has_an_address() -> None:
    assert parse("syslog:").syslog_address == "/dev/log"
    assert parse("syslog:[::1]:514").syslog_address == ("::1", 514)
    assert parse("syslog:host:514").syslog_address == ("host", 514)


@pytest.mark.parametrize(
    "text",
    [
        "heads.jsonl",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "https://",
        "https:///heads",
        "https://user:secret@example.org/",
        "https://example.org:99999/",
        "https://example.org/a b",
        "syslog:host",
        "syslog:host:0",
        "syslog:host:99999",
    ],
)
def test_nothing_else(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - every message is of ours
        parse(text)
    assert "secret" not in str(refused.value)
