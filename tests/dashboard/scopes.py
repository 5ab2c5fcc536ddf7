"""What somebody looks at who may see everything."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import Look
from dashboard.visibility import EVERYTHING, Scope


def on(board: str = "") -> Scope:
    return Scope(EVERYTHING, board)


def looking(page: str, **parameters: Any) -> Look:
    return Look(page, sight=EVERYTHING, **parameters)
