import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Board, loadBoard } from '../../host/board/board.ts';
import { buildRuntime } from '../../host/board/compile.ts';
import { linkerScript } from '../../host/board/link.ts';
import { projectRoot } from '../../host/board/root.ts';
import { connect } from '../../host/board/transport.ts';
import { canRun, imageFile } from './workshop.ts';

const root = projectRoot();
const folder = join(root, 'build', 'test', 'intrinsics');

/** The values in intrinsics.c. */
const EDGES = [...readFileSync(join(root, 'test/board/intrinsics.c'), 'utf8').matchAll(/^ {4}(0, .*|0x.*),$/gm)]
  .flatMap(([, line]) => line.split(','))
  .map(Number);

/** Runs intrinsics.c on a board and gives the lines it prints. */
async function linesFrom(board: Board): Promise<string[]> {
  const common = (name: string) => join(root, 'boards/common', name);
  const elf = join(folder, `${board.name}.elf`);
  const args = [
    ...board.cpuFlags, '-std=gnu11', '-O2', `-I${join(root, 'boards/common')}`, `-I${join(root, 'dist/runtime')}`,
    '-DBOARD_CLOCK_HZ=25000000', `-DBOARD_INTERRUPTS=${board.interrupts}`, `-DHTPW_IMAGE_FILE="${imageFile('intrinsics')}"`,
    join(root, 'test/board/intrinsics.c'), join(root, 'dist/runtime/htpw_status.c'),
    ...['cortex_m.c', 'cmsdk.c', 'reply.c', 'image.S', 'libc.c'].map(common), '-nostdlib', '-lgcc', '-o', elf,
  ]; // biome-ignore format: flags read better in lines of their kind
  const script = join(folder, `${board.name}.ld`);
  writeFileSync(script, linkerScript(board));
  execFileSync('arm-none-eabi-gcc', [...args, '-T', script]);
  const transport = await connect(board, elf);
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

describe.skipIf(!canRun('mps2-an500'))('the intrinsics of the dsp variant', () => {
  let expected: string[];
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    expected = await polyfilled();
  }, 120_000);

  it.each([
    ['instructions on Cortex-M7', 'mps2-an500'],
    ['instructions on Cortex-M4', 'mps2-an386'],
    ['plain C on Cortex-M3', 'mps2-an385'],
  ])('are the same function in Node and as %s', { timeout: 60_000 }, async (_, board) => {
    expect(EDGES).toHaveLength(16);
    expect(await linesFrom(loadBoard(board))).toEqual(expected);
  });
});
