/** docs/porting.md: the driver that it shows makes a board, in a folder outside of boards/. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { htpw } from '../cli/command.ts';
import { canRun } from './runnable.ts';
import { tinyImage } from './tinyImage.ts';

const MODEL_OF = 'mps2-an385';

/** A board of one's own: a description as that of `MODEL_OF`, start-up code of common/ and a driver. */
function boardWith(driver: string): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'porting-')), 'my-board');
  mkdirSync(folder);
  const json = JSON.parse(readFileSync(`boards/${MODEL_OF}/board.json`, 'utf8'));
  const { bits: _, ...ticks } = json.ticks;
  const sources = ['../common/cortex_m.c', '../common/memory.c', 'driver.c'];
  writeFileSync(join(folder, 'board.json'), JSON.stringify({ ...json, name: 'my-board', sources, ticks }));
  writeFileSync(join(folder, 'driver.c'), driver);
  return folder;
}

describe.skipIf(!canRun(MODEL_OF))('the driver of docs/porting.md', () => {
  const [, driver] = /^```c driver\.c\n([\s\S]*?)^```$/m.exec(readFileSync('docs/porting.md', 'utf8'))!;
  const image = join(mkdtempSync(join(tmpdir(), 'porting-')), 'tiny.htpw');
  writeFileSync(image, tinyImage());

  it('is all that a board needs to answer as the WebAssembly does', { timeout: 120_000 }, async () => {
    const { code, out, error } = await htpw('verify', image, '--board', boardWith(driver), '--windows', '2', '--json');
    expect([code, error]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ windows: 2, mismatchingBytes: 0, mismatchingLayers: 0 });
    expect(JSON.parse(out).instructionsPerInference).toBeGreaterThan(0);
  });

  it.each([
    ['uart_waiting', driver.replace(/^bool uart_waiting.*$/m, '#define uart_waiting() (UART_STATE & RX_FULL)')],
    ['64 bits of ticks_now', driver.replace('uint64_t ticks_now', 'uint32_t ticks_now')],
  ])('does not build without %s', { timeout: 60_000 }, async (_, less) => {
    const { code, error } = await htpw('build', boardWith(less), '--model', image);
    expect(code).not.toBe(0);
    expect(error).toMatch(/^htpw: [^\n]*(uart_waiting|ticks_now)[^\n]*\n$/);
  });
});
