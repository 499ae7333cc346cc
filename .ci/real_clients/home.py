"""A home folder of its own for one check, with longmem on the PATH and a stand-in for a model's API."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
# Seconds that one command of an agent may take. Gemini CLI needs some twenty on two busy cores.
LIMIT = 60


def free_port():
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Home:
    """A temporary home folder; its processes end with it."""

    def __init__(self, program, clients):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="longmem-clients-"))
        self.clients = pathlib.Path(clients)
        self.work = self.folder / "work"
        self.log = self.folder / "requests"
        self.work.mkdir()
        self.log.mkdir()
        binaries = self.folder / "bin"
        binaries.mkdir()
        (binaries / "longmem").symlink_to(program)
        path = [str(binaries), str(self.clients / "node_modules" / ".bin")]
        node = shutil.which("node")
        path += [os.path.dirname(node)] if node else []
        self.environment = {
            "HOME": str(self.folder), "PATH": ":".join([*path, "/usr/bin", "/bin"]), "LANG": "C.UTF-8",
            "TERM": "dumb", "LONGMEM_HOOK_DEBUG": "1",
        }
        model = os.environ.get("LONGMEM_MODEL_DIR")
        if model:
            self.environment["LONGMEM_MODEL_DIR"] = model
        self.processes = []
        self.port = free_port()

    def __enter__(self):
        return self

    def __exit__(self, *failed):
        for process in self.processes:
            self.stop(process)
        if failed[0] is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"  what was left is in {self.folder}", file=sys.stderr)

    def start(self, *words, **variables):
        """Starts a process that runs beside the check."""
        process = subprocess.Popen(
            words, env={**self.environment, **variables}, cwd=self.work, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def stop(self, process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stand_in(self, **variables):
        """Starts the stand-in; every request goes into the folder of requests."""
        process = self.start(
            sys.executable, str(HERE / "standin.py"), str(self.port), str(self.log), **variables
        )
        wait_until("the stand-in listens", lambda: listens(self.port))
        return process

    def run(self, *words, expect=0, **variables):
        """Runs a command to its end and gives what it printed."""
        process = subprocess.Popen(
            words, env={**self.environment, **variables}, cwd=self.work, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        try:
            printed, said = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.stop(process)
            raise AssertionError(f"{' '.join(words)} did not end within {LIMIT} s") from None
        if process.returncode != expect:
            raise AssertionError(
                f"{' '.join(words)} ended with {process.returncode}:\n{printed}\n{said}"
            )
        return printed

    def longmem(self, *words, **more):
        return self.run("longmem", *words, **more)

    def requests(self):
        """The bodies of the requests to the stand-in that hold a conversation."""
        read = [json.loads(file.read_text()) for file in sorted(self.log.glob("*.json"))]
        return [
            request["body"] for request in read
            if request["method"] == "POST" and request["body"]
            and any(name in request["body"] for name in ("messages", "input", "contents"))
        ]

    def turns(self):
        """What is stored of conversations: the notes are left out."""
        lines = [json.loads(line) for line in self.longmem("export").splitlines()]
        return [line for line in lines if "text" in line and not line.get("note")]

    def hooks(self):
        """The calls in the log of hooks that were answered: their names, and what was answered."""
        log = (self.folder / ".local/share/longmem/hooks.log").read_text()
        answers = [line.split(" ", 1)[1] for line in log.splitlines() if ": answer: " in line]
        return [tuple(line.split(": answer: ", 1)) for line in answers]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(what, holds, seconds=20):
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"it did not come to pass in {seconds} s that {what}")
        time.sleep(0.1)
