"""What is said of a task to whoever may not see its board."""

ANOTHER = "a task on another board"
# The fields of an event that name the tasks which its own task depends on, and their boards.
NAMING_OTHERS = frozenset(
    {"depends_on", "depends_on_id", "depends_on_name", "depends_on_board_id", "depends_on_project_id"}
)
