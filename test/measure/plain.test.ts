/** A build with -O2 alone is as fast as one with the flags of the build files: recorded, and measured again. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anyInput, onBoard } from '../../host/agent/session.ts';
import { counted, loadBoard } from '../../host/boards/board.ts';
import { KERNEL_FLAGS } from '../../host/build/firmware.ts';
import { packNetworks } from '../../host/measure/benchmarks.ts';
import { lossOf, PLAIN_BOARDS, type PlainRecord } from '../../host/measure/plain.ts';
import { readRecord } from '../../host/measure/records.ts';
import { canRun } from '../boards/runnable.ts';

const MOST_LOST = 0.03;
const record = readRecord<PlainRecord>('plain');

describe('-O2 without the flags of the build files', () => {
  it.each(record.networks)('loses 3 % at most in $model ($residency) on a $core, as recorded', (figure) => {
    expect(lossOf(figure)).toBeLessThanOrEqual(MOST_LOST);
  });

  it('is recorded of every network of the benchmark on both cores', () => {
    expect(record.networks.length).toBe(PLAIN_BOARDS.length * packNetworks().length);
  });

  it('is asked for by the C file with every flag that a pragma takes', () => {
    const pragmas = readFileSync('boards/common/htpw.c', 'utf8')
      .match(/#pragma GCC optimize\(.+\)/g)!
      .join(' ');
    const flags = KERNEL_FLAGS.filter((flag) => flag.startsWith('-fno-')).map((flag) => flag.replace('-f', ''));
    expect(flags.length).toBeGreaterThan(3);
    for (const flag of flags) expect(pragmas).toContain(`"${flag}"`);
  });

  it.skipIf(!PLAIN_BOARDS.every(canRun)).each(PLAIN_BOARDS)(
    'takes on %s what is recorded',
    { timeout: 300_000 },
    async (name) => {
      const board = loadBoard(name);
      const { path } = packNetworks().find(({ model, residency }) => model === 'ecg-beats' && residency === 'flash')!;
      const measured = await onBoard(
        board,
        path,
        async (agent) => {
          await agent.load(0);
          const input = anyInput((await agent.info()).inputBytes);
          await agent.run(input);
          return counted(board, (await agent.run(input)).ticks);
        },
        { plain: true },
      );
      const recorded = record.networks.find(
        ({ board, model, residency }) => board === name && model === 'ecg-beats' && residency === 'flash',
      )!;
      expect(Math.abs(measured / recorded.plain - 1)).toBeLessThan(0.01);
    },
  );
});
