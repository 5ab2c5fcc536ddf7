"""What the HTTP API and the WebSocket share: problem+json, JSON, CloudEvents, publishing, rejected requests."""
