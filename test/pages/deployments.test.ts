/** bench/deploy.json against what can be computed again without emulators, and the page that is made of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../host/boards/board.ts';
import { measureFirmware } from '../../host/build/firmware.ts';
import { placeUnderBuild } from '../../host/build/placedImage.ts';
import {
  committedImages,
  type Deployment,
  type DeployRecord,
  deviceBoards,
  waysToHold,
} from '../../host/measure/deployments.ts';
import { readRecord } from '../../host/measure/records.ts';
import { breakEven, deployPage, HEADINGS, millijoules, milliseconds } from '../../host/pages/deployments.ts';
import { ImageView } from '../../host/records/view.ts';
import { HAS_ARM_COMPILER } from '../boards/runnable.ts';

const { images }: DeployRecord = readRecord('deploy');
const bytesOf = (path: string) => new Uint8Array(readFileSync(path));

describe('bench/deploy.json', () => {
  it('has every committed image, and no other', () => {
    expect(images.map(({ path }) => path)).toEqual(committedImages());
  });
});

describe.each(images)('of $path, bench/deploy.json', ({ path, imageBytes, deployments }) => {
  const ways = waysToHold(bytesOf(path));

  /** A board that is new is there once it was measured; that it was is not asked of who adds one. */
  const listed = new Set(deployments.map(({ board }) => board));

  it('has the size, and a figure for each way of holding its weights on every board that it lists', () => {
    expect(imageBytes).toBe(bytesOf(path).length);
    expect(deployments.map(({ board, held }) => [board, held])).toEqual(
      deviceBoards()
        .filter(({ name }) => listed.has(name))
        .flatMap(({ name }) => ways.map(({ held }) => [name, held])),
    );
  });

  it('has the arena that the memory planner gives it', () => {
    const arenas = new Map(ways.map(({ held, image }) => [held, new ImageView(image).programs[0].arenaBytes]));
    for (const { held, arenaBytes } of deployments) expect(arenaBytes).toBe(arenas.get(held));
  });
});

describe('docs/deploy.md', () => {
  const page = (change: Partial<Deployment>) =>
    deployPage({
      images: [
        { path: 'models/any.htpw', imageBytes: 1000, deployments: [{ ...images[0].deployments[0], ...change }] },
      ],
    });
  const cellsOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .at(-1)!
      .split('|')
      .map((cell) => cell.trim());

  it('says of what does not fit which budget fails, and counts nothing', () => {
    const { budget } = loadBoard('microbit');
    const cells = cellsOf(page({ board: 'microbit', flashBytes: 1, ramBytes: budget!.ramBytes + 1234 }));
    expect(cells[HEADINGS.indexOf('fits') + 1]).toBe('no: RAM by 1,234');
    expect(cells.slice(HEADINGS.indexOf('boot') + 1, -1)).toEqual(['-', '-', '-', '-', '-']);
  });

  it('marks counts of another board as estimates', () => {
    const of = (board: string) => cellsOf(page({ board, flashBytes: 1, ramBytes: 1, inference: 1000 }));
    const inference = HEADINGS.indexOf('inference') + 1;
    expect([of('microbit')[inference], of('mps2-an500')[inference]]).toEqual(['~1,000', '1,000']);
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('flash and RAM in bench/deploy.json', () => {
  it.each(['nucleo-f767zi', 'microbit'])('are those that the linker gives on %s', async (board) => {
    const [{ path, deployments }] = images;
    for (const { held, image } of waysToHold(bytesOf(path))) {
      const { flashBytes, ramBytes } = await measureFirmware(board, placeUnderBuild(path, image));
      expect(
        deployments.find((each) => each.board === board && each.held === held),
        'out of date: run htpw bench --deploy',
      ).toMatchObject({ flashBytes, ramBytes });
    }
  });
});

describe('an estimate', () => {
  it('of time is missing for emulated boards, and of energy unknown without a supply', () => {
    expect(milliseconds(loadBoard('mps2-an500'), 1e6)).toBe('-');
    expect(millijoules(loadBoard('mps2-an500'), 1e6)).toBe('-');
    const { power: _, ...unpowered } = loadBoard('microbit');
    expect(millijoules(unpowered, 1e6)).toBe('unknown');
  });

  it('is instructions over clock and instructions per cycle, times volts and milliamperes', () => {
    const timing = { instructionsPerCycle: 0.5, source: 'test' };
    const board = {
      ...loadBoard('microbit'),
      clockHz: 10e6,
      timing,
      power: { volts: 2, milliamps: 3, source: 'test' },
    };
    expect(milliseconds(board, 1e6)).toBe('200');
    expect(millijoules(board, 1e6)).toBe('1.2');
  });

  it('of when boot pays is rounded up, and never where streaming costs no more', () => {
    expect([breakEven(340, 110, 100), breakEven(341, 110, 100), breakEven(5, 100, 100)]).toEqual([34, 35, null]);
  });
});
