"""A LangChain chat history that longmem keeps.

    pip install langchain-core
    longmem serve &

    with_history = RunnableWithMessageHistory(chain, LongmemHistory, …)
"""

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

import longmem_client as longmem

ROLES = {"human": "user", "ai": "assistant", "system": "system"}
MESSAGES = {"user": HumanMessage, "assistant": AIMessage, "system": SystemMessage}


class LongmemHistory(BaseChatMessageHistory):
    """The messages of a session. Texts are kept; calls of tools and their results are not."""

    def __init__(self, session_id: str, last: int | None = 100):
        self.session_id = session_id
        self.last = last

    @property
    def messages(self) -> list[BaseMessage]:
        """The last messages, oldest first."""
        turns = longmem.last_turns(self.session_id, self.last)
        return [MESSAGES[turn["role"]](turn["text"]) for turn in turns if turn["role"] in MESSAGES]

    def add_messages(self, messages) -> None:
        """Stores messages; they are on disk when this returns."""
        known = [message for message in messages if message.type in ROLES]
        longmem.remember(self.session_id, *((ROLES[message.type], message.text) for message in known))

    def clear(self) -> None:
        """Deletes the session for good."""
        longmem.forget_session(self.session_id)

    def recall(self, query: str, limit: int = 5) -> list[str]:
        """What was said in any session that is relevant to a question."""
        found = longmem.call("POST", "recall", {"query": query, "limit": limit})
        return [result["text"] for result in found["results"]]


if __name__ == "__main__":
    history = LongmemHistory("langchain")
    history.add_user_message("The gateway listens on port 7443.")
    history.add_ai_message("Noted.")
    for message in history.messages:
        print(f"{message.type}: {message.text}")
    print(history.recall("Which port does the gateway listen on?"))
