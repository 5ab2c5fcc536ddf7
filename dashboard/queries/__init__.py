"""All reads of the pages, shaped for them: one module per subject. Nothing else in the dashboard queries."""
