"""Find: everything by name, in the palette of every page and as a page of its own."""
