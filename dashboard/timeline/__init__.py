"""Time as geometry: intervals of one status, the columns of a lane, and the axis above them. Pure functions."""
