"""manage.py with a shorter timeout for slow readers than the default half minute."""

from __future__ import annotations

import os
import sys

import django

import manage

SEND_TIMEOUT_S = 10  # longer than a reader is kept from reading where the machine is busy


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from server import limits  # which needs the settings

    limits.SEND_TIMEOUT_S = SEND_TIMEOUT_S
    manage.main(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
