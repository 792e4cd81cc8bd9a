"""The ``lianxin`` command."""

import sys


def main() -> int:
    """Run the command line and return its exit status."""
    from hub.cli import main as run  # noqa: PLC0415 - importing lianxin has to check the package names first

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
