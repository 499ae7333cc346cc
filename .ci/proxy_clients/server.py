"""longmem serve with its proxies before a stand-in, over a store of its own."""

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request


def wait_until(what, holds, seconds=20, pause=0.03):
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"after {seconds} s it does not hold that {what}"
        time.sleep(pause)


class User:
    """Somebody with a memory of their own, and a key for it."""

    def __init__(self, server, name):
        self.server = server
        made = server.longmem("keys", "add", name, "--user", name, "--scope", "read,write,proxy")
        self.key = json.loads(made)["key"]

    def headers(self, session=None, **more):
        """What the user's programs send besides what they would send to the service itself."""
        headers = {"X-Longmem-Key": self.key}
        if session:
            headers["X-Longmem-Session"] = session
        return headers | {f"X-Longmem-{name.capitalize()}": value for name, value in more.items()}

    def call(self, path, body=None):
        """Asks longmem itself."""
        headers = {"X-Longmem-Key": self.key, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.server.address + path, data, headers)) as answer:
            return json.load(answer)

    def knows(self, *texts):
        """Stores what was said in an earlier session, and waits until it can be found by its meaning."""
        turns = [{"role": "user", "text": text} for text in texts]
        self.call("/v1/memory/turns", {"session": "before", "turns": turns})
        self.is_indexed()

    def is_indexed(self, seconds=30):
        """Waits until all that is stored has its vector, without which less is found."""
        indexed = lambda: self.call("/v1/memory/stats")["turns_without_vectors"] == 0  # noqa: E731
        # The server does this while nobody asks it anything.
        wait_until("all turns have vectors", indexed, seconds, 0.5)

    def turns(self):
        """What is stored, the oldest first."""
        return sorted(self.call("/v1/memory/turns?limit=200")["items"], key=lambda turn: turn["id"])

    def has_turns(self, number):
        """Waits until so many turns are stored, and gives them; there are no more a moment later."""
        wait_until(f"{number} turns are stored", lambda: len(self.turns()) >= number)
        time.sleep(0.2)
        turns = self.turns()
        assert len(turns) == number, [(turn["role"], turn["text"]) for turn in turns]
        for turn in turns:
            assert "recalled_memory" not in turn["text"], turn
        return turns


class Longmem:
    """A server that relays to these addresses."""

    def __init__(self, program, folder, anthropic, openai, config="", arguments=(), **variables):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "config.toml"
        file.write_text(config)
        self.database = self.folder / "memory.db"
        self.environment = {
            "HOME": str(self.folder), "PATH": os.environ["PATH"], "LONGMEM_CONFIG": str(file),
            "LONGMEM_MODEL_DIR": os.environ["LONGMEM_MODEL_DIR"], **variables,
        }
        self.command = [program, "--db", str(self.database), "--json", "--offline"]
        self.log = self.folder / "log"
        serving = self.folder / "serving.json"
        serve = [*self.command, "serve", "--listen", "127.0.0.1:0", "--anthropic-upstream", anthropic]
        serve += ["--openai-upstream", openai, *arguments]
        self.process = subprocess.Popen(
            serve, env=self.environment, stdin=subprocess.DEVNULL, stdout=serving.open("w"), stderr=self.log.open("w"),
        )
        wait_until("the server says where it listens", lambda: self.runs() and serving.read_text().rstrip().endswith("}"))
        self.address = json.loads(serving.read_text())["addresses"][0]
        self.host = self.address.removeprefix("http://")

    def runs(self):
        assert self.process.poll() is None, f"the server ended: {self.log.read_text()}"
        return True

    def longmem(self, *words):
        """Runs the program over the same store."""
        ran = subprocess.run([*self.command, *words], env=self.environment, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def get(self, path):
        with urllib.request.urlopen(self.address + path) as answer:
            return answer.read().decode()

    def is_ready(self):
        """Waits until its model is loaded."""
        def ready():
            try:
                return self.runs() and json.loads(self.get("/readyz"))["model"] == "ready"
            except urllib.error.HTTPError:
                return False
        wait_until("the model is loaded", ready, 120)

    def user(self, name):
        return User(self, name)

    def stop(self):
        """Ends it as a person would; gives the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
