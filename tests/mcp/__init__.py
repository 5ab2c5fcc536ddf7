"""The tools for agents, called by the official clients of both generations of the protocol, against the application."""
