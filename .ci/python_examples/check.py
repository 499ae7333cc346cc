"""Runs the examples in Python against a server of its own.

    python check.py LONGMEM_PROGRAM
"""

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples" / "python"


def free_port():
    """A port that nobody listens at just now."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def requests(folder):
    """What the stand-in was asked, in order."""
    files = sorted(folder.glob("*.json"))
    return [json.loads(file.read_text()) for file in files]


def chatbot(folder, port):
    """Two chats: what is said in the first reaches the model in the second."""
    environment = {
        **os.environ,
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        "ANTHROPIC_API_KEY": "dummy",
    }
    for said in ["The gateway listens on port 7443.\n", "Which port did we pick for the gateway?\n"]:
        chat = [sys.executable, str(EXAMPLES / "chatbot.py")]
        ran = subprocess.run(chat, input=said, env=environment, text=True, capture_output=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        assert "Hello from the stand-in." in ran.stdout, ran.stdout
    last = json.dumps(requests(folder)[-1])
    assert "7443" in last and "recalled_memory" in last, last


def langchain_history():
    import longmem_client
    from langchain_core.chat_history import BaseChatMessageHistory
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
    from langchain_history import LongmemHistory

    history = LongmemHistory("a chain/ü")
    assert isinstance(history, BaseChatMessageHistory) and history.messages == []
    history.clear()
    call = AIMessage("", tool_calls=[{"name": "look", "args": {}, "id": "1"}])
    history.add_messages([HumanMessage("My cat is called Ada."), call, ToolMessage("seen", tool_call_id="1")])
    history.add_ai_message("A good name.")
    texts = [(message.type, message.text) for message in history.messages]
    assert texts == [("human", "My cat is called Ada."), ("ai", "A good name.")], texts
    assert "My cat is called Ada." in LongmemHistory("another").recall("What is my cat called?")
    history.clear()
    assert history.messages == []
    many = [("user" if number % 2 == 0 else "assistant", f"line {number}") for number in range(450)]
    longmem_client.remember("long", *many)
    assert [turn["text"] for turn in longmem_client.last_turns("long")] == [text for _, text in many]
    assert len(LongmemHistory("long", last=250).messages) == 250


async def agents_session(port):
    from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
    from openai import AsyncOpenAI
    from openai_agents_session import LongmemSession

    set_tracing_disabled(True)
    client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="dummy")
    agent = Agent(name="helper", model=OpenAIChatCompletionsModel("stand-in", client))
    session = LongmemSession("agents")
    for said in ["I live in Lisbon.", "Where do I live?"]:
        result = await Runner.run(agent, said, session=session)
        assert result.final_output == "Hello from the stand-in.", result.final_output
    items = await session.get_items()
    assert [item["role"] for item in items] == ["user", "assistant"] * 2, items
    assert items[0]["content"] == "I live in Lisbon.", items
    assert (await session.get_items(limit=1))[0]["role"] == "assistant"
    assert (await session.pop_item())["content"] == "Hello from the stand-in."
    assert len(await session.get_items()) == 3
    await session.clear_session()
    assert await session.pop_item() is None


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        log = folder / "requests"
        log.mkdir()
        os.environ["HOME"] = str(folder)
        port = free_port()
        stand_in = subprocess.Popen([sys.executable, str(HERE.parent / "real_clients" / "standin.py"), str(port), str(log)])
        serve = [program, "--db", str(folder / "memory.db"), "--json", "--offline", "serve", "--listen", "127.0.0.1:0"]
        serving = folder / "serving.json"
        server = subprocess.Popen(serve, stdout=serving.open("w"))
        try:
            for _ in range(100):
                if serving.read_text().rstrip().endswith("}"):
                    break
                time.sleep(0.1)
            os.environ["LONGMEM_URL"] = json.loads(serving.read_text())["addresses"][0]
            sys.path.insert(0, str(EXAMPLES))
            chatbot(log, port)
            print("chatbot.py: ok")
            langchain_history()
            print("langchain_history.py: ok")
            asyncio.run(agents_session(port))
            print("openai_agents_session.py: ok")
        finally:
            for process in (server, stand_in):
                process.terminate()
                process.wait()


main()
