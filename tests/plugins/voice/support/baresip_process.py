"""baresip's process: orders come in as lines, the names of its events go out as lines, its audio lies in its folder.

It says one tone for ever and writes what it hears to ``heard.wav``. When no more orders can come, it ends.
"""

import asyncio
import json
import sys
from typing import Final

from baresip import Account, Call, Config, RegistrationError, Runtime, UserAgent

WITHIN_S: Final = 30.0


async def serve(user: str, password: str, domain: str, says_hz: int, network: str) -> None:
    """Be the telephone ``user``; ``network`` is a line of baresip's own configuration."""
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    runtime = Runtime(command_timeout=WITHIN_S)
    await runtime.start(
        Config(
            net_interface="127.0.0.1",
            audio_source=f"ausine,{says_hz}",
            audio_player="aufile,heard.wav",
            extra_config_text=network,
        )
    )
    try:
        agent = await UserAgent.create(runtime, Account(user, domain, password, audio_codecs=("pcma",)))
        calls: list[Call] = []
        agent.on_incoming(calls.append)  # before it is told: it may be answered at once
        agent.on(lambda event: print(event.event.name, flush=True))
        async for order in orders:
            await obey(order.decode().split(), agent, calls)
    finally:
        await runtime.close()


async def obey(order: list[str], agent: UserAgent, calls: list[Call]) -> None:
    match order:
        case ["register"]:
            try:
                await agent.register(timeout=WITHIN_S)
            except RegistrationError as error:
                print(error, file=sys.stderr)  # its event has been told
        case ["unregister"]:
            await agent.unregister(timeout=WITHIN_S)
        case ["answer"]:
            await calls[-1].answer()
        case ["press", digits]:
            await calls[-1].send_dtmf(digits)
        case _:
            raise ValueError(order)


asyncio.run(serve(**json.loads(sys.argv[1])))
