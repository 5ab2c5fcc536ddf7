"""What a proxy says is believed from trusted addresses alone: over HTTP and WebSockets, and behind a real nginx."""
