/** Firmware: the fields of a board, its sections and sizes, and budgets that it must keep. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { FEATURE_OPERATOR } from '../../assembly/features.ts';
import { ROUTE } from '../../assembly/format.ts';
import { boardNames, listBoards, loadBoard } from '../../host/boards/board.ts';
import { buildFirmware, type Firmware } from '../../host/build/firmware.ts';
import { linkerScript } from '../../host/build/link.ts';
import { featuresOf } from '../../host/build/requirements.ts';
import { objectTextBytes, parseSections } from '../../host/build/size.ts';
import { pack } from '../../host/image/pack.ts';
import { ImageView } from '../../host/records/view.ts';
import { HAS_ARM_COMPILER } from '../boards/runnable.ts';
import { imageFile, tinyImage, tinyModel } from '../boards/tinyImage.ts';

describe('a board', () => {
  it('that is unknown is answered with those that are known', () => {
    expect(() => loadBoard('nucleo')).toThrow(`board "nucleo": unknown; one of ${boardNames().join(', ')}`);
  });

  it('has a board.json that passes its checks, each of them', () => {
    expect(listBoards().map(({ name }) => name)).toContain('nucleo-f767zi');
  });

  it('with a wrong field is refused by file, field, expected and got', () => {
    const root = mkdtempSync(join(tmpdir(), 'boards-'));
    const json = JSON.parse(readFileSync(join(loadBoard('microbit').folder, 'board.json'), 'utf8'));
    const check = (change: object) => {
      execFileSync('mkdir', ['-p', join(root, 'boards', 'microbit')]);
      writeFileSync(join(root, 'boards', 'microbit', 'board.json'), JSON.stringify({ ...json, ...change }));
      return () => loadBoard('microbit', root);
    };
    const where = 'boards/microbit/board.json: ';
    expect(check({})).not.toThrow();
    expect(check({ cpuFlags: 'no list' })).toThrow(`${where}cpuFlags: expected a list of strings, got "no list"`);
    expect(check({ variant: 'neon' })).toThrow(`${where}variant: expected one of scalar, dsp, mve, got "neon"`);
    expect(check({ memory: { ...json.memory, ram: { origin: '0x2000', bytes: 16384 } } })).toThrow(
      `${where}memory.ram.origin: expected an address such as "0x20000000", got "0x2000"`,
    );
    expect(check({ uf2: { familyId: 'e48bff56' } })).toThrow(
      `${where}uf2.familyId: expected eight digits, "0xe48bff56", got "e48bff56"`,
    );
    expect(check({ boot: 'rp2350' })).toThrow(`${where}boot: expected one of rp2040, got "rp2350"`);
    expect(check({ budget: { ...json.budget, ramBytes: 20000 } })).toThrow(
      `${where}budget.ramBytes: expected at most memory.ram.bytes = 16384, got 20000`,
    );
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('the firmware of the nucleo-f767zi', () => {
  let firmware: Firmware;
  let symbols: Map<string, number>;
  const image = tinyImage();
  beforeAll(async () => {
    firmware = await buildFirmware('nucleo-f767zi', imageFile('firmware', image));
    const lines = execFileSync('arm-none-eabi-nm', [firmware.elf], { encoding: 'utf8' }).trim().split('\n');
    symbols = new Map(lines.map((line) => [line.slice(11), Number.parseInt(line.slice(0, 8), 16)]));
  }, 120_000);

  it('begins with the initial stack pointer and the reset vector', () => {
    const vectors = new DataView(new Uint8Array(readFileSync(join(dirname(firmware.elf), 'firmware.bin'))).buffer);
    expect(symbols.get('vectors')).toBe(0x08000000);
    expect(vectors.getUint32(0, true)).toBe(symbols.get('stack_top'));
    expect(vectors.getUint32(4, true)).toBe(symbols.get('reset')! | 1); // Thumb
  });

  it('handles all 110 interrupts of the STM32F767', () => {
    expect(symbols.get('htpw_image')).toBeGreaterThanOrEqual(0x08000000 + (16 + 110) * 4);
  });

  it('holds the image byte for byte, 16-byte aligned', () => {
    const at = symbols.get('htpw_image')!;
    const flash = readFileSync(join(dirname(firmware.elf), 'firmware.bin'));
    expect(at % 16).toBe(0);
    expect(symbols.get('htpw_image_end')! - at).toBe(image.length);
    expect(Buffer.compare(flash.subarray(at - 0x08000000, at - 0x08000000 + image.length), image)).toBe(0);
  });

  it('has the stack at the very start of RAM', () => {
    expect(symbols.get('stack_bottom')).toBe(0x20000000);
    expect(symbols.get('stack_top')).toBe(0x20000000 + 4096);
  });

  it('names for the start-up code exactly what it must clear and copy', () => {
    const sections = parseSections(execFileSync('arm-none-eabi-size', ['-A', firmware.elf], { encoding: 'utf8' }));
    const range = (name: string) => {
      const { address, bytes } = sections.find((section) => section.name === name)!;
      return [address, address + bytes];
    };
    const symbolRange = (name: string) => [symbols.get(`${name}_start`), symbols.get(`${name}_end`)];
    expect(symbolRange('bss')).toEqual(range('.bss'));
    expect(symbolRange('data')).toEqual(range('.data'));
    expect(symbols.get('data_load')).toBeGreaterThanOrEqual(range('.text')[1]);
    expect(symbols.get('data_load')).toBeLessThan(0x08000000 + 0x200000);
  });

  it('adds up: the file is as long as flashBytes says, to the alignment of its sections', () => {
    const file = readFileSync(join(dirname(firmware.elf), 'firmware.bin')).length;
    expect(file - firmware.flashBytes).toBeGreaterThanOrEqual(0);
    expect(file - firmware.flashBytes).toBeLessThan(16);
    expect(firmware.runtimeTextBytes).toBeGreaterThan(4000);
    expect(firmware.runtimeTextBytes).toBeLessThan(firmware.textBytes);
  });

  it('is not linked with a script that misplaces the vectors or the image', () => {
    const good = linkerScript(loadBoard('nucleo-f767zi'));
    const folder = dirname(firmware.elf);
    const link = (script: string) => {
      const path = join(folder, 'broken.ld');
      writeFileSync(path, script);
      const objects = execFileSync('sh', ['-c', `grep -o '^LOAD .*\\.o$' ${folder}/firmware.map | cut -c6-`], {
        encoding: 'utf8',
      });
      const args = ['-mcpu=cortex-m7', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv5-d16', '-nostdlib', '-T', path];
      const inputs = [...objects.trim().split('\n'), '-lgcc', '-o', join(folder, 'broken.elf')];
      execFileSync('arm-none-eabi-gcc', [...args, ...inputs], {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
      });
    };
    const vectors = '.vectors : { KEEP(*(.vectors)) } > flash';
    expect(() => link(good)).not.toThrow();
    expect(() => link(good.replace(vectors, `.first : { LONG(0) } > flash ${vectors}`))).toThrow(
      /must lie at the start of flash/,
    );
    expect(() => link(good.replace(vectors, ''))).toThrow(/vectors/);
    expect(() => link(good.replace('.image : ALIGN(16) {', '.image : SUBALIGN(1) { BYTE(0)'))).toThrow(
      /16-byte aligned/,
    );
    expect(() => link(good.replace(/LENGTH = 524288/, 'LENGTH = 4096'))).toThrow(/overflowed/);
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('the firmware of', () => {
  it.each([
    ['nucleo-l4r5zi', 0x08000000, 0x08000000, 95],
    ['nucleo-g0b1re', 0x08000000, 0x08000000, 31],
    ['rpi-pico', 0x10000000, 0x10000100, 26],
  ])(
    '%s has its vectors where the core looks for them, and one for each interrupt',
    async (board, flash, vectors, interrupts) => {
      const firmware = await buildFirmware(board, imageFile(`vectors-${board}`));
      const bin = new Uint8Array(readFileSync(join(dirname(firmware.elf), 'firmware.bin')));
      const table = new DataView(bin.buffer, vectors - flash);
      expect(loadBoard(board).memory!.flash.origin).toBe(flash);
      expect(table.getUint32(0, true)).toBe(0x20000000 + 4096); // stack, at the start of RAM
      for (const vector of [1, 2, 15 + interrupts]) expect(table.getUint32(vector * 4, true) & 1).toBe(1); // Thumb
      expect(firmware.sections.flash['.vectors']).toBe((16 + interrupts) * 4);
    },
    120_000,
  );

  it('a Cortex-M0+ has the very code that is counted on a Cortex-M0', { timeout: 120_000 }, async () => {
    const code = async (board: string) => {
      const { elf } = await buildFirmware(board, imageFile(`m0plus-${board}`));
      const map = readFileSync(join(dirname(elf), 'firmware.map'), 'utf8');
      const [object] = /\S+\/objects\/htpw-\w+\.o/.exec(map)!;
      return execFileSync('arm-none-eabi-objdump', ['-d', object], { encoding: 'utf8' })
        .split('\n')
        .slice(3)
        .join('\n');
    };
    const counted = await code('mps2-an385-m0');
    expect(counted.length).toBeGreaterThan(10_000);
    for (const board of ['nucleo-g0b1re', 'rpi-pico']) expect((await code(board)) === counted, board).toBe(true);
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('a runtime cut to an image without a route', () => {
  const own = featuresOf(new ImageView(tinyImage()));
  const build = async (features: bigint) => {
    const { elf, runtimeTextBytes } = await buildFirmware('nucleo-f767zi', imageFile('no-route', tinyImage()), {
      features,
    });
    const symbols = execFileSync('arm-none-eabi-nm', [elf], { encoding: 'utf8' });
    return { runtimeTextBytes, routes: symbols.match(/\S*route\S*/gi) ?? [] };
  };

  it('has no function of routes, and is smaller than one that keeps them', { timeout: 240_000 }, async () => {
    const [without, routed] = [await build(own), await build(own | (1n << BigInt(FEATURE_OPERATOR + ROUTE)))];
    expect(without.routes).toEqual([]);
    expect(routed.routes).not.toEqual([]);
    expect(routed.runtimeTextBytes).toBeGreaterThan(without.runtimeTextBytes);
  });
});

describe('sizes', () => {
  it('count only what the linker kept of an object, also where a long name breaks the line', () => {
    const map = [
      'Discarded input sections', ' .text.gone     0x0000000000000000       0x40 /x/htpw-1.o',
      'Linker script and memory map',
      ' .text.kept     0x0000000000000100       0x20 /x/htpw-1.o',
      ' .text.with_a_very_long_name', '                0x0000000000000120       0x10 /x/htpw-1.o',
      ' .rodata.table  0x0000000000000130        0x8 /x/htpw-1.o',
      ' .bss.state     0x0000000020000000        0x4 /x/htpw-1.o',
      ' .text.main     0x0000000000000138       0x80 /x/agent-2.o',
    ].join('\n'); // biome-ignore format: a map has its lines as they are
    expect(objectTextBytes(map, '/x/htpw-1.o')).toBe(0x38);
  });

  it('read sections with their address', () => {
    expect(parseSections('firmware.elf  :\nsection  size  addr\n.text  100  134217728\nTotal 100\n')).toEqual([
      { name: '.text', bytes: 100, address: 134217728 },
    ]);
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('the build for a board', () => {
  it('that is too small for the image says by how much', { timeout: 120_000 }, async () => {
    const model = tinyModel();
    const [program] = model.programs;
    program.tensors = program.tensors.slice(0, 2);
    program.operators = program.operators.slice(0, 1);
    program.outputs = [1];
    model.sources = model.sources.slice(0, 1);
    for (const tensor of program.tensors) tensor.shape[1] = 4000; // 48 kB of activations for 16 KiB of RAM
    const build = buildFirmware('microbit', imageFile('too-wide', pack(model)));
    await expect(build).rejects.toThrow(
      /^microbit: ram: expected at most 16384 bytes, got \d{5,}; arena .*plan the model/,
    );
  });
});
