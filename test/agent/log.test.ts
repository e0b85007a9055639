/** Recorded conversations with a board: verified again without it, and damaged in every way. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type VerifyResult, verifyBoard } from '../../host/agent/verify.ts';
import { buildRuntime } from '../../host/build/compile.ts';
import type { LayerCrc } from '../../host/records/branches.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { canRun } from '../boards/runnable.ts';
import { imageFile, tinyWindow } from '../boards/tinyImage.ts';

const imagePath = imageFile('log');
const image = new Uint8Array(readFileSync(imagePath));
const log = join(dirname(imagePath), 'log.txt');

describe.skipIf(!canRun('host'))('a recorded conversation', () => {
  let live: VerifyResult;
  let lines: string[];
  const options = { imagePath, image, windows: [0, 1, 2].map(tinyWindow) };
  let reference: (input: Uint8Array) => { output: Uint8Array; layers: LayerCrc[] };

  beforeAll(async () => {
    await buildRuntime('scalar');
    const runtime = new Runtime(image).load();
    reference = (input) => runtime.traceCrcs(input);
    live = await verifyBoard({ ...options, reference, board: 'host', record: log });
    lines = readFileSync(log, 'utf8').split('\n');
  }, 240_000);

  /** Verifies the log after an edit of its lines; the text must still end with a line end where the edit keeps it. */
  const verifyEdited = (edit: (lines: string[]) => string[], board?: string, of = image) => {
    const edited = join(dirname(log), 'log-edited.txt');
    writeFileSync(edited, edit([...lines]).join('\n'));
    return verifyBoard({ ...options, image: of, windows: [], reference, board, log: edited });
  };
  const numberOf = (start: string) => lines.findIndex((line) => line.startsWith(start)) + 1;
  const replaced = (start: string, from: RegExp, to: string) => (all: string[]) =>
    all.map((line, i) => (i + 1 === numberOf(start) ? line.replace(from, to) : line));
  const without = (start: string) => (all: string[]) => all.filter((_, i) => i + 1 !== numberOf(start));

  it('gives the result that the board gave, from its inputs', async () => {
    const again = await verifyBoard({ ...options, windows: [], reference, log });
    expect(again).toEqual({ ...live, firmware: null });
    expect(live).toMatchObject({ windows: 3, mismatchingLayers: 0, weightsChecked: true });
  });

  it('may be of an agent that did not time the proof of the image', async () => {
    const edit = replaced('< ok board=', / openTicks=\d+/, '');
    expect(edit(lines)).not.toEqual(lines);
    expect(await verifyEdited(edit)).toMatchObject({ windows: 3, mismatchingLayers: 0 });
  });

  it('with one changed CRC has one mismatching layer, and says which', async () => {
    const flip = (line: string) => line.replace(/crc=(.)/, (_, digit) => `crc=${digit === '0' ? '1' : '0'}`);
    const at = lines.findLastIndex((line) => line.startsWith('< layer 1 '));
    const result = await verifyEdited((all) => all.with(at, flip(all[at])));
    expect(result).toMatchObject({
      mismatchingBytes: 0,
      mismatchingLayers: 1,
      firstMismatch: { window: 2, operator: 1 },
    });
  });

  it('with one changed byte of output has one mismatching byte', async () => {
    const edit = replaced('< ok output=', /output=(..)/, 'output=00');
    expect(await verifyEdited(edit)).toMatchObject({ mismatchingBytes: 1, mismatchingLayers: 0 });
  });

  it('may come from a terminal: with CRLF, comments, blank lines, bench and dump, without weights', async () => {
    const result = await verifyEdited((all) => [
      '',
      '< # hypertinypw on host\r',
      ...without('> weights')(without('< ok operators=')(all)).map((line) => line && `${line}\r`),
      '> bench 2\r\n< ok runs=2 total=10 most=6\r\n> dump 9\r\n< error NO_SUCH_OPERATOR status=-43\r\n',
    ]);
    expect(result).toMatchObject({ windows: 3, mismatchingLayers: 0, weightsChecked: false });
  });

  it.each<[what: string, edit: (all: string[]) => string[], line: () => number, message: RegExp]>([
    [
      'cut off inside a line',
      (all) => [all.join('\n').slice(0, -9)],
      () => lines.length - 1,
      /expected a line end, got the end of the file/,
    ],
    [
      'cut off after a command',
      (all) => all.slice(0, numberOf('< ok output=') - 1).concat(''),
      () => numberOf('> run'),
      /expected an answer to "run .*" before the end of the file/,
    ],
    [
      'without a layer',
      without('< layer 0'),
      () => numberOf('< layer 0'),
      /expected layer 0 crc=<8 hex digits> bytes=, got "layer 1 /,
    ],
    [
      'without the last layer',
      without('< layer 1'),
      () => numberOf('< ok output=') - 1,
      /expected layer 1 of 2 before the answer/,
    ],
    [
      'with half a layer',
      replaced('< layer 1', /crc=.*/, 'crc=63'),
      () => numberOf('< layer 1'),
      /got "layer 1 crc=63"; is the line complete/,
    ],
    [
      'with half an output',
      replaced('< ok output=', /.. ticks/, ' ticks'),
      () => numberOf('< ok output='),
      /expected 3 bytes of output, got "2 bytes"/,
    ],
    [
      'without ticks',
      replaced('< ok output=', / ticks.*/, ''),
      () => numberOf('< ok output='),
      /expected ticks=<number>, got "no ticks"/,
    ],
    [
      'without an answer',
      without('< ok output='),
      () => numberOf('> run'),
      /expected an answer to "run .*" before the next command in line/,
    ],
    ['without a command', without('> run'), () => numberOf('> run'), /expected a command before "layer 0 /],
    [
      'with half an input',
      replaced('> run', /.. trace/, ' trace'),
      () => numberOf('> run'),
      /input must have 32 bytes, got 31/,
    ],
    [
      'with half a byte of input',
      replaced('> run', /. trace/, ' trace'),
      () => numberOf('> run'),
      /expected an input of two hex digits a byte/,
    ],
    [
      'with a run that the board refused',
      replaced('< ok output=', /ok .*/, 'error FAULT exception=3'),
      () => numberOf('> run'),
      /refused it with FAULT exception=3/,
    ],
    [
      'with something else in it',
      (all) => all.toSpliced(2, 0, 'minicom 2.8'),
      () => 3,
      /expected "> command" or "< answer", got "minicom 2.8"/,
    ],
    [
      'of another program',
      replaced('> load', /load 0/, 'load 1'),
      () => numberOf('> load'),
      /expected load 0, got load 1/,
    ],
    [
      'of another image',
      replaced('< ok board', /imageCrc=\w+/, 'imageCrc=00000000'),
      () => numberOf('> info'),
      /expected an image of \d+ bytes with CRC \w+, got .* 00000000/,
    ],
  ])('%s is unusable, by line number', async (_, edit, line, message) => {
    const error = await verifyEdited(edit).then(() => null, (reason: Error) => reason); // biome-ignore format: a table
    expect(error?.message).toMatch(/^.*log-edited\.txt:\d+: [^\n]*$/);
    expect(error?.message).toMatch(message);
    expect(Number(/:(\d+): /.exec(error!.message)![1])).toBe(line());
  });

  it('of another board than the one named is unusable', async () => {
    await expect(verifyEdited((all) => all, 'microbit')).rejects.toThrow('expected board microbit, got host');
  });

  it('without a run, empty or missing is unusable', async () => {
    const head = verifyEdited((all) => all.slice(0, numberOf('> run') - 1).concat(''));
    await expect(head).rejects.toThrow(/log-edited.txt: expected the commands info, load and run, got no run/);
    await expect(verifyEdited(() => [])).rejects.toThrow(/got no info/);
    await expect(verifyBoard({ ...options, reference, log: `${log}.none` })).rejects.toThrow(
      /cannot be read, no such file \(ENOENT\)/,
    );
  });

  it('is not begun in a file that cannot be written', async () => {
    const record = join(log, 'in-a-file');
    await expect(verifyBoard({ ...options, reference, board: 'host', record })).rejects.toThrow(
      /cannot be written, a part of the path is a file.*\(ENOTDIR\)/,
    );
  });
});
