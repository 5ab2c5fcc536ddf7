"""A hash chain over the log: built a few seconds behind the head; verified by command, from a page, and daily."""

from marcus_events.audit.hash_chain.findings import Fault, VerificationResult
from marcus_events.audit.hash_chain.sealer import run_sealer, seal_next
from marcus_events.audit.hash_chain.verify import verify

__all__ = ["Fault", "VerificationResult", "run_sealer", "seal_next", "verify"]
