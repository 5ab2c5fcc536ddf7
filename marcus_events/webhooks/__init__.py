"""Webhooks: calls a URL of an administrator's choice when a blocker ends, by the Standard Webhooks specification.

`deliveries` makes a delivery of each end of a blocker, and `sender` sends them: at least once, in order of attempt.
"""
