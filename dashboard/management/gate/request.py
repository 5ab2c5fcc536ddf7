"""One request on its way in: its body is counted while it comes, so that one without a stated length ends as well."""

from typing import Any

from daphne.http_protocol import WebRequest

from marcus_events.doors.bodies import MAX_BODY


class TooLarge(Exception):
    """The body has grown beyond MAX_BODY."""


class Request(WebRequest):  # type: ignore[misc]  # Daphne has no types
    def __init__(self, channel: Any, queued: object = False) -> None:
        """Twisted would parse forms as well, on the event loop; Django does it later, and in a thread."""
        super().__init__(channel, queued, parsePOSTFormSubmission=False)

    def handleContentChunk(self, data: bytes) -> None:
        if self.content.tell() + len(data) > MAX_BODY:
            raise TooLarge
        super().handleContentChunk(data)
