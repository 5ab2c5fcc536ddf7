"""Everything about answering a blocker: the events that people cause, replies on their way, and agents that wait for
them.
"""
