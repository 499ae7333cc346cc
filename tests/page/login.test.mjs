// Logging in and out, and who sees what.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, logIn, visit } from "./browser.mjs";
import { serve } from "./server.mjs";

/** How long a link opens the page. */
const LINK_HOLDS = 60_000;
const FORM = { "content-type": "application/x-www-form-urlencoded" };
let server, locked, browser, began;
before(async () => {
  began = Date.now();
  [server, browser] = [await serve(), await launch()];
  locked = await serve({ flags: ["--auth", "required"] });
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await locked?.stop();
});

/** The cookie of a page's login, as the header that sends it. */
async function cookieOf(page) {
  const [cookie] = await page.context().cookies(`${server.address}/ui/`);
  return `${cookie.name}=${cookie.value}`;
}

describe("the printed link", () => {
  for (const javaScriptEnabled of [true, false]) {
    test(`opens the page once, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
      const fresh = await serve({ empty: true });
      const page = await visit(browser, fresh, { login: false, javaScriptEnabled });
      await page.goto(fresh.login);
      await page.waitForURL(`${fresh.address}/ui/`);
      assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Search your memory");
      const second = await visit(browser, fresh, { login: false, javaScriptEnabled });
      await second.goto(fresh.login);
      assert.match(await second.getByRole("alert").innerText(), /used already/);
      assert.equal((await second.context().cookies()).length, 0);
      await page.leave();
      await second.leave();
      await fresh.stop();
    });
  }
});

test("the cookie is for the page alone and for no script", async () => {
  const page = await visit(browser, server);
  const [cookie, ...others] = await page.context().cookies(`${server.address}/ui/`);
  assert.deepEqual(others, []);
  const port = new URL(server.address).port;
  const { name, path, httpOnly, sameSite } = cookie;
  assert.deepEqual({ name, path, httpOnly, sameSite }, {
    name: `longmem_s${port}`, path: "/ui", httpOnly: true, sameSite: "Strict",
  });
  const hours = (cookie.expires - Date.now() / 1000) / 3600;
  assert.ok(hours > 11.9 && hours <= 12, String(hours));
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.equal(page.url().includes(cookie.value), false);
  await page.leave();
});

test("the cookie opens no API where keys are required, and a key opens the page", async () => {
  const { key } = locked.key("default", "read,write");
  const page = await visit(browser, locked, { key });
  assert.equal(await page.getByRole("heading", { name: "Said last" }).count(), 1);
  const status = await page.evaluate(async () => (await fetch("/v1/memory/stats")).status);
  assert.equal(status, 401);
  // Nobody who comes without a key is offered to do without.
  const stranger = await visit(browser, locked, { login: false });
  await stranger.goto("/ui/");
  assert.equal(new URL(stranger.url()).pathname, "/ui/login");
  assert.equal(await stranger.getByRole("button", { name: /^Open as/ }).count(), 0);
  await page.leave();
  await stranger.leave();
});

for (const javaScriptEnabled of [true, false]) {
  test(`a wrong key is refused in words, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const page = await visit(browser, server, { login: false, javaScriptEnabled });
    // All of them together are as many as may be wrong in a minute.
    const keys = javaScriptEnabled ? ["lm_wrong", "lm_" + "A".repeat(43), "näh\u2028"] : ["lm_wrong", "näh"];
    for (const key of keys) {
      await page.goto("/ui/login");
      await page.getByLabel("Key").fill(key);
      await page.getByRole("button", { name: "Open with the key" }).click();
      assert.match(await page.getByRole("alert").innerText(), /not a key of this server/, key);
      assert.equal(await page.getByLabel("Key").inputValue(), "");
    }
    assert.equal((await page.context().cookies()).length, 0);
    await page.leave();
  });

  test(`logging out ends it, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const page = await visit(browser, server, { javaScriptEnabled });
    const cookie = await cookieOf(page);
    const screen = () => fetch(`${server.address}/ui/`, { headers: { cookie }, redirect: "manual" });
    assert.equal((await screen()).status, 200);
    await page.getByRole("button", { name: "Log out" }).click();
    assert.equal(new URL(page.url()).pathname, "/ui/login");
    assert.equal((await page.context().cookies()).length, 0);
    assert.equal((await screen()).status, 303);
    await page.goBack();
    assert.equal(new URL(page.url()).pathname, "/ui/login", "nothing is kept to go back to");
    await page.leave();
  });
}

test("too many wrong keys are called that", async () => {
  const page = await visit(browser, server, { login: false });
  let said = "";
  for (let wrong = 0; wrong < 8 && !/Try again in \d+ seconds?\./.test(said); wrong++) {
    await page.goto("/ui/login");
    await page.getByLabel("Key").fill("lm_wrong");
    await page.getByRole("button", { name: "Open with the key" }).click();
    said = await page.getByRole("alert").innerText();
  }
  assert.match(said, /Try again in \d+ seconds?\./);
  await page.leave();
});

test("a form without its token, or with another's, changes nothing", async () => {
  const [turn] = await server.say("tokens", ["The token stays in its form."]);
  const mine = await visit(browser, server, { to: `/ui/turns/${turn}` });
  const other = await visit(browser, server, { to: `/ui/turns/${turn}` });
  const cookie = await cookieOf(mine);
  const foreign = await other.locator('input[name="token"]').first().inputValue();
  const own = await mine.locator('input[name="token"]').first().inputValue();
  const post = (fields, headers = {}) => fetch(`${server.address}/ui/turns/${turn}`, {
    method: "POST", redirect: "manual", headers: { ...FORM, cookie, ...headers }, body: new URLSearchParams(fields),
  });
  const text = "changed by somebody else";
  for (const token of [undefined, "", "x", foreign, own.slice(0, -1), `${own} `, `${own}A`]) {
    const answer = await post(token === undefined ? { text } : { text, token });
    assert.equal(answer.status, 403, token);
    assert.match(await answer.text(), /<main/);
  }
  assert.equal((await post({ text, token: own }, { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await post({ text, token: own }, { "sec-fetch-site": "same-site" })).status, 403);
  assert.equal((await post({ text, token: own }, { origin: "http://evil.example" })).status, 403);
  assert.equal(await server.textOf(turn), "The token stays in its form.");
  assert.equal((await post({ text, token: own }, { "sec-fetch-site": "same-origin" })).status, 303);
  assert.equal(await server.textOf(turn), text);
  await mine.leave();
  await other.leave();
});

test("a form from before a new login says what to do", async () => {
  const page = await visit(browser, server, { to: "/ui/facts" });
  await page.getByText("Note a fact").click();
  await page.getByLabel("What holds").fill("was typed before");
  const token = page.locator('form[action="/ui/facts"] input[name="token"]').first();
  await token.evaluate((field) => (field.value = "old"));
  await page.getByRole("button", { name: "Note the fact" }).click();
  assert.match(await page.getByRole("main").innerText(), /logged in again[^]*Nothing was changed/);
  await page.leave();
});

test("two people who look at once see their own", async () => {
  const [ana, bea] = ["ana", "bea"].map((user) => ({ user, ...server.key(user) }));
  for (const { user, key } of [ana, bea]) {
    const headers = { authorization: `Bearer ${key}` };
    const turns = [{ role: "user", text: `The secret of ${user} is ${user}4711.` }];
    await server.ask("/v1/memory/turns", { method: "POST", body: { session: `of-${user}`, turns }, headers });
    const fact = { statement: `is called ${user}4711`, kind: "identity" };
    await server.ask("/v1/memory/facts", { method: "POST", body: fact, headers });
    await server.ask("/v1/memory/recall", { method: "POST", body: { query: `secret of ${user}` }, headers });
  }
  const pages = [await visit(browser, server, { key: ana.key }), await visit(browser, server, { key: bea.key })];
  const addresses = [
    "/ui/", "/ui/?q=What+is+the+secret%3F", "/ui/?q=What+is+the+secret%3F&show=sent", "/ui/sessions", "/ui/facts",
    "/ui/activity", "/ui/status", "/ui/forget?since=2020-01-01&preview=yes", "/ui/session?name=of-ana",
    "/ui/session?name=of-bea",
  ];
  for (const address of addresses) {
    for (const [page, own, other] of [[pages[0], "ana", "bea"], [pages[1], "bea", "ana"]]) {
      await page.goto(address);
      const html = await page.content();
      assert.equal(html.includes(`${other}4711`), false, `${own} at ${address}`);
      if (!address.includes("of-")) {
        assert.equal(html.includes(`of-${other}`), false, `${own} at ${address}`);
      }
    }
  }
  // The number of another's turn opens nothing and deletes nothing.
  const headers = { authorization: `Bearer ${bea.key}` };
  const { items } = await server.ask("/v1/memory/turns?session=of-bea", { headers });
  const { id } = items[0];
  assert.equal((await pages[0].goto(`/ui/turns/${id}`)).status(), 404);
  const cookie = await cookieOf(pages[0]);
  await pages[0].goto("/ui/facts");
  const token = await pages[0].locator('input[name="token"]').first().inputValue();
  for (const [path, fields] of [
    ["/ui/delete", { only: `turn:${id}` }], ["/ui/delete", { turn: id }], ["/ui/delete", { only: "session:of-bea" }],
    [`/ui/turns/${id}`, { text: "stolen" }], ["/ui/session", { name: "of-bea", title: "stolen" }],
    ["/ui/undo", { number: 1 }],
  ]) {
    await fetch(server.address + path, {
      method: "POST", redirect: "manual", headers: { ...FORM, cookie }, body: new URLSearchParams({ token, ...fields }),
    });
  }
  await pages[0].waitForTimeout(11_000);
  const after = await server.ask("/v1/memory/turns?session=of-bea", { headers });
  assert.deepEqual(after.items, items);
  // Neither sees what only who looks after the server may.
  for (const page of pages) {
    await page.goto("/ui/status");
    assert.equal(await page.getByRole("button", { name: "Make a backup" }).count(), 0);
    assert.equal(await page.getByText("memory.db").count(), 0);
    await page.leave();
  }
});

test("a key that may only read sees no form that changes anything, and changes nothing", async () => {
  const { key } = server.key("default", "read");
  const page = await visit(browser, server, { key });
  for (const address of ["/ui/", "/ui/?q=marathon", "/ui/sessions", "/ui/facts", "/ui/forget", "/ui/turns/1", "/ui/status"]) {
    await page.goto(address);
    const actions = await page.locator('form[method="post"]').evaluateAll((all) => all.map((form) => form.action));
    assert.deepEqual(actions.map((action) => new URL(action).pathname), ["/ui/logout"], address);
  }
  const token = await page.locator('input[name="token"]').first().inputValue();
  const answer = await fetch(`${server.address}/ui/delete`, {
    method: "POST", redirect: "manual", headers: { ...FORM, cookie: await cookieOf(page) },
    body: new URLSearchParams({ token, only: "turn:1" }),
  });
  assert.equal(answer.status, 403);
  assert.equal(await server.has(1), true);
  await page.leave();
});

test("whoever's key is revoked is out at once", async () => {
  const { key, id } = server.key("default");
  const page = await visit(browser, server, { key });
  server.command("keys", "revoke", id);
  await page.goto("/ui/sessions");
  assert.equal(new URL(page.url()).pathname, "/ui/login");
  await page.leave();
});

test("two servers of a machine do not log each other out", async () => {
  const { key } = locked.key("default");
  const page = await visit(browser, server);
  const complaints = page.complaints.length;
  await page.goto(`${locked.address}/ui/login`);
  await page.getByLabel("Key").fill(key);
  await page.getByRole("button", { name: "Open with the key" }).click();
  await page.getByRole("searchbox").waitFor();
  page.complaints.splice(complaints); // It is another server that was asked.
  await page.goto("/ui/sessions");
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Sessions");
  await page.leave();
});

test("an unused link is no use after a minute", async () => {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + LINK_HOLDS + 2_000 - Date.now())));
  const page = await visit(browser, server, { login: false });
  await page.goto(server.login);
  assert.match(await page.getByRole("alert").innerText(), /older than a minute/);
  await logIn(page);
  await page.leave();
});
