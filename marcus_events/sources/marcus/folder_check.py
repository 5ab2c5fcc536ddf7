"""Whether the server can follow a folder, in words for the person who names it."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from marcus_events.sources.marcus.installation import READ_BY_NAME, Installation

NOT_WHOLE = "Enter an absolute path, starting with /."
UNPRINTABLE = "A path cannot contain line breaks or other control characters."
MISSING = "This folder does not exist on the server's machine."
NO_FOLDER = "This is not a folder. Enter the folder where Marcus was started."
LEADS_OUT = "{} links outside the folder or is not a regular file. The server does not follow it."
FORBIDDEN = "The server is not allowed to read {}. Grant its user access, then add the folder again."
ABOVE = "Marcus was started in the parent folder. Add {} instead."


def path_of(text: str) -> Path:
    """As it is kept; ~ is the home of the user as whom the server runs. Raises ValueError with the reason."""
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        raise ValueError(UNPRINTABLE)
    path = Path(text)
    if path.parts[:1] == ("~",):
        path = path.expanduser()
    if not path.is_absolute():
        raise ValueError(NOT_WHOLE)
    return path


def problem(path: Path) -> str:
    """Why the folder cannot be followed; "" where it can, be it that Marcus has not written anything there yet."""
    try:
        names = sorted(entry.name for entry in os.scandir(path))
    except FileNotFoundError:
        return MISSING
    except NotADirectoryError:
        return NO_FOLDER
    except PermissionError:
        return FORBIDDEN.format("this folder")
    except (OSError, ValueError) as error:
        return f"Cannot open the folder: {getattr(error, 'strerror', None) or 'the path is not valid'}."
    return problem_inside(Installation(path, is_confined=True), names)


def problem_inside(installation: Installation, names: list[str]) -> str:
    if leading_out := installation.leading_out():
        return LEADS_OUT.format(leading_out[0])
    for name in READ_BY_NAME:
        path = installation.root / name
        if name.partition("/")[0] in names and path.exists() and not may_read(path):
            return FORBIDDEN.format(name)
    above = installation.root.parent
    if installation.root.name in ("data", "logs") and Installation(above, is_confined=True).exists():
        return ABOVE.format(above)
    return ""


def may_read(path: Path) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0))


def is_same(one: Path, other: Path) -> bool:
    """Whether both lead to the same folder, be it by links."""
    return os.path.realpath(one) == os.path.realpath(other)
