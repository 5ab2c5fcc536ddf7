"""Scopes and page states of a viewer who sees everything."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.visibility import EVERYTHING, Scope


def on(board: str = "") -> Scope:
    return Scope(EVERYTHING, board)


def looking(page: str, **parameters: Any) -> PageState:
    return PageState(page, visibility=EVERYTHING, **parameters)
