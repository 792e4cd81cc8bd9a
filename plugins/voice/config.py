"""Settings of the telephone: the engine, the lines, which of them carries a call, and what is recorded how."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from core.channel import ChannelConfig
from core.config import Secret, Settings
from core.errors import ConfigInvalid
from plugins.voice.accounts import Name, Trunk

MAX_TRUNKS: Final = 100

HostPort = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?\Z|^\Z")]
Number = Annotated[str, Meta(pattern=r"^\+?[0-9*#]{2,20}\Z|^\Z")]


class Route(Settings, frozen=True, kw_only=True):
    """Which trunks carry calls to numbers that begin with ``prefix``; those named first are tried first."""

    trunks: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MAX_TRUNKS)]
    prefix: Annotated[str, Meta(pattern=r"^\+?[0-9*#]{0,20}\Z")] = ""  # as in +8610; empty: every number
    dialled_as: Literal["national", "e164", "digits"] = "national"
    prepend: Annotated[str, Meta(pattern=r"^[0-9*#]{0,10}\Z")] = ""  # what the carrier wants in front
    caller_id: Number = ""  # the number that is shown, where the hub names none


class VoiceConfig(ChannelConfig, frozen=True, kw_only=True):
    """One engine with its lines; an empty ``ari_url`` is an engine that Lianxin runs itself.

    That is the one of ``lianxin.toml``, or with a name in ``engine`` one beside it, which only this instance uses.
    """

    trunks: Annotated[tuple[Trunk, ...], Meta(max_length=MAX_TRUNKS)] = ()
    routes: tuple[Route, ...] = ()  # empty: every trunk for every number, in order
    country_code: Annotated[str, Meta(pattern="^[1-9][0-9]{0,2}$")] = "86"
    area_code: Annotated[str, Meta(pattern="^[0-9]{0,5}$")] = ""  # of callers whose number comes without one
    duty_number: Number = ""  # rung when callers have waited half a minute and nobody decides about them
    recording_rate_hz: Literal[8_000, 16_000] = 8_000  # 115 or 230 MB for an hour of talk, in stereo
    plan_wait_s: Annotated[float, Meta(ge=1.0, le=60.0)] = 6.0  # ringing, until the engine serves the call by itself
    sip_address: HostPort = ""  # where other engines reach this one, host or host:port; empty: its own address
    engine: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,19}\Z|^\Z")] = ""
    engine_sip_port: Annotated[int, Meta(ge=0, le=65_535)] = (
        0  # of an engine with a name, when the hub starts it; 0: a free one
    )
    ari_url: str = ""
    ari_username: str = ""
    ari_password: Secret = Secret("")

    def __post_init__(self) -> None:
        names = [trunk.name for trunk in self.trunks]
        faults = {
            f"trunks[{index}].name": "another trunk has this name"
            for index, name in enumerate(names)
            if name in names[:index]
        }
        for index, route in enumerate(self.routes):
            if unknown := [name for name in route.trunks if name not in names]:
                faults[f"routes[{index}].trunks"] = f"there is no trunk {unknown[0]}"
        if faults:
            raise ConfigInvalid(faults)
