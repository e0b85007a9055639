/** What a program keeps, in C on every core: frame by frame the bytes of Node, and again after htpw_reset. */
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { connect } from '../../host/agent/connect.ts';
import type { Board } from '../../host/boards/board.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { pack } from '../../host/image/pack.ts';
import { importImage } from '../../host/import/import.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { canRun, RUNNABLE } from '../boards/runnable.ts';
import { imageFile } from '../boards/tinyImage.ts';
import { tflite } from '../import/tflite.ts';
import { frames, keeping, wakeWord } from '../states.ts';

const IMAGES = {
  'wake-word': importImage(tflite(wakeWord()), 'wake-word').image,
  ...Object.fromEntries(Object.entries(keeping()).map(([kind, model]) => [kind, pack(model)])),
};

/** The lines of state.c for an image and what is given to it. */
async function linesFrom(board: Board, name: string, image: Uint8Array, given: Int8Array[]): Promise<string[]> {
  const at = (image.length + 15) & ~15;
  const bytes = given.flatMap((frame) => [...new Uint8Array(frame.buffer)]);
  const file = new Uint8Array(at + 4 + bytes.length);
  file.set(image);
  new DataView(file.buffer).setUint32(at, given.length, true);
  file.set(bytes, at + 4);
  const path = imageFile(`state-${name}-${board.name}`, file);
  const { elf } = await buildFirmware(board, path, { main: 'test/cores/state.c' });
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

describe.each(Object.entries(IMAGES))('a program that keeps something in C: %s', (name, image) => {
  const runtime = new Runtime(image).load();
  const given = frames(9, 12, runtime.inputBytes());
  const answers = given.map((frame) => Buffer.from(runtime.run(frame)).toString('hex')).join('');
  const boards = RUNNABLE.filter((board) => canRun(board.name)).map((board) => ({ ...board, board }));

  it.each(boards)('gives the bytes of Node, twice, on $name, $core', { timeout: 180_000 }, async ({ board }) => {
    expect(await linesFrom(board, name, image, given)).toEqual([
      'open: OK',
      'before load: NOT_LOADED',
      'load: OK',
      answers,
      'reset: OK',
      answers,
      'reset: OK',
    ]);
  });
});
