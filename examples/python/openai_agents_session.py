"""A session of the OpenAI Agents SDK that longmem keeps.

    pip install openai-agents
    longmem serve &

    await Runner.run(agent, "Where do I live?", session=LongmemSession("talk"))
"""

import asyncio

from agents.memory.session import SessionABC

import longmem_client as longmem


def text_of(item) -> str:
    """The words of an item; none of a call of a tool or its result."""
    content = item.get("content") or "" if item.get("role") else ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


class LongmemSession(SessionABC):
    """The messages of a session. Texts are kept; calls of tools and their results are not."""

    session_settings = None

    def __init__(self, session_id: str):
        self.session_id = session_id

    async def get_items(self, limit=None):
        """The last messages, oldest first; all of them without a limit."""
        turns = await asyncio.to_thread(longmem.last_turns, self.session_id, limit)
        return [{"role": turn["role"], "content": turn["text"]} for turn in turns if turn["role"] != "tool"]

    async def add_items(self, items) -> None:
        """Stores messages; they are on disk when this returns."""
        turns = [(item["role"].replace("developer", "system"), text_of(item)) for item in items if text_of(item)]
        await asyncio.to_thread(longmem.remember, self.session_id, *turns)

    async def pop_item(self):
        """Deletes the last message for good and returns it; none if there is none."""
        turns = await asyncio.to_thread(longmem.last_turns, self.session_id, 1)
        if not turns:
            return None
        await asyncio.to_thread(longmem.call, "DELETE", f"turns/{turns[0]['id']}")
        return {"role": turns[0]["role"], "content": turns[0]["text"]}

    async def clear_session(self) -> None:
        """Deletes the session for good."""
        await asyncio.to_thread(longmem.forget_session, self.session_id)
