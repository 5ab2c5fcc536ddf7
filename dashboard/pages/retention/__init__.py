"""Retention: policies, previews and runs. For administrators."""
