/** htpw build and htpw verify as commands: what they print, and what they say where a tool is missing. */
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { boardNames } from '../../host/boards/board.ts';
import { buildFirmware } from '../../host/build/firmware.ts';
import { canRun, HAS_ARM_COMPILER } from '../boards/runnable.ts';
import { imageFile } from '../boards/tinyImage.ts';
import { htpw as command, type Said } from '../cli/command.ts';

const image = imageFile('cli');

/** Runs a command line; `tools` are all that there is on PATH, if given. */
function htpw(words: string[], tools?: string[]): Promise<Said> {
  if (tools) vi.stubEnv('PATH', pathWith(tools));
  return command(...words);
}

function pathWith(tools: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tools-'));
  for (const tool of tools) {
    const places = (process.env.PATH ?? '').split(delimiter).map((place) => join(place, tool));
    symlinkSync(places.find((place) => readable(place))!, join(folder, tool));
  }
  return folder;
}

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

const ARM_TOOLS = ['arm-none-eabi-gcc', 'arm-none-eabi-size', 'arm-none-eabi-objcopy'];
const ONE_LINE = /^htpw: [^\n]+\n$/;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('htpw build', () => {
  it('of a board that is not there lists those that are', async () => {
    const { code, error } = await htpw(['build', 'nosuch']);
    expect(code).toBe(2);
    expect(error).toBe(
      `htpw: board "nosuch": unknown; one of ${boardNames().join(', ')}, a folder such as ./nosuch, or add boards/nosuch/board.json\n`,
    );
  });

  it('of an image that is not there, or is none, says so', async () => {
    const missing = await htpw(['build', 'microbit', '--model', 'no/such.htpw']);
    expect(missing).toMatchObject({
      code: 2,
      error: 'htpw: no/such.htpw: cannot be read, no such file (ENOENT); give the path of a file\n',
    });
    const text = join(mkdtempSync(join(tmpdir(), 'image-')), 'text.htpw');
    writeFileSync(text, 'a text and no image, but longer than any header of an image, which has thirty-two bytes');
    const wrong = await htpw(['build', 'microbit', '--model', text]);
    expect(wrong.code).toBe(2);
    expect(wrong.error).toMatch(/^htpw: .*text\.htpw: this is text; give an \.htpw image\n$/);
  });

  it.skipIf(!canRun('host'))('of a board without a memory map prints no sizes', { timeout: 240_000 }, async () => {
    const { code, out } = await htpw(['build', 'host', '--model', image]);
    expect(code).toBe(0);
    expect(out).toMatch(/^host: .*build\/host\/cli-[0-9a-f]{8}\/firmware\.elf\n$/);
  });

  it.each([
    ['host', 'gcc: not found on PATH; apt-get install gcc libc6-dev'],
    ['mps2-an500', 'arm-none-eabi-gcc: not found on PATH; apt-get install gcc-arm-none-eabi'],
  ])('of %s without its compiler names the package', async (board, message) => {
    expect(await htpw(['build', board, '--model', image], [])).toEqual({
      code: 2,
      out: '',
      error: `htpw: ${message}\n`,
    });
  });
});

describe('htpw verify', () => {
  it('wants a board or a log, and no port with a log', async () => {
    const neither = await htpw(['verify', image]);
    expect(neither).toMatchObject({ code: 2, error: expect.stringMatching(/expected --board <name> or --log <file>/) });
    const both = await htpw(['verify', image, '--log', 'run.log', '--port', 'COM3']);
    expect(both).toMatchObject({ code: 2, error: expect.stringMatching(/--port needs a board, got --log run\.log/) });
    expect(neither.error + both.error).toMatch(/^(htpw: [^\n]+\n){2}$/);
  });

  it('of a real board without a port says how to flash and what to give', async () => {
    const { code, error } = await htpw(['verify', image, '--board', 'nucleo-f767zi']);
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(
      HAS_ARM_COMPILER ? /no port given; flash with: .* and then give --port/ : /gcc-arm-none-eabi/,
    );
  });

  describe.skipIf(!canRun('mps2-an500'))('without an emulator', () => {
    beforeAll(() => buildFirmware('mps2-an500', image), 120_000);

    it('names the package', async () => {
      const { code, error } = await htpw(['verify', image, '--board', 'mps2-an500', '--windows', '2'], ARM_TOOLS);
      expect(code).toBe(2);
      expect(error).toBe('htpw: qemu-system-arm: not found on PATH; apt-get install qemu-system-arm\n');
    });
  });

  it.skipIf(!canRun('host'))('records, replays, and exits with 1 on a mismatch', { timeout: 240_000 }, async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'log-')), 'run.log');
    expect(await htpw(['verify', image, '--board', 'host', '--windows', '2', '--record', log])).toMatchObject({
      code: 0,
    });
    const again = await htpw(['verify', image, '--log', log], []);
    expect(again).toMatchObject({ code: 0, error: '' });
    expect(again.out).toMatch(/^host: 2 windows, 0 mismatching bytes, 0 mismatching layers \(inputs of .*run\.log\)\n/);
    const text = readFileSync(log, 'utf8');
    writeFileSync(
      log,
      text.replace(/(layer 1 crc=)./, (_, head) => `${head}${text.includes(`${head}0`) ? 1 : 0}`),
    );
    const wrong = await htpw(['verify', image, '--log', log]);
    expect(wrong).toMatchObject({ code: 1, error: 'htpw: host differs from the WASM\n' });
    expect(wrong.out).toMatch(/1 mismatching layer .*\nfirst mismatch: window 0, operator 1\n/);
  });
});
