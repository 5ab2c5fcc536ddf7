"""The hash chain over the log: sealed behind the head, verified by command, by page and daily."""

from marcus_events.sealing.seal import seal, seal_next
from marcus_events.sealing.verdict import Fault, Verdict
from marcus_events.sealing.verify import verify

__all__ = ["Fault", "Verdict", "seal", "seal_next", "verify"]
