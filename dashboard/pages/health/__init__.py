"""Health: whether sources, tables, followers and the server are well, in words."""
