"""A device made of aiocoap: registers from the socket it serves on, is read and observed there, then reads, observes and writes.

What it saw is two lines of JSON; it stays until its standard input ends.
"""

import asyncio
import hashlib
import json
import socket
import sys
import time

from aiocoap import GET, POST, PUT, Context, Message, resource


class Text(resource.Resource):
    async def render_get(self, request):
        return Message(payload=b"aiocoap", content_format=0)


class Counter(resource.ObservableResource):
    value = 0

    async def count(self):
        while True:
            await asyncio.sleep(0.1)
            self.value += 1
            self.updated_state()

    async def render_get(self, request):
        return Message(payload=b"n%d" % self.value, content_format=0)


async def watch(context, uri, wanted):
    request = context.request(Message(code=GET, uri=uri, observe=0))
    first = await request.response
    seen = [first.payload.decode()]
    async for notification in request.observation:
        seen.append(notification.payload.decode())
        if len(seen) > wanted:
            request.observation.cancel()
            break
    return seen


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def main(base):
    counter = Counter()
    site = resource.Site()
    site.add_resource(["3", "0", "1"], Text())
    site.add_resource(["counter"], counter)
    counting = asyncio.ensure_future(counter.count())
    # Over TCP a device serves on the connection that it has opened.
    transport = "tcpclient" if base.startswith("coap+tcp") else "udp6"
    context = await Context.create_server_context(site, bind=("127.0.0.1", free_port()), transports=[transport])
    register = Message(code=POST, uri=base + "/rd?ep=aiocoap&lt=300&b=U", payload=b"</3/0>,</counter>", content_format=40)
    registered = await context.request(register).response

    start = time.monotonic()
    image = await context.request(Message(code=GET, uri=base + "/image")).response
    pulled = {
        "registerCode": registered.code.dotted,
        "imageBytes": len(image.payload),
        "imageSha256": hashlib.sha256(image.payload).hexdigest(),
        "seconds": round(time.monotonic() - start, 3),
    }
    print(json.dumps(pulled), flush=True)
    seen = await asyncio.wait_for(watch(context, base + "/counter", 3), 20)
    body = bytes((at * 31 + (at >> 8)) & 255 for at in range(65536))
    written = await context.request(Message(code=PUT, uri=base + "/upload", payload=body)).response
    result = {
        "seen": seen,
        "writeCode": written.code.dotted,
        "writtenSha256": hashlib.sha256(body).hexdigest(),
    }
    print(json.dumps(result), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    counting.cancel()
    await context.shutdown()


asyncio.run(main(sys.argv[1]))
