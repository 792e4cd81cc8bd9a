"""``lianxin plugin …``."""

from hub.cli.terminal import Commands


def add_to(commands: Commands) -> None:
    """Add the command and its own commands."""
