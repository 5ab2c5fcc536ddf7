"""A proxy in front of Marcus, over MCP: it publishes what agents do, and brings people's answers to them.

- json_rpc, server_sent_events: the messages
- marcus_calls: the calls of Marcus's tools, and what became of them
- proxied_acts, act_publisher: their events, published once, also with a follower that reads the same Marcus's files
- asked_questions, answers: the questions asked through this proxy, and their answers
- interception, agent_texts: what the proxy does with each message, and what agents read
- http_proxy, stdio_proxy: the two transports

Messages pass as they are. Only the list of tools and the calls of a few tools are looked at. An agent gets more than
Marcus's own result only where a question was asked. Whatever fails here, the call still reaches Marcus.
"""
