"""The pages, a folder each: a view reads the page's state from the URL, asks the queries, and renders a template."""
