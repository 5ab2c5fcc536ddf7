"""Webhooks: calls a URL when a blocker is resolved, according to the Standard Webhooks specification.

`deliveries` creates one delivery for each resolved blocker and webhook; `sender` sends them, in no guaranteed order.
"""
