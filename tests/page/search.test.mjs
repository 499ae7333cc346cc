// Searching: by the form, while one types, narrowed down, with reasons, and what would be sent.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { visit } from "./browser.mjs";
import { serve } from "./server.mjs";
import { browser, server } from "./world.mjs";

const MOVED = "Which city do I live in now?";

/** Asks by the form. */
async function search(page, question) {
  await page.getByRole("searchbox", { name: "Search" }).fill(question);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.waitForURL(/[?&]q=/);
}

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with the script" : "without JavaScript", () => {
    const open = (to) => visit(browser, server, { to, javaScriptEnabled });

    test("the start shows what was said last", async () => {
      const page = await open("/ui/");
      assert.equal(await page.getByRole("heading", { name: "Said last" }).count(), 1);
      assert.ok((await page.locator(".quote").count()) > 1);
      await page.leave();
    });

    test("a question brings quotes with their date, session, words and strength", async () => {
      const page = await open("/ui/");
      await search(page, "How did we solve ERR_CONN_4711?");
      const first = page.locator("#results .quote").first();
      assert.match(await first.innerText(), /4711/);
      assert.ok((await first.locator("mark").allInnerTexts()).includes("4711"));
      assert.match(await first.locator("time").getAttribute("datetime"), /^2025-\d\d-\d\dT[\d:]+Z$/);
      assert.match(await first.locator("meter").getAttribute("value"), /^[01]\.\d\d$/);
      await first.getByRole("link", { name: /ERR_CONN/ }).click();
      assert.match(await page.getByRole("heading", { level: 1 }).innerText(), /ERR_CONN_4711/);
      await page.leave();
    });

    test("the reasons open", async () => {
      const page = await open(`/ui/?q=${encodeURIComponent(MOVED)}`);
      const first = page.locator("#results .quote").first();
      assert.equal(await first.getByText("By meaning").isVisible(), false);
      await first.getByText("Why?").click();
      assert.equal(await first.getByText("By meaning").isVisible(), true);
      assert.match(await first.locator("dl").innerText(), /cosine 0\.\d\d/);
      await page.leave();
    });

    test("what would be sent has its cost, and leads back", async () => {
      const page = await open(`/ui/?q=${encodeURIComponent(MOVED)}`);
      await page.getByRole("link", { name: "What would be sent" }).click();
      const said = await page.getByRole("status").filter({ hasText: "tokens of a budget" }).innerText();
      const [, tokens, budget] = said.match(/^([\d,]+) tokens of a budget of ([\d,]*\d)/);
      const number = (text) => Number(text.replace(",", ""));
      assert.ok(number(tokens) > 0 && number(tokens) <= number(budget), said);
      const costs = await page.locator("td.number").allInnerTexts();
      assert.ok(costs.map(number).reduce((sum, cost) => sum + cost, 0) <= number(tokens), costs.join());
      assert.match(await page.locator(".block").allInnerTexts().then(String), /<recalled_memory/);
      await page.getByRole("link", { name: "What is found" }).click();
      assert.ok((await page.locator("#results .quote").count()) > 0);
      await page.leave();
    });

    test("filters narrow the results, and stay in the form", async () => {
      const page = await open("/ui/");
      await page.getByText("Narrow it down").click();
      await page.getByLabel("Session").fill("Half marathon training plan");
      await page.getByLabel("Said by").selectOption("assistant");
      await page.getByLabel("From").fill("2025-08-12");
      await page.getByLabel("To", { exact: true }).fill("2025-08-12");
      await search(page, "marathon");
      const speakers = await page.locator("#results .speaker").allInnerTexts();
      assert.ok(speakers.length > 0 && speakers.every((speaker) => speaker === "assistant"), speakers.join());
      const times = await page.locator("#results time").evaluateAll((all) => all.map((time) => time.dateTime));
      assert.ok(times.every((time) => time.startsWith("2025-08-12")), times.join());
      assert.equal(await page.getByLabel("Said by").inputValue(), "assistant");
      assert.equal(await page.getByLabel("From").inputValue(), "2025-08-12");
      await page.leave();
    });

    test("wrong filters are said in words, and what was typed stays", async () => {
      const page = await open("/ui/?q=marathon&since=2026-01-02&until=2026-01-01");
      assert.match(await page.getByRole("alert").innerText(), /last day is before the first/);
      assert.equal(await page.getByRole("searchbox").inputValue(), "marathon");
      await page.goto("/ui/?q=marathon&session=no+such+session+anywhere");
      assert.ok(await page.getByRole("alert").innerText());
      assert.equal(await page.getByLabel("Session").inputValue(), "no such session anywhere");
      await page.leave();
    });

    test("where nothing is found, the page says what to do", async () => {
      const page = await open("/ui/?q=xylophonist+quokka&role=system");
      const empty = page.locator("#results .empty");
      assert.match(await empty.innerText(), /Nothing relevant was found/);
      await empty.getByRole("link", { name: "Search all of your memory" }).click();
      assert.equal(new URL(page.url()).searchParams.get("role"), null);
      await page.leave();
    });

    test("more results are a link away", async () => {
      const page = await open("/ui/?q=What+should+I+cook+for+dinner%3F");
      const before = await page.locator("#results .quote").count();
      await page.getByRole("link", { name: "Show more" }).click();
      assert.ok((await page.locator("#results .quote").count()) > before);
      await page.leave();
    });

    test("an empty memory says how to begin", async () => {
      const bare = await serve({ empty: true });
      const page = await visit(browser, bare, { javaScriptEnabled });
      for (const address of ["/ui/", "/ui/sessions"]) {
        await page.goto(address);
        assert.match(await page.locator(".empty").innerText(), /longmem import FILE/);
      }
      for (const address of ["/ui/facts", "/ui/activity", "/ui/status", "/ui/?q=anything", "/ui/forget"]) {
        assert.equal((await page.goto(address)).status(), 200, address);
      }
      await page.leave();
      await bare.stop();
    });
  });
}

test("results come while one types, without leaving the page", async () => {
  const page = await visit(browser, server);
  await page.evaluate(() => (window.stayed = true));
  const box = page.getByRole("searchbox", { name: "Search" });
  assert.ok(await box.evaluate((box) => box === document.activeElement), "the box has the focus");
  await page.keyboard.type("half marathon");
  await page.locator("#results mark").first().waitFor();
  await page.waitForURL(/q=half\+marathon/);
  assert.equal(await page.evaluate(() => window.stayed), true);
  assert.equal(await box.evaluate((box) => box === document.activeElement), true);
  // Somebody who listens to the page hears how many there are.
  const heard = page.getByRole("status").filter({ hasText: /^\d+ results?/ });
  await heard.waitFor();
  assert.equal(await heard.evaluate((part) => part.closest("#results")), null, "it is not replaced with them");
  await page.getByRole("link", { name: "What would be sent" }).click();
  assert.match(await page.locator(".sent").innerText(), /half marathon/);
  await page.goBack();
  assert.equal(await page.getByRole("searchbox").inputValue(), "half marathon");
  await page.getByRole("searchbox").fill("");
  await page.getByRole("heading", { name: "Said last" }).waitFor();
  await page.leave();
});

test("what is typed faster than it is found shows only the last", async () => {
  const page = await visit(browser, server);
  for (const question of ["peanuts", "cello", "Kyoto in November"]) {
    await page.getByRole("searchbox").fill(question);
    await page.waitForTimeout(320);
  }
  await page.waitForURL(/q=Kyoto/);
  assert.match(await page.locator("#results").innerText(), /Kyoto/);
  await page.leave();
});

test("without the embedding model the page says so, and finds by words", async () => {
  const bare = await serve({ environment: { LONGMEM_MODEL_DIR: "/nonexistent" } });
  const page = await visit(browser, bare, { to: "/ui/?q=ERR_CONN_4711" });
  assert.match(await page.locator("#results").innerText(), /found by words only/);
  assert.ok((await page.locator("#results mark").count()) > 0);
  await page.goto("/ui/status");
  assert.match(await page.getByRole("main").innerText(), /missing or unusable/);
  await page.leave();
  await bare.stop();
});
