"""A problem as it goes over the wire, for a connection that ends with it."""

from marcus_events.doors.problem import Problem


def as_bytes(problem: Problem) -> bytes:
    response = problem.response()
    response["Content-Length"] = str(len(response.content))
    response["Connection"] = "close"
    return f"HTTP/1.1 {response.status_code} {response.reason_phrase}\r\n".encode() + response.serialize()
