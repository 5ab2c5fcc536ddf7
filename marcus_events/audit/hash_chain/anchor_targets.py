"""Write a line to an anchor: a file, a webhook or syslog. Failures raise OSError or ValueError."""

from __future__ import annotations

import http.client
import logging
import os
import stat
import urllib.error
import urllib.request
from logging.handlers import SysLogHandler

from marcus_events.core.anchors import Anchor

TIMEOUT_S = 10.0
TAG = "marcus-events: "


def send(anchor: Anchor, line: str) -> None:
    match anchor.kind:
        case "file":
            append(anchor.place, line)
        case "webhook":
            post(anchor.place, line)
        case "syslog":
            send_to_syslog(anchor, line)


def append(path: str, line: str) -> None:
    """Append a line to a file and sync it. Concurrent appends of other processes stay intact."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o640)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a file")
        is_cut = status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n"  # the disk was full then
        written = f"\n{line}\n" if is_cut else f"{line}\n"
        if os.write(descriptor, written.encode()) != len(written.encode()):
            raise OSError("the disk is full")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_opener() -> urllib.request.OpenerDirector:
    """Make an opener for HTTP and HTTPS without redirects: the head must only go to the configured address."""
    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        made.add_handler(handler)
    return made


def post(url: str, line: str) -> None:
    """Post a line. Errors do not contain the URL, which can hold a secret."""
    headers = {"Content-Type": "application/json", "User-Agent": "marcus-events"}
    request = urllib.request.Request(url, line.encode(), headers, method="POST")  # noqa: S310 - http and https only
    try:
        with make_opener().open(request, timeout=TIMEOUT_S):
            pass
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"the server responded with status {error.code}") from None
    except urllib.error.URLError as error:
        raise OSError(getattr(error.reason, "strerror", None) or str(error.reason)) from None
    except http.client.HTTPException as error:
        raise OSError(f"the response is not HTTP: {type(error).__name__}") from None


class RaisingSysLogHandler(SysLogHandler):
    """Raises errors; the standard library's handler only prints them."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        raise


def send_to_syslog(anchor: Anchor, line: str) -> None:
    handler = RaisingSysLogHandler(anchor.syslog_address, SysLogHandler.LOG_AUTH)
    try:
        handler.emit(logging.makeLogRecord({"msg": TAG + line, "levelno": logging.INFO, "levelname": "INFO"}))
    finally:
        handler.close()
