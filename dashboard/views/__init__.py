"""The pages, one module each. A view reads a look from the URL, asks the queries, and renders."""
