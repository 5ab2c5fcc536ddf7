"""Boards: all of them, and one with its columns and dependencies."""
