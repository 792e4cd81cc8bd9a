"""What agents change of a contact, whatever became of those who served it."""

import pytest

from core.ids import new_id
from hub.accounts.identity import Identity
from hub.contacts.contacts import ContactEdit
from hub.errors import ApiError
from hub.store.models import Contact
from tests.hub.support.house import House

EDITOR = Identity(username="editor", permissions=frozenset({"queue.all"}))


async def test_a_contact_whose_own_agent_has_left_is_edited_all_the_same(house: House) -> None:
    services = house.services
    former, contact_id = new_id(), new_id()
    async with services.contacts._units.open() as unit:
        await Contact.create(
            contact_id=contact_id, name="王奶奶", agent_id=former, birth_year=1940, created_at=unit.now
        )
    contacts = services.contacts
    view = await contacts.edit(EDITOR, contact_id, ContactEdit(name="王阿姨", agent_id=former), remote="")
    assert (view.name, view.agent_id, view.birth_year) == ("王阿姨", former, 1940)
    with pytest.raises(ApiError, match="no such agent"):
        await contacts.edit(EDITOR, contact_id, ContactEdit(agent_id=new_id()), remote="")
    view = await contacts.edit(EDITOR, contact_id, ContactEdit(agent_id=None, birth_year=None), remote="")
    assert (view.agent_id, view.birth_year) == (None, None)
