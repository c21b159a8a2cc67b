# Twenty scenarios, played to a gateway by a WebSocket library that is not ours nor Node's.
# usage: interop.py websockets|autobahn PORT. Prints one JSON object a scenario, with what was found.
import asyncio
import json
import re
import sys

LIBRARY, PORT = sys.argv[1], int(sys.argv[2])
PROTOCOL = 'rollcast.v1+json'
HELLO = json.dumps({'type': 'hello', 'v': 1, 'max_fps': 0.1})
PING = json.dumps({'type': 'ping', 'client_time': 7})


opened = []


class Refused(Exception):
    """The handshake was answered with this status."""


class WithWebsockets:
    async def connect(self, path='/ws', protocol=PROTOCOL, origin=None):
        import websockets
        try:
            self.socket = await websockets.connect(
                f'ws://127.0.0.1:{PORT}{path}', subprotocols=[protocol], origin=origin,
                compression='deflate', ping_interval=None)
        except websockets.exceptions.InvalidStatusCode as error:
            raise Refused(error.status_code)
        self.protocol = self.socket.subprotocol
        self.extensions = len(self.socket.extensions)
        opened.append(self)
        return self

    async def send(self, message):
        await self.socket.send(message)

    async def send_fragments(self, parts):
        # The library ends with an empty fragment of its own.
        await self.socket.send(parts)

    async def receive(self):
        return await self.socket.recv()

    async def ping(self, payload):
        await (await self.socket.ping(payload))

    async def close(self, code, reason=''):
        await self.socket.close(code, reason)
        return self.socket.close_code

    async def closed(self):
        await self.socket.wait_closed()
        return self.socket.close_code


class WithAutobahn:
    async def connect(self, path='/ws', protocol=PROTOCOL, origin=None):
        from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
        from autobahn.websocket.compress import PerMessageDeflateOffer
        loop = asyncio.get_running_loop()
        adapter = self
        self.messages, self.pongs = asyncio.Queue(), asyncio.Queue()
        self.opened, self.ended = loop.create_future(), loop.create_future()

        class Protocol(WebSocketClientProtocol):
            def onConnect(self, response):
                adapter.protocol = response.protocol
                adapter.extensions = len(response.extensions)

            def onOpen(self):
                adapter.opened.set_result(None)

            def onMessage(self, payload, isBinary):
                adapter.messages.put_nowait(payload if isBinary else payload.decode())

            def onPong(self, payload):
                adapter.pongs.put_nowait(payload)

            def onClose(self, wasClean, code, reason):
                adapter.ended.set_result(code)
                status = re.search(r'\[(\d{3})\]', reason or '')
                if not adapter.opened.done():
                    adapter.opened.set_exception(Refused(int(status.group(1)) if status else code))

        factory = WebSocketClientFactory(
            f'ws://127.0.0.1:{PORT}{path}', origin=origin, protocols=[protocol])
        factory.protocol = Protocol
        factory.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer()])
        _, self.socket = await loop.create_connection(factory, '127.0.0.1', PORT)
        await self.opened
        opened.append(self)
        return self

    async def send(self, message):
        binary = isinstance(message, bytes)
        self.socket.sendMessage(message if binary else message.encode(), isBinary=binary)

    async def send_fragments(self, parts):
        for index, part in enumerate(parts):
            self.socket.sendFrame(opcode=0 if index else 1, payload=part.encode(), fin=False)
        self.socket.sendFrame(opcode=0, payload=b'', fin=True)

    async def receive(self):
        return await self.messages.get()

    async def ping(self, payload):
        self.socket.sendPing(payload)
        assert await self.pongs.get() == payload

    async def close(self, code, reason=''):
        self.socket.sendClose(code, reason)
        return await self.ended

    async def closed(self):
        return await self.ended


Adapter = {'websockets': WithWebsockets, 'autobahn': WithAutobahn}[LIBRARY]


async def reply(peer, *types):
    """The next message of one of these types."""
    while True:
        message = json.loads(await peer.receive())
        if message['type'] in types:
            return message


async def greeted():
    peer = await Adapter().connect()
    await peer.send(HELLO)
    await reply(peer, 'connection_established')
    return peer


async def refusal(**options):
    try:
        await Adapter().connect(**options)
    except Refused as refused:
        return refused.args[0]


async def answered(peer, *messages):
    for message in messages:
        await peer.send(message)
    return (await reply(peer, 'pong', 'error', 'episodes', 'episode'))['type']


async def closed_after(peer, *messages):
    for message in messages:
        await peer.send(message)
    return await peer.closed()


async def fragmented(count):
    peer = await greeted()
    await peer.send_fragments([PING] + [' '] * (count - 2))
    return peer


async def a_hundred():
    peer = await greeted()
    for number in range(100):
        await peer.send(json.dumps({'type': 'ping', 'client_time': number}))
    return [(await reply(peer, 'pong'))['client_time'] for _ in range(100)] == list(range(100))


async def pinged(payload):
    await (await greeted()).ping(payload)
    return True


async def negotiated(what):
    return getattr(await greeted(), what)


SCENARIOS = {
    'protocol': lambda: negotiated('protocol'),
    'extensions': lambda: negotiated('extensions'),
    'foreign protocol': lambda: refusal(protocol='mqtt'),
    'foreign path': lambda: refusal(path='/other'),
    'foreign origin': lambda: refusal(origin='http://evil.example'),
    'own origin': lambda: refusal(origin=f'http://127.0.0.1:{PORT}'),
    'ping': lambda: pinged(b''),
    'ping of 125': lambda: pinged(bytes(range(125))),
    'question': lambda: then(greeted(), answered, PING),
    'a hundred questions': a_hundred,
    'ten fragments': lambda: then(fragmented(10), answered),
    '64 fragments': lambda: then(fragmented(64), answered),
    '65 fragments': lambda: then(fragmented(65), closed_after),
    'largest': lambda: then(greeted(), answered, PING.ljust(16384)),
    'too large': lambda: then(greeted(), closed_after, PING.ljust(16385)),
    'binary': lambda: then(greeted(), answered, b'\x00\xff'),
    'umlauts': lambda: then(greeted(), answered, PING[:-1] + ', "x": "äöü€😀"}'),
    'no JSON': lambda: then(greeted(), closed_after, '{', '{', '{'),
    'no hello': lambda: then(Adapter().connect(), closed_after, PING),
    'two hellos': lambda: then(greeted(), answered, HELLO),
    'listing': lambda: then(greeted(), answered, '{"type":"list_episodes","request":1}'),
    'close': lambda: then(greeted(), Adapter.close, 1000),
    'close with a reason': lambda: then(greeted(), Adapter.close, 4000, 'enough, thänks'),
}


async def then(connecting, action, *arguments):
    return await action(await connecting, *arguments)


async def main():
    for name, scenario in SCENARIOS.items():
        try:
            found = await asyncio.wait_for(scenario(), 20)
        except Exception as error:
            found = repr(error)
        print(json.dumps({'scenario': name, 'found': found}), flush=True)
        # One that was closed before is closed already.
        while opened:
            await asyncio.wait_for(opened.pop().close(1000), 20)


asyncio.run(main())
