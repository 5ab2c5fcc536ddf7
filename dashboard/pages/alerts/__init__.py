"""Alerts: a person's preferences, quiet hours, and missed alerts."""
