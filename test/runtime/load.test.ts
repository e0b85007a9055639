/** load: an image from wherever it is, and one line about what is not there. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, load, loadSync, type Source } from '../../host/runtime/load.ts';
import { moduleOf, Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';

const PATH = 'models/ecg-beats.htpw';
const image = new Uint8Array(readFileSync(PATH));
const wasmPath = (variant: string) => join('dist', 'runtime', `htpw.${variant}.node.wasm`);
const wasm = moduleOf('simd');
const window = Uint8Array.from({ length: 640 }, (_, i) => i * 37);
const expected = new Runtime(image).load().run(window);

let server: Server;
let address: string;
beforeAll(async () => {
  server = createServer(({ url }, response) => {
    if (url === '/gone') response.writeHead(404).end();
    else response.end(image);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe('load', () => {
  const sources: [name: string, source: () => Source][] = [
    ['a path', () => PATH],
    ['an absolute path', () => resolve(PATH)],
    ['a file URL', () => pathToFileURL(PATH)],
    ['a file URL as text', () => pathToFileURL(PATH).href],
    ['an http URL', () => `${address}/a.htpw`],
    ['an http URL object', () => new URL(`${address}/a.htpw`)],
    ['a data URL', () => `data:;base64,${Buffer.from(image).toString('base64')}`],
    ['bytes', () => image],
    ['a Buffer', () => readFileSync(PATH)],
    ['bytes in the middle of a buffer', () => Uint8Array.from([1, 2, 3, ...image]).subarray(3)],
    ['an ArrayBuffer', () => image.slice().buffer],
    ['an ArrayBuffer of another realm', () => runInNewContext('Uint8Array.from(image).buffer', { image })],
    ['bytes of another realm', () => runInNewContext('Uint8Array.from(image)', { image })],
    ['a Response', () => new Response(image)],
  ];
  it.each(sources)('takes %s', async (_, source) => {
    expect((await load(source(), { wasm })).run(window)).toEqual(expected);
  });

  it.each(VARIANT_NAMES)('takes the variant %s by path, bytes or module, with the same answers', async (variant) => {
    const bytes = new Uint8Array(readFileSync(wasmPath(variant)));
    for (const given of [wasmPath(variant), bytes, await compile(bytes)])
      expect((await load(image, { wasm: given })).run(window)).toEqual(expected);
    for (const given of [bytes, bytes.buffer, new WebAssembly.Module(bytes)])
      expect(loadSync(image.slice().buffer, given).run(window)).toEqual(expected);
  });

  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const refused: [name: string, source: () => unknown, message: RegExp][] = [
    ['a file that is not there', () => join(folder, 'no.htpw'), /^load: .*no\.htpw: cannot be read \(ENOENT[^\n]*\)$/],
    ['a folder', () => folder, /^load: .*: cannot be read \(EISDIR[^\n]*\)$/],
    [
      'an answer without the file',
      () => `${address}/gone`,
      /gone: cannot be read \(expected a file, got 404 Not Found\)$/,
    ],
    ['such a response', () => fetch(`${address}/gone`), /^load: .*gone: expected a file, got 404 Not Found$/],
    ['null', () => null, /^load: expected bytes, a URL or a Response, got null$/],
    ['numbers', () => [1, 2], /^load: expected bytes, a URL or a Response, got Array$/],
    ['another file', () => 'LICENSE', /^open: BAD_MAGIC at byte 0 of the image; pack it again$/],
  ];
  it.each(refused)('refuses %s in one line', async (_, source, message) => {
    await expect((async () => load((await source()) as Source, { wasm }))()).rejects.toThrow(message);
  });

  it.each([
    ['no WebAssembly', {}],
    ['a name', 'simd'],
    ['nothing', undefined],
  ])('refuses %s in place of a module, at once', (_, given) => {
    expect(() => loadSync(image, given as never)).toThrow(/^Runtime: wasm: expected a WebAssembly.Module or the bytes/);
  });
});
