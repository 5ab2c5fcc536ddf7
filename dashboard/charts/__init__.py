"""SVG geometry for charts. Pure functions."""
