"""The address that the site listens on (HOST and PORT), and the one that a browser on this machine opens."""

from __future__ import annotations

import os

from django.core.management import CommandError

LOCALLY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to find us, not where to listen


def listening() -> tuple[str, int]:
    """Host and port. Raises CommandError for an invalid port."""
    host, port = os.environ.get("HOST", "").strip("[]") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise CommandError(f"PORT must be a number from 1 to 65535, not {port!r}.")
    return host, int(port)


def site() -> str:
    """The address of the site, without a slash at its end."""
    host, port = listening()
    found = LOCALLY.get(host, host)
    return f"http://{f'[{found}]' if ':' in found else found}:{port}"
