"""A server of python-socketio with rooms and a namespace; argument: the port."""

import sys

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


async def refuse_wrong(sid, environ, auth):
    if (auth or {}).get("token") == "wrong":
        raise socketio.exceptions.ConnectionRefusedError("not authorized")


sio.on("connect", refuse_wrong)
sio.on("connect", refuse_wrong, namespace="/staff")


@sio.event
async def join(sid, room):
    if room.startswith("secret"):
        return {"error": "forbidden"}
    sio.enter_room(sid, room)
    return {"ok": True}


@sio.event
async def leave(sid, room):
    sio.leave_room(sid, room)
    return {"ok": True}


@sio.event
async def say(sid, room, text):
    await sio.emit("said", (room, {"text": text}), room=room)
    return {"ok": True}


@sio.event
async def file(sid, name, data):
    return {"name": name, "bytes": len(data), "back": data[::-1]}


@sio.event
async def ask(sid, question):
    answer = await sio.call("question", question, to=sid)
    await sio.emit("answered", answer, to=sid)


@sio.on("double", namespace="/staff")
async def double(sid, number):
    await sio.emit("doubled", number, namespace="/staff")
    return 2 * number


uvicorn.run(socketio.ASGIApp(sio), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
