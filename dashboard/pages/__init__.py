"""The pages, a folder each: a view reads the page state from the URL, runs the queries and renders a template."""
