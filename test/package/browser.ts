/** A folder on 127.0.0.1, and Chromium without a window to look at its pages. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const chromium = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
export const HAS_CHROMIUM = chromium !== undefined;

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Serves the files below a folder while `use` runs. */
export async function served<T>(folder: string, use: (address: string) => Promise<T>): Promise<T> {
  const server = createServer(({ url }, response) => {
    const path = join(folder, new URL(url!, 'http://localhost').pathname);
    if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(readFileSync(path));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const PATIENCE_MS = 90_000;

/** A page as HTML, once its scripts have done their work. */
export async function pageOf(address: string, more: readonly string[] = []): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const limits = [`--user-data-dir=${profile}`, '--virtual-time-budget=60000', '--dump-dom'];
  const browser = spawn(chromium!, [...flags, ...limits, ...more, address], { stdio: ['ignore', 'pipe', 'ignore'] });
  const timer = setTimeout(() => browser.kill('SIGKILL'), PATIENCE_MS);
  let page = '';
  browser.stdout.setEncoding('utf8').on('data', (text: string) => {
    page += text;
  });
  await new Promise((closed) => browser.on('close', closed));
  clearTimeout(timer);
  rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  return page;
}

/** What a script of pageWith() has shown. */
export async function answerOf(address: string, more: readonly string[] = []): Promise<unknown> {
  const page = await pageOf(address, more);
  const answer = /<pre id="answer">([^<]+)<\/pre>/.exec(page)?.[1];
  if (answer === undefined) throw new Error(`${address}: expected an answer on the page, got:\n${page}`);
  return JSON.parse(answer);
}

/** A page with a module script (`script` ends its tag) whose `show(value)`, or what is thrown, answerOf finds. */
export const pageWith = (script: string, head = ''): string => `<!doctype html>
<meta charset="utf-8">${head}
<pre id="answer"></pre>
<script>
  const show = (value) => { document.getElementById('answer').textContent = JSON.stringify(value); };
  addEventListener('error', (event) => show({ error: event.message }));
  addEventListener('unhandledrejection', (event) => show({ error: String(event.reason) }));
</script>
<script type="module"${script}</script>
`;
