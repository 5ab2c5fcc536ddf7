"""What is said of a task to whoever may not see its board."""

ANOTHER = "a task on another board"
