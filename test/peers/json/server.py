"""A chat on Starlette, by hand. usage: server.py PORT FILE; the file keeps the events."""
import json
import os
import sys
import uuid

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

port, path = int(sys.argv[1]), sys.argv[2]
rooms = {}
store = {"epoch": str(uuid.uuid4()), "events": {}}
if os.path.exists(path):
    with open(path) as file:
        store = json.load(file)


def save():
    with open(path + ".new", "w") as file:
        json.dump(store, file)
    os.replace(path + ".new", path)


save()


async def publish(channel, event, data, key):
    events = store["events"].setdefault(channel, [])
    message = {"type": "event", "channel": channel, "event": event, "data": data, "key": key, "seq": len(events) + 1}
    events.append(message)
    save()
    for socket in list(rooms.get(channel, ())):
        await socket.send_json(message)


async def handle(socket, message):
    kind, channel, id = message["type"], message.get("channel"), message.get("id")
    if kind == "ping":
        await socket.send_json({"type": "pong"})
    elif kind == "subscribe" and channel == "room:secret":
        await socket.send_json({"type": "error", "channel": channel, "code": "FORBIDDEN", "detail": "Not yours."})
    elif kind == "subscribe":
        events = store["events"].get(channel, [])
        after = message.get("after")
        await socket.send_json({"type": "subscribed", "channel": channel, "seq": len(events), "epoch": store["epoch"]})
        if after is not None and message.get("epoch") == store["epoch"]:
            for event in events[after:]:
                await socket.send_json(event)
        rooms.setdefault(channel, set()).add(socket)
    elif kind == "unsubscribe":
        rooms.get(channel, set()).discard(socket)
    elif kind == "publish":
        await publish(channel, message["event"], message.get("data"), message.get("key"))
        await socket.send_json({"type": "result", "id": id})
    elif kind == "call" and message["method"] == "double":
        await socket.send_json({"type": "result", "id": id, "data": 2 * message["data"]})
    else:
        await socket.send_json({"type": "error", "id": id, "code": "UNKNOWN_METHOD", "detail": "No such method."})


async def session(socket):
    user = socket.query_params.get("token")
    # Closed before accept(), the client would see a failed upgrade, without the code.
    await socket.accept()
    if user == "wrong":
        await socket.close(4403)
        return
    await socket.send_json({"type": "welcome", "user": user})
    try:
        while True:
            await handle(socket, await socket.receive_json())
    except WebSocketDisconnect:
        pass
    finally:
        for members in rooms.values():
            members.discard(socket)


uvicorn.run(Starlette(routes=[WebSocketRoute("/ws", session)]), host="127.0.0.1", port=port, log_level="warning")
