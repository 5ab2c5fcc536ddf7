"""How much a run of `benchmarks.painting` measures. Needs no Django."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    seconds: float = 20  # for each page
    rate: int = 200  # events a second
    pages: int = 50
    idle_sockets: int = 500
    scroll_seconds: float = 10


QUICK = Scale(seconds=3, rate=40, pages=6, idle_sockets=20, scroll_seconds=2)
