"""Activity: the live stream with its filters, and the page of one event."""
