/** docs/workshop.md, run: its commands for several tasks on one basis, in training that is cut short. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { canRun } from '../boards/runnable.ts';

const page = readFileSync('docs/workshop.md', 'utf8');
const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'htpw workshop '));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const section = page.split(/^## /m).find((text) => text.startsWith('Several tasks, one basis'))!;
const commands = [...section.matchAll(/^npx htpw (.+)$/gm)]
  .map(([, words]) => words!.split(' '))
  .filter((words) => !words.join(' ').includes('four-tasks')); // whose recordings need not be there

it.skipIf(!canRun('mps2-an500'))(
  'several tasks on one basis, from training to a device',
  { timeout: 600_000 },
  async () => {
    symlinkSync(resolve('models'), join(root, 'models'));
    const said: string[] = [];
    expect(commands.map(([verb]) => verb)).toEqual([
      'train',
      'inspect',
      'eval',
      'eval',
      'train',
      'add',
      'eval',
      'verify',
    ]);
    for (const words of commands) {
      const more = words[0] === 'train' ? ['--epochs', '2'] : [];
      said.push((await run(process.execPath, [resolve('scripts/htpw.js'), ...words, ...more], { cwd: root })).stdout);
    }
    expect(said[1]).toMatch(/B of its own, [\d,]+ B shared with tones/);
    expect(said[5]).toContain('programs motion, tones, beats');
    expect(said[7]).toContain('16 windows, 0 mismatching bytes, 0 mismatching layers (program beats; ');
  },
);
