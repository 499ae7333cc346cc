"""A stand-in for the APIs of language models: Anthropic Messages, OpenAI chat and responses, Gemini.

    python3 standin.py PORT FOLDER

It answers every request with the same sentence, and writes each (method, path, headers, body) to
FOLDER/NNN.json. With STANDIN_TOOL it calls that tool once, with the JSON of STANDIN_TOOL_INPUT.
"""

import http.server
import json
import os
import socketserver
import sys
import threading

TEXT = "Hello from the stand-in."
TOOL = os.environ.get("STANDIN_TOOL")
TOOL_INPUT = json.loads(os.environ.get("STANDIN_TOOL_INPUT", "{}"))
# Codex groups the tools of an MCP server under a name.
TOOL_GROUP = os.environ.get("STANDIN_TOOL_GROUP")


def named_event(name, **fields):
    """An event of a stream with its name, as Anthropic and OpenAI's responses have it."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n"


def event(value):
    """An event of a stream without a name."""
    return f"data: {json.dumps(value)}\n\n"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    number = 0

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.logged(b"")
        self.answer({})

    def do_GET(self):
        self.logged(b"")
        if "/models" not in self.path:
            return self.answer({"error": {"type": "not_found_error", "message": "not here"}}, 404)
        model = {"id": "stand-in", "object": "model", "type": "model", "display_name": "Stand-in"}
        self.answer({"object": "list", "data": [model], "models": [], "has_more": False})

    def do_POST(self):
        body = self.logged(self.body()) or {}
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            self.answer({"input_tokens": 42})
        elif path.endswith(":countTokens"):
            self.answer({"totalTokens": 42})
        elif path.endswith("/messages"):
            self.anthropic(body)
        elif path.endswith("/chat/completions"):
            self.chat(body)
        elif path.endswith("/responses"):
            self.openai_responses(body)
        elif "enerateContent" in path:
            self.gemini("stream" in path)
        else:
            self.answer({})

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def logged(self, raw):
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = {"not JSON": raw[:2000].decode("latin1")}
        with Handler.lock:
            Handler.number += 1
            name = os.path.join(FOLDER, f"{Handler.number:03}.json")
            request = {"method": self.command, "path": self.path}
            request |= {"headers": list(self.headers.items()), "body": body}
            with open(name + ".new", "w") as file:
                json.dump(request, file, indent=1)
            os.rename(name + ".new", name)
        return body

    def answer(self, value, status=200):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def stream(self, events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for one in events:
            self.wfile.write(one.encode())
            self.wfile.flush()
        self.close_connection = True

    def anthropic(self, request):
        tools = [tool.get("name") for tool in request.get("tools") or []]
        contents = [message.get("content") for message in request.get("messages", [])]
        blocks = [block for content in contents if isinstance(content, list) for block in content]
        has_result = any(block.get("type") == "tool_result" for block in blocks)
        calls = TOOL in tools and not has_result
        call = {"type": "tool_use", "id": "toolu_01", "name": TOOL, "input": TOOL_INPUT}
        message = {
            "id": "msg_standin", "type": "message", "role": "assistant", "model": request.get("model"),
            "content": [call if calls else {"type": "text", "text": TEXT}],
            "stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None,
            "usage": {"input_tokens": 12, "output_tokens": 5},
        }
        if not request.get("stream"):
            return self.answer(message)
        if calls:
            block = call | {"input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": json.dumps(TOOL_INPUT)}]
        else:
            block = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": word + " "} for word in TEXT.split()]
        begun = message | {"content": [], "stop_reason": None}
        ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        self.stream([
            named_event("message_start", message=begun),
            named_event("ping"),
            named_event("content_block_start", index=0, content_block=block),
            *(named_event("content_block_delta", index=0, delta=delta) for delta in deltas),
            named_event("content_block_stop", index=0),
            named_event("message_delta", delta=ended, usage={"output_tokens": 5}),
            named_event("message_stop"),
        ])

    def chat(self, request):
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        answer = {"id": "c1", "created": 1, "model": request.get("model")}
        if not request.get("stream"):
            message = {"role": "assistant", "content": TEXT}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return self.answer(
                answer | {"object": "chat.completion", "choices": [choice], "usage": usage}
            )
        answer["object"] = "chat.completion.chunk"
        pieces = [{"role": "assistant", "content": ""}]
        pieces += [{"content": word + " "} for word in TEXT.split()]
        choices = [{"index": 0, "delta": piece, "finish_reason": None} for piece in pieces]
        choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        self.stream([
            *(event(answer | {"choices": [choice]}) for choice in choices),
            event(answer | {"choices": [], "usage": usage}),
            "data: [DONE]\n\n",
        ])

    def openai_responses(self, request):
        items = [item for item in request.get("input", []) if isinstance(item, dict)]
        has_result = any(item.get("type") == "function_call_output" for item in items)
        tools = [tool.get("name") for tool in request.get("tools") or []]
        calls = TOOL and not has_result and (TOOL in tools or TOOL_GROUP)
        if calls:
            item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": TOOL}
            item |= {"arguments": json.dumps(TOOL_INPUT), "status": "completed"}
            if TOOL_GROUP:
                item["namespace"] = TOOL_GROUP
        else:
            text = {"type": "output_text", "text": TEXT, "annotations": []}
            item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
            item["content"] = [text]
        response = {
            "id": "resp_1", "object": "response", "created_at": 1, "status": "completed",
            "model": request.get("model"), "output": [item], "error": None, "metadata": {},
            "incomplete_details": None, "instructions": None, "parallel_tool_calls": True,
            "tool_choice": "auto", "tools": [],
            "usage": {
                "input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1,
                "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2,
            },
        }
        if not request.get("stream"):
            return self.answer(response)
        begun = response | {"status": "in_progress", "output": []}
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        said = [] if calls else [
            named_event("response.content_part.added", part=text | {"text": ""}, **place),
            named_event("response.output_text.delta", delta=TEXT, **place),
        ]
        self.stream([
            named_event("response.created", response=begun),
            named_event("response.output_item.added", output_index=0, item=item | ({} if calls else {"content": []})),
            *said,
            named_event("response.output_item.done", output_index=0, item=item),
            named_event("response.completed", response=response),
        ])

    def gemini(self, streams):
        content = {"role": "model", "parts": [{"text": TEXT}]}
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        answer = {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage, "modelVersion": "stand-in", "responseId": "r1",
        }
        if streams:
            self.stream([event(answer)])
        else:
            self.answer(answer)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


if __name__ == "__main__":
    PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
    os.makedirs(FOLDER, exist_ok=True)
    Server(("127.0.0.1", PORT), Handler).serve_forever()
