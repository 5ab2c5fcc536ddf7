"""Signing in: by password, by one-time link, or by a proxy; and the limits on attempts."""
