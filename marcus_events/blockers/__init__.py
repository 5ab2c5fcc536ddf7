"""Answering blockers: the actions of people, the sending of replies, and the agents that wait for them."""
