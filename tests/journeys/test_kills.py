"""Kills processes under load: every acknowledged message arrives exactly once and in order, both ways."""

from tests.journeys.support.house import House
from tests.journeys.support.storm import storm


async def test_kills_lose_nothing_and_double_nothing(house: House) -> None:
    count = await storm(house, citizens=4, messages=60, kills=6, every_s=1.5)
    assert count.kills >= 5
    assert (count.lost, count.doubled, count.disordered) == ([], [], [])
