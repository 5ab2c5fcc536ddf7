"""manage.py with a shorter timeout for slow readers than the default half minute."""

from __future__ import annotations

import os
import sys

import django

import manage

TAKE_S = 10  # longer than a busy machine delays a reader


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from server import http_channel  # which needs the settings

    http_channel.TAKE_S = TAKE_S
    manage.main(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
