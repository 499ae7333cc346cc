// Makes a picture of each screen: node screenshots.mjs FOLDER
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launch, visit } from "./browser.mjs";
import { screens } from "./screens.mjs";
import { serve } from "./server.mjs";

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
const server = await serve();
const browser = await launch();
const all = await screens(server);
const only = process.env.ONLY?.split(",");
for (const [looks, width, colorScheme] of [["light", 1280, "light"], ["dark", 1280, "dark"], ["narrow", 320, "light"]]) {
  if (process.env.LOOKS && !process.env.LOOKS.split(",").includes(looks)) continue;
  const page = await visit(browser, server, { viewport: { width, height: 800 }, colorScheme, reducedMotion: "reduce" });
  const protocol = await page.context().newCDPSession(page);
  for (const [name, address] of Object.entries(all)) {
    if (only && !only.includes(name)) continue;
    await page.goto(address);
    const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), width > 500 ? 1100 : 1400);
    await page.setViewportSize({ width, height: Math.max(height, 500) });
    const { data } = await protocol.send("Page.captureScreenshot", { format: "png" });
    await writeFile(join(folder, `${name}-${looks}.png`), Buffer.from(data, "base64"));
  }
  await page.leave();
}
await browser.close();
await server.stop();
