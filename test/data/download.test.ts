/** Downloads from a server of the test's own: resumed, checked, refused in one line; the verb that does it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DataFile } from '../../host/data/dataset.ts';
import { download, stateOf } from '../../host/data/download.ts';
import { CheckFailed, UsageError } from '../../host/system/errors.ts';
import { dataVerb, type ListedSet } from '../../host/verbs/data.ts';

const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) & 255));
const sha256 = createHash('sha256').update(content).digest('hex');
const place = mkdtempSync(join(tmpdir(), 'htpw get '));
let made = 0;
const newFolder = () => join(place, `set ${++made}`);

let server: Server;
let base: string;
/** Range header of every request, or null, by path. */
const asked: [path: string, range: string | null][] = [];

/** How the server answers, by the first part of the path. */
const answers: Record<string, (request: IncomingMessage, response: ServerResponse, from: number) => void> = {
  whole: (_, response) => response.end(content),
  ranges: (_, response, from) => sendFrom(response, from, content),
  // 60,000 bytes, then the connection breaks
  cut: (_, response, from) => {
    headFor(response, from);
    response.write(content.subarray(from, from + 60_000), () => response.destroy());
  },
  // the same, once; then nothing more ever comes
  stuck: (_, response, from) => {
    headFor(response, from);
    if (from === 0) response.write(content.subarray(0, 60_000), () => response.destroy());
    else response.destroy();
  },
  damaged: (_, response, from) => sendFrom(response, from, Buffer.from(content).fill(1, 5, 6)),
  longer: (_, response) => response.end(Buffer.concat([content, content])),
  shorter: (_, response) => response.end(content.subarray(0, 1000)),
  other: (_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-99/100' });
    response.end(content.subarray(0, 100));
  },
  missing: (_, response) => {
    response.statusCode = 404;
    response.end('<html>not here</html>');
  },
  busy: (_, response) => {
    response.statusCode = 503;
    response.end();
  },
};

function headFor(response: ServerResponse, from: number): void {
  if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
}

function sendFrom(response: ServerResponse, from: number, bytes: Buffer): void {
  if (from >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` });
    response.end();
    return;
  }
  headFor(response, from);
  response.end(bytes.subarray(from));
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const range = request.headers.range ?? null;
    asked.push([request.url!, range]);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    answers[request.url!.split('/')[1]!]!(request, response, from);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(place, { recursive: true, force: true });
});

let counter = 0;
const fileAt = (how: string, more: Partial<DataFile> = {}): DataFile => ({
  url: `${base}/${how}/${++counter}`,
  path: 'raw/x.bin',
  bytes: content.length,
  sha256,
  ...more,
});
const askedFor = ({ url }: DataFile) => asked.filter(([path]) => url.endsWith(path)).map(([, range]) => range);

describe('a file', () => {
  it('comes whole, is checked, and is not asked for again', async () => {
    const [file, folder] = [fileAt('whole'), newFolder()];
    const seen: number[] = [];
    expect(await download(file, folder, (done) => seen.push(done))).toBe('fetched');
    expect(readFileSync(join(folder, 'raw/x.bin')).equals(content)).toBe(true);
    expect(seen.at(-1)).toBe(content.length);
    expect(readdirSync(join(folder, 'raw'))).toEqual(['x.bin']);
    expect(await download(file, folder)).toBe('there');
    expect(askedFor(file)).toEqual([null]);
  });

  it('whose connection breaks goes on where it broke, in the same command', async () => {
    const [file, folder] = [fileAt('cut'), newFolder()];
    await download(file, folder);
    expect(readFileSync(join(folder, 'raw/x.bin')).equals(content)).toBe(true);
    const ranges = askedFor(file);
    expect(ranges.length).toBeGreaterThanOrEqual(4);
    const starts = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range!)![1]));
    expect(starts.every((start, i) => start > (starts[i - 1] ?? 0))).toBe(true);
  });

  it('of which only some came goes on in the next command', async () => {
    const [file, folder] = [fileAt('stuck'), newFolder()];
    await expect(download(file, folder)).rejects.toThrow(/cannot be fetched.*run it again, it goes on at byte \d+/);
    const part = join(folder, 'raw/x.bin.part');
    const have = readFileSync(part).length;
    expect(have).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'raw/x.bin'))).toBe(false);
    const better = fileAt('ranges');
    expect(await download(better, folder)).toBe('fetched');
    expect(askedFor(better)).toEqual([`bytes=${have}-`]);
    expect(readFileSync(join(folder, 'raw/x.bin')).equals(content)).toBe(true);
  });

  it('is taken from its beginning where the server knows no ranges', async () => {
    const [file, folder] = [fileAt('whole'), newFolder()];
    mkdirSync(join(folder, 'raw'), { recursive: true });
    writeFileSync(join(folder, 'raw/x.bin.part'), 'something else');
    expect(await download(file, folder)).toBe('fetched');
    expect(readFileSync(join(folder, 'raw/x.bin')).equals(content)).toBe(true);
  });

  it('of a size that nobody has recorded is as long as the server says, also in two parts', async () => {
    const [file, folder] = [fileAt('stuck', { bytes: null }), newFolder()];
    await expect(download(file, folder)).rejects.toThrow(
      /run it again, it goes on at byte \d+, or bring the file \(SHA/,
    );
    expect(await download(fileAt('ranges', { bytes: null }), folder)).toBe('fetched');
    expect(readFileSync(join(folder, 'raw/x.bin')).equals(content)).toBe(true);
    expect(await stateOf(file, folder)).toBe('good');
    const other = newFolder();
    mkdirSync(join(other, 'raw'), { recursive: true });
    writeFileSync(join(other, 'raw/x.bin.part'), content); // whole, but the command ended before it was renamed
    expect(await download(fileAt('ranges', { bytes: null }), other)).toBe('fetched');
  });

  it('without a checksum is checked by its size', async () => {
    const [file, folder] = [fileAt('whole', { sha256: null }), newFolder()];
    expect(await download(file, folder)).toBe('fetched');
    expect(await stateOf(file, folder)).toBe('unchecked');
  });
});

describe('faults', () => {
  it.each<[string, string, Partial<DataFile>, RegExp]>([
    ['a wrong checksum', 'damaged', {}, /expected the SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}; .*fetch it again/],
    ['a file that has grown', 'longer', {}, /expected 200000 bytes, got more; the publisher may have changed/],
    ['a file that is not there', 'missing', {}, /got HTTP 404, no such file there; look at the page/],
    ['a server that refuses', 'busy', {}, /got HTTP 503, the server refuses it/],
    ['a connection that ends early', 'shorter', {}, /ended at byte 1000 of 200000; run it again, it goes on at byte/],
    [
      'nobody at that port',
      'none',
      { url: 'http://127.0.0.1:1/x' },
      /cannot be fetched.*; connect and run it again, or bring the file \(200000 bytes, SHA-256/,
    ],
    ['no network', 'none', { url: 'http://nowhere.invalid/x' }, /its host is not known; is this machine offline\?/],
  ])('%s is one line, and leaves no file under its name', async (_, how, more, message) => {
    const [file, folder] = [fileAt(how, more), newFolder()];
    await expect(download(file, folder)).rejects.toThrow(message);
    await expect(download(file, folder)).rejects.toThrow(/^[^\n]+$/);
    expect(existsSync(join(folder, 'raw/x.bin'))).toBe(false);
  });

  it('another part than was asked for is not appended', async () => {
    const [file, folder] = [fileAt('other'), newFolder()];
    mkdirSync(join(folder, 'raw'), { recursive: true });
    writeFileSync(join(folder, 'raw/x.bin.part'), 'abc');
    await expect(download(file, folder)).rejects.toThrow(/expected to go on at byte 3, got another part; run it again/);
    expect(existsSync(join(folder, 'raw/x.bin.part'))).toBe(false);
  });

  it.each<[string, Buffer]>([
    ['wrong size', content.subarray(1)],
    ['wrong checksum', Buffer.from(content).fill(9, 0, 1)],
  ])('a file that is there with a %s is not replaced', async (state, bytes) => {
    const [file, folder] = [fileAt('whole'), newFolder()];
    mkdirSync(join(folder, 'raw'), { recursive: true });
    writeFileSync(join(folder, 'raw/x.bin'), bytes);
    expect(await stateOf(file, folder)).toBe(state);
    await expect(download(file, folder)).rejects.toThrow(`is there with a ${state}; check what it is`);
    expect(readFileSync(join(folder, 'raw/x.bin')).equals(bytes)).toBe(true);
  });
});

describe('htpw data', () => {
  const root = join(place, 'root');
  const setOf = (name: string, files: DataFile[], licence = 'CC BY 4.0'): ListedSet => ({
    name,
    title: `The ${name} recordings`,
    licence,
    citation: 'Somebody 2001',
    files,
    isThere: (folder) => existsSync(join(folder, 'raw/x.bin')),
  });

  const madeUp: ListedSet = { ...setOf('made', [], 'Apache-2.0'), isThere: () => true };

  /** Exit code as the command line gives it, what was printed, and what was thrown. */
  async function data(sets: ListedSet[], ...words: string[]) {
    const program = new Command().exitOverride();
    dataVerb(sets, (given) => given ?? root)(program);
    const printed: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((text) => void printed.push(text));
    try {
      await program.parseAsync(['data', ...words], { from: 'user' });
      return { out: printed.join('\n'), error: null };
    } catch (error) {
      return { out: printed.join('\n'), error: error as Error };
    } finally {
      log.mockRestore();
    }
  }

  it('list says what is there, what is missing, what is made and what has to be asked for', async () => {
    const sets = [setOf('far', [fileAt('whole')]), madeUp, setOf('asked', []), setOf('near', [fileAt('whole')])];
    expect((await data(sets, 'get', 'near')).error).toBeNull();
    const { out } = await data(sets, 'list');
    expect(out).toMatch(/^far +The far recordings +CC BY 4\.0 +196 KiB +missing$/m);
    expect(out).toMatch(/^made .* Apache-2\.0 +made$/m);
    expect(out).toMatch(/^asked .* by hand$/m);
    expect(out).toMatch(/^near .* there: .*near$/m);
    const [first] = JSON.parse((await data(sets, 'list', 'far', '--json')).out);
    expect(first).toMatchObject({ name: 'far', bytes: 200_000, state: 'missing', citation: 'Somebody 2001' });
  });

  it('list and check look where a part of a data set lies, get does not', async () => {
    const set = setOf('some', [fileAt('whole')]);
    expect((await data([{ ...set, name: 'some-subset' }], 'get', 'some-subset')).error).toBeNull();
    expect((await data([set], 'list')).out).toMatch(/^some .* there: .*some-subset$/m);
    expect((await data([set], 'check')).out).toMatch(/some-subset.*: good$/m);
    expect((await data([set], 'get', 'some')).out).toMatch(/some\b(?!-subset).*: fetched/);
  });

  it('get fetches once, says the terms, and check finds what has changed since', async () => {
    const set = setOf('terms', [fileAt('ranges')]);
    expect((await data([set], 'get', 'terms')).out).toMatch(
      /x\.bin: fetched, 196 KiB\nterms: CC BY 4\.0; cite Somebody 2001$/,
    );
    expect((await data([set], 'get', 'terms')).out).toMatch(/x\.bin: there/);
    expect((await data([set], 'check')).out).toMatch(/x\.bin: good$/);
    writeFileSync(join(root, 'terms/raw/x.bin'), Buffer.from(content).fill(9, 0, 1));
    const { out, error } = await data([set], 'check');
    expect(out).toMatch(/x\.bin: wrong checksum$/);
    expect(error).toBeInstanceOf(CheckFailed);
  });

  it.each<[string, string[], RegExp]>([
    ['an action that is none', ['fetch'], /data: expected list, get, check, got "fetch"/],
    ['a name that is none', ['get', 'nere'], /data set "nere": expected one of near, made, asked; did you mean near\?/],
    ['no name', ['get'], /data get: expected names of data sets, got none/],
    ['data that are made', ['get', 'made'], /is made, so there is nothing to get/],
    ['data without an address', ['get', 'asked'], /ask for it \(Somebody 2001\) and bring it to .*asked/],
  ])('refuses %s in one line', async (_, words, message) => {
    const sets = [setOf('near', [fileAt('whole')]), madeUp, setOf('asked', [])];
    const { error } = await data(sets, ...words);
    expect(error).toBeInstanceOf(UsageError);
    expect(error!.message).toMatch(message);
    expect(error!.message).not.toContain('\n');
  });
});
