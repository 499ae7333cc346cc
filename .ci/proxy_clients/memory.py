"""What memory does behind the proxies: what is recalled, where it is put, and what is stored."""

import base64
import hashlib
import json
import re
import sqlite3
import threading
import time

import drivers
from server import wait_until
from upstream import is_human, messages_of, texts_of

FACT = "Please keep in mind: the gateway listens on port 7443."
PORT = "7443"
QUESTION = "What does the gateway listen on?"
SECOND_QUESTION = "And does the gateway need a firewall rule?"
KEY = "sk-of-the-service-itself"
BLOCK = "<recalled_memory"
# A picture of one red dot.
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


def said(text):
    return {"role": "user", "content": text}


def told(text):
    return {"role": "assistant", "content": text}


def humans(received):
    """The texts of each message of a request that a person wrote."""
    return ["\n".join(texts_of(one["content"])) for one in messages_of(received.json()) if is_human(one)]


def remembers(place, kind, stream):
    """What is said in one session reaches the model in another, is stored once, and stays where it was put."""
    user = place.server.user(f"{kind.__name__}{stream}")
    first = kind(place.server.address, user.headers("one"), KEY)
    answer = first.say([said(FACT)], stream)
    assert PORT in answer, answer
    user.has_turns(2)
    user.is_indexed()

    second = kind(place.server.address, user.headers("two"), KEY)
    mark = len(place.upstream.requests)
    answer = second.say([said(QUESTION)], stream)
    assert PORT in answer, answer
    asked = place.upstream.since(mark)[-1]
    assert asked.body.count(BLOCK.encode()) == 1, asked.body
    user.has_turns(4)

    # The client's whole history comes again, with something new.
    mark = len(place.upstream.requests)
    history = [said(QUESTION), told(answer), said(SECOND_QUESTION)]
    last = second.say(history, stream)
    again = place.upstream.since(mark)[-1]
    assert humans(again)[0] == humans(asked)[0], (humans(again), humans(asked))
    user.has_turns(6)

    # The same once more, as a client asks again for an answer.
    second.say(history, stream)
    turns = user.has_turns(6)
    texts = [(turn["role"], turn["text"]) for turn in turns]
    expected = [("user", FACT), ("assistant", answer), ("user", QUESTION), ("assistant", answer)]
    expected += [("user", SECOND_QUESTION), ("assistant", last)]
    assert texts == expected, texts
    assert {turn["session"] for turn in turns} == {"one", "two"}, turns


def without_marks(body):
    """The bytes of a request without its marks for the provider's cache."""
    return re.sub(rb',\s*"cache_control":\s*\{[^{}]*\}', b"", body)


def conversation(body):
    """The bytes of the messages of a request, without the end of their list."""
    for name in (b'"messages":', b'"input":'):
        if name in body:
            begins = body.index(name) + len(name)
            _, length = json.JSONDecoder().raw_decode(body[begins:].decode().lstrip())
            spaces = len(body[begins:]) - len(body[begins:].lstrip())
            whole = body[begins + spaces:].decode()[:length].encode()
            return whole.rstrip(b"]").rstrip()
    raise AssertionError(f"no messages in {body[:200]}")


def only_grows(requests):
    """Each request begins with all the messages of the one before, byte for byte."""
    sent = [conversation(without_marks(request.body)) for request in requests]
    for shorter, longer in zip(sent, sent[1:]):
        assert longer.startswith(shorter), f"{shorter}\nis not the beginning of\n{longer}"


def extends(place, kind):
    """A question, its tool's results and the answer: memory is put in once, and all that was sent stays."""
    user = place.server.user(f"{kind.__name__}tools")
    user.knows(FACT)
    mark = len(place.upstream.requests)
    answer = kind(place.server.address, user.headers("tools"), KEY).use_tool(QUESTION)
    assert PORT in answer, answer
    requests = place.upstream.since(mark)
    assert len(requests) == 3, [request.body for request in requests]
    for request in requests:
        assert request.body.count(BLOCK.encode()) == 1, request.body
    only_grows(requests)
    turns = user.has_turns(3)
    assert [turn["text"] for turn in turns[1:]] == [QUESTION, answer], turns


def cache_marks_move_on(place):
    """A loop of tools with marks for the provider's cache, and a next question, extend what was sent."""
    user = place.server.user("marks")
    facts = [FACT, "The archive listens on port 9555.", "Ana keeps the archive in Lisbon."]
    user.knows(*facts)
    client = drivers.Anthropic(place.server.address, user.headers("marks"), KEY).client()
    mark = {"cache_control": {"type": "ephemeral"}}
    tool = {"name": "look_up", "input_schema": drivers.QUESTION_OF_TOOL, **mark}
    system = [{"type": "text", "text": "You help.", **mark}]
    messages, begun = [], len(place.upstream.requests)
    for question in (QUESTION, "What does the archive listen on?"):
        messages.append({"role": "user", "content": [{"type": "text", "text": question}]})
        while True:
            marked = json.loads(json.dumps(messages))
            marked[-1]["content"][-1] |= mark
            answer = client.messages.create(
                model="claude-stand-in", max_tokens=10, system=system, tools=[tool], messages=marked,
            )
            content = [block.model_dump(exclude_none=True) for block in answer.content]
            messages.append({"role": "assistant", "content": content})
            calls = [block for block in content if block["type"] == "tool_use"]
            if not calls:
                break
            results = [{"type": "tool_result", "tool_use_id": call["id"], "content": "Nothing."} for call in calls]
            messages.append({"role": "user", "content": results})
    requests = place.upstream.since(begun)
    assert len(requests) == 6, len(requests)
    only_grows(requests)
    # What stands in the first block comes once.
    sent = requests[-1].body
    assert sent.count(BLOCK.encode()) in (1, 2) and sent.count(facts[0].encode()) == 1, sent
    # The marks are those of the client, and the question keeps its own.
    assert all(request.body.count(b'"cache_control"') == 3 for request in requests), requests[0].body
    first = messages_of(requests[0].json())[0]["content"]
    assert "cache_control" in first[0] and "cache_control" not in first[1], first


def modes(place):
    """A request chooses: memory once, or none; and what was not put in does not count."""
    user = place.server.user("modes")
    user.knows(FACT)
    for mode, first, later in [("sticky", 1, 1), ("ephemeral", 1, 0), ("off", 0, 0)]:
        headers = user.headers(f"mode {mode}", mode=mode)
        client = drivers.Anthropic(place.server.address, headers, KEY).client()
        question = f"{QUESTION} Asked in the mode {mode}."

        def ask(*messages):
            mark = len(place.upstream.requests)
            answer = client.messages.with_raw_response.create(model="claude-stand-in", max_tokens=9, messages=messages)
            return answer, place.upstream.since(mark)[-1]

        answer, request = ask(said(question))
        assert request.body.count(BLOCK.encode()) == first, (mode, request.body, answer.headers)
        assert (int(answer.headers["x-longmem-injected"]) > 0) == bool(first), (mode, answer.headers)
        _, request = ask(said(question), told("I see."), said("Thanks a lot!"))
        assert BLOCK.encode() in request.body or not later, (mode, request.body)
        assert humans(request)[0].count(BLOCK) == later, (mode, request.body)


def tokens_are_counted(place):
    """count_tokens counts what the model will read."""
    user = place.server.user("counting")
    user.knows(FACT)
    client = drivers.Anthropic(place.server.address, user.headers("counting"), KEY).client()
    asked = {"model": "claude-stand-in", "messages": [said(QUESTION)]}
    counted = client.messages.count_tokens(**asked).input_tokens
    answer = client.messages.create(max_tokens=10, **asked)
    assert counted == answer.usage.input_tokens, (counted, answer.usage)
    direct = drivers.Anthropic(place.upstream.address, {}, KEY).client()
    assert counted > direct.messages.count_tokens(**asked).input_tokens
    # Counting is no talking.
    user.has_turns(3)


def images(place):
    """A question about a picture gets memory, its picture stays as it is, and a picture alone gets none."""
    user = place.server.user("images")
    user.knows(FACT)
    big = base64.b64encode(hashlib.sha256(b"a picture").digest() * 40_000).decode()
    anthropic = drivers.Anthropic(place.server.address, user.headers("images"), KEY).client()
    openai = drivers.OpenAiChat(place.server.address, user.headers("images"), KEY).client()
    of_openai = drivers.OpenAiResponses(place.server.address, user.headers("images"), KEY).client()

    def by_anthropic(picture, *texts):
        source = {"type": "base64", "media_type": "image/png", "data": picture}
        blocks = [{"type": "image", "source": source}, *({"type": "text", "text": text} for text in texts)]
        anthropic.messages.create(model="claude-stand-in", max_tokens=9, messages=[said(blocks)])

    def by_chat(picture, *texts):
        url = {"url": f"data:image/png;base64,{picture}"}
        parts = [{"type": "image_url", "image_url": url}, *({"type": "text", "text": text} for text in texts)]
        openai.chat.completions.create(model="stand-in", messages=[said(parts)])

    def by_responses(picture, *texts):
        url = f"data:image/png;base64,{picture}"
        parts = [{"type": "input_image", "image_url": url}, *({"type": "input_text", "text": text} for text in texts)]
        of_openai.responses.create(model="stand-in", input=[{"type": "message", **said(parts)}])

    for ask in (by_anthropic, by_chat, by_responses):
        for picture in (DOT, big):
            mark = len(place.upstream.requests)
            ask(picture, QUESTION)
            body = place.upstream.since(mark)[-1].body
            assert body.count(BLOCK.encode()) == 1 and picture.encode() in body, (ask, body[:300])
            mark = len(place.upstream.requests)
            ask(picture)
            body = place.upstream.since(mark)[-1].body
            assert BLOCK.encode() not in body and picture.encode() in body, (ask, body[:300])


def two_users(place):
    """Two users who ask the same at once never see what is the other's."""
    users = {port: place.server.user(f"user{port}") for port in ("7443", "9555")}
    for port, user in users.items():
        user.knows(FACT.replace(PORT, port))
    wrong = []

    def ask(port, kind):
        for number in range(6):
            driver = kind(place.server.address, users[port].headers(f"session {number}"), KEY)
            answer = driver.say([said(f"{QUESTION} Asked for time {number}.")], stream=number % 2 == 0)
            if answer != f"I read of port {port}.":
                wrong.append((port, kind.name, number, answer))

    kinds = (drivers.Anthropic, drivers.OpenAiChat, drivers.OpenAiResponses)
    threads = [threading.Thread(target=ask, args=(port, kind)) for port in users for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    other = {"7443": "9555", "9555": "7443"}
    for port, user in users.items():
        wait_until("all is stored", lambda: len(user.turns()) >= 13, 30)
        assert not any(other[port] in turn["text"] for turn in user.turns()), user.turns()


def a_user_by_the_path(place):
    """Who may speak for anybody chooses the user by the path alone."""
    server = place.server
    user = server.user("bypath")
    driver = drivers.Anthropic(f"{server.address}/u/bypath", {"X-Longmem-Session": "p"}, KEY)
    driver.say([said("My cat is called Ada.")])
    user.has_turns(2)
    # A key is for its own user.
    import anthropic
    stranger = server.user("stranger").headers()
    refused = drivers.Anthropic(f"{server.address}/u/bypath", stranger, KEY)
    try:
        refused.say([said("Whose cat?")])
        raise AssertionError("a key of another user was let in")
    except anthropic.PermissionDeniedError as error:
        assert error.body["type"] == "error", error.body


def sessions_without_a_name(place):
    """Without a name, all that begins with the same message is one session, and another beginning another."""
    user = place.server.user("nameless")
    driver = drivers.OpenAiChat(place.server.address, user.headers(), KEY)
    answer = driver.say([said("Let us plan the garden.")])
    driver.say([said("Let us plan the garden."), told(answer), said("Roses by the wall.")])
    driver.say([said("Let us plan the kitchen.")])
    turns = user.has_turns(6)
    sessions = [turn["session"] for turn in turns]
    assert len(set(sessions[:4])) == 1 and len(set(sessions)) == 2, sessions


def keys(place):
    """The service never gets a key of longmem, and longmem's log and its metrics hold none of the service."""
    for request in place.upstream.requests:
        for name, value in request.headers:
            assert not name.lower().startswith("x-longmem"), (name, value)
            assert "lm_" not in value, (name, value)
    server = place.server
    secret = "sk-ant-very-secret-9f8e7d"
    user = server.user("keys")
    for kind in (drivers.Anthropic, drivers.OpenAiChat, drivers.OpenAiResponses):
        mark = len(place.upstream.requests)
        kind(server.address, user.headers("keys"), secret).say([said("Hello there, my friend.")])
        received = place.upstream.since(mark)[-1]
        sent = received.header("authorization") or received.header("x-api-key")
        assert secret in sent, received.headers
    for text in (server.log.read_text(), server.get("/metrics"), server.longmem("export", "--user", "keys")):
        assert secret not in text and user.key not in text


def the_servers_own_key(place):
    """With a key of the server's own, clients send a key of longmem, and the service gets the server's."""
    config = '[proxy.anthropic]\napi_key_env = "KEY_A"\n[proxy.openai]\napi_key_env = "KEY_O"\n'
    with place.serve("own-key", config=config, KEY_A="sk-a-of-the-server", KEY_O="sk-o-of-the-server") as server:
        server.is_ready()
        user = server.user("own")
        for kind, secret in [(drivers.Anthropic, "sk-a"), (drivers.OpenAiChat, "sk-o"), (drivers.LiteLlmAnthropic, "sk-a")]:
            if kind is drivers.LiteLlmAnthropic and not installed("litellm"):
                continue
            mark = len(place.upstream.requests)
            kind(server.address, {"X-Longmem-Session": kind.__name__}, user.key).say([said(FACT)])
            received = place.upstream.since(mark)[-1]
            headers = json.dumps(received.headers)
            assert f"{secret}-of-the-server" in headers and "lm_" not in headers, headers
        wait_until("they are stored for the user of the key", lambda: len(user.turns()) >= 4)
        import anthropic
        wrong = drivers.Anthropic(server.address, {}, "lm_" + "A" * 43)
        try:
            wrong.say([said("Hello.")])
            raise AssertionError("a wrong key was let in")
        except anthropic.AuthenticationError as error:
            assert error.body["error"]["type"] == "authentication_error", error.body


def installed(package):
    import importlib.util
    return importlib.util.find_spec(package) is not None


def a_locked_store(place):
    """While somebody else writes to the store for long, requests pass; what was said is stored afterwards."""
    user = place.server.user("locked")
    driver = drivers.Anthropic(place.server.address, user.headers("locked"), KEY)
    driver.say([said(FACT)])
    user.has_turns(2)
    user.is_indexed()
    lock = sqlite3.connect(place.server.database, isolation_level=None, timeout=10)
    lock.execute("BEGIN IMMEDIATE")
    try:
        began = time.monotonic()
        answer = driver.say([said(f"{QUESTION} The store is locked.")])
        took = time.monotonic() - began
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    assert answer.startswith("I read"), answer
    assert took < 2, took
    user.has_turns(4)


def no_model(place):
    """Without its model memory is searched by words, and the answer says so."""
    with place.serve("no-model", LONGMEM_MODEL_DIR="/nowhere") as server:
        user = server.user("words")
        user.call("/v1/memory/turns", {"session": "before", "turns": [{"role": "user", "text": FACT}]})
        client = drivers.OpenAiChat(server.address, user.headers("words"), KEY).client()
        asked = {"model": "stand-in", "messages": [said(QUESTION)]}
        answer = client.chat.completions.with_raw_response.create(**asked)
        assert answer.headers.get("x-longmem-degraded"), answer.headers
        text = answer.parse().choices[0].message.content
        assert text.startswith("I read"), text


CHECKS = [
    cache_marks_move_on, modes, tokens_are_counted, images, two_users, a_user_by_the_path, sessions_without_a_name,
    the_servers_own_key, a_locked_store, no_model, keys,
]
