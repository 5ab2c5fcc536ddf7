"""Checks whether a person can answer an agent's question at once.

The rules are about the form alone, which an agent can change: one question, few options, a recommendation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_OPTIONS = 4  # more than a person compares at a glance
# Question marks of Latin, Greek, Arabic, Chinese, Japanese, Armenian and Ethiopic script.
QUESTION = re.compile(r"[?\N{GREEK QUESTION MARK}؟？՞፧]+")
URL = re.compile(r"\S+://\S+")  # its query begins with a question mark

NO_QUESTION = "Ask a question that a person can answer, and end it with a question mark."
SEVERAL = "Ask one question. Report a separate blocker for each of the others."
TOO_MANY_OPTIONS = f"Offer at most {MAX_OPTIONS} options."
NO_RECOMMENDATION = "State in recommendation which of the options you would choose."


def advice_for(question: str, options: Sequence[str] = (), recommendation: str = "") -> list[str]:
    """Return what to change so that a person can answer; an empty list if the question is fine."""
    marks = len(QUESTION.findall(URL.sub("", question)))
    found = {
        NO_QUESTION: marks == 0,
        SEVERAL: marks > 1,
        TOO_MANY_OPTIONS: len(options) > MAX_OPTIONS,
        NO_RECOMMENDATION: bool(options) and not recommendation.strip(),
    }
    return [advice for advice, applies in found.items() if applies]
