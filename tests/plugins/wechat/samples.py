"""One callback and one message of each kind, as the platforms' pages describe them."""

from tests.plugins.wechat.platform import ANNA, kf_written, written, xml

FIELDS = [
    written(Content="我家暖气不热 & <冷>"),
    written(Content="转人工", bizmsgmenuid="0"),
    written("image", MediaId="p", PicUrl="http://x"),
    written("voice", MediaId="v", Format="amr", Recognition="你好"),
    written("video", MediaId="f", ThumbMediaId="t"),
    written("location", Location_X="30.2741", Location_Y="120.1551", Scale="15", Label="市民中心"),
    written("link", Title="通知", Description="d", Url="https://x.cn"),
    written("event", Event="subscribe", EventKey="qrscene_1", Ticket="t"),
    written("event", Event="SCAN", EventKey="1", Ticket="t"),
    written("event", Event="CLICK", EventKey="1"),
]
OFFICIAL = [xml(fields) for fields in FIELDS]
KF = [
    kf_written(text={"content": "我家暖气不热"}),
    kf_written(text={"content": "转人工", "menu_id": "0"}),
    kf_written("image", image={"media_id": "p"}),
    kf_written("voice", voice={"media_id": "v"}),
    kf_written("file", file={"media_id": "f"}),
    kf_written("location", location={"latitude": 30.2741, "longitude": 120.1551, "name": "a", "address": "b"}),
    kf_written("link", link={"title": "通知", "url": "https://x.cn"}),
    kf_written("event", origin=4, event={"event_type": "enter_session", "external_userid": ANNA, "welcome_code": "w"}),
    kf_written("event", origin=4, event={"event_type": "msg_send_fail", "fail_msgid": "m", "fail_type": 4}),
]
