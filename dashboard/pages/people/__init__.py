"""People: their roles and boards. For administrators."""
