"""Tries coding agents with longmem's hooks, plugin and MCP server: see .ci/clients."""

import json
import pathlib
import sys
import time
import traceback

from home import Home, listens, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGIN = str(ROOT / "integrations/claude-code/longmem")
# Where longmem serve listens.
PORT = 7717
NOTE = "The gateway listens on port 7443"
QUESTION = "which port did we pick?"
SECOND_QUESTION = "and which database do the tests use?"


def claude(home, *words):
    """Runs Claude Code, and gives what it said of itself, line by line."""
    settings = {
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{home.port}", "ANTHROPIC_API_KEY": "sk-ant-dummy",
        "DISABLE_TELEMETRY": "1", "DISABLE_ERROR_REPORTING": "1", "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    printed = home.run(
        "claude", *words, "--output-format", "stream-json", "--verbose", "--include-hook-events",
        **settings,
    )
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def text_of(message):
    """The text of a message, whose content is one text or several blocks."""
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(b.get("text", "") for b in content)


def last_system(request):
    return text_of([m for m in request["messages"] if m["role"] == "system"][-1])


def nothing_recalled_is_stored(home, turns):
    stored = home.turns()
    assert len(stored) == turns, [turn["text"] for turn in stored]
    for turn in stored:
        assert "recalled_memory" not in turn["text"] and "hook_context" not in turn["text"], turn
        assert "7443" not in turn["text"], turn
    return stored


def claude_code_recalls_and_remembers(home):
    """Two turns of one session get memory, are stored once, and need no server."""
    home.longmem("remember", NOTE)
    home.stand_in()
    events = claude(home, "-p", QUESTION, "--plugin-dir", PLUGIN)
    hooks = [event for event in events if event.get("subtype") == "hook_response"]
    assert hooks and all(hook["outcome"] == "success" for hook in hooks), hooks
    first = last_system(home.requests()[-1])
    assert "7443" in first, first
    servers = next(event for event in events if event.get("subtype") == "init")["mcp_servers"]
    if "mcp" in home.longmem("--help"):
        states = {server["name"]: server["status"] for server in servers}
        assert states.get("plugin:longmem:memory") == "connected", servers

    claude(home, "-c", "-p", SECOND_QUESTION, "--plugin-dir", PLUGIN)
    blocks = [text_of(m) for m in home.requests()[-1]["messages"] if m["role"] == "system"]
    recalled = first[first.index("<recalled_memory"):first.index("</recalled_memory>")]
    assert any(recalled in block for block in blocks), blocks

    wait_until("four turns are stored", lambda: len(home.turns()) >= 4)
    nothing_recalled_is_stored(home, 4)
    # Reading the transcripts once more, also whole, adds nothing.
    home.longmem("watch", "--once", "--source", "claude-code")
    home.longmem("import", "--claude-code")
    home.longmem("import", "--claude-code", "--again")
    nothing_recalled_is_stored(home, 4)


def claude_code_goes_on_without_memory(home):
    """A store that cannot be read, and settings that are wrong, do not keep anybody from talking."""
    data = home.folder / ".local/share/longmem"
    data.mkdir(parents=True)
    (data / "memory.db").write_text("this is no store, and longer than a header " * 50)
    home.stand_in()
    for variables in ({}, {"LONGMEM_THREADS": "many"}, {"LONGMEM_CONFIG": "/nowhere"}):
        home.environment |= variables
        events = claude(home, "-p", QUESTION, "--plugin-dir", PLUGIN)
        hooks = [event for event in events if event.get("subtype") == "hook_response"]
        assert hooks and all(hook["outcome"] == "success" for hook in hooks), hooks
        assert any(event.get("result", "").startswith("Hello") for event in events), events


def claude_code_calls_a_tool(home):
    """The model searches memory by the plugin's MCP server."""
    home.longmem("remember", NOTE)
    tool = "mcp__plugin_longmem_memory__memory_search"
    home.stand_in(STANDIN_TOOL=tool, STANDIN_TOOL_INPUT='{"query": "gateway port"}')
    claude(home, "-p", "please look it up", "--plugin-dir", PLUGIN, "--allowedTools", tool)
    messages = home.requests()[-1]["messages"]
    results = [
        block for message in messages if isinstance(message["content"], list)
        for block in message["content"] if block.get("type") == "tool_result"
    ]
    assert results and "7443" in json.dumps(results), results


def claude_code_installs_the_plugin(home):
    """The plugin is valid, is installed, works, and goes again."""
    for path in (PLUGIN, str(pathlib.Path(PLUGIN).parent)):
        home.run("claude", "plugin", "validate", "--strict", path)
    home.run("claude", "plugin", "validate", "--strict", "--profile", "directory", PLUGIN)
    home.longmem("remember", NOTE)
    home.longmem("install", "claude-code")
    home.longmem("install", "claude-code")
    assert "longmem@longmem" in home.run("claude", "plugin", "list")
    home.stand_in()
    claude(home, "-p", QUESTION)
    assert "7443" in last_system(home.requests()[-1])
    wait_until("two turns are stored", lambda: len(home.turns()) >= 2)
    home.longmem("install", "claude-code", "--remove")
    home.longmem("install", "claude-code", "--remove")
    assert "longmem@longmem" not in home.run("claude", "plugin", "list")


def claude_code_asks_a_running_server(home):
    """Hooks and tools over HTTP; when the server is killed, the talk goes on."""
    if listens(PORT):
        print(f"  left out: somebody listens on port {PORT}, where longmem serve would")
        return
    home.longmem("remember", NOTE)
    server = home.start("longmem", "serve")
    wait_until("the server listens", lambda: listens(PORT))
    home.longmem("install", "claude-code", "--http")
    home.stand_in()
    events = claude(home, "-p", QUESTION)
    hooks = [event for event in events if event.get("subtype") == "hook_response"]
    assert hooks and all(hook["outcome"] == "success" for hook in hooks), hooks
    assert "7443" in last_system(home.requests()[-1])
    servers = next(event for event in events if event.get("subtype") == "init")["mcp_servers"]
    states = {server["name"]: server["status"] for server in servers}
    assert states.get("plugin:longmem:memory") == "connected", servers
    wait_until("two turns are stored", lambda: len(home.turns()) >= 2)
    nothing_recalled_is_stored(home, 2)
    home.stop(server)
    events = claude(home, "-c", "-p", SECOND_QUESTION)
    assert any(event.get("result", "").startswith("Hello") for event in events), events


def codex_recalls_and_remembers(home):
    """Codex' hooks are called, and its rollout is read."""
    home.longmem("remember", NOTE)
    home.longmem("install", "codex")
    config = home.folder / ".codex/config.toml"
    config.write_text(
        'model = "stand-in"\nmodel_provider = "standin"\n\n[model_providers.standin]\n'
        f'name = "stand-in"\nbase_url = "http://127.0.0.1:{home.port}/v1"\nwire_api = "responses"\n'
        f'env_key = "STANDIN_KEY"\n\n{config.read_text()}'
    )
    # It asks for memory by the MCP server, too.
    home.stand_in(
        STANDIN_TOOL="memory_search", STANDIN_TOOL_GROUP="mcp__longmem",
        STANDIN_TOOL_INPUT='{"query": "gateway port"}',
    )
    home.run(
        "codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-hook-trust", QUESTION,
        STANDIN_KEY="dummy",
    )
    assert "7443" in json.dumps(home.requests()[0]["input"])
    outputs = [i for i in home.requests()[-1]["input"] if i["type"] == "function_call_output"]
    assert outputs and "7443" in json.dumps(outputs), outputs
    called = [name for name, _ in home.hooks()]
    assert called[:3] == ["codex SessionStart", "codex UserPromptSubmit", "codex Stop"], called
    wait_until("two turns are stored", lambda: len(home.turns()) >= 2)
    nothing_recalled_is_stored(home, 2)
    home.longmem("install", "codex", "--remove")
    assert "longmem" not in config.read_text()
    assert not (home.folder / ".codex/hooks.json").exists()


def gemini_recalls_and_remembers(home):
    """Gemini CLI's hooks are called, and what they put into the prompt is not stored."""
    home.longmem("remember", NOTE)
    home.longmem("facts", "add", "prefers tabs over spaces")
    settings = home.folder / ".gemini/settings.json"
    settings.parent.mkdir()
    own = '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'
    settings.write_text(own)
    home.longmem("install", "gemini")
    home.stand_in()
    # Without a model's name, it asks a model which one to ask.
    home.run(
        "gemini", "-m", "gemini-2.5-flash", "-p", QUESTION, GEMINI_API_KEY="dummy", GEMINI_CLI_TRUST_WORKSPACE="true",
        GOOGLE_GEMINI_BASE_URL=f"http://127.0.0.1:{home.port}",
    )
    sent = json.dumps([request.get("contents") for request in home.requests()])
    assert "7443" in sent and "prefers tabs" in sent, sent
    called = [name for name, _ in home.hooks()]
    for event in ("SessionStart", "BeforeAgent", "AfterAgent", "SessionEnd"):
        assert f"gemini {event}" in called, called
    wait_until("two turns are stored", lambda: len(home.turns()) >= 2)
    stored = nothing_recalled_is_stored(home, 2)
    assert stored[0]["text"] == QUESTION, stored
    home.longmem("install", "gemini", "--remove")
    assert settings.read_text() == own


CHECKS = [
    claude_code_recalls_and_remembers,
    claude_code_goes_on_without_memory,
    claude_code_calls_a_tool,
    claude_code_installs_the_plugin,
    claude_code_asks_a_running_server,
    codex_recalls_and_remembers,
    gemini_recalls_and_remembers,
]


def main():
    program, clients, *names = sys.argv[1:]
    failed = 0
    for check in CHECKS:
        name = check.__name__
        if names and name not in names:
            continue
        began = time.monotonic()
        try:
            with Home(program, clients) as home:
                check(home)
            outcome = "ok"
        except Exception:
            traceback.print_exc()
            failed += 1
            outcome = "FAILED"
        print(f"{outcome:6} {name.replace('_', ' ')} ({time.monotonic() - began:.1f} s)", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
