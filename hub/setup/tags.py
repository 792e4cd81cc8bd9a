"""The tags that agents choose from; words of their own stay possible beside them."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.config import Settings
from core.errors import ConfigInvalid
from hub.accounts.identity import Identity
from hub.audit import Audit
from hub.dispatch.queues import Title
from hub.setup.definitions import Definitions
from hub.units import Units

TAG_LENGTH: Final = 32  # of a tag's id, and of words of an agent's own


class Tag(Settings, frozen=True, kw_only=True):
    """A tag of conversations and contacts: its name by language, its color and its place in the list."""

    title: Title
    color: Literal["grey", "blue", "green", "amber", "red"] = "blue"
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    is_active: bool = True


class TagView(msgspec.Struct, frozen=True, kw_only=True):
    """A tag in force."""

    tag_id: str
    version: int
    tag: Tag


class Tags:
    """What administrators do to the tags; none is deleted, for conversations carry it."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self.definitions = Definitions("tag", Tag, units, audit)

    def all(self) -> list[TagView]:
        """Return every tag in its order, those that are off too."""
        views = [
            TagView(tag_id=tag_id, version=version, tag=tag)
            for tag_id, (version, tag) in self.definitions.current.items()
        ]
        return sorted(views, key=lambda view: (view.tag.position, view.tag_id))

    async def save(self, identity: Identity, tag_id: str, tag: Tag, *, remote: str = "") -> TagView:
        """Put a tag in force."""
        if len(tag_id) > TAG_LENGTH:
            raise ConfigInvalid({"id": "too_long"})
        version, saved = await self.definitions.save(identity, tag_id, tag, remote=remote)
        return TagView(tag_id=tag_id, version=version, tag=saved)
