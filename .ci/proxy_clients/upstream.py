"""A stand-in for the APIs of language models, in this process: Anthropic's messages, OpenAI's chat and responses.

It keeps the bytes of every request, and answers by what it read: with every port that the request names. A request
with a tool `look_up` gets two calls of it first. The model's name may ask for something else:

    error-400 error-429 error-529   that error, with the headers that the service sends
    cut                             a stream that breaks off
    endless                         a stream that goes on until the client is gone
    frames                          FRAMES, in pieces that cut them anywhere
    gzip                            an answer that is compressed, whatever was asked for
"""

import dataclasses
import gzip
import http.client
import http.server
import json
import re
import select
import socket
import threading
import time

TOOL = "look_up"
TOOL_CALLS = 2
PORTS = re.compile(r"port (\d{4})")
# Ends of lines of both kinds, comments, an event without data, and letters of several bytes.
FRAMES = b"".join(
    [b": ping\n\n", b"event: x\r\ndata: {\"n\":%d}\r\n\r\n" % number, "data: grüße 🙂\n\n".encode(), b"data:\r\ndata: b\r\n\r\n"][number % 4]
    for number in range(40)
)
ERRORS = {
    "error-400": (400, {}, "invalid_request_error"),
    "error-429": (429, {"retry-after": "17", "x-ratelimit-remaining-requests": "0"}, "rate_limit_error"),
    "error-529": (529, {"x-should-retry": "false"}, "overloaded_error"),
}


@dataclasses.dataclass
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: list
    body: bytes

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)


def texts_of(content):
    """The texts of a message, whose content is one text or several blocks."""
    if isinstance(content, str):
        return [content]
    return [block["text"] for block in content or [] if block.get("type") in ("text", "input_text", "output_text")]


def messages_of(request):
    """The messages of a request to any of the APIs."""
    messages = request.get("messages", request.get("input", []))
    return [{"role": "user", "content": messages}] if isinstance(messages, str) else messages


def is_tool_result(message):
    blocks = message.get("content")
    has_result = isinstance(blocks, list) and any(block.get("type") == "tool_result" for block in blocks)
    return has_result or message.get("role") == "tool" or message.get("type") == "function_call_output"


def is_human(message):
    return message.get("role") == "user" and not is_tool_result(message)


def answer_to(request):
    """What the model says: the ports that it read of."""
    read = [text for message in messages_of(request) for text in texts_of(message.get("content"))]
    ports = sorted(set(PORTS.findall("\n".join(read))))
    return f"I read of port {' and port '.join(ports)}." if ports else "I read nothing of that."


def calls_tool(request):
    """Whether the tool is called now: so often after the newest question."""
    names = [tool.get("name") or tool.get("function", {}).get("name") for tool in request.get("tools") or []]
    results = 0
    for message in reversed(messages_of(request)):
        if is_human(message):
            break
        results += is_tool_result(message)
    return results if TOOL in names and results < TOOL_CALLS else None


def tokens_of(request):
    """Tokens of the input, four bytes each."""
    counted = {name: request.get(name) for name in ("tools", "system", "messages", "input", "instructions")}
    return len(json.dumps(counted).encode()) // 4


def named(name, /, **fields):
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()


def unnamed(value):
    return f"data: {json.dumps(value)}\n\n".encode()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers on one connection."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def answered(self):
        received = Received(self.command, self.path, list(self.headers.items()), self.body())
        self.server.upstream.requests.append(received)
        try:
            request = received.json()
        except ValueError:
            request = None
        path = self.path.split("?")[0]
        is_conversation = isinstance(request, dict) and ("messages" in request or "input" in request)
        if not is_conversation or not path.endswith(("/messages", "/count_tokens", "/chat/completions", "/responses")):
            return self.whole({"object": "list", "data": [], "path": self.path, "bytes": len(received.body)})
        model = str(request.get("model"))
        model = model.removeprefix("claude-")
        if path.endswith("/count_tokens"):
            return self.whole({"input_tokens": tokens_of(request)})
        if model in ERRORS:
            status, headers, kind = ERRORS[model]
            error = {"type": "error", "error": {"type": kind, "message": f"made up: {kind}", "code": None, "param": None}}
            return self.whole(error, status, headers)
        if model == "gzip":
            return self.whole({"compressed": "so " * 1000}, packed=True)
        if model == "frames":
            return self.stream(FRAMES[at:at + 7] for at in range(0, len(FRAMES), 7))
        if model == "endless":
            return self.endless()
        make = {"messages": self.anthropic, "completions": self.chat, "responses": self.openai_responses}
        whole, frames = make[path.rsplit("/", 1)[1]](request)
        if not request.get("stream"):
            return self.whole(whole)
        if model == "cut":
            return self.stream(frames[: len(frames) // 2], ends=False)
        return self.stream(frames)

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = answered

    def whole(self, value, status=200, headers=None, packed=False):
        data = json.dumps(value).encode()
        if packed:
            data = gzip.compress(data, mtime=0)
        self.send_response(status)
        for name, text in {"content-type": "application/json", "request-id": "req_standin", **(headers or {})}.items():
            self.send_header(name, text)
        if packed:
            self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def stream(self, frames, ends=True):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("request-id", "req_standin")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for frame in frames:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(frame), frame))
            self.wfile.flush()
        if ends:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def endless(self):
        """Frames until the client is gone, and then the moment of that."""
        def frames():
            yield named("message_start", message={"id": "m", "type": "message", "role": "assistant", "content": [], "model": "endless", "usage": {"input_tokens": 1, "output_tokens": 1}, "stop_reason": None, "stop_sequence": None})
            yield named("content_block_start", index=0, content_block={"type": "text", "text": ""})
            until = time.monotonic() + 20
            while time.monotonic() < until:
                readable, _, _ = select.select([self.connection], [], [], 0.002)
                if readable and not self.connection.recv(1, socket.MSG_PEEK):
                    return
                yield named("content_block_delta", index=0, delta={"type": "text_delta", "text": "and on "})

        try:
            self.stream(frames())
        except OSError:
            pass
        self.server.upstream.closed.append(time.monotonic())
        self.close_connection = True

    def anthropic(self, request):
        text, called = answer_to(request), calls_tool(request)
        if called is None:
            block, delta = {"type": "text", "text": text}, [{"type": "text_delta", "text": word + " "} for word in text.split()]
            delta[-1]["text"] = delta[-1]["text"].rstrip()
            begun = {"type": "text", "text": ""}
        else:
            asked = {"what": f"port, time {called}"}
            block = {"type": "tool_use", "id": f"toolu_{called}", "name": TOOL, "input": asked}
            begun, delta = block | {"input": {}}, [{"type": "input_json_delta", "partial_json": json.dumps(asked)}]
        stop = "end_turn" if called is None else "tool_use"
        usage = {"input_tokens": tokens_of(request), "output_tokens": 5, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        message = {"id": "msg_standin", "type": "message", "role": "assistant", "model": request.get("model"), "content": [block]}
        message |= {"stop_reason": stop, "stop_sequence": None, "usage": usage}
        return message, [
            named("message_start", message=message | {"content": [], "stop_reason": None}),
            named("content_block_start", index=0, content_block=begun),
            named("ping"),
            *(named("content_block_delta", index=0, delta=one) for one in delta),
            named("content_block_stop", index=0),
            named("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": 5}),
            named("message_stop"),
        ]

    def chat(self, request):
        text, called = answer_to(request), calls_tool(request)
        tokens = tokens_of(request)
        usage = {"prompt_tokens": tokens, "completion_tokens": 5, "total_tokens": tokens + 5}
        same = {"id": "c1", "created": 1, "model": request.get("model")}
        if called is None:
            message, stop = {"role": "assistant", "content": text}, "stop"
            pieces = [{"role": "assistant", "content": ""}, *({"content": word} for word in re.findall(r"\S+\s?", text))]
        else:
            function = {"name": TOOL, "arguments": json.dumps({"what": f"port, time {called}"})}
            call = {"id": f"call_{called}", "type": "function", "function": function}
            message, stop = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
            pieces = [message | {"tool_calls": [call | {"index": 0}]}]
        choice = {"index": 0, "message": message, "finish_reason": stop, "logprobs": None}
        chunk = same | {"object": "chat.completion.chunk"}
        frames = [unnamed(chunk | {"choices": [{"index": 0, "delta": piece, "finish_reason": None}]}) for piece in pieces]
        frames.append(unnamed(chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": stop}]}))
        frames.append(unnamed(chunk | {"choices": [], "usage": usage}))
        return same | {"object": "chat.completion", "choices": [choice], "usage": usage}, [*frames, b"data: [DONE]\n\n"]

    def openai_responses(self, request):
        text, called = answer_to(request), calls_tool(request)
        part = {"type": "output_text", "text": text, "annotations": []}
        if called is None:
            item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
        else:
            arguments = json.dumps({"what": f"port, time {called}"})
            item = {"type": "function_call", "id": f"fc_{called}", "call_id": f"call_{called}", "name": TOOL}
            item |= {"arguments": arguments, "status": "completed"}
        tokens = tokens_of(request)
        response = {
            "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": request.get("model"),
            "output": [item], "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
            "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "usage": {
                "input_tokens": tokens, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 5,
                "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": tokens + 5,
            },
        }
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        said = [] if called is not None else [
            named("response.content_part.added", sequence_number=2, part=part | {"text": ""}, **place),
            *(named("response.output_text.delta", sequence_number=3, delta=word, logprobs=[], **place) for word in re.findall(r"\S+\s?", text)),
            named("response.output_text.done", sequence_number=4, text=text, logprobs=[], **place),
            named("response.content_part.done", sequence_number=5, part=part, **place),
        ]
        added = item | ({"content": [], "status": "in_progress"} if called is None else {"arguments": "", "status": "in_progress"})
        asked = [] if called is None else [
            named("response.function_call_arguments.delta", sequence_number=2, item_id=item["id"], output_index=0, delta=item["arguments"]),
            named("response.function_call_arguments.done", sequence_number=3, item_id=item["id"], output_index=0, name=TOOL, arguments=item["arguments"]),
        ]
        return response, [
            named("response.created", sequence_number=0, response=response | {"status": "in_progress", "output": []}),
            named("response.output_item.added", sequence_number=1, output_index=0, item=added),
            *said,
            *asked,
            named("response.output_item.done", sequence_number=6, output_index=0, item=item),
            named("response.completed", sequence_number=7, response=response),
        ]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Upstream:
    """The stand-in, listening on a port of its own until it is closed."""

    handler = Handler

    def __init__(self):
        self.requests = []
        # When clients of endless streams went away.
        self.closed = []
        self.server = Server(("127.0.0.1", 0), self.handler)
        self.server.upstream = self
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def since(self, mark):
        """The conversations that came after so many requests."""
        return [one for one in self.requests[mark:] if one.method == "POST" and b'"model"' in one.body]


class RecordingHandler(Handler):
    """Hands a request on as it came, and its answer back."""

    def answered(self):
        recorder = self.server.upstream
        received = Received(self.command, self.path, list(self.headers.items()), self.body())
        recorder.requests.append(received)
        connection = http.client.HTTPConnection(recorder.behind, timeout=60)
        connection.putrequest(self.command, recorder.prefix + self.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", recorder.behind)
        for name, value in received.headers:
            if name.lower() not in ("host", "content-length", "transfer-encoding", "connection"):
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(received.body)))
        connection.endheaders(received.body)
        answer = connection.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(65536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        connection.close()

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = answered


class Recorder(Upstream):
    """Stands between a client and a proxy, and keeps what the client sent."""

    handler = RecordingHandler

    def __init__(self, behind, prefix):
        super().__init__()
        self.behind, self.prefix = behind, prefix
