"""One python-socketio client for the tests: commands come in, events go out, one JSON text a line.

    python_client.py URL CHANNEL TRANSPORTS SERVER_OFFSET

The one on asyncio: the other hands each event to a thread of its own, in which order is lost.
"""

import asyncio
import json
import sys

import socketio

url, channel, transports, server_offset = sys.argv[1:]
state = {"serverOffset": int(server_offset)}
client = socketio.AsyncClient(reconnection_delay=0.01, reconnection_delay_max=0.05, randomization_factor=0)


def say(**line):
    print(json.dumps(line), flush=True)


@client.on("connect", namespace=channel)
def on_connect():
    say(connected=True)


@client.on("disconnect", namespace=channel)
def on_disconnect():
    say(disconnected=True)


@client.on("chat message", namespace=channel)
def on_message(payload, offset, position):
    state["serverOffset"] = offset
    say(event="chat message", args=[payload, offset, position])


async def main():
    await client.connect(url, namespaces=[channel], auth=lambda: state, transports=transports.split(","))
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async for line in commands:
        command = json.loads(line)
        await client.emit(
            "chat message",
            (command["payload"], command["key"]),
            namespace=channel,
            callback=lambda answer, number=command["id"]: say(ack=number, answer=answer),
        )
    await client.disconnect()


asyncio.run(main())
