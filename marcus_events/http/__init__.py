"""Code shared by the HTTP API and the WebSocket: problem+json, JSON, CloudEvents, publishing, rejected requests."""
