"""A stock client of python-socketio; prints what it receives as lines of JSON.

Arguments: the address, the transport, and "channels" or "sessions".
"""

import json
import sys
import threading

import socketio

address, transport, speaks = sys.argv[1:]
client = socketio.Client(reconnection=False)
# Over polling, python-socketio 5.7 cannot connect a client again that was refused.
refused = socketio.Client(reconnection=False)


# python-socketio calls the handler of each event in a thread of its own.
printing = threading.Lock()


def report(**fields):
    with printing:
        print(json.dumps(fields), flush=True)


@client.event
def said(payload, about):
    report(said=payload, channel=about["channel"])


@client.event
def subscribed(data):
    report(subscribed=data["sessionId"])


@client.event
def progress(data):
    report(progress=data["progress"], session=data["sessionId"])


@client.event
def completed(data):
    report(completed=data["result"], session=data["sessionId"])
    client.disconnect()


@refused.event
def connect_error(data):
    report(refused=data["data"]["code"])


try:
    refused.connect(address, auth={"token": "wrong"}, transports=[transport])
except socketio.exceptions.ConnectionError:
    pass
client.connect(address, auth={"token": "secret"}, transports=[transport])
if speaks == "sessions":
    client.emit("subscribe", "one")
else:
    report(
        subscribe=client.call("subscribe", "room:1"),
        forbidden=client.call("subscribe", "room:secret"),
        double=client.call("double", 21),
        publish=client.call("publish", ("room:1", "said", "by Python")),
    )
client.wait()
report(ended=True)
