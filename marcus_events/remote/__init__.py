"""What `marcus_events.client` is made of: an outbox, and reading over HTTP."""
