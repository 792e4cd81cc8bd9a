"""``python -P -m hub.staffing``: one simulation, its plan in JSON on standard input, told line by line as it comes."""

import sys

import msgspec

from core.config import decode_settings
from hub.staffing.floor import simulate
from hub.staffing.model import Plan


def main() -> None:
    """Run the plan."""
    plan = decode_settings(Plan, msgspec.json.decode(sys.stdin.buffer.read()))
    for at, strategy in enumerate(plan.strategies):

        def tell(share: float, done: int = at) -> None:
            say({"progress": (done + share) / len(plan.strategies)})

        say({"outcome": simulate(plan, strategy, tell)})


def say(what: object) -> None:
    """Write a line at once."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
