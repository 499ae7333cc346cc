// Facts: noted, corrected, replaced, deleted; with what they replaced.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { notices, visit } from "./browser.mjs";
import { browser, server } from "./world.mjs";

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with the script" : "without JavaScript", () => {
    const word = javaScriptEnabled ? "quince" : "medlar";
    const open = (to) => visit(browser, server, { to, javaScriptEnabled });

    async function note(page, statement, subject) {
      await page.goto("/ui/facts");
      await page.getByText("Note a fact").click();
      await page.getByLabel("What holds").fill(statement);
      if (subject) {
        await page.locator("details[open]").getByLabel("About").fill(subject);
      }
      await page.getByLabel("Kind").selectOption("preference");
      await page.getByRole("button", { name: "Note the fact" }).click();
    }

    test("a fact is noted once, and found by whom it is about", async () => {
      const page = await open("/ui/facts");
      await note(page, `grows ${word} trees`, "Beatriz");
      assert.match(await notices(page).innerText(), /noted/);
      await note(page, `grows ${word} trees`, "Beatriz");
      assert.match(await notices(page).innerText(), /known already/);
      await page.getByRole("search").getByLabel("About").fill("Beatriz");
      await page.getByRole("button", { name: "Show" }).click();
      const rows = page.locator("ul.rows > li").filter({ hasText: word });
      assert.equal(await rows.count(), 1);
      assert.match(await rows.innerText(), /preference/);
      await page.goto("/ui/facts?about=Nobody+Known");
      assert.match(await page.locator(".empty").innerText(), /Nothing is known of that name/);
      await page.leave();
    });

    test("a fact that has changed stays as what held before", async () => {
      const page = await open("/ui/facts");
      await note(page, `keeps one ${word}`);
      await page.getByRole("link", { name: `keeps one ${word}` }).click();
      await page.getByText("It has changed").click();
      await page.getByLabel("What holds").fill(`keeps two ${word}s`);
      await page.getByRole("button", { name: "Note what holds now" }).click();
      await page.goto("/ui/facts");
      const list = page.locator("ul.rows");
      assert.equal(await list.getByRole("link", { name: `keeps one ${word}` }).count(), 0);
      await page.getByLabel("with what was replaced").check();
      await page.getByRole("button", { name: "Show" }).click();
      assert.equal(await list.getByRole("link", { name: `keeps one ${word}` }).count(), 1);
      await list.getByRole("link", { name: `keeps two ${word}s` }).click();
      assert.match(await page.getByRole("main").innerText(), /What it replaced/);
      assert.equal(await page.getByRole("link", { name: `keeps one ${word}` }).count(), 1);
      await page.leave();
    });

    test("the words of a fact are corrected, and nonsense is refused", async () => {
      const page = await open("/ui/facts");
      await note(page, `likes ${word} jam`);
      await page.getByRole("link", { name: `likes ${word} jam` }).click();
      const id = Number(page.url().split("/").at(-1));
      await page.getByText("Correct the words").click();
      await page.getByLabel("It was always meant to say").fill(`likes <i>${word}</i> cheese`);
      await page.getByRole("button", { name: "Save the words" }).click();
      assert.match(await notices(page).innerText(), /corrected/);
      assert.equal((await server.ask(`/v1/memory/facts/${id}`)).statement, `likes <i>${word}</i> cheese`);
      await page.getByText("Correct the words").click();
      await page.getByLabel("It was always meant to say").fill("   ");
      await page.getByRole("button", { name: "Save the words" }).click();
      assert.equal(await page.locator(".notice.failed").count(), 1);
      assert.equal((await server.ask(`/v1/memory/facts/${id}`)).statement, `likes <i>${word}</i> cheese`);
      await page.leave();
    });

    test("a fact is deleted with the way back", async () => {
      const page = await open("/ui/facts");
      await note(page, `owns a ${word} press`);
      const link = page.locator("ul.rows").getByRole("link", { name: `owns a ${word} press` });
      await link.click();
      const id = Number(page.url().split("/").at(-1));
      const isStored = async () => (await fetch(`${server.address}/v1/memory/facts/${id}`)).ok;
      await page.getByRole("button", { name: "Delete this fact" }).click();
      assert.match(await page.locator("form.undo").innerText(), new RegExp(`owns a ${word} press`));
      assert.equal(await link.count(), 0);
      await page.getByRole("button", { name: "Undo" }).click();
      assert.equal(await link.count(), 1);
      await link.click();
      await page.getByRole("button", { name: "Delete this fact" }).click();
      await page.waitForTimeout(12_000);
      assert.equal(await isStored(), false);
      await page.leave();
    });
  });
}
