"""A language model's server that streams prepared answers word by word."""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# An answer by a word of the question, with the seconds between two of its words.
ANSWERS = {
    "slowly": ("These words come so slowly that nobody waits for the last of them. " * 20, 0.2),
    "long": (
        "## The plan\n\nYou raised the **kitchen budget** twice, and each time it was for pipes that "
        "nobody had looked at before the walls were opened.\n\n"
        "- The tiles come from Aveiro, on the second Tuesday after the invoice has been paid.\n"
        "- The plumber wants to be called *before* eight in the morning, never after.\n\n"
        "| what | euros |\n|---|---|\n| pipes | 1,450 |\n| tiles | 980 |\n\n"
        "Everything else, the cupboards and the window over the sink among it, can wait until spring.",
        0.03,
    ),
    "": ("You live in Lisbon.", 0.03),
}


def learned(turns: str) -> dict:
    """What is noted of a person who speaks of bees: one fact."""
    said = re.search(r"\[turn (\d+)[^\n]*I keep bees", turns)
    fact = {"subject": "user", "statement": "keeps bees", "kind": "identity", "entities": []}
    return {"facts": [{"turn": int(said[1]), **fact}] if said else [], "verdicts": []}


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        question = body["messages"][-1]["content"]
        text, pause = next(found for word, found in ANSWERS.items() if word in question)
        if "response_format" in body:
            text, pause = json.dumps(learned(question)), 0
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if body.get("stream") else "application/json")
        self.end_headers()
        try:
            if not body.get("stream"):
                self._send(_chunk({"message": {"role": "assistant", "content": text}}, "stop"))
                return
            for word in re.findall(r"\s*\S+\s*", text):
                self._event(_chunk({"delta": {"content": word}}, None))
                time.sleep(pause)
            self._event(_chunk({"delta": {}}, "stop"))
            self._send("data: [DONE]\n\n")
        except OSError:
            pass  # The answer was broken off.

    def _event(self, chunk: str) -> None:
        self._send(f"data: {chunk}\n\n")

    def _send(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()


def _chunk(content: dict, reason: str | None) -> str:
    choice = {"index": 0, "finish_reason": reason, **content}
    return json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "slow",
                       "choices": [choice]})


def start() -> str:
    """Starts the server beside the tests; returns its base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"
