// What memory did lately, and how the memory and the server are.

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { describe, test } from "node:test";
import { notices, visit } from "./browser.mjs";
import { browser, server } from "./world.mjs";

const recall = (query, headers) =>
  server.ask("/v1/memory/recall", { method: "POST", body: { query, limit: 3 }, headers });

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with the script" : "without JavaScript", () => {
    const word = javaScriptEnabled ? "quince" : "medlar";
    const open = (to) => visit(browser, server, { to, javaScriptEnabled });
    const entry = (page, text) => page.locator("#activity li").filter({ hasText: text });

    test("a recall over the API is listed with what it brought", async () => {
      const page = await open("/ui/activity");
      const question = `Did I plant a ${word} beside the half marathon?`;
      const { results } = await recall(question);
      if (javaScriptEnabled) {
        await entry(page, question).waitFor();
      } else {
        await page.reload();
      }
      const shown = entry(page, question);
      assert.match(await shown.innerText(), /^Recalled\s+api\s.*today, \d\d:\d\d · \d+ ms/);
      await shown.getByText(/^\d+ results?$/).click();
      for (const { id } of results.slice(0, 3)) {
        assert.equal(await shown.getByRole("link", { name: `turn ${id}`, exact: true }).count(), 1);
      }
      await page.leave();
    });

    test("what is stored and put into prompts is listed, too", async () => {
      await server.say(`captured-${word}`, ["one", "two"]);
      const body = { message: `What did I say of the half marathon and the ${word}?` };
      await server.ask("/v1/memory/context", { method: "POST", body });
      const page = await open("/ui/activity");
      assert.match(await entry(page, `captured-${word}`).innerText(), /Captured[^]*2 turns/);
      assert.match(await entry(page, body.message).first().innerText(), /Put into a prompt[^]* tokens/);
      await page.leave();
    });

    test("what was deleted is not shown in the list", async () => {
      const [turn] = await server.say(`deleted-${word}`, [`The ${word} liqueur stands in the cellar.`]);
      await recall(`Where is the ${word} liqueur?`);
      await server.ask(`/v1/memory/turns/${turn}`, { method: "DELETE" });
      const page = await open("/ui/activity");
      const shown = entry(page, `Where is the ${word} liqueur?`);
      await shown.getByText(/^\d+ results?$/).click();
      assert.equal((await shown.innerText()).includes("cellar"), false);
      assert.match(await shown.innerText(), /a turn that is gone/);
      await page.leave();
    });

    test("the list is cleared", async () => {
      await recall(`Is there any ${word} left?`);
      const page = await open("/ui/activity");
      assert.ok((await page.locator("#activity li").count()) > 0);
      await page.getByRole("button", { name: "Clear the list" }).click();
      assert.match(await page.getByRole("main").innerText(), /cleared[^]*Nothing has happened yet/);
      await page.leave();
    });

    test("the status tells what is stored, and no secret", async () => {
      const { key, id } = server.key(`lodger-${word}`);
      const page = await open("/ui/status");
      const text = await page.getByRole("main").innerText();
      const { turns } = await server.ask("/v1/memory/stats");
      assert.match(text, new RegExp(`Turns\\s+${turns}\\b`));
      assert.match(text, /all-MiniLM-L6-v2: ready/);
      assert.match(text, new RegExp(`lodger-${word}`));
      const html = await page.content();
      assert.equal(html.includes(key), false);
      assert.equal(html.includes(key.slice(3)), false);
      await page.getByRole("button", { name: `Revoke the key for-lodger-${word}` }).click();
      assert.match(await notices(page).innerText(), /revoked/);
      const answer = await fetch(`${server.address}/v1/memory/stats`, { headers: { authorization: `Bearer ${key}` } });
      assert.equal(answer.status, 401, id);
      await page.leave();
    });

    test("a backup is made, for its owner alone, and its path is told", async () => {
      const page = await open("/ui/status");
      await page.getByRole("button", { name: "Make a backup" }).click();
      const told = await notices(page).innerText();
      const [file] = told.match(/\/\S+\.db/);
      assert.ok(file.startsWith(server.folder), told);
      assert.ok(existsSync(file), told);
      assert.equal(statSync(file).mode & 0o077, 0);
      await page.waitForTimeout(1_100);
      await page.leave();
    });
  });
}
