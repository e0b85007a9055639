/** The intrinsics of all variants, polyfill and instruction, on operands from a table in intrinsics.c. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../host/agent/connect.ts';
import type { Board } from '../../host/boards/board.ts';
import { buildRuntime } from '../../host/build/compile.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { runNode } from '../../host/system/process.ts';
import { buildFolder, projectRoot } from '../../host/system/root.ts';
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

/** What intrinsics.as makes of the polyfill of mve.ts, in the order of intrinsics.c. */
async function polyfilledVectors(): Promise<string[]> {
  const root = projectRoot();
  const folder = join(buildFolder(root), 'intrinsics');
  mkdirSync(folder, { recursive: true });
  const text = readFileSync(join(root, 'test/cores/intrinsics.as'), 'utf8');
  writeFileSync(join(folder, 'vectors.ts'), text.replace('../../assembly', relative(folder, join(root, 'assembly'))));
  const asc = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  const wasm = join(folder, 'vectors.wasm');
  const flags = ['--enable', 'simd', '--disableWarning', '112', '--initialMemory', '1', '--noColors'];
  await runNode(asc, [join(folder, 'vectors.ts'), ...flags, '-o', wasm], root);
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), {});
  const { memory, vectors } = instance.exports as {
    memory: WebAssembly.Memory;
    vectors: (i: number, j: number, words: number) => void;
  };
  new Uint32Array(memory.buffer, 1024, EDGES.length).set(EDGES);
  const places = EDGES.map((_, i) => i);
  return places.flatMap((i) =>
    places.flatMap((j) => {
      vectors(i, j, 2048);
      return [...new Uint32Array(memory.buffer, 2048, 20)].map((word) => word.toString(16).padStart(8, '0'));
    }),
  );
}

describe('the intrinsics of all variants', () => {
  let expected: string[];
  beforeAll(async () => {
    expected = [...(await polyfilled()), ...(await polyfilledVectors())];
  }, 120_000);

  const boards = EMULATED.filter(({ name }) => canRun(name)).map((board) => ({ ...board, board }));
  it.each(boards)('are the same function in Node and on $name, $core', { timeout: 60_000 }, async ({ board }) => {
    expect(EDGES).toHaveLength(16);
    expect(await linesFrom(board)).toEqual(expected);
  });
});
