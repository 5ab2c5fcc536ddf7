"""Agents: their cards, their health and their timeline."""
