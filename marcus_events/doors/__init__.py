"""What HTTP and WebSocket have in common: who may come in, with what, how often, and how a refusal is told."""
