import asyncio
from pathlib import Path
from core.bus import *
from core.streams import *
from core.events import *
from core.testing.nats import NatsServer, free_port
from hub.nats_server import *
async def test_it(tmp_path):
    c=ServerConfig(tmp_path/"nats", free_port())
    assert write_config(c,["web-main","sms"])
    assert not write_config(c,["web-main","sms"])
    p=await asyncio.create_subprocess_exec(*command(c))
    hub=await Bus.connect(BusSettings(url=c.url,seed=c.keys.seed("hub")),source="hub")
    await hub.ensure(STREAMS,BUCKETS,[hub_consumer(),orders_consumer("web-main")])
    web=await Bus.connect(BusSettings(url=c.url,seed=c.keys.seed("plugin-web-main")),source="web-main")
    await web.publish(MessageReceived(external_id="z",sender="tel:1",text="z"),"web-main",msg_id="z")
    async def h(i,q): return History(has_more=q.limit==3)
    await hub.respond("hub.channel.{id}.ask.history",h,request=HistoryRequest)
    r=await web.request("hub.channel.web-main.ask.history",HistoryRequest(address="a",limit=3),reply=History)
    f=asyncio.Future()
    async def handler(ds): f.set_result(ds[0].event)
    web.consume("ORDERS","web-main",handler)
    await hub.publish(SendMessage(message_id="m",recipient="a"),"web-main",msg_id="m1")
    print(await asyncio.wait_for(f,5))
    t=asyncio.Future()
    async def tt(e,ev,i): t.set_result(ev)
    await web.subscribe("hub.channel.web-main.cmd.show_typing",tt)
    await hub.signal(TypingShown(recipient="a",is_typing=True),"web-main")
    print(await asyncio.wait_for(t,5))
    await web.close(); await hub.close(); p.terminate(); await p.wait()
