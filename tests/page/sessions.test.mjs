// Conversations and their turns: read, found by their titles, renamed, corrected.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { notices, visit } from "./browser.mjs";
import { browser, server } from "./world.mjs";

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with the script" : "without JavaScript", () => {
    const word = javaScriptEnabled ? "quince" : "medlar";
    const open = (to) => visit(browser, server, { to, javaScriptEnabled });

    test("sessions are listed, newest first, and found by a part of their title", async () => {
      const page = await open("/ui/sessions");
      const rows = page.locator("ul.rows > li");
      assert.ok((await rows.count()) >= 14);
      const plot = page.getByRole("img", { name: /^Turns of each month/ });
      assert.ok((await plot.locator("rect").count()) >= 8);
      await page.getByLabel("Name or title").fill("half mara");
      await page.getByRole("button", { name: "Show" }).click();
      assert.equal(await rows.count(), 1);
      assert.match(await rows.innerText(), /10 turns · 12 Aug 2025/);
      await page.getByRole("link", { name: "Half marathon training plan" }).click();
      assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Half marathon training plan");
      await page.leave();
    });

    test("a session is a timeline under its days", async () => {
      const page = await open("/ui/sessions?title=Dinner+without+peanuts");
      await page.getByRole("link", { name: "Dinner without peanuts" }).click();
      const days = await page.locator(".timeline .day").allInnerTexts();
      assert.deepEqual(days, ["Sunday, 5 October 2025", "Sunday, 12 October 2025"]);
      assert.equal(await page.locator(".timeline .turn").count(), 10);
      const times = await page.locator(".timeline time").evaluateAll((all) => all.map((time) => time.dateTime));
      assert.deepEqual(times, [...times].sort());
      await page.leave();
    });

    test("a session gets another title", async () => {
      await server.say(`titled-${word}`, ["Something to be named."]);
      const page = await open(`/ui/session?name=titled-${word}`);
      await page.getByText("Change this session").click();
      await page.getByLabel("Title").fill(`Jam & <b>${word}</b>`);
      await page.getByRole("button", { name: "Save the title" }).click();
      assert.match(await notices(page).innerText(), /new title/);
      assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), `Jam & <b>${word}</b>`);
      const { title } = await server.ask(`/v1/memory/sessions/titled-${word}`);
      assert.equal(title, `Jam & <b>${word}</b>`);
      await page.leave();
    });

    test("a long session is read on page by page", async () => {
      const texts = Array.from({ length: 120 }, (_, place) => `${word} number ${place + 1}`);
      await server.say(`long-${word}`, texts);
      const page = await open(`/ui/session?name=long-${word}`);
      const read = await page.locator(".timeline blockquote").allInnerTexts();
      while (await page.getByRole("link", { name: "Read on" }).count()) {
        await page.getByRole("link", { name: "Read on" }).click();
        read.push(...(await page.locator(".timeline blockquote").allInnerTexts()));
      }
      assert.deepEqual(read, texts);
      await page.getByRole("link", { name: "From the beginning" }).click();
      assert.equal(await page.locator(".timeline blockquote").first().innerText(), texts[0]);
      await page.leave();
    });

    test("a turn is shown with what was said around it, and leads to its session", async () => {
      const turns = await server.say(`around-${word}`, ["first", "second", "third"].map((text) => `${text} ${word}`));
      const page = await open(`/ui/turns/${turns[1]}`);
      assert.match(await page.getByRole("region", { name: "What was said before it" }).innerText(), /first/);
      assert.match(await page.getByRole("region", { name: "What was said behind it" }).innerText(), /third/);
      await page.getByRole("link", { name: "Read it in its session" }).click();
      assert.match(page.url(), new RegExp(`#t${turns[1]}$`));
      await page.locator(`#t${turns[1]}`).waitFor();
      await page.leave();
    });

    test("the text of a turn is corrected to the letter", async () => {
      const [turn] = await server.say(`amended-${word}`, [`The ${word} costs 3 euros.`]);
      const text = `\n  The ${word} costs 4 €:\n\n\ttwo </textarea> & "more"  `;
      const page = await open(`/ui/turns/${turn}`);
      await page.getByText("Correct the text").click();
      assert.equal(await page.getByLabel("Text").inputValue(), `The ${word} costs 3 euros.`);
      await page.getByLabel("Text").fill(text);
      await page.getByRole("button", { name: "Save the text" }).click();
      assert.match(await notices(page).innerText(), /new text/);
      assert.equal((await server.textOf(turn)).trimEnd(), text.trimEnd());
      await page.getByText("Correct the text").click();
      assert.equal((await page.getByLabel("Text").inputValue()).trimEnd(), text.trimEnd());
      // Spaces alone are no text.
      await page.getByLabel("Text").fill("   ");
      await page.getByRole("button", { name: "Save the text" }).click();
      assert.match(await notices(page).innerText(), /delete it/);
      assert.equal((await server.textOf(turn)).trimEnd(), text.trimEnd());
      await page.leave();
    });

    test("what is not there is said in a page, with its status", async () => {
      const page = await open("/ui/");
      for (const address of ["/ui/turns/999999", "/ui/turns/x", "/ui/session?name=nobody", "/ui/facts/9999", "/ui/x"]) {
        assert.equal((await page.goto(address)).status(), 404, address);
        assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, address);
        assert.equal(await page.getByRole("link", { name: "To the search" }).count(), 1, address);
      }
      await page.leave();
    });
  });
}

test("many sessions are on several pages", async () => {
  for (let place = 0; place < 51; place++) {
    await server.say(`one-of-many-${place}`, ["short"]);
  }
  const page = await visit(browser, server, { to: "/ui/sessions?title=one-of-many" });
  assert.equal(await page.locator("ul.rows > li").count(), 50);
  await page.getByRole("link", { name: "Older" }).click();
  assert.equal(await page.locator("ul.rows > li").count(), 1);
  assert.match(await page.getByRole("navigation", { name: "Pages" }).innerText(), /Page 2 of 2/);
  await page.getByRole("link", { name: "Newer" }).click();
  assert.equal(await page.locator("ul.rows > li").count(), 50);
  await page.leave();
});
