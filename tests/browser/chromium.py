"""Finds Chromium for browser tests: the system's or Playwright's. As a program, reports whether there is one."""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the path of a working Chromium; some distributions install only a stub."""
    candidates = [path for name in NAMES if (path := shutil.which(name))]
    return next(filter(_runs, candidates), None) or _playwrights()


def _runs(path: str) -> bool:
    return subprocess.run([path, "--version"], capture_output=True).returncode == 0


def _playwrights() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    sys.exit(0 if find() else "There is no Chromium.")
