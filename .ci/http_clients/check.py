"""What the clients of OpenAI and of mem0 get from longmem serve: check.py ADDRESS KEY."""

import base64
import json
import os
import struct
import sys
import urllib.error
import urllib.request

os.environ["MEM0_TELEMETRY"] = "False"

import openai  # noqa: E402
from mem0 import MemoryClient  # noqa: E402
from mem0.exceptions import MemoryNotFoundError  # noqa: E402

address, key = sys.argv[1:]


def post(path, body):
    """Posts JSON without any client."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(address + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(kind, call):
    """The error that a call raises, which must be of this kind."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")


def embeddings():
    """Vectors through OpenAI's client, which asks for base64, are those that Ollama's form brings."""
    client = openai.OpenAI(base_url=f"{address}/v1", api_key=key)
    model = client.models.list().data[0].id
    texts = ["The gateway listens on port 7443.", "Ana lives in Lisbon."]
    made = client.embeddings.create(model=model, input=texts)
    assert [len(entry.embedding) for entry in made.data] == [384, 384]
    plain = post("/api/embed", {"model": "all-minilm", "input": texts})["embeddings"]
    for entry, numbers in zip(made.data, plain, strict=True):
        assert all(abs(a - b) < 1e-6 for a, b in zip(entry.embedding, numbers, strict=True))
        assert abs(sum(number * number for number in numbers) - 1) < 1e-5
    raw = client.embeddings.create(model=model, input=texts[0], encoding_format="base64")
    numbers = struct.unpack("<384f", base64.b64decode(raw.data[0].embedding))
    assert list(numbers) == [struct.unpack("<f", struct.pack("<f", n))[0] for n in plain[0]]
    unknown = refused(openai.NotFoundError, lambda: client.embeddings.create(model="x", input="a"))
    assert unknown.code == "model_not_found", unknown.code
    tokens = lambda: client.embeddings.create(model=model, input=[[1, 2]])  # noqa: E731
    refused(openai.BadRequestError, tokens)
    long = "word " * 1000
    refused(openai.BadRequestError, lambda: client.embeddings.create(model=model, input=long))
    other = openai.OpenAI(base_url=f"{address}/v1", api_key="lm_wrong", max_retries=0)
    refused(openai.AuthenticationError, other.models.list)


def memories():
    """Each call of mem0's client does what it does with mem0."""
    client = MemoryClient(api_key=key, host=f"{address}/mem0")
    whose = {"user_id": "alice"}
    said = [{"role": "user", "content": "The gateway listens on port 7443."}]
    added = client.add(said, user_id="alice")["results"][0]
    assert added["event"] == "ADD"
    found = client.search("Which port does the gateway use?", filters=whose, top_k=3)["results"]
    assert found[0]["id"] == added["id"] and "7443" in found[0]["memory"], found
    assert client.get_all(filters=whose)["count"] == 1
    assert client.get_all(filters=whose, page=1, page_size=5)["results"][0]["id"] == added["id"]
    assert client.get(added["id"])["memory"] == said[0]["content"]
    client.update(added["id"], text="The gateway listens on port 8443.")
    found = client.search("Which port does the gateway use?", filters=whose)["results"]
    assert "8443" in found[0]["memory"] and "7443" not in found[0]["memory"], found
    assert client.history(added["id"])[0]["event"] == "ADD"
    assert client.users()["results"][0]["name"] == "alice"
    client.delete(added["id"])
    refused(MemoryNotFoundError, lambda: client.get(added["id"]))
    client.add(said, user_id="alice", run_id="run", infer=False)
    client.delete_all(user_id="alice")
    assert client.get_all(filters=whose)["count"] == 0
    refused(Exception, lambda: client.add(said, user_id="alice", metadata={"a": 1}))
    refused(Exception, lambda: client.search("port", filters={"user_id": "bob"}))


def keys():
    """Nobody without a key gets anything but the document, where everybody needs one."""
    document = json.load(urllib.request.urlopen(f"{address}/openapi.json"))
    for path, methods in document["paths"].items():
        for method in methods:
            url = address + path.replace("{id}", "1").replace("{name}", "a")
            headers = {"content-type": "application/json"}
            request = urllib.request.Request(url, b"{}", headers, method=method.upper())
            error = refused(urllib.error.HTTPError, lambda: urllib.request.urlopen(request))
            assert error.code == 401, (method, path, error.code)


keys()
embeddings()
memories()
print("the clients of OpenAI and mem0 get what they expect")
