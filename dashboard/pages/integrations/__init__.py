"""Integrations: tokens, webhooks, followed Marcus folders, a dry run for events, and rejected requests."""
