"""Timelines as geometry: status intervals, the layout of a lane, and the time axis. Pure functions."""
