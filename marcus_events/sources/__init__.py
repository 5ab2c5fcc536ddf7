"""Readers of other systems' data: they are producers like any other, and publish through `ingest`."""
