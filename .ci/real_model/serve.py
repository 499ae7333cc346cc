"""Serves one GGUF model with llama.cpp on this machine, over /v1/chat/completions and /v1/messages.

    serve.py MODEL.gguf PORT CONTEXT_TOKENS
"""

import sys
import time

import xllamacpp


def main() -> None:
    path, port, context_tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    settings = xllamacpp.CommonParams()
    settings.model.path = path
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.n_ctx = context_tokens
    # One request at a time, as a small server does: learning must not stand in an answer's way.
    settings.n_parallel = 1
    settings.sampling.seed = 7
    settings.sampling.temp = 0.0
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    while True:
        time.sleep(3600)


main()
