"""Audit: log integrity, the audit trail, and redaction. For administrators."""
