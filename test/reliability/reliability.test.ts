/** What docs/reliability.md promises, and bench/reliability.json against the emulator. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WORK_PER_ARENA_BYTE, WORK_PER_IMAGE_BYTE } from '../../assembly/format.ts';
import { committedImages } from '../../host/measure/deployments.ts';
import { perByte, perUnit } from '../../host/pages/reliability.ts';
import { measureWorst, type Reliability } from '../../host/reliability/measure.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { canRun } from '../boards/runnable.ts';

const recorded: Reliability = JSON.parse(readFileSync('bench/reliability.json', 'utf8'));
const page = readFileSync('docs/reliability.md', 'utf8');

describe('docs/reliability.md', () => {
  it('says what a program may ask for, and the committed images are far below', () => {
    expect(page).toContain(`${WORK_PER_IMAGE_BYTE} units for each byte of the image`);
    expect(page).toContain(`${WORK_PER_ARENA_BYTE} for each byte of its arena`);
    for (const path of committedImages()) {
      const image = new Uint8Array(readFileSync(path));
      expect(new Runtime(image).work() / image.length, path).toBeLessThan(WORK_PER_IMAGE_BYTE / 10);
    }
  });
});

describe.skipIf(!canRun('mps2-an500'))('on an emulated Cortex-M7', () => {
  it('no program takes more instructions a unit of work, and no image more a byte, than is recorded', {
    timeout: 300_000,
  }, async () => {
    const now = await measureWorst('mps2-an500');
    const then = recorded.worst.find(({ board }) => board === 'mps2-an500')!;
    expect(perUnit(now)).toBeLessThanOrEqual(1.01 * perUnit(then));
    expect(perByte(now)).toBeLessThanOrEqual(1.01 * perByte(then));
    expect(now.programs.map(({ program, units }) => [program, units])).toEqual(
      then.programs.map(({ program, units }) => [program, units]),
    );
  });
});
