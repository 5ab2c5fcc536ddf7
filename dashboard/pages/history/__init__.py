"""History: search results as a table, facets, and export to a file."""
