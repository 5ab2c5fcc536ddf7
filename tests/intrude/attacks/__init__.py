"""One module for each area; every function marked with `@attack` is found by itself."""
