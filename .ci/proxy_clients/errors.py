"""Errors of the service reach clients as they are, and those of the relay as their libraries know them."""

import socket

import drivers
from memory import KEY, said
from server import wait_until

KINDS = (drivers.Anthropic, drivers.OpenAiChat, drivers.OpenAiResponses)


def call(kind, server, headers, model, stream=False):
    """One question to a model of this name, to its end."""
    client = kind(server, headers, KEY).client()
    model = f"claude-{model}" if kind.api == "anthropic" else model
    if kind.api == "anthropic":
        answer = client.messages.create(model=model, max_tokens=9, messages=[said("Hello, you.")], stream=stream)
    elif kind.api == "chat":
        answer = client.chat.completions.create(model=model, messages=[said("Hello, you.")], stream=stream)
    else:
        answer = client.responses.create(model=model, input="Hello, you.", stream=stream)
    return [event.model_dump() for event in answer] if stream else answer.model_dump()


def outcome(kind, server, headers, model, stream=False):
    """The error that a call raises, as its caller sees it."""
    try:
        call(kind, server, headers, model, stream)
    except Exception as error:
        response = getattr(error, "response", None)
        seen = {"type": type(error).__name__, "text": str(error), "body": getattr(error, "body", None)}
        if response is not None:
            kept = ("content-type", "request-id", "retry-after", "x-should-retry", "x-ratelimit-remaining-requests")
            seen |= {"status": response.status_code, **{name: response.headers.get(name) for name in kept}}
        return seen
    raise AssertionError(f"{kind.name} raised nothing for {model}")


def as_they_are(place):
    """Errors of the service and streams that break off reach clients as without a proxy, and nothing is stored."""
    user = place.server.user("errors")
    headers = user.headers("errors")
    for kind in KINDS:
        for model in ("error-400", "error-429", "error-529"):
            for stream in (False, True):
                direct = outcome(kind, place.upstream.address, {}, model, stream)
                proxied = outcome(kind, place.server.address, headers, model, stream)
                assert direct == proxied, (direct, proxied)
    user.has_turns(0)
    for kind in KINDS:
        direct = outcome(kind, place.upstream.address, {}, "cut", stream=True)
        proxied = outcome(kind, place.server.address, headers, "cut", stream=True)
        assert direct["type"] == proxied["type"], (direct, proxied)
    # What was said until then is kept, and says that it is not all.
    wait_until("it is stored", lambda: len(user.turns()) >= 2)
    answers = [turn["text"] for turn in user.turns() if turn["role"] == "assistant"]
    assert all(text.startswith("I read") and text.endswith("[broken off]") for text in answers), answers


def nobody_there(place):
    """Without the service, clients raise their own error for 502, and hear what to check."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with place.serve("down", anthropic=nowhere, openai=nowhere) as server:
            user = server.user("down")
            for kind in KINDS:
                error = outcome(kind, server.address, user.headers("down"), "any")
                assert error["type"] == "InternalServerError" and error["status"] == 502, error
                assert nowhere in str(error["body"]), error
            body = outcome(drivers.Anthropic, server.address, user.headers("down"), "any")["body"]
            assert body["type"] == "error" and body["error"]["type"] == "api_error", body
            # Nothing that was not answered is stored.
            user.has_turns(0)


CHECKS = [as_they_are, nobody_there]
