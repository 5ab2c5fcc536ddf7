"""Checks whether the server can follow a folder, and explains problems to the person who adds it."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from marcus_events.sources.marcus.installation import READ_BY_NAME, Installation

NOT_ABSOLUTE = "Enter an absolute path, starting with /."
UNPRINTABLE = "A path cannot contain line breaks or other control characters."
MISSING = "This folder does not exist on the server's machine."
NOT_A_FOLDER = "This is not a folder. Enter the folder where Marcus was started."
LEADS_OUT = "{} links outside the folder or is not a regular file. The server does not follow it."
FORBIDDEN = "The server is not allowed to read {}. Grant its user access, then add the folder again."
IN_PARENT = "Marcus was started in the parent folder. Add {} instead."


def parse_path(text: str) -> Path:
    """Return the path as it is stored; ~ is the home directory of the server's user. Raises ValueError with the
    reason.
    """
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise ValueError(UNPRINTABLE)
    path = Path(text)
    if path.parts[:1] == ("~",):
        path = path.expanduser()
    if not path.is_absolute():
        raise ValueError(NOT_ABSOLUTE)
    return path


def find_problem(path: Path) -> str:
    """Return why the folder cannot be followed, or "". A folder that Marcus has not written to yet is no problem."""
    try:
        names = sorted(entry.name for entry in os.scandir(path))
    except FileNotFoundError:
        return MISSING
    except NotADirectoryError:
        return NOT_A_FOLDER
    except PermissionError:
        return FORBIDDEN.format("this folder")
    except (OSError, ValueError) as error:
        return f"Cannot open the folder: {getattr(error, 'strerror', None) or 'the path is not valid'}."
    return find_problem_inside(Installation(path, is_confined=True), names)


def find_problem_inside(installation: Installation, names: list[str]) -> str:
    if find_outside_links := installation.find_outside_links():
        return LEADS_OUT.format(find_outside_links[0])
    for name in READ_BY_NAME:
        path = installation.root / name
        if name.partition("/")[0] in names and path.exists() and not is_readable(path):
            return FORBIDDEN.format(name)
    above = installation.root.parent
    if installation.root.name in ("data", "logs") and Installation(above, is_confined=True).exists():
        return IN_PARENT.format(above)
    return ""


def is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0))


def is_same_folder(one: Path, other: Path) -> bool:
    """Return whether both paths lead to the same folder after resolving links."""
    return os.path.realpath(one) == os.path.realpath(other)
