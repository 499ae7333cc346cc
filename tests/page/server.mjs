// A longmem serve over a store of its own, and what it keeps as its API says it.

import { spawn, spawnSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The program that is tried, and a folder with the store that it is tried with; .ci/page names both. */
const PROGRAM = process.env.LONGMEM_PAGE_PROGRAM;
const SAMPLE = process.env.LONGMEM_PAGE_SAMPLE;

/** Starts a server over a copy of the sample; with `empty`, over a new store. */
export async function serve({ empty = false, flags = [], environment = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "longmem-page-"));
  const store = join(folder, "store", "memory.db");
  if (!empty) {
    await cp(SAMPLE, join(folder, "store"), { recursive: true });
  }
  const common = ["--db", store, "--json", "--offline"];
  const child = spawn(PROGRAM, [...common, "serve", "--listen", "127.0.0.1:0", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  const { addresses, login } = await announced(child);
  const server = new Served(child, folder, store, addresses[0], login);
  server.command = (...words) => run([...common, ...words]);
  return server;
}

/** The first JSON value that a server prints. */
function announced(child) {
  return new Promise((resolve, reject) => {
    let printed = "";
    child.stdout.on("data", (piece) => {
      printed += piece;
      try {
        resolve(JSON.parse(printed));
      } catch {
        // There is more to come.
      }
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${printed}`)));
  });
}

function run(words) {
  const done = spawnSync(PROGRAM, words, { encoding: "utf8" });
  if (done.status !== 0) {
    throw new Error(`longmem ${words.join(" ")} ended with ${done.status}:\n${done.stderr}`);
  }
  return JSON.parse(done.stdout);
}

class Served {
  constructor(child, folder, store, address, login) {
    Object.assign(this, { child, folder, store, address, login });
  }

  /** Asks the API. */
  async ask(path, { method = "GET", body, headers = {} } = {}) {
    const answer = await fetch(this.address + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    }
    return text && JSON.parse(text);
  }

  /** Stores what was said in a session, and gives the turns' numbers. */
  async say(session, texts, others = {}) {
    const turns = texts.map((text) => ({ role: "user", text, ...others }));
    const { stored } = await this.ask("/v1/memory/turns", { method: "POST", body: { session, turns } });
    return stored.map((turn) => turn.id);
  }

  /** Whether a turn is stored. */
  async has(turn) {
    const answer = await fetch(`${this.address}/v1/memory/turns/${turn}`);
    return answer.status === 200;
  }

  /** The text of a turn. */
  async textOf(turn) {
    return (await this.ask(`/v1/memory/turns/${turn}`)).text;
  }

  /** A new key, for this user. */
  key(user, scopes = "read,write") {
    return this.command("keys", "add", `for-${user}`, "--user", user, "--scope", scopes);
  }

  async stop() {
    if (this.child.exitCode === null) {
      const gone = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill();
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
