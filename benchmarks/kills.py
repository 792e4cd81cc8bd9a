"""The big kill test: 10,000 messages both ways while the hub, the bus and the channel are killed at random.

``python -m benchmarks.kills [--citizens 10] [--messages 500] [--kills 32]``; exit status 1 when anything is lost,
doubled or out of order. The small one runs with the tests (tests/journeys/test_kills.py).
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.journeys.support.house import start_house, stop_house
from tests.journeys.support.storm import Count, storm


async def run(citizens: int, messages: int, kills: int, every_s: float) -> Count:
    """Start a house, let the storm pass, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        house = await start_house(Path(folder) / "data", "--demo")
        try:
            return await storm(house, citizens=citizens, messages=messages, kills=kills, every_s=every_s)
        finally:
            await stop_house(house)


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citizens", type=int, default=4)
    parser.add_argument("--messages", type=int, default=2500)
    parser.add_argument("--kills", type=int, default=32)
    parser.add_argument("--every", type=float, default=6.0, help="seconds between kills, on average")
    options = parser.parse_args()
    count = asyncio.run(run(options.citizens, options.messages, options.kills, options.every))
    print(f"messages {count.sent} in, {count.answered} out; kills {count.kills}; {count.seconds:.0f} s")
    print(f"lost {len(count.lost)}  doubled {len(count.doubled)}  out of order {len(count.disordered)}")
    return 1 if count.lost or count.doubled or count.disordered else 0


if __name__ == "__main__":
    sys.exit(main())
