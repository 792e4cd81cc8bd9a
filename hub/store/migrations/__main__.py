"""Writes the next migration from what the models declare now: ``python -m hub.store.migrations NAME``.

Read what it wrote, and let ruff format it: new columns need ``null`` or ``db_default``, never ``default`` alone.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions, CreateModel
from tortoise.migrations.writer import MigrationWriter

from hub.store.address import locate

FOLDER: Final = Path(__file__).parent
BESIDE_THE_POINT: Final = ("table_description", "app")  # the docstring, and what the configuration says anyway


async def changes() -> MigrationWriter | None:
    """Return what the models declare and no migration brings yet; None when there is nothing."""
    config = locate("sqlite://:memory:").config()
    with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None
        writers = await MigrationAutodetector(context.apps, config["apps"]).changes()
    for writer in writers:
        writer.operations = [step for step in writer.operations if not isinstance(step, AlterModelOptions)]
        for step in writer.operations:
            if isinstance(step, CreateModel) and step.options:
                step.options = {key: value for key, value in step.options.items() if key not in BESIDE_THE_POINT}
        if writer.operations:
            return writer
    return None


def write(writer: MigrationWriter, name: str) -> Path:
    """Write the next migration, called ``name``; return its path."""
    number = 1 + sum(1 for _ in FOLDER.glob("m[0-9]*.py"))
    path = FOLDER / f"m{number:04d}_{name}.py"
    path.write_text(f'"""{name.replace("_", " ").capitalize()}."""\n\n{writer.as_string()}', "utf-8")
    return path


def main() -> int:
    """Run the command line; return its exit status."""
    if len(sys.argv) != 2 or re.fullmatch(r"[a-z0-9_]+", sys.argv[1]) is None:
        print("usage: python -m hub.store.migrations NAME  (NAME in lower case, with underscores)", file=sys.stderr)
        return 2
    writer = asyncio.run(changes())
    print(write(writer, sys.argv[1]) if writer else "the models ask for nothing new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
