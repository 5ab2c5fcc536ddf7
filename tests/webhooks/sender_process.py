"""Sends webhooks in a process of its own, until it is killed."""

from __future__ import annotations

import threading

import django


def main() -> None:
    django.setup()
    from marcus_events.webhooks.sender import send_webhooks

    send_webhooks(threading.Event())


if __name__ == "__main__":
    main()
