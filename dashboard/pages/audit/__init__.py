"""Audit: log integrity, what people did to the system, and redaction. For administrators."""
