/** Streams in C on every core: the bytes of whole windows, refusals by name, and the instructions of a frame. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { connect } from '../../host/agent/connect.ts';
import { type Board, loadBoard } from '../../host/boards/board.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { modelHeader } from '../../host/build/modelHeader.ts';
import { requirementsOf } from '../../host/build/requirements.ts';
import { pack } from '../../host/image/pack.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { canRun, RUNNABLE } from '../boards/runnable.ts';
import { imageFile } from '../boards/tinyImage.ts';
import { emptyFolder } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { STREAM_SHAPES, sound, speech, streamed, windowOf } from '../streams.ts';

/** The lines of stream.c for an image and a sound. */
async function linesFrom(board: Board, image: Uint8Array, heard: Int16Array, hop: number): Promise<string[]> {
  const at = (image.length + 15) & ~15;
  const file = new Uint8Array(at + 8 + 4 * Math.ceil(heard.length / 2));
  file.set(image);
  file.set(new Uint8Array(Uint32Array.of(heard.length, hop).buffer), at);
  file.set(new Uint8Array(heard.buffer, heard.byteOffset, heard.byteLength), at + 8);
  const path = imageFile(`stream-${board.name}`, file);
  const { elf } = await buildFirmware(board, path, { main: 'test/cores/stream.c' });
  const transport = await connect(board, resolve(elf));
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: transport.readable })) {
      if (line === 'end') return lines;
      lines.push(line);
    }
    throw new Error(`${board.name}: stopped after "${lines.at(-1)}"\n${await transport.ended}`);
  } finally {
    await transport.close();
  }
}

const [, SHAPE] = STREAM_SHAPES[0];

describe('a stream in C', () => {
  const boards = RUNNABLE.filter(({ name }) => canRun(name)).map((board) => ({ ...board, board }));
  it.each(boards)('gives the bytes of the latest window on $name, $core', { timeout: 180_000 }, async ({ board }) => {
    const { length, hop, frames } = SHAPE;
    const image = pack(streamed(1, SHAPE).build());
    const heard = sound(1, 1500);
    const completed = Math.floor((heard.length - length) / hop) + 1;
    const start = (completed - frames) * hop;
    const latest = new Int16Array(windowOf(SHAPE)); // what is behind the last frame does not matter
    latest.set(heard.subarray(start, start + latest.length));
    const runtime = new Runtime(image).load();
    const answer = Buffer.from(runtime.run(latest)).toString('hex');
    const lines = await linesFrom(board, image, heard, hop);
    const outside = 'OUTSIDE_HOST_MEMORY';
    const twice = (name: string, times = 2) => Array(times).fill(name).join(' ');
    expect(lines.slice(0, -1)).toEqual([
      `open: OK stream=${runtime.streamBytes()}`,
      `before load: ${twice('NOT_LOADED', 3)}, load: OK, before reset: ${twice('NOT_STREAMED')}, then: OK`,
      ...(board.name === 'host' ? [`elsewhere: ${twice(outside, 7)}, misaligned: ${twice('BAD_ALIGNMENT')}`] : []),
      ...[1, 7, 61, 251, 1999].map((part) => `parts of ${part}: OK ${completed} OK ${answer}`),
      `traced: OK layers=203 ${answer}, guards whole`, // 101 and 102: the first operator is not run
    ]);
    expect(lines.at(-1)).toMatch(/^ ticks=\d+ frames=1$/);
  });

  it('has the bytes of its state in the header of a tailored library, and others have none', () => {
    const header = (name: string, image: Uint8Array) => modelHeader([{ name, image, needs: requirementsOf(image) }]);
    const image = pack(streamed(1, SHAPE).build());
    const bytes = new Runtime(image).streamBytes();
    expect(header('a.htpw', image)).toMatch(new RegExp(`^#define HTPW_MODEL_STREAM_BYTES ${bytes}u `, 'm'));
    const ecg = new Uint8Array(readFileSync('models/ecg-beats.htpw'));
    expect(header('ecg.htpw', ecg)).not.toContain('STREAM');
  });
});

const page = readFileSync('docs/streaming.md', 'utf8');

describe.skipIf(!onPath('gcc'))('docs/streaming.md', () => {
  it('has the bytes of a state, and C that compiles without a warning', () => {
    const { image } = speech();
    const needs = requirementsOf(image);
    expect(page).toContain(`the state has ${needs.streamBytes.toLocaleString('en-US')} bytes`);
    const folder = emptyFolder('streaming');
    writeFileSync(join(folder, 'htpw_model.h'), modelHeader([{ name: 'speech.htpw', image, needs }]));
    const [, program] = /^```c listen\.c\n([\s\S]*?)^```$/m.exec(page)!;
    writeFileSync(join(folder, 'listen.c'), program);
    const includes = [folder, 'boards/common', 'dist/runtime'].map((name) => `-I${name}`);
    output('gcc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', ...includes, join(folder, 'listen.c')]);
  });
});

describe('a frame of speech', () => {
  it.skipIf(!canRun('mps2-an500')).each(['mps2-an500', 'mps2-an385-m0'])(
    'takes the instructions that docs/streaming.md says, on %s, and no more than its units of work',
    { timeout: 180_000 },
    async (name) => {
      const board = loadBoard(name);
      const { image, hop, size, window } = speech();
      const lines = await linesFrom(board, image, sound(2, window + hop), hop);
      const [, ticks, frames] = /ticks=(\d+) frames=(\d+)/.exec(lines.at(-1)!)!;
      expect(frames).toBe('1');
      const instructions = (Number(ticks) * board.ticks!.multiply) / board.ticks!.divide;
      const [, said] = new RegExp(`^\\| \`${name}\` .*\\| +([\\d,]+) \\|$`, 'm').exec(page)!;
      expect(Math.round(instructions / 100) * 100).toBe(Number(said.replaceAll(',', '')));
      const { worst } = JSON.parse(readFileSync('bench/reliability.json', 'utf8'));
      const { programs } = worst.find((each: { board: string }) => each.board === name) ?? worst[0];
      const perUnit = Math.max(...programs.map(({ units, invoke }: Units) => invoke / units));
      expect(instructions).toBeLessThan(2 * size * perUnit);
    },
  );
  interface Units {
    units: number;
    invoke: number;
  }
});
