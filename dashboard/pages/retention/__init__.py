"""Retention: the policies, what each would remove now, and the runs. For administrators."""
