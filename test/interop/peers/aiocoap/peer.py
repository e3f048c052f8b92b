"""Reads a large body, watches a counter and writes a large body, and says what it saw as one line of JSON."""

import asyncio
import hashlib
import json
import sys

from aiocoap import GET, PUT, Context, Message


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


async def main(base):
    context = await Context.create_client_context()
    image = await context.request(Message(code=GET, uri=base + "/image")).response
    seen = await asyncio.wait_for(watch(context, base + "/counter", 3), 20)
    body = bytes((at * 31 + (at >> 8)) & 255 for at in range(65536))
    written = await context.request(Message(code=PUT, uri=base + "/upload", payload=body)).response
    result = {
        "imageBytes": len(image.payload),
        "imageSha256": hashlib.sha256(image.payload).hexdigest(),
        "seen": seen,
        "writeCode": written.code.dotted,
        "writtenSha256": hashlib.sha256(body).hexdigest(),
    }
    print(json.dumps(result))
    await context.shutdown()


asyncio.run(main(sys.argv[1]))
