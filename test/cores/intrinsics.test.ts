/** The intrinsics of a variant, polyfill and instruction, on operands from a table in intrinsics.c. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../host/agent/connect.ts';
import type { Board } from '../../host/boards/board.ts';
import { buildRuntime } from '../../host/build/compile.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { projectRoot } from '../../host/system/root.ts';
import { canRun, EMULATED } from '../boards/runnable.ts';
import { imageFile } from '../boards/tinyImage.ts';

/** The values in intrinsics.c. */
const EDGES = [
  ...readFileSync(join(projectRoot(), 'test/cores/intrinsics.c'), 'utf8').matchAll(/^ {4}(0, .*|0x.*),$/gm),
]
  .flatMap(([, line]) => line.split(','))
  .map(Number);

/** Runs intrinsics.c on a board and gives the lines it prints. */
async function linesFrom(board: Board): Promise<string[]> {
  const main = 'test/cores/intrinsics.c';
  const { elf } = await buildFirmware(board, imageFile(`intrinsics-${board.name}`), { main });
  const transport = await connect(board, resolve(elf));
  const lines: string[] = [];
  for await (const line of createInterface({ input: transport.readable })) {
    if (line === 'end') break;
    lines.push(line);
  }
  await transport.close();
  return lines;
}

type Intrinsic = (a: number, b?: number, c?: number) => number;

async function polyfilled(): Promise<string[]> {
  const { nodeWasm } = await buildRuntime('dsp');
  const { instance } = await WebAssembly.instantiate(readFileSync(nodeWasm), {});
  const dsp = instance.exports as unknown as Record<string, Intrinsic>; // the polyfill's exports survive the merge
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
  return EDGES.flatMap((a) => [
    ...[dsp.sxtb16(a), dsp.sxtb16r8(a), dsp.ssat8(a)].map(hex),
    ...EDGES.flatMap((b) =>
      [dsp.smlad(a, b, a ^ b), dsp.smmlar(a, b, a ^ b), dsp.pkhbt(a, b), dsp.pkhtb(a, b)].map(hex),
    ),
  ]);
}

describe('the intrinsics of the dsp variant', () => {
  let expected: string[];
  beforeAll(async () => {
    expected = await polyfilled();
  }, 120_000);

  const boards = EMULATED.filter(({ name }) => canRun(name)).map((board) => ({ ...board, board }));
  it.each(boards)('are the same function in Node and on $name, $core', { timeout: 60_000 }, async ({ board }) => {
    expect(EDGES).toHaveLength(16);
    expect(await linesFrom(board)).toEqual(expected);
  });
});
