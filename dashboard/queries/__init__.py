"""Reads shared by several pages, one module per subject. Queries of a single page are in its own folder."""
