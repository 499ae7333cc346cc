"""What is relayed: the same bytes, at once, and no longer than somebody waits for them."""

import gzip
import hashlib
import http.client
import json
import socket
import struct
import time

import drivers
from memory import BLOCK, FACT, KEY, PORT, QUESTION, said
from upstream import FRAMES


def ask(host, path, body=None, method="POST", headers=None):
    """One request without any library; its answer is not decoded."""
    connection = http.client.HTTPConnection(host, timeout=30)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    came = answer.read()
    connection.close()
    return answer, came


def both(place, path, body=None, **more):
    """What comes directly, and what comes by the proxy."""
    direct, plain = ask(place.upstream.address.removeprefix("http://"), path, body, **more)
    proxied, relayed = ask(place.server.host, f"/anthropic{path}", body, **more)
    assert direct.status == proxied.status, (direct.status, proxied.status, relayed)
    return direct, plain, proxied, relayed


def streams(place):
    """A stream of forty events with every kind of end of line arrives as it was sent."""
    digest = hashlib.sha256(FRAMES).hexdigest()
    for path, model in [("/v1/messages", "claude-frames"), ("/v1/chat/completions", "frames"), ("/v1/responses", "frames")]:
        name = "input" if path.endswith("responses") else "messages"
        body = {"model": model, "max_tokens": 9, "stream": True, name: [said("Hello.")]}
        prefix = "/anthropic" if path.endswith("/messages") else "/openai"
        for host, where in [(place.upstream.address[7:], path), (place.server.host, prefix + path)]:
            answer, came = ask(host, where, body)
            assert hashlib.sha256(came).hexdigest() == digest, (where, came)
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8", answer.headers


def compressed(place):
    """A compressed answer is relayed as it is."""
    body = {"model": "claude-gzip", "max_tokens": 9, "messages": [said("Hello.")]}
    direct, plain, proxied, relayed = both(place, "/v1/messages", body, headers={"Accept-Encoding": "gzip"})
    assert plain == relayed and proxied.headers["content-encoding"] == "gzip", proxied.headers
    assert gzip.decompress(relayed).startswith(b'{"compressed"')
    assert direct.headers["content-length"] == proxied.headers["content-length"], proxied.headers


def whatever_it_is(place):
    """Paths, methods, queries, headers and bodies that nobody looks into arrive as they were sent."""
    server = place.server
    picture = bytes(range(256)) * 4000
    # Numbers and escapes that no parser gives back as they were, a key twice, and no JSON at all.
    odd = b'{"model":"claude-x","max_tokens":1.0e2,"messages":[{"role":"user","content":"\\u0068i \\/"}],"n":12345678901234567890123}'
    twice = b'{"model":"claude-x","messages":[],"messages":[{"role":"user","content":"What of port 1?"}],"max_tokens":1}'
    for method, path, data, headers in [
        ("GET", "/v1/models?limit=5&after=a%2Fb", None, {}),
        ("DELETE", "/v1/files/f%20g", None, {}),
        ("POST", "/v1/files", picture, {"Content-Type": "multipart/form-data; boundary=x"}),
        ("PUT", "/v1/other", b"", {"X-Of-Tomorrow": "grüße".encode().decode("latin1")}),
        ("POST", "/v1/messages?beta=true", odd, {"anthropic-beta": "a,b"}),
        ("POST", "/v1/messages", twice, {}),
        ("POST", "/v1/messages", b"no JSON", {}),
        ("POST", "/v1/messages", b'{"messages":', {}),
        ("POST", "/v1/messages", picture, {}),
    ]:
        mark = len(place.upstream.requests)
        ask(server.host, f"/anthropic{path}", data, method, headers)
        received = place.upstream.requests[mark]
        assert (received.method, received.path, received.body) == (method, path, data or b""), (received, data)
        for name, value in headers.items():
            assert received.header(name.lower()) == value, (name, received.headers)
    # Nothing in front of these is looked into, whatever is recalled elsewhere.
    answer, came = ask(server.host, "/openai/v1/embeddings", {"model": "m", "input": ["a", "b"]})
    assert answer.status == 200, came


def embeddings(place):
    """The client of OpenAI gets the engine's own vectors from longmem, by numbers and by base64."""
    import base64

    import openai
    client = openai.OpenAI(base_url=f"{place.server.address}/v1", api_key=place.server.user("vectors").key)
    texts = ["The gateway listens on port 7443.", "Ana lives in Lisbon."]
    named = "all-MiniLM-L6-v2"
    _, plain = ask(place.server.host, "/api/embed", {"model": "all-minilm", "input": texts})
    plain = json.loads(plain)["embeddings"]
    made = client.embeddings.create(model=named, input=texts).data
    for entry, numbers in zip(made, plain, strict=True):
        assert max(abs(a - b) for a, b in zip(entry.embedding, numbers, strict=True)) < 1e-6
    raw = client.embeddings.create(model=named, input=texts, encoding_format="base64").data
    for entry, numbers in zip(raw, plain, strict=True):
        unpacked = struct.unpack("<384f", base64.b64decode(entry.embedding))
        assert max(abs(a - b) for a, b in zip(unpacked, numbers, strict=True)) < 1e-6


def nobody_waits(place):
    """When a client goes away in the middle of a stream, the service's side is closed at once."""
    body = json.dumps({"model": "claude-endless", "max_tokens": 9, "stream": True, "messages": [said("Go on.")]})
    took = []
    for _ in range(5):
        closed = len(place.upstream.closed)
        host, port = place.server.host.split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(
                f"POST /anthropic/v1/messages HTTP/1.1\r\nHost: {place.server.host}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            came = b""
            while b"and on" not in came:
                came += client.recv(4096)
        left = time.monotonic()
        while len(place.upstream.closed) == closed:
            assert time.monotonic() - left < 5, "the stream of the service goes on"
            time.sleep(0.001)
        took.append(place.upstream.closed[-1] - left)
    # Other processes may have had the processor meanwhile.
    assert min(took) < 0.1, took


def many_streams(place):
    """A hundred streams that go on keep nobody from asking for memory, nor from another stream."""
    user = place.server.user("streams")
    user.knows(FACT)
    host, port = place.server.host.split(":")
    body = json.dumps({"model": "claude-endless", "max_tokens": 9, "stream": True, "messages": [said("Go on.")]})
    head = f"POST /anthropic/v1/messages HTTP/1.1\r\nHost: {place.server.host}\r\nX-Longmem-Mode: off\r\n"
    request = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    streams = [socket.create_connection((host, int(port)), timeout=20) for _ in range(100)]
    try:
        for stream in streams:
            stream.sendall(request)
        for stream in streams:
            assert b" 200 " in stream.recv(4096), "a stream did not begin"
        recalled = user.call("/v1/memory/recall", {"query": QUESTION})["results"]
        assert PORT in recalled[0]["text"], recalled
        answer = drivers.Anthropic(place.server.address, user.headers("streams"), KEY).say([said(QUESTION)], stream=True)
        assert PORT in answer, answer
    finally:
        for stream in streams:
            stream.close()


def as_clients_send_it(place):
    """A question in chunks, or one that waits to be asked for, gets memory as any other."""
    user = place.server.user("chunks")
    user.knows(FACT)
    host, port = place.server.host.split(":")
    body = json.dumps({"model": "claude-x", "max_tokens": 9, "messages": [said(QUESTION)]}).encode()
    head = f"POST /anthropic/v1/messages HTTP/1.1\r\nHost: {place.server.host}\r\nContent-Type: application/json\r\n"
    head += f"X-Longmem-Key: {user.key}\r\n"
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 9]), body[at:at + 9]) for at in range(0, len(body), 9))
    for more, first, rest in [
        ("Transfer-Encoding: chunked\r\n", pieces, b"0\r\n\r\n"),
        (f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n", b"", body),
    ]:
        mark = len(place.upstream.requests)
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(f"{head}{more}\r\n".encode() + first)
            if not first:
                assert b" 100 " in client.recv(100), "nobody asked for the body"
            client.sendall(rest)
            came = client.recv(65536)
        assert b" 200 " in came, came
        received = place.upstream.since(mark)[-1]
        assert received.header("expect") is None and received.header("transfer-encoding") is None, received.headers
        assert received.body.count(BLOCK.encode()) == 1 and received.json()["max_tokens"] == 9, received.body


def too_large(place):
    """A question that is too large to be looked into is relayed as it is."""
    picture = "x" * (40 << 20)
    body = {"model": "claude-x", "max_tokens": 9, "messages": [said(QUESTION), said(picture)]}
    mark = len(place.upstream.requests)
    answer, came = ask(place.server.host, "/anthropic/v1/messages", body)
    assert answer.status == 200, (answer.status, came)
    received = place.upstream.requests[mark]
    assert received.body == json.dumps(body).encode(), len(received.body)


def the_end(place):
    """What was answered just before the server is told to stop is stored; a stream that goes on does not hold it."""
    with place.serve("stopping") as server:
        server.is_ready()
        user = server.user("last")
        host, port = server.host.split(":")
        body = json.dumps({"model": "claude-endless", "max_tokens": 9, "stream": True, "messages": [said("Go on.")]})
        with socket.create_connection((host, int(port)), timeout=20) as stream:
            stream.sendall(
                f"POST /anthropic/v1/messages HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            assert b" 200 " in stream.recv(4096)
            drivers.Anthropic(server.address, user.headers("last"), KEY).say([said(FACT)], stream=True)
            began = time.monotonic()
            code = server.stop()
            took = time.monotonic() - began
        assert code == 0 and took < 10, (code, took)
        exported = server.longmem("--user", "last", "export")
        assert exported.count('"role"') == 2 and PORT in exported, exported


def strangers(place):
    """A page of another origin gets at no proxy, nor does a name that is not this server's."""
    for name, value in [("Origin", "http://evil.example"), ("Origin", "null"), ("Host", "evil.example")]:
        for path in ("/anthropic/v1/messages", "/openai/v1/chat/completions", "/openai/v1/models"):
            mark = len(place.upstream.requests)
            answer, came = ask(place.server.host, path, {"model": "m", "messages": [said("Hello.")]}, headers={name: value})
            assert answer.status == 403 and len(place.upstream.requests) == mark, (name, value, path, came)


def what_is_counted(place):
    """The metrics tell what was relayed, and none of them names a user or a key."""
    metrics = place.server.get("/metrics")
    for name in ("longmem_proxy_requests_total", "longmem_proxy_added_seconds", "longmem_proxy_injected_tokens"):
        assert name in metrics, name
    for name in ("nameless", "bypath", KEY):
        assert name not in metrics


CHECKS = [
    streams, compressed, whatever_it_is, as_clients_send_it, too_large, embeddings, nobody_waits, many_streams, the_end,
    strangers, what_is_counted,
]
