/** Sweeps whose runs are performed by workers, through Redis: complete, once each, whoever dies. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { accept, deliveryOf, orderOf, unpackOrder } from '../../host/sweep/delivery.ts';
import { readGrid } from '../../host/sweep/grid.ts';
import { perform } from '../../host/sweep/perform.ts';
import { readRecord } from '../../host/sweep/record.ts';
import { removeAbandoned } from '../../host/system/workFolder.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { schemaFaults } from '../cli/schemaFaults.ts';
import { BOTH, written } from './grids.ts';

const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'queue-'));
const at = (name: string): string => join(folder, name);
const config = 'both.json';
written(folder, { ...BOTH, epochs: 8 }, config);
const path = written(folder, {
  name: 'tiny',
  records: 'records',
  series: [
    { name: 'teacher', config, tasks: 'each', seeds: [1] },
    { name: 'pupil', config, tasks: 'each', seeds: [1], teacher: { method: 'teacher' } },
  ],
});

describe('what a worker gives back', { timeout: 120_000 }, () => {
  const grid = readGrid(path);
  const [run, other] = grid.runs as [(typeof grid.runs)[number], (typeof grid.runs)[number]];
  const there = { records: at('there'), images: at('there/images') };
  const here = { records: at('here'), images: at('here/images') };

  beforeAll(async () => {
    const order = JSON.parse(JSON.stringify(orderOf(grid, run, here)));
    await perform({ path: order.grid }, unpackOrder(order, there), there, () => {});
  }, 120_000);

  it('is the record, the answers and the image that it has made', () => {
    accept(JSON.parse(JSON.stringify(deliveryOf(run.id, there))), run, here);
    const files = (root: string) => readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
    expect(files(here.records)).toEqual(files(there.records));
    for (const file of files(here.records).filter((name) => name.includes('.s1.')))
      expect(readFileSync(join(here.records, file))).toEqual(readFileSync(join(there.records, file)));
  });

  it.each<[what: string, change: (delivery: ReturnType<typeof deliveryOf>) => unknown, of: typeof run, says: string]>([
    ['of another run', (delivery) => delivery, other, `expected the record of ${other.id}, got that of ${run.id}`],
    ['of another configuration', (delivery) => delivery, { ...run, data: 'synthetic' }, 'one of another configuration'],
    ['with another image', (delivery) => ({ ...delivery, image: delivery.answers }), run, 'an image of SHA-256'],
    [
      'with a file that is none of windows',
      (delivery) => ({ ...delivery, windows: { 'windows/../../x.json': delivery.record } }),
      run,
      'expected files of windows, got "windows/../../x.json"',
    ],
    ['that is nothing', () => null, run, 'expected an object, got null'],
  ])('%s is refused, and nothing of it is kept', (_, change, of, says) => {
    const empty = { records: mkdtempSync(at('empty-')), images: mkdtempSync(at('empty-')) };
    expect(() => accept(change(deliveryOf(run.id, there)), of, empty)).toThrow(says);
    expect([...readdirSync(empty.records), ...readdirSync(empty.images)]).toEqual([]);
  });

  it('is not begun where the same configuration reads otherwise', () => {
    const order = orderOf(grid, run, here);
    expect(() => unpackOrder({ ...order, configuration: '0' }, there)).toThrow(
      /expected tasks and defaults as those of the sweep .*take the same version of the project/,
    );
  });
});

describe('the folders that workers work in', () => {
  it('are removed by the next one where their process is gone, and no others', () => {
    const temporary = mkdtempSync(at('temporary-'));
    vi.stubEnv('TMPDIR', temporary);
    const { pid } = spawnSync(process.execPath, ['--version']); // gone by now
    const names = [
      `htpw-run-${hostname()}-${pid}-abcdef`,
      `htpw-run-${hostname()}-${process.pid}-abcdef`,
      `htpw-run-elsewhere-${pid}-abcdef`,
      `htpw-other-${hostname()}-${pid}-abcdef`,
    ];
    for (const name of names) mkdirSync(join(temporary, name, 'records'), { recursive: true });
    removeAbandoned('run');
    vi.unstubAllEnvs();
    expect(readdirSync(temporary).toSorted()).toEqual(names.slice(1).toSorted());
  });
});

describe('a server that is not there', () => {
  it.each([['sweep', path], ['worker']])('ends htpw %s with one line', async (...words) => {
    const { code, error } = await htpw(...words, '--redis', 'redis://user:secret@127.0.0.1:1');
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain('redis://127.0.0.1:1 does not answer (ECONNREFUSED); start redis-server');
    expect(error).not.toContain('secret');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.on('listening', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

describe.skipIf(!HAS_REDIS)('three workers on one queue', { timeout: 300_000 }, () => {
  const children: ChildProcess[] = [];
  const temporary = mkdtempSync(at('temporary-'));
  let url: string;

  /** A process whose lines on stderr are heard; on stdout, all that it prints. */
  function start(
    words: string[],
    onLine: (line: string, child: ChildProcess) => void,
    onOutput: (text: string) => void = () => {},
  ): Promise<number | null> {
    const child = spawn(process.execPath, ['scripts/htpw.js', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: temporary },
    });
    children.push(child);
    createInterface({ input: child.stderr! }).on('line', (line) => onLine(line, child));
    let output = '';
    child.stdout!.on('data', (text) => {
      output += text;
    });
    child.on('close', () => onOutput(output));
    return new Promise((closed) => child.on('close', closed));
  }

  beforeAll(async () => {
    const port = await freePort();
    url = `redis://127.0.0.1:${port}`;
    const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
    const server = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(server);
    await new Promise<void>((ready) =>
      createInterface({ input: server.stdout! }).on('line', (line) => line.includes('Ready to accept') && ready()),
    );
  }, 60_000);

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  it('record every run once, though one of them is killed in the middle of one', async () => {
    const records = at('records');
    const ended: string[] = [];
    const sweep = start(['sweep', path, '--redis', url, '--images', at('images')], (line) => {
      const run = /^\[\d+\/\d+\] ([\w.-]+): \d+ bytes/.exec(line)?.[1];
      if (run) ended.push(run);
    });
    let killed: string | null = null;
    const begun: string[] = [];
    const said: string[] = [];
    const workers = [1, 2, 3].map(() =>
      start(
        ['worker', '--redis', url, '--jobs', '1', '--lease', '4', '--idle', '15', '--json'],
        (line, child) => {
          const run = /^([\w.-]+): begins$/.exec(line)?.[1];
          if (!run) return;
          begun.push(run);
          if (killed !== null) return;
          killed = run;
          child.kill('SIGKILL');
        },
        (text) => said.push(text),
      ),
    );
    expect(await sweep).toBe(0);
    const all = readGrid(path).runs.map(({ id }) => id);
    expect(ended.toSorted()).toEqual(all.toSorted());
    for (const id of all) expect(readRecord(records, id).run).toBe(id);
    expect(readdirSync(records).filter((name) => name.endsWith('.failed.json'))).toEqual([]);
    expect(killed).not.toBeNull();
    expect(begun.filter((run) => run === killed).length).toBeGreaterThan(1);
    expect(existsSync(join(records, `${killed}.json`))).toBe(true);
    const codes = await Promise.all(workers);
    expect(codes.toSorted()).toEqual([0, 0, null]);
    const accounts = said.filter((text) => text !== ''); // but of the one that was killed
    expect(accounts.flatMap((text) => JSON.parse(text).done).toSorted()).toEqual(all.toSorted());
    expect(accounts.flatMap((text) => schemaFaults('worker', text))).toEqual([]);
    // of those who ended themselves nothing lies about; what the killed one was at, the next removes
    const left = (): string[] => readdirSync(temporary).filter((name) => name.startsWith('htpw-run-'));
    expect(left().length).toBe(1);
    expect(await start(['worker', '--redis', url, '--idle', '1'], () => {})).toBe(0);
    expect(left()).toEqual([]);
    // nothing is left to be done, and nothing is done again
    const { code, out } = await htpw('sweep', path, '--redis', url, '--images', at('images'), '--json');
    expect([code, JSON.parse(out).done.toSorted()]).toEqual([0, all.toSorted()]);
  });

  it('have made images for the zoo, each with its card beside the image that taught it, in place of earlier ones', async () => {
    mkdirSync(at('zoo'));
    copyFileSync(at('images/pupil.motion.s1.htpw'), at('zoo/motion-64kB.htpw'));
    for (const name of ['motion-64kB.md', 'motion-32kB.htpw', 'tones-64kB.md'])
      writeFileSync(at(`zoo/${name}`), 'mine');
    const { code, out } = await htpw('zoo', path, '--images', at('images'), '-o', at('zoo'), '--json');
    expect(code).toBe(0);
    expect(schemaFaults('zoo', out)).toEqual([]);
    const { images, written, removed } = JSON.parse(out);
    expect(removed).toEqual(['motion-64kB']);
    const mine = readdirSync(at('zoo')).filter((name) => /(64|32)kB/.test(name));
    expect(mine.toSorted()).toEqual(['motion-32kB.htpw', 'tones-64kB.md']);
    expect([written, images.map(({ run }: { run: string }) => run).toSorted()]).toEqual([
      true,
      ['pupil.motion.s1', 'pupil.tones.s1'],
    ]);
    for (const { name, sha256 } of images) {
      const image = readFileSync(at(`zoo/${name}.htpw`));
      expect(createHash('sha256').update(image).digest('hex')).toBe(sha256);
      const card = readFileSync(at(`zoo/${name}.md`), 'utf8');
      expect(card).toContain(sha256);
      expect(card).toMatch(/--run pupil\.(motion|tones)\.s1/);
    }
    expect(readFileSync(at('zoo/README.md'), 'utf8')).toContain(images[0].name);
  });
});
