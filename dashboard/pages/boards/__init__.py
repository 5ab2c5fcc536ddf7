"""Boards: the list, and one board with its columns and dependencies."""
