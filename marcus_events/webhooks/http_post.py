"""Posts one message to a receiver, and says in words of our own what came of it.

1. The whole exchange takes at most TIMEOUT_S, however slowly the receiver answers.
2. Redirects are not followed, and proxies of the environment are not used: only addresses that were checked are called.
3. Of the response only the head is read, and after a test the beginning of its body. That is shown and never stored,
   because a receiver may repeat in it what it was sent.
4. Connections are not kept: another host with the same address must not use the encrypted connection of this one.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus

import httpx2 as httpx

from marcus_events.core.event import utc_now
from marcus_events.http.rejected_requests import sanitise
from marcus_events.webhooks.receiver_address import ForbiddenAddress, allowed_addresses

TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0  # for each address of a name: the next one may answer
EXCERPT_BYTES = 1_000
EXCERPT_TIMEOUT_S = 1.0
MAX_REASON = 200  # characters
FIXED_HEADERS = {
    "content-type": "application/json",
    "user-agent": "Marcus-Events",
    "accept-encoding": "identity",
    "connection": "close",
}
RETRY_AFTER_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True)
class PostOutcome:
    """`status` is 0 if no response arrived, and then `problem` says why."""

    status: int = 0
    problem: str = ""
    retry_after_s: float = 0.0
    excerpt: str = ""

    @property
    def is_delivered(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == HTTPStatus.GONE

    @property
    def words(self) -> str:
        """What happened, for people."""
        if not self.status:
            return self.problem
        redirect = " Redirects are not followed." if 300 <= self.status < 400 else ""
        return f"The receiver responded with {status_words(self.status)}.{redirect}"


def status_words(status: int) -> str:
    known = status in HTTPStatus._value2member_map_
    return f"{status} {HTTPStatus(status).phrase}" if known else str(status)


async def post(url: str, headers: dict[str, str], body: bytes, *, wants_excerpt: bool = False) -> PostOutcome:
    """Post the body. Never raises for what a receiver or a network does."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await post_to_checked(httpx.URL(url), headers | FIXED_HEADERS, body, wants_excerpt)
    except (TimeoutError, httpx.TimeoutException):
        return PostOutcome(problem=f"The receiver did not respond within {TIMEOUT_S:g} seconds.")
    except ForbiddenAddress as error:
        return PostOutcome(problem=str(error))
    except httpx.ConnectError as error:
        return PostOutcome(problem=f"No connection: {sanitise(str(error), MAX_REASON)}.")
    except (OSError, UnicodeError):
        return PostOutcome(problem="The host name could not be resolved.")
    except (httpx.HTTPError, httpx.InvalidURL):
        return PostOutcome(problem="The receiver closed the connection, or its answer was not HTTP.")


async def post_to_checked(url: httpx.URL, headers: dict[str, str], body: bytes, wants_excerpt: bool) -> PostOutcome:
    """Post to the first address of the host that accepts a connection."""
    host = url.raw_host.decode("ascii")
    addresses = await allowed_addresses(host, url.port or (443 if url.scheme == "https" else 80))
    timeout = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    async with httpx.AsyncClient(trust_env=False, verify=tls_context(), timeout=timeout) as client:
        for number, address in enumerate(addresses, start=1):
            request = client.build_request(
                "POST",
                url.copy_with(host=address),
                content=body,
                headers=headers | {"host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": host},  # also the name that the certificate is checked for
            )
            try:
                response = await client.send(request, stream=True, follow_redirects=False)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(addresses):
                    raise
                continue
            outcome = outcome_of(response)
            return replace(outcome, excerpt=await excerpt_of(response)) if wants_excerpt else outcome
    raise OSError("the name has no address")


def outcome_of(response: httpx.Response) -> PostOutcome:
    if response.status_code not in RETRY_AFTER_STATUSES:
        return PostOutcome(response.status_code)
    wait_s = seconds_until(response.headers.get("retry-after", ""), utc_now())
    return PostOutcome(response.status_code, retry_after_s=wait_s)


async def excerpt_of(response: httpx.Response) -> str:
    """Read the beginning of the body, as far as it arrives soon. A body that breaks off is no failure."""
    read = b""
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(EXCERPT_TIMEOUT_S):
            async for piece in response.aiter_raw():
                read += piece
                if len(read) >= EXCERPT_BYTES:
                    break
    return sanitise(read[:EXCERPT_BYTES].decode(errors="replace").strip(), EXCERPT_BYTES)


def seconds_until(retry_after: str, now: datetime) -> float:
    """Read the header Retry-After, in seconds or as a date; 0 if it is neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0


@cache
def tls_context() -> ssl.SSLContext:
    """Read the certificates of trusted authorities once: that takes milliseconds."""
    return httpx.create_ssl_context()
