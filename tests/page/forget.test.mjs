// Forgetting much at once: shown, then confirmed by its number.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { notices, visit } from "./browser.mjs";
import { browser, server } from "./world.mjs";

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with the script" : "without JavaScript", () => {
    const word = javaScriptEnabled ? "quince" : "medlar";
    const open = (to) => visit(browser, server, { to, javaScriptEnabled });
    const preview = (page) => page.getByRole("region", { name: "What would be forgotten" });

    /** Asks for a preview of a session. */
    async function look(page, session) {
      await page.getByLabel("Session").fill(session);
      await page.getByRole("button", { name: "Show what would go" }).click();
    }

    async function confirm(page, number) {
      await page.getByLabel(/^Type /).fill(number);
      await page.getByRole("button", { name: "Forget for good" }).click();
    }

    test("nothing goes with a wrong number, and what was shown goes with the right one", async () => {
      const turns = await server.say(`forgotten-${word}`, ["a", "b", "c"].map((text) => `${text} ${word}`));
      const [kept] = await server.say(`kept-${word}`, [`another ${word}`]);
      const page = await open("/ui/forget");
      await look(page, `forgotten-${word}`);
      assert.match(await preview(page).innerText(), /3 turns/);
      assert.equal(await preview(page).locator(".quote").count(), 3);
      for (const wrong of ["2", "33", "three", "0"]) {
        await confirm(page, wrong);
        assert.match(await page.getByRole("alert").innerText(), /the number to type is 3/, wrong);
        assert.equal(await server.has(turns[0]), true);
      }
      await confirm(page, "3");
      assert.match(await notices(page).innerText(), /Forgotten for good: 3 turns, 1 whole session/);
      for (const turn of turns) {
        assert.equal(await server.has(turn), false);
      }
      assert.equal(await server.has(kept), true);
      await page.leave();
    });

    test("what changed since it was shown is shown again first", async () => {
      await server.say(`changing-${word}`, [`one ${word}`]);
      const page = await open("/ui/forget");
      await look(page, `changing-${word}`);
      const [late] = await server.say(`changing-${word}`, [`late ${word}`]);
      await confirm(page, "1");
      assert.match(await page.getByRole("alert").innerText(), /Nothing was deleted/);
      assert.equal(await server.has(late), true);
      assert.match(await preview(page).innerText(), /2 turns/);
      await confirm(page, "2");
      assert.match(await notices(page).innerText(), /Forgotten for good: 2 turns/);
      await page.leave();
    });

    test("a part is named by who said it and when", async () => {
      const page = await open("/ui/forget");
      await page.getByLabel("Said by").selectOption("assistant");
      await page.getByLabel("From").fill("2025-08-12");
      await page.getByLabel("To", { exact: true }).fill("2025-08-12");
      await page.getByRole("button", { name: "Show what would go" }).click();
      const speakers = await preview(page).locator(".speaker").allInnerTexts();
      assert.ok(speakers.length > 1 && speakers.every((speaker) => speaker === "assistant"));
      await page.leave();
    });

    test("nothing, too much and too little are said in words", async () => {
      const page = await open("/ui/forget");
      await page.getByRole("button", { name: "Show what would go" }).click();
      assert.match(await page.getByRole("alert").innerText(), /what to forget/);
      await page.getByLabel("Everything that is remembered of me").check();
      await look(page, `kept-${word}`);
      assert.match(await page.getByRole("alert").innerText(), /choose one of the two/);
      await page.getByLabel("Everything that is remembered of me").uncheck();
      await look(page, "nobody ever named a session this");
      assert.match(await page.getByRole("alert").innerText(), /session/);
      await page.goto("/ui/forget?since=1990-01-01&until=1990-01-02&preview=yes");
      assert.match(await page.getByRole("main").innerText(), /nothing of that to forget/);
      await page.leave();
    });
  });
}

test("everything of somebody goes, and nothing of others", async () => {
  const { key } = server.key("bruno");
  const authorised = { headers: { authorization: `Bearer ${key}` } };
  const turns = [{ role: "user", text: "Bruno was here." }];
  await server.ask("/v1/memory/turns", { method: "POST", body: { session: "b", turns }, ...authorised });
  const before = await server.ask("/v1/memory/sessions?limit=50");
  const page = await visit(browser, server, { key, to: "/ui/forget" });
  await page.getByLabel("Everything that is remembered of me").check();
  await page.getByRole("button", { name: "Show what would go" }).click();
  await page.getByLabel(/^Type /).fill("1");
  await page.getByRole("button", { name: "Forget for good" }).click();
  assert.match(await notices(page).innerText(), /Forgotten for good: 1 turn/);
  await page.goto("/ui/");
  assert.match(await page.locator(".empty").innerText(), /Nothing is remembered yet/);
  assert.deepEqual(await server.ask("/v1/memory/sessions?limit=50"), before);
  await page.leave();
});
