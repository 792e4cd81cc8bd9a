"""The command ``lianxin``: run everything, the hub alone, plugins, users, backups, settings and the phone engine."""

import argparse
import sys
from collections.abc import Sequence

from core.errors import LianxinError
from hub.cli import backups, configuration, engine, models, plugins, run, users
from hub.i18n import terminal_text

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command line."""
    parser = argparse.ArgumentParser(prog="lianxin", description=terminal_text("help.lianxin"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run.add_to(commands)
    plugins.add_to(commands)
    engine.add_to(commands)
    users.add_to(commands)
    backups.add_to(commands)
    models.add_to(commands)
    configuration.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        status: int = options.do(options)
    except LianxinError as error:
        print(f"lianxin: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status
