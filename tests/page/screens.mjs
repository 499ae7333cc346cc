// Every screen of the page, with the address that shows it over the sample.

/** Names a screen, and where it is. */
export async function screens(server) {
  const recall = { query: "When is the half marathon?", limit: 1 };
  const { results } = await server.ask("/v1/memory/recall", { method: "POST", body: recall });
  const [turn] = results;
  const { items } = await server.ask("/v1/memory/facts");
  return {
    start: "/ui/",
    found: `/ui/?q=${encodeURIComponent("Which city do I live in now?")}`,
    sent: `/ui/?q=${encodeURIComponent("Which city do I live in now?")}&show=sent`,
    filtered: "/ui/?q=marathon&role=assistant&since=2025-08-01&until=2025-12-31",
    nothing: "/ui/?q=xylophonist&session=marathon",
    wrong: "/ui/?q=marathon&since=2026-01-02&until=2026-01-01",
    sessions: "/ui/sessions",
    session: `/ui/session?name=${encodeURIComponent(turn.session)}`,
    turn: `/ui/turns/${turn.id}`,
    facts: "/ui/facts?history=yes",
    fact: `/ui/facts/${items[0].id}`,
    forget: "/ui/forget",
    preview: "/ui/forget?since=2025-08-01&until=2025-08-31&preview=yes",
    activity: "/ui/activity",
    status: "/ui/status",
    missing: "/ui/turns/999999",
  };
}
