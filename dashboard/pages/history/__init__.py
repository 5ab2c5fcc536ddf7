"""History: the table of what was found, what refines it, and the file that holds all of it."""
