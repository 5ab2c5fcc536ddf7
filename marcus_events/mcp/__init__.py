"""The tools for agents, over the Model Context Protocol (MCP).

`streamable_http` serves them at /mcp, and the command `mcp` over standard input and output. Nothing here keeps state
between two calls: a ticket is the id of an event in the log. The SDK is imported with the first request, since it costs
each process 57 MB of memory and more than half a second.
"""
