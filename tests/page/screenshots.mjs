// Makes a picture of each screen: node screenshots.mjs FOLDER
//
// All pictures together are small enough for a README. What the machine measures and today's date differ from run
// to run; everything else is of the sample.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launch, visit } from "./browser.mjs";
import { screens } from "./screens.mjs";
import { serve } from "./server.mjs";

/** Bytes of all pictures together. */
const MOST = 300_000;
const DESKTOP = { width: 1100, height: 760 };
const NARROW = { width: 320, height: 700 };

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
const server = await serve();
const browser = await launch();
let bytes = 0;
try {
  const { session, turn, preview, activity, sessions, facts, status } = await screens(server);
  const search = `/ui/?q=${encodeURIComponent("How did we solve ERR_CONN_4711?")}`;
  const sent = `${search}&show=sent`;
  await take({ search, sent, sessions, session, turn, facts, forget: preview, activity, status }, "", DESKTOP, "light");
  await take({ session }, "-dark", DESKTOP, "dark");
  await take({ search }, "-narrow", NARROW, "light");
} finally {
  await browser.close();
  await server.stop();
}
console.log(`${bytes} bytes of pictures in ${folder}`);
if (bytes > MOST) {
  console.error(`that is more than ${MOST}: lower the quality or show less`);
  process.exitCode = 1;
}

/** Writes a picture of each of these screens. */
async function take(addresses, ending, viewport, colorScheme) {
  const page = await visit(browser, server, { viewport, colorScheme, reducedMotion: "reduce" });
  const protocol = await page.context().newCDPSession(page);
  for (const [name, address] of Object.entries(addresses)) {
    await page.goto(address);
    const { data } = await protocol.send("Page.captureScreenshot", { format: "webp", quality: 50 });
    const picture = Buffer.from(data, "base64");
    bytes += picture.length;
    await writeFile(join(folder, `page-${name}${ending}.webp`), picture);
  }
  await page.leave();
}
