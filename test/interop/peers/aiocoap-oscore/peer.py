"""A device made of aiocoap that speaks OSCORE: registers from the socket it serves on, and is asked there.

Arguments: the server, the endpoint name, and the folder of its context. A line of input is something to do: `update`, `pull PATH`
or `plain`. What came of it is a line of JSON.
"""

import asyncio
import hashlib
import json
import socket
import sys

from aiocoap import GET, POST, Context, Message, credentials, error, resource
from aiocoap.oscore import FilesystemSecurityContext
from aiocoap.oscore_sitewrapper import OscoreSiteWrapper


class Text(resource.Resource):
    def __init__(self, text, seen):
        super().__init__()
        self.text = text
        self.seen = seen

    async def render_get(self, request):
        self.seen.append(bool(getattr(request.remote, "security_context", None)))
        return Message(payload=self.text, content_format=0)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def say(**what):
    print(json.dumps(what), flush=True)


async def main(base, endpoint, folder):
    own = FilesystemSecurityContext(folder)
    known = credentials.CredentialsMap()
    known[":server"] = own
    seen = []
    site = resource.Site()
    for path, text in ((["3", "0", "0"], b"aiocoap"), (["3", "0", "9"], b"77")):
        site.add_resource(path, Text(text, seen))
    wrapped = OscoreSiteWrapper(site, known)
    context = await Context.create_server_context(wrapped, bind=("127.0.0.1", free_port()), transports=["oscore", "udp6"])
    context.client_credentials[base + "/*"] = own

    async def ask(code, path, **more):
        return await context.request(Message(code=code, uri=base + path, **more)).response

    query = "ep=%s&lt=300&lwm2m=1.1&b=U" % endpoint
    registered = await ask(POST, "/rd?" + query, payload=b"</1/0>,</3/0>", content_format=40)
    location = "/" + "/".join(registered.opt.location_path)
    say(did="register", code=registered.code.dotted)
    loop = asyncio.get_running_loop()
    while True:
        line = (await loop.run_in_executor(None, sys.stdin.readline)).split()
        if not line:
            break
        try:
            if line[0] == "update":
                say(did="update", code=(await ask(POST, location)).code.dotted, protected=seen)
            elif line[0] == "pull":
                image = await ask(GET, line[1])
                say(did="pull", code=image.code.dotted, sha256=hashlib.sha256(image.payload).hexdigest(), bytes=len(image.payload))
            elif line[0] == "plain":
                del context.client_credentials[base + "/*"]
                say(did="plain", code=(await ask(POST, location)).code.dotted)
                context.client_credentials[base + "/*"] = own
        except error.Error as refused:
            say(did=line[0], error=type(refused).__name__)
    await context.shutdown()


asyncio.run(main(*sys.argv[1:4]))
