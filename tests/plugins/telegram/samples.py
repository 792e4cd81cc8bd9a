"""One update of each kind, as the Bot API's page describes them."""

from typing import Any

from tests.plugins.telegram.bot_api import ANNA, message, written

POINT = {"latitude": 30.2741, "longitude": 120.1551}
PRESSED = {
    "id": "77",
    "from": written()["from"],
    "chat_instance": "1",
    "message": written("?", reply_markup={"inline_keyboard": [[{"text": "转人工", "callback_data": "0"}]]}),
    "data": "0",
}
MEMBER = {
    "chat": {"id": -100, "type": "group", "title": "邻居"},
    "from": written()["from"],
    "date": 1_760_000_000,
    "new_chat_member": {"status": "member"},
}
_BARE: list[dict[str, Any]] = [
    message("我家暖气不热 🏠"),
    message("/start 12"),
    message(photo=[{"file_id": "s", "file_size": 1}, {"file_id": "l", "file_size": 2}], caption="看"),
    message(voice={"file_id": "v", "mime_type": "audio/ogg", "duration": 3, "file_size": 9}),
    message(video={"file_id": "f", "mime_type": "video/mp4", "file_name": "f.mp4"}),
    message(document={"file_id": "d", "mime_type": "application/pdf", "file_name": "合同.pdf"}),
    message(animation={"file_id": "a"}, document={"file_id": "a"}),
    message(sticker={"file_id": "s", "emoji": "👍"}),
    message(location=POINT),
    message(venue={"location": POINT, "title": "市民中心", "address": "解放路 1 号"}),
    message(contact={"phone_number": "+8613800000000", "first_name": "Anna", "user_id": ANNA}),
    {"edited_message": written("改好了", edit_date=1_760_000_060)},
    {"callback_query": PRESSED},
    {"my_chat_member": MEMBER},
]
SAMPLES = [{"update_id": number, **update} for number, update in enumerate(_BARE, 1)]
