"""Tries the proxies of longmem serve with clients of others: see .ci/proxy-clients.

    check.py quick|all LONGMEM_PROGRAM [CHECK...]
"""

import os
import pathlib
import sys
import tempfile
import time
import traceback

import coding_agents
import drivers
import errors
import memory
import relayed
from server import Longmem
from upstream import Upstream


class Place:
    """The stand-in, a server before it, and how to make others."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.upstream = Upstream()
        self.server = self.serve()
        self.server.is_ready()

    def serve(self, name="server", config="", **more):
        """A server over a store of its own, which gives up recalling on no machine."""
        upstream = self.upstream.address
        config = f"proxy.recall_deadline_ms = 10000\n{config}"
        addresses = {"anthropic": upstream, "openai": upstream}
        return Longmem(self.program, self.folder / name, config=config, **(addresses | more))

    def close(self):
        self.server.stop()
        self.upstream.close()


def checks(amount):
    """Each check with its name."""
    kinds = list(drivers.QUICK)
    if amount == "all":
        kinds += drivers.LARGE + drivers.IN_NODE
    for kind in kinds:
        for stream in (False, True):
            way = "streaming" if stream else "whole"
            yield f"{kind.name}, {way}: a fact of one session is known in another", memory.remembers, (kind, stream)
        yield f"{kind.name}: a loop of tools only extends what was sent", memory.extends, (kind,)
    for module in (memory, errors, relayed):
        for check in module.CHECKS:
            yield check.__doc__.rstrip("."), check, ()
    if amount == "all":
        for check in coding_agents.CHECKS:
            yield check.__doc__.rstrip("."), check, ()


def main():
    amount, program, *chosen = sys.argv[1:]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="longmem-proxy-") as folder:
        os.environ["HOME"] = folder
        place = Place(program, folder)
        try:
            for name, check, arguments in checks(amount):
                if chosen and not any(word in name for word in chosen):
                    continue
                began = time.monotonic()
                try:
                    check(place, *arguments)
                    outcome = "ok"
                except Exception:
                    traceback.print_exc()
                    failed += 1
                    outcome = "FAILED"
                print(f"{outcome:6} {name} ({time.monotonic() - began:.1f} s)", flush=True)
        finally:
            place.close()
    sys.exit(1 if failed else 0)


main()
