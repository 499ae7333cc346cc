// Deleting with ten seconds to take it back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { notices, visit } from "./browser.mjs";
import { browser, server } from "./world.mjs";

/** What the page waits before it deletes, and a little more. */
const FOR_GOOD = 12_000;

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? "with the script" : "without JavaScript", () => {
    const word = javaScriptEnabled ? "quince" : "medlar";
    const open = (to) => visit(browser, server, { to, javaScriptEnabled });
    const session = (name) => `/ui/session?name=${name}`;

    test("a turn in the results is deleted, and kept by Undo", async () => {
      const [turn] = await server.say(`found-${word}`, [`The ${word} jelly needs sugar.`]);
      const page = await open(`/ui/?q=${word}+jelly`);
      await page.getByRole("button", { name: `Delete turn ${turn}` }).click();
      const bar = page.locator("form.undo");
      assert.match(await bar.innerText(), /Deleting 1 turn for good in \d+ seconds/);
      assert.equal(await page.locator(`#t${turn}`).count(), 0);
      assert.equal(new URL(page.url()).searchParams.get("q"), `${word} jelly`);
      assert.equal(await server.has(turn), true);
      await bar.getByRole("button", { name: "Undo" }).click();
      assert.match(await notices(page).innerText(), /Kept: 1 turn/);
      assert.equal(await page.locator(`#t${turn}`).count(), 1);
      await page.waitForTimeout(FOR_GOOD);
      assert.equal(await server.has(turn), true, "what was kept stays");
      await page.leave();
    });

    test("without Undo a turn is gone for good after ten seconds", async () => {
      const [turn, other] = await server.say(`gone-${word}`, [`Plant the ${word}.`, `Prune the ${word}.`]);
      const page = await open(`/ui/turns/${turn}`);
      await page.getByRole("button", { name: "Delete this turn" }).click();
      await page.locator("form.undo").waitFor();
      await page.waitForTimeout(FOR_GOOD);
      assert.equal(await server.has(turn), false);
      assert.equal(await server.has(other), true);
      if (javaScriptEnabled) {
        assert.equal(await page.locator("form.undo").count(), 0, "the bar goes by itself");
      } else {
        // A page that is old offers what is over, and says so.
        await page.getByRole("button", { name: "Undo" }).click();
        assert.match(await notices(page).allInnerTexts().then(String), /too late/);
      }
      await page.goto(`/ui/turns/${turn}`);
      assert.match(await page.getByRole("main").innerText(), /no turn|not found/i);
      await page.leave();
    });

    test("chosen turns are deleted together", async () => {
      const turns = await server.say(`bulk-${word}`, ["one", "two", "three"].map((text) => `${text} ${word}`));
      const page = await open(session(`bulk-${word}`));
      await page.getByLabel(`Choose turn ${turns[0]}`).check();
      await page.getByLabel(`Choose turn ${turns[2]}`).check();
      await page.getByRole("button", { name: "Delete the chosen turns" }).click();
      assert.match(await page.locator("form.undo").innerText(), /Deleting 2 turns/);
      assert.equal(await page.locator(`#t${turns[1]}`).count(), 1);
      assert.equal(await page.locator(`#t${turns[0]}`).count(), 0);
      await page.getByRole("button", { name: "Undo" }).click();
      assert.equal(await page.locator(`#t${turns[0]}`).count(), 1);
      await page.getByRole("button", { name: "Delete the chosen turns" }).click();
      assert.match(await notices(page).allInnerTexts().then(String), /Nothing was chosen/);
      await page.leave();
    });

    test("a button that is pressed twice deletes once", async () => {
      const [turn] = await server.say(`twice-${word}`, [`Pressed twice: ${word}.`]);
      const page = await open(session(`twice-${word}`));
      await page.getByRole("button", { name: `Delete turn ${turn}` }).dblclick();
      await page.locator("form.undo").first().waitFor();
      await page.reload();
      assert.equal(await page.locator("form.undo").count(), 1);
      await page.getByRole("button", { name: "Undo" }).click();
      assert.equal(await page.locator("form.undo").count(), 0);
      assert.equal(await page.locator(`#t${turn}`).count(), 1);
      await page.leave();
    });

    test("a session is deleted and taken back, from its own screen", async () => {
      const [turn] = await server.say(`whole-${word}`, [`All about the ${word}.`]);
      const page = await open(session(`whole-${word}`));
      await page.getByText("Change this session").click();
      await page.getByRole("button", { name: "Delete the session" }).click();
      assert.equal(new URL(page.url()).pathname, "/ui/sessions");
      assert.match(await page.locator("form.undo").innerText(), new RegExp(`whole-${word}`));
      assert.equal(await page.getByRole("link", { name: `whole-${word}` }).count(), 0);
      await page.getByRole("button", { name: "Undo" }).click();
      assert.equal(await page.getByRole("link", { name: `whole-${word}` }).count(), 1);
      assert.equal(await server.has(turn), true);
      await page.leave();
    });

    test("two deletions have a bar each, and are taken back one by one", async () => {
      const turns = await server.say(`two-${word}`, [`left ${word}`, `right ${word}`]);
      const page = await open(session(`two-${word}`));
      for (const turn of turns) {
        await page.getByRole("button", { name: `Delete turn ${turn}` }).click();
      }
      assert.equal(await page.locator("form.undo").count(), 2);
      await page.getByRole("button", { name: "Undo" }).first().click();
      assert.equal(await page.locator("form.undo").count(), 1);
      assert.equal(await page.locator(`#t${turns[0]}`).count(), 1);
      assert.equal(await page.locator(`#t${turns[1]}`).count(), 0);
      await page.getByRole("button", { name: "Undo" }).click();
      await page.leave();
    });
  });
}

test("whoever looks from elsewhere sees it until it is gone, and a server that stops deletes at once", async () => {
  const [turn] = await server.say("stopping", ["The last plum of the year."]);
  const page = await visit(browser, server, { to: "/ui/session?name=stopping" });
  const other = await visit(browser, server, { to: "/ui/session?name=stopping" });
  await page.getByRole("button", { name: `Delete turn ${turn}` }).click();
  await other.reload();
  assert.equal(await other.locator(`#t${turn}`).count(), 1);
  assert.equal(await other.locator("form.undo").count(), 0);
  await page.leave();
  await other.leave();
  const gone = new Promise((resolve) => server.child.once("exit", resolve));
  server.child.kill();
  await gone;
  const { sessions } = server.command("sessions");
  assert.equal(sessions.some((session) => session.name === "stopping"), false);
});
