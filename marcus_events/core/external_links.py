"""Build links to other systems from a board's URL pattern and an external id.

A pattern comes from a producer, so only https, a plain host without a user, and `{external_id}` after the host are
allowed. The id is percent-encoded, so that it cannot change the rest of the URL.
"""

from __future__ import annotations

import re
from urllib.parse import quote

PLACEHOLDER = "{external_id}"
MAX_PATTERN_LENGTH = 500  # characters of a pattern
# A host, perhaps a port, and then printable ASCII that neither ends an attribute nor is read as another character.
PATTERN = re.compile(
    r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?/[^\s\x00-\x20\x7f-\U0010ffff\"'<>\\^`|]*"
)


def is_pattern(text: str) -> bool:
    return len(text) <= MAX_PATTERN_LENGTH and PLACEHOLDER in text and bool(PATTERN.fullmatch(text))


def build_url(pattern: str, external_id: str) -> str:
    """Return the URL of an external id; "" if the pattern or the id is not valid."""
    if not external_id or not is_pattern(pattern) or external_id in (".", ".."):
        return ""
    return pattern.replace(PLACEHOLDER, quote(external_id, safe=""))
