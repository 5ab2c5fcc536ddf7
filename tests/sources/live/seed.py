"""seed: two boards, made by Marcus's own code and run by its own Python in its folder; prints their ids as JSON.

Shop has 40 tasks in chains of five, one that was created done, and one with two subtasks that are kept off the board.
"""

# mypy: ignore-errors
from __future__ import annotations

import asyncio
import json
import sys

sys.path.insert(0, ".")
from src.integrations.providers.sqlite_kanban import SQLiteKanban
from src.marcus_mcp.coordinator.subtask_manager import SubtaskManager

STEPS = ("Design the {} schema", "Implement the {} API", "Build the {} page", "Write the {} tests", "Document {}")
AREAS = ("auth", "billing", "catalog", "search", "profile", "mail", "reports", "admin")


async def make(name: str, areas: int) -> tuple[str, SQLiteKanban]:
    board = SQLiteKanban({"db_path": "data/kanban.db"})
    await board.connect()
    project = await board.create_project(name, "for a test")
    board.project_id, board.project_name = project["id"], name
    for area in AREAS[:areas]:
        before: list[str] = []
        for step in STEPS:
            before = [await add(board, step.format(area), before)]
    return project["id"], board


async def add(board: SQLiteKanban, name: str, before: list[str], status: str = "todo") -> str:
    about = {
        "project_id": board.project_id,
        "project_name": board.project_name,
        "labels": ["docs"],
        "priority": "medium",
    }
    fields = {"name": name, "description": name, "dependencies": before, "status": status, "estimated_hours": 1}
    return (await board.create_task(about | fields)).id


async def main() -> None:
    shop, board = await make("Shop", len(AREAS))
    about = await add(board, "About: Shop", [], "done")
    parent = await add(board, "Plan the release", [])
    parts = [{"name": f"Plan part {number}", "description": "A part", "estimated_hours": 1} for number in (1, 2)]
    SubtaskManager().add_subtasks(parent, parts)
    blog, _ = await make("Blog", 2)
    print(json.dumps({"shop": shop, "blog": blog, "parent": parent, "about": about}))


asyncio.run(main())
