"""The fields of an event that name the dependencies of its task, and their boards."""

NAMING_OTHERS = frozenset(
    {"depends_on", "depends_on_id", "depends_on_name", "depends_on_board_id", "depends_on_project_id"}
)
