// Every screen at every width, in light and dark, for people who use a keyboard or listen to it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { launch, visit } from "./browser.mjs";
import { screens } from "./screens.mjs";
import { serve } from "./server.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let server, browser, all;
before(async () => {
  [server, browser] = [await serve(), await launch()];
  server.key("guest", "read");
  await server.ask("/v1/memory/facts", { method: "POST", body: { statement: "lives in Graça, Lisbon", kind: "identity", replaces: 1 } });
  all = await screens(server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens everything that can be opened on a page. */
const openAll = (page) => page.locator("details").evaluateAll((all) => all.forEach((part) => (part.open = true)));

for (const colorScheme of ["light", "dark"]) {
  describe(`in ${colorScheme} colours`, () => {
    test("axe finds no fault on any screen", async () => {
      for (const width of [1280, 320]) {
        const page = await visit(browser, server, { colorScheme, viewport: { width, height: 800 } });
        const check = async (name) => {
          await openAll(page);
          await page.evaluate(AXE);
          const { violations } = await page.evaluate(() => axe.run(document, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
          }));
          const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
          assert.deepEqual(found, [], `${name} at ${width}`);
        };
        for (const [name, address] of Object.entries(all)) {
          await page.goto(address);
          await check(name);
        }
        // With a notice and a bar, and of somebody who is not logged in.
        await page.goto(all.session);
        await page.getByRole("button", { name: "Delete the chosen turns" }).click();
        await check("a notice");
        await page.getByRole("button", { name: /^Delete turn/ }).first().click();
        await check("a bar");
        await page.getByRole("button", { name: "Undo" }).click();
        await page.goto(all.preview);
        await page.getByLabel(/^Type /).fill("1");
        await page.getByRole("button", { name: "Forget for good" }).click();
        await check("a wrong number");
        await page.getByRole("button", { name: "Log out" }).click();
        await check("the login");
        await page.getByLabel("Key").fill("lm_wrong");
        await page.getByRole("button", { name: "Open with the key" }).click();
        await check("a wrong key");
        await page.leave();
      }
    });

    test("the colours are those of the scheme", async () => {
      const page = await visit(browser, server, { colorScheme });
      const [red] = (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/);
      assert.equal(Number(red) > 128, colorScheme === "light");
      await page.leave();
    });
  });
}

for (const width of [320, 768, 1280]) {
  test(`every screen fits ${width} pixels`, async () => {
    const page = await visit(browser, server, { viewport: { width, height: 800 } });
    for (const [name, address] of Object.entries(all)) {
      await page.goto(address);
      for (const prepare of [() => {}, openAll]) {
        await prepare(page);
        const beyond = await page.evaluate(() => {
          const scrolls = (element) => element.closest(".wide, .hidden, .skip, textarea");
          const parts = [...document.querySelectorAll("body *")].filter((part) => part.checkVisibility() && !scrolls(part));
          const wide = parts.filter((part) => part.getBoundingClientRect().right > innerWidth + 0.5);
          return wide.map((part) => part.outerHTML.slice(0, 80));
        });
        assert.deepEqual(beyond, [], `${name} at ${width}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name);
      }
    }
    await page.leave();
  });
}

test("what is tapped at 320 pixels is at least 24 pixels high, or stands in a line of text", async () => {
  const page = await visit(browser, server, { viewport: { width: 320, height: 800 }, hasTouch: true });
  for (const [name, address] of Object.entries(all)) {
    await page.goto(address);
    const small = await page.evaluate(() => {
      const parts = [...document.querySelectorAll("button, select, input:not([type=hidden]), summary, nav a, label.choose")];
      const shown = parts.filter((part) => part.checkVisibility() && part.type !== "checkbox");
      return shown.filter((part) => part.getBoundingClientRect().height < 24).map((part) => part.outerHTML.slice(0, 80));
    });
    assert.deepEqual(small, [], name);
  }
  await page.leave();
});

test("the keyboard reaches everything, in its order, and shows where it is", async () => {
  const page = await visit(browser, server);
  for (const [name, address] of Object.entries(all)) {
    await page.goto(address);
    // The start has the focus in its box; here it begins where the page begins.
    await page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute("tabindex");
    });
    const visited = [];
    for (let step = 0; step < 200; step++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const part = document.activeElement;
        if (part === document.body) {
          return null;
        }
        part.dataset.place ??= String([...document.querySelectorAll("*")].indexOf(part));
        const { outlineStyle, outlineWidth } = getComputedStyle(part);
        const box = part.getBoundingClientRect();
        const isSeen = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
        return { place: Number(part.dataset.place), html: part.outerHTML.slice(0, 90), outlineStyle, outlineWidth, isSeen };
      });
      if (at === null || visited.some((earlier) => earlier.place === at.place)) {
        // Fields of a date have several stops.
        if (at?.html.includes('type="date"')) continue;
        break;
      }
      assert.ok(at.isSeen, `${name}: ${at.html} is out of sight`);
      assert.ok(at.outlineStyle !== "none" && parseFloat(at.outlineWidth) >= 2, `${name}: ${at.html} shows no focus`);
      visited.push(at);
    }
    const places = visited.map((at) => at.place);
    assert.deepEqual(places, [...places].sort((one, other) => one - other), `${name}: the order of the page`);
    const expected = await page.evaluate(() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
      .filter((part) => part.checkVisibility()).length);
    assert.equal(visited.length, expected, `${name}: everything is reached`);
    assert.match(visited[0].html, /class="skip"/, name);
  }
  await page.leave();
});

test("the first key skips to the content", async () => {
  const page = await visit(browser, server, { to: "/ui/sessions" });
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the content" });
  assert.ok((await skip.boundingBox()).y >= 0);
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.closest("main") !== null), true);
  await page.leave();
});

test("with the keyboard alone one searches, asks why, deletes and takes it back", async () => {
  const page = await visit(browser, server);
  const tabTo = async (what) => {
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((what) => document.activeElement.innerText?.startsWith(what), what)) {
        return;
      }
    }
    assert.fail(`${what} is not reached`);
  };
  await page.keyboard.type("Where is the half marathon?");
  await page.keyboard.press("Enter");
  await page.locator("#results mark").first().waitFor();
  await tabTo("Why?");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("details.why[open]").count(), 1);
  await tabTo("Delete");
  await page.keyboard.press("Enter");
  await page.locator("form.undo").waitFor();
  await tabTo("Undo");
  await page.keyboard.press("Space");
  await page.getByText("Kept: 1 turn").waitFor();
  await page.leave();
});

test("whoever wants no motion gets none", async () => {
  const page = await visit(browser, server, { reducedMotion: "reduce" });
  for (const [name, address] of Object.entries(all)) {
    await page.goto(address);
    const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((part) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(part);
      return parseFloat(transitionDuration) > 0 || animationName !== "none" || scrollBehavior === "smooth";
    }).length);
    assert.equal(moving, 0, name);
  }
  await page.leave();
});

test("every screen has a title, one main heading, landmarks and named fields", async () => {
  const page = await visit(browser, server);
  const titles = new Set();
  for (const [name, address] of Object.entries(all)) {
    await page.goto(address);
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, name);
    for (const landmark of ["banner", "main"]) {
      assert.equal(await page.getByRole(landmark).count(), 1, `${name}: ${landmark}`);
    }
    titles.add(await page.title());
    assert.match(await page.title(), / · longmem$/);
    const ids = await page.locator("[id]").evaluateAll((parts) => parts.map((part) => part.id));
    assert.equal(new Set(ids).size, ids.length, `${name}: an id stands twice`);
  }
  assert.ok(titles.size > 8, [...titles].join());
  await page.leave();
});
