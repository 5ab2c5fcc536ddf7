"""How the admin's tables show what is more than a word: times, JSON, long texts and links."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from marcus_events.core.sentences import short

NOTHING = "–"


def moment(at: datetime | None) -> SafeString | str:
    """In the viewer's time zone; UTC without JavaScript."""
    if at is None:
        return NOTHING
    plain = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}" data-time="full">{}</time>', at.isoformat(), plain, plain)


def as_json(value: Any) -> SafeString:
    """Whole, however deep: as large as an event may be."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="json" tabindex="0"><code>{}</code></pre>', text)


def text(value: str) -> SafeString | str:
    """One line of it, that keeps its own direction and breaks where it has to."""
    return format_html("<bdi>{}</bdi>", short(value)) if value else NOTHING


def code(value: str | None) -> SafeString | str:
    return format_html("<code>{}</code>", short(value)) if value else NOTHING


def link(address: str, words: Any) -> SafeString:
    return format_html('<a href="{}"><bdi>{}</bdi></a>', address, words)


def number(value: int | None) -> SafeString:
    return format_html('<span class="num">{}</span>', f"{value or 0:,}")
