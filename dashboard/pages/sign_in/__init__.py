"""Signing in by password, one-time link or proxy, and rate limits for attempts."""
