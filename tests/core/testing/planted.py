"""Pigeon channels with one fault each, and the contract test that must find it; run by test_planted_faults.py."""

import asyncio
import contextlib
import logging
import time

import aiohttp
import msgspec
from pigeon.adapter import PigeonChannel
from test_contract import TestPigeonContract as Contract

import core.testing.bench
from core.errors import SendDeferred, SendError, SendRejected
from core.events import ChannelState
from core.host.load import load_channel
from core.ids import new_id

core.testing.bench.WAIT_S = 4.0  # what does not come within this time does not come

log = logging.getLogger("pigeon.adapter")
CAUGHT_BY: dict[str, str] = {}


def planted(test: str):
    """Make a contract class of a faulty channel; ``test`` is the one that must fail."""

    def plant(channel_type: type) -> type:
        name = f"Test{channel_type.__name__}"

        def load(cls):
            return channel_type, getattr(channel_type, "manifest", load_channel("pigeon")[1])

        globals()[name] = type(name, (Contract,), {"load": classmethod(load)})
        CAUGHT_BY[name] = test
        return channel_type

    return plant


@planted("test_each_sample_becomes_exactly_one_event[plain text]")
class EmitsTwice(PigeonChannel):
    async def _receive(self, bird):
        await super()._receive(bird)
        await super()._receive(bird)


@planted("test_each_sample_becomes_exactly_one_event[plain text]")
class LosesMessages(PigeonChannel):
    async def _receive(self, bird):
        return


@planted("test_each_sample_becomes_exactly_one_event[plain text]")
class MakesUpIds(PigeonChannel):
    async def _receive(self, bird):
        await super()._receive({**bird, "id": new_id()} if bird else bird)


@planted("test_garbage_is_skipped_with_one_line_each")
class DiesOfGarbage(PigeonChannel):
    async def _receive(self, bird):
        assert bird["text"]
        await super()._receive(bird)


@planted("test_garbage_is_skipped_with_one_line_each")
class SkipsGarbageLoudly(PigeonChannel):
    async def _receive(self, bird):
        try:
            self.normalize(bird["ring"])
            assert bird["text"]
        except Exception:
            log.exception("bad letter")
        else:
            await super()._receive(bird)


@planted("test_garbage_is_skipped_with_one_line_each")
class SkipsGarbageSilently(PigeonChannel):
    async def _receive(self, bird):
        with contextlib.suppress(KeyError, ValueError):
            self.normalize(bird["ring"])
            if "text" in bird:
                await super()._receive(bird)


@planted("test_each_order_ends_as_expected[accepted]")
class BlocksTheLoop(PigeonChannel):
    async def send(self, message):
        time.sleep(0.8)
        return await super().send(message)


@planted("test_each_order_ends_as_expected[accepted]")
class ClaimsToHaveSent(PigeonChannel):
    async def send(self, message):
        return "b-1"


@planted("test_each_order_ends_as_expected[throttled]")
class ForgetsHowLongToWait(PigeonChannel):
    async def send(self, message):
        try:
            return await super().send(message)
        except SendDeferred as deferred:
            raise SendDeferred(deferred.code) from deferred


@planted("test_it_becomes_ready")
class LeaksItsKey(PigeonChannel):
    async def run(self):
        log.debug("connecting with %s", self.config.key.reveal())
        await super().run()


@planted("test_it_becomes_ready")
class NeverReady(PigeonChannel):
    async def emit(self, event):
        if not isinstance(event, ChannelState):
            await super().emit(event)


@planted("test_a_repeated_order_is_sent_once")
class SendsTwice(PigeonChannel):
    async def send(self, message):
        await super().send(message)
        return await super().send(message)


@planted("test_a_repeated_order_is_sent_once")
class TrustsTheFarEndToDropRepetitions(PigeonChannel):
    deduplicates = True


@planted("test_cancelled_it_stops_in_time_and_can_be_run_again")
class IgnoresCancellation(PigeonChannel):
    async def run(self):
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with contextlib.suppress(asyncio.CancelledError):
                await super().run()


@planted("test_addresses_have_one_form")
class GrowsAddresses(PigeonChannel):
    def normalize(self, address):
        return f"pigeon:{address.strip()}"


@planted("test_addresses_have_one_form")
class AcceptsAnyAddress(PigeonChannel):
    def normalize(self, address):
        try:
            return super().normalize(address)
        except ValueError:
            return address.strip()


@planted("test_class_and_manifest_agree")
class ClaimsWhatItHasNot(PigeonChannel):
    manifest = msgspec.structs.replace(load_channel("pigeon")[1], capabilities=("shows_typing",))


@planted("test_orders_wait_for_a_far_end_that_is_gone")
class FailsInsteadOfDeferring(PigeonChannel):
    async def send(self, message):
        try:
            return await super().send(message)
        except SendDeferred as deferred:
            raise SendRejected(deferred.code) from deferred


@planted("test_it_receives_again_after_the_far_end_was_gone")
class NeverComesBack(PigeonChannel):
    async def run(self):
        with contextlib.suppress(aiohttp.ClientError, SendError):
            async with aiohttp.ClientSession(self.config.url, headers={"X-Loft-Key": "coo-coo"}) as self._http:
                await self.emit(ChannelState(state="ready"))
                while True:
                    for bird in await self._call("GET", "/arrivals", params={"wait": "20"}):
                        await self._receive(bird)
        await asyncio.Event().wait()


@planted("test_wrong_settings_name_every_bad_field")
class TakesAnySettings(PigeonChannel):
    class config_type(PigeonChannel.config_type, frozen=True, kw_only=True):  # noqa: N801
        def __post_init__(self):
            if self.poll_s > 10:
                raise RuntimeError("too slow")


class TestNothingWrong(Contract):
    """The channel without a fault."""
