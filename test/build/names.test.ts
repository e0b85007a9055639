/** Firmware builds whatever an image and its folder are called, and what tools say of a failure becomes one line. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../host/agent/protocol.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { pack } from '../../host/image/pack.ts';
import { canBuild, canRun } from '../boards/runnable.ts';
import { tinyImage, tinyModel } from '../boards/tinyImage.ts';
import { htpw } from '../cli/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'names-'));

/** An image file in a folder of the same name. */
function imageNamed(name: string, image = tinyImage()): string {
  const path = join(folder, `folder ${name}`, `${name}.htpw`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, image);
  return path;
}

describe.skipIf(!canRun('host'))('an image', () => {
  it.each([
    '12" panel',
    'back\\slash',
    'two\nlines',
    "$HOME $(id) `id` 'x'",
    '100%s #1; a,b & c | d > e',
    'größer 中文 \u202e',
    '-o',
    'x'.repeat(240),
  ])('called %j runs on the board as in Node', { timeout: 240_000 }, async (name) => {
    const { code, out, error } = await htpw('verify', imageNamed(name), '--board', 'host', '--windows', '1');
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toMatch(/^host: 1 window, 0 mismatching bytes, 0 mismatching layers/);
  });

  it('and another of the same name keep each its own firmware', { timeout: 240_000 }, async () => {
    const paths = ['a', 'b'].map((name) => join(folder, name, 'net.htpw'));
    const model = tinyModel();
    model.metadata = { name: 'another' };
    const images = [tinyImage(), pack(model)];
    paths.forEach((path, i) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, images[i]);
    });
    const elves = [];
    for (const path of paths) elves.push((await buildFirmware('host', path)).elf);
    expect(new Set(elves).size).toBe(2);
    for (const [i, elf] of elves.entries()) expect(readFileSync(elf).includes(Buffer.from(images[i]))).toBe(true);
    expect((await buildFirmware('host', paths[0])).elf).toBe(elves[0]);
  });

  it('of a board that has no .uf2 any more leaves none of an earlier build', { timeout: 240_000 }, async () => {
    const { elf } = await buildFirmware('host', imageNamed('stale'));
    writeFileSync(join(dirname(elf), 'firmware.uf2'), 'of an earlier build');
    writeFileSync(join(dirname(elf), 'notes.txt'), 'mine');
    await buildFirmware('host', imageNamed('stale'));
    const names = readdirSync(dirname(elf));
    expect(names).toContain('notes.txt');
    expect(names).not.toContain('firmware.uf2');
  });
});

/** A copy of a board with a change to its board.json, under another name. */
function copyOf(board: string, change: object): string {
  const copy = join(folder, 'my-board');
  cpSync(resolve('boards', board), copy, { recursive: true });
  const json = JSON.parse(readFileSync(join(copy, 'board.json'), 'utf8'));
  writeFileSync(join(copy, 'board.json'), JSON.stringify({ ...json, name: 'my-board', ...change }));
  return copy;
}

describe('what a tool says of a failure is one line that names it', () => {
  it.skipIf(!canBuild('host'))('of the compiler', { timeout: 240_000 }, async () => {
    const board = copyOf('host', { sources: ['broken.c'] });
    writeFileSync(join(board, 'broken.c'), '#include "board.h"\n\nint x = ;\nint y = ;\n');
    const { code, error } = await htpw('build', board, '--model', imageNamed('tool'));
    expect(error).toMatch(
      /^htpw: gcc: ended with exit code 1: .*broken\.c:3:9: error: .*; HTPW_DEBUG=1 shows all[^\n]*\n$/,
    );
    expect(code).toBe(2);
  });

  it.skipIf(!canBuild('host'))('of the linker', { timeout: 240_000 }, async () => {
    const board = copyOf('host', { sources: ['empty.c'] });
    writeFileSync(join(board, 'empty.c'), 'int nothing;\n');
    const { code, error } = await htpw('build', board, '--model', imageNamed('tool'));
    expect(error).toMatch(/^htpw: gcc: ended with exit code 1: .*undefined reference[^\n]*\n$/);
    expect(code).toBe(2);
  });

  it('of the agent, with what may be the cause', () => {
    const { message } = new AgentError(`run ${'00'.repeat(640)} trace`, 'BAD_HEX', 'expected two hex digits a byte');
    expect(message).toBe(
      'agent: "run": refused with BAD_HEX (expected two hex digits a byte): ' +
        'the line was damaged on its way; check the cable and the baud rate',
    );
  });

  it.skipIf(!canRun('mps2-an500'))('of the emulator', { timeout: 240_000 }, async () => {
    const runner = { kind: 'qemu', program: 'qemu-system-arm', machine: 'toaster', arguments: ['-kernel', '{elf}'] };
    const board = copyOf('mps2-an500', { runner });
    const { code, error } = await htpw('verify', imageNamed('tool'), '--board', board, '--windows', '1');
    expect(error).toMatch(
      /^htpw: qemu-system-arm: ended with exit code 1; qemu-system-arm: unsupported machine[^\n]*\n$/,
    );
    expect(code).toBe(2);
  });
});
