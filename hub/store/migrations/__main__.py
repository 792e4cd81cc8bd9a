"""Writes the next migration from what the models declare now: ``python -m hub.store.migrations NAME``.

Read what it wrote before you commit it: new columns need ``null`` or ``db_default``, never ``default`` alone.
"""

import asyncio
import re
import sys
from pathlib import Path

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions, CreateModel, Operation

from hub.store.address import locate


async def write(name: str) -> Path | None:
    """Write the migration called ``name``; None when the models ask for nothing new."""
    config = locate("sqlite://:memory:").config()
    with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None
        writers = await MigrationAutodetector(context.apps, config["apps"]).changes()
    for writer in writers:
        writer.operations = wanted(writer.operations)
        if writer.operations:
            number = 1 + sum(1 for _ in Path(__file__).parent.glob("m[0-9]*.py"))
            writer.name = f"m{number:04d}_{name}"
            return writer.write()
    return None


def wanted(operations: list[Operation]) -> list[Operation]:
    """Return ``operations`` without what never reaches the database: docstrings and other options of models."""
    for operation in operations:
        if isinstance(operation, CreateModel) and operation.options:
            operation.options.pop("table_description", None)
    return [operation for operation in operations if not isinstance(operation, AlterModelOptions)]


def main() -> int:
    """Run the command line; return its exit status."""
    if len(sys.argv) != 2 or re.fullmatch(r"[a-z0-9_]+", sys.argv[1]) is None:
        print("usage: python -m hub.store.migrations NAME  (NAME in lower case, with underscores)", file=sys.stderr)
        return 2
    path = asyncio.run(write(sys.argv[1]))
    print(path if path is not None else "the models ask for nothing new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
