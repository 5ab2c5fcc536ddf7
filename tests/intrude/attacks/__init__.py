"""One module per area; functions marked with `@attack` are found automatically."""
