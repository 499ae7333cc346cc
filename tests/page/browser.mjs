// Chromium, and people who look at the page with it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chromium } from "playwright-core";

/** The browser as the system installed it; none is downloaded. */
function installed() {
  const found = spawnSync("sh", ["-c", "command -v chromium || command -v chromium-browser || command -v google-chrome"]);
  return process.env.CHROMIUM ?? found.stdout.toString().trim();
}

export function launch() {
  return chromium.launch({
    executablePath: installed(),
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
}

/**
 * Somebody who looks at the page of a server, logged in without a key or with this one.
 *
 * `complaints` collects whatever a browser says against a page: errors of scripts, breaches of the content
 * security policy, requests to other addresses. `leave` holds that there were none.
 */
export async function visit(browser, server, { key, to = "/ui/", login = true, ...context } = {}) {
  const visitor = await browser.newContext({ baseURL: server.address, locale: "en-GB", ...context });
  visitor.setDefaultTimeout(10_000);
  const page = await visitor.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // What the server refuses is asserted where it happens.
    const isRefusal = /^Failed to load resource: the server responded with a status of 4/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isRefusal) {
      complaints.push(message.text());
    }
  });
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog says ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.address) && !request.url().startsWith("data:")) {
      complaints.push(`asked for ${request.url()}`);
    }
  });
  page.complaints = complaints;
  page.leave = async () => {
    await visitor.close();
    assert.deepEqual(complaints, []);
  };
  if (login) {
    await logIn(page, key);
    if (to !== "/ui/") {
      await page.goto(to);
    }
  }
  return page;
}

/** Logs in by the form. */
export async function logIn(page, key) {
  await page.goto("/ui/login");
  if (key) {
    await page.getByLabel("Key").fill(key);
    await page.getByRole("button", { name: "Open with the key" }).click();
  } else {
    await page.getByRole("button", { name: /^Open as / }).click();
  }
  await page.getByRole("searchbox").waitFor();
}

/** What the page tells: the notices at its top. */
export function notices(page) {
  return page.locator(".notice");
}
