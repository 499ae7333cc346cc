"""Claude Code and Codex through the proxies: untouched by default, with memory where that is wanted."""

import hashlib
import os
import pathlib
import subprocess

from memory import BLOCK, FACT, PORT, QUESTION, SECOND_QUESTION
from upstream import Recorder, is_human, messages_of, texts_of

CODING_AGENTS = 'proxy.coding_agents = true\n'


def run(home, *words, **variables):
    """Runs an agent to its end, with an environment of its own."""
    clients = pathlib.Path(os.environ["CODING_AGENTS"])
    home.mkdir(exist_ok=True)
    environment = {
        "HOME": str(home), "PATH": f"{clients}:{os.environ['PATH']}", "LANG": "C.UTF-8", "TERM": "dumb",
        "DISABLE_TELEMETRY": "1", "DISABLE_ERROR_REPORTING": "1", "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", **variables,
    }
    ran = subprocess.run(words, env=environment, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, f"{words}: {ran.stdout}\n{ran.stderr}"
    return ran.stdout


def is_there(name):
    if (pathlib.Path(os.environ["CODING_AGENTS"]) / name).exists():
        return True
    print(f"  left out: {name} is not installed; .ci/clients installs it")
    return False


def claude(home, recorder, user, question, *more):
    """One turn of Claude Code."""
    return run(
        home, "claude", "-p", question, *more, ANTHROPIC_BASE_URL=recorder.address, ANTHROPIC_API_KEY="sk-ant-dummy",
        ANTHROPIC_CUSTOM_HEADERS=f"X-Longmem-Key: {user.key}",
    )


def codex(home, recorder, user, question):
    """One session of Codex."""
    settings = home / ".codex" / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        'model = "stand-in"\nmodel_provider = "standin"\n\n[model_providers.standin]\nname = "stand-in"\n'
        f'base_url = "{recorder.address}/v1"\nwire_api = "responses"\nenv_key = "STANDIN_KEY"\n'
        f'http_headers = {{ "X-Longmem-Key" = "{user.key}" }}\n'
    )
    return run(home, "codex", "exec", "--skip-git-repo-check", question, STANDIN_KEY="sk-dummy")


def digests(requests):
    return sorted(hashlib.sha256(request.body).hexdigest() for request in requests)


def untouched(place, name, prefix, ask):
    """What an agent sends arrives with the same bytes, and nothing of it is stored."""
    user = place.server.user(name)
    user.knows(FACT)
    recorder = Recorder(place.server.host, prefix)
    mark = len(place.upstream.requests)
    try:
        printed = ask(place.folder / name, recorder, user, QUESTION)
    finally:
        recorder.close()
    came = place.upstream.requests[mark:]
    assert "I read" in printed, printed
    assert digests(recorder.requests) == digests(came) and any(request.body for request in came), came
    assert not any(BLOCK.encode() in request.body for request in came)
    user.has_turns(1)


def with_memory(place, name, prefix, ask, goes_on=None):
    """Where the settings want it, memory is put behind the question once, and nothing else is changed; where the
    session goes on, it stays there."""
    with place.serve(name, config=CODING_AGENTS) as server:
        server.is_ready()
        user = server.user(name)
        user.knows(FACT)
        recorder = Recorder(server.host, prefix)
        mark = len(place.upstream.requests)
        try:
            printed = ask(place.folder / name, recorder, user, QUESTION)
            assert PORT in printed, printed
            first = place.upstream.since(mark)
            mark = len(place.upstream.requests)
            (goes_on or ask)(place.folder / name, recorder, user, SECOND_QUESTION)
            second = place.upstream.since(mark)
        finally:
            recorder.close()
        conversations = [request for request in recorder.requests if b'"model"' in request.body]
        for sent, came in zip(conversations, first + second, strict=True):
            only_memory_is_added(sent.json(), came.json())
        asked = blocks(first[-1].json())
        assert len(asked) == 1 and PORT in asked[0], asked
        later = blocks(second[-1].json())
        assert later and (not goes_on or later[0] == asked[0]), (asked, later)
        texts = [turn["text"] for turn in user.has_turns(5)]
        assert QUESTION in texts and SECOND_QUESTION in texts, texts


def blocks(request):
    """The texts of a request that hold recalled memory."""
    return [
        text for message in messages_of(request) if is_human(message) for text in texts_of(message["content"]) if BLOCK in text
    ]


def only_memory_is_added(sent, came):
    """All fields are as they were sent, but for blocks that were put behind messages of a person."""
    name = "messages" if "messages" in sent else "input"
    assert {**sent, name: None} == {**came, name: None}
    assert len(sent[name]) == len(came[name])
    for before, after in zip(sent[name], came[name]):
        if before != after:
            assert is_human(before), (before, after)
            kept = [text for text in texts_of(after["content"]) if BLOCK not in text]
            assert kept == texts_of(before["content"]), (before, after)


def claude_code_is_left_alone(place):
    """Claude Code's requests are relayed as they are"""
    if is_there("claude"):
        untouched(place, "claude-plain", "/anthropic", claude)


def codex_is_left_alone(place):
    """Codex' requests are relayed as they are"""
    if is_there("codex"):
        untouched(place, "codex-plain", "/openai", codex)


def claude_code_gets_memory(place):
    """Claude Code gets memory where the settings want it"""
    def again(home, recorder, user, question):
        return claude(home, recorder, user, question, "-c")

    if is_there("claude"):
        with_memory(place, "claude-memory", "/anthropic", claude, again)


def codex_gets_memory(place):
    """Codex gets memory where the settings want it"""
    if is_there("codex"):
        with_memory(place, "codex-memory", "/openai", codex)


CHECKS = [claude_code_is_left_alone, codex_is_left_alone, claude_code_gets_memory, codex_gets_memory]
