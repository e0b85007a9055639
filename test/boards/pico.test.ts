/**
 * The rpi-pico's firmware: its boot stage, its UF2, and that it runs, on an emulated RP2040 (rp2040js), never a real
 * one.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Agent } from '../../host/agent/protocol.ts';
import { loadBoard } from '../../host/boards/board.ts';
import { bootCrc, withBootCrc } from '../../host/boards/boot.ts';
import { buildFirmware, type Firmware } from '../../host/build/firmware.ts';
import { toUf2 } from '../../host/build/uf2.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { bootRomCrc, bootUf2, type Emulated } from './rp2040.ts';
import { HAS_ARM_COMPILER } from './runnable.ts';
import { readUf2 } from './uf2Reader.ts';

const ECG = 'models/ecg-beats.htpw';
const board = loadBoard('rpi-pico');
const any = (bytes: number, seed = 1) =>
  Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + seed * 77 + (i >> 3)) & 255);

describe('a UF2 file', () => {
  it.each([1, 255, 256, 4096, 4097, 35_896])('of %i bytes gives them back, at their address', (length) => {
    const firmware = any(length);
    const { address, bytes, familyId } = readUf2(toUf2(firmware, 0x10000000, 0xe48bff56));
    expect([address, familyId]).toEqual([0x10000000, 0xe48bff56]);
    expect(Buffer.compare(bytes.subarray(0, length), firmware)).toBe(0);
    expect(bytes.subarray(length).every((byte) => byte === 0)).toBe(true);
  });

  it('fills whole sectors of flash, which is what the boot ROM erases', () => {
    expect([1, 4096, 4097].map((length) => readUf2(toUf2(any(length), 0x10000000, 1)).bytes.length)).toEqual([
      4096, 4096, 8192,
    ]);
    expect(() => toUf2(any(1), 0x10000100, 1)).toThrow('UF2: address: expected a multiple of 4096, got 0x10000100');
  });

  it('has, byte for byte, the header that its specification gives', () => {
    const block = Buffer.from(toUf2(any(4096), 0x10000000, 0xe48bff56)).subarray(512, 512 + 32);
    const words = ['5546320a', '57515d9e', '00200000', '00010010', '00010000', '01000000', '10000000', '56ff8be4'];
    expect(block.toString('hex')).toBe(words.join(''));
  });
});

describe('the checksum of the boot stage', () => {
  it('is the CRC-32 of MPEG-2: 0376e6e7 of "123456789"', () => {
    const check = new TextEncoder().encode('123456789');
    expect([bootCrc(check), bootRomCrc(check)]).toEqual([0x0376e6e7, 0x0376e6e7]);
  });

  it('stands behind the 252 bytes that it is of, and is never put over code', () => {
    const section = new Uint8Array(256);
    section.set(any(252));
    const signed = withBootCrc(section, 'test');
    expect(new DataView(signed.buffer).getUint32(252, true)).toBe(bootRomCrc(section.subarray(0, 252)));
    expect(() => withBootCrc(any(256), 'test')).toThrow('test: section .boot: expected 0 in the last four bytes');
    expect(() => withBootCrc(any(255), 'test')).toThrow('test: section .boot: expected 256 bytes, got 255');
  });
});

describe.skipIf(!HAS_ARM_COMPILER)('the firmware of the rpi-pico', () => {
  let firmware: Firmware;
  let emulated: Emulated;
  let agent: Agent;
  const runtime = new Runtime(new Uint8Array(readFileSync(ECG))).load(0);
  const file = (name: string) => new Uint8Array(readFileSync(join(dirname(firmware.elf), name)));
  /**
   * Core cycles at every reading of SysTick, as that counts them: the emulated one goes from 1 to its reload value, and
   * so gains a cycle at each turn; the real one counts 0, too.
   */
  const readings: number[] = [];
  let turns = 0;

  beforeAll(async () => {
    firmware = await buildFirmware('rpi-pico', ECG);
    emulated = bootUf2(file('firmware.uf2'));
    const { ppb, core } = emulated.chip;
    const read = ppb.readUint32.bind(ppb);
    ppb.readUint32 = (offset) => {
      if (offset === 0x018) readings.push(core.cycles + turns); // SYST_CVR
      return read(offset);
    };
    const reload = ppb.systickTimer.set.bind(ppb.systickTimer);
    ppb.systickTimer.set = (value) => {
      turns++;
      reload(value);
    };
    agent = new Agent(emulated.transport, { timeout: 60_000 });
  }, 120_000);
  afterAll(() => agent?.close());

  it('is the same in UF2 and BIN, and in ELF has the checksum, too', () => {
    const bin = file('firmware.bin');
    const { address, familyId, bytes } = readUf2(file('firmware.uf2'));
    expect([address, familyId]).toEqual([board.memory!.flash.origin, board.uf2!.familyId]);
    expect(Buffer.compare(bytes.subarray(0, bin.length), bin)).toBe(0);
    expect(Buffer.from(file('firmware.elf')).indexOf(bin.subarray(0, 256))).toBeGreaterThan(0);
  });

  it('comes up over UART0 at 115200 baud, from 125 MHz', { timeout: 60_000 }, async () => {
    const info = await agent.info();
    expect(info).toMatchObject({ board: 'rpi-pico', core: 'Cortex-M0+', image: 'OK' });
    const { chip } = emulated;
    expect([chip.clkSys, chip.clkPeri]).toEqual([125e6, 125e6]);
    expect(Math.abs(chip.uart[0].baudRate / 115200 - 1)).toBeLessThan(0.001);
  });

  it('did nothing that the emulator does not know, from the boot stage on, but guard 4 KiB below RAM', () => {
    // memory protection unit: 0x1ffff000, region 0; never run, 2^12 bytes, no access; for the rest, all as ever
    expect(emulated.warnings).toEqual([
      'PPB: Unimplemented peripheral read from 0xd90',
      'PPB: Unimplemented peripheral write to 0xd9c: 0x1ffff010',
      'PPB: Unimplemented peripheral write to 0xda0: 0x10000017',
      'PPB: Unimplemented peripheral write to 0xd94: 0x5',
    ]);
  });

  it('gives the bytes of the WebAssembly, layer by layer', { timeout: 120_000 }, async () => {
    const { inputBytes } = await agent.info();
    await agent.load(0);
    await agent.weights();
    const input = any(inputBytes);
    const { output, layers } = await agent.run(input, true);
    const expected = runtime.traceCrcs(input);
    expect(Buffer.compare(output, expected.output)).toBe(0);
    expect(layers).toEqual(expected.layers);
    const { stackUsed, stackBytes } = await agent.info();
    expect(stackUsed).toBeLessThan(stackBytes / 2);
  });

  it('counts core cycles exactly, also more than the 24 bits of SysTick hold', { timeout: 120_000 }, async () => {
    await agent.load(0);
    const input = any((await agent.info()).inputBytes);
    const overhead = readings[1] - readings[0];
    const elapsed = () => readings.at(-1)! - readings.at(-2)! - overhead;
    expect((await agent.run(input)).ticks).toBe(elapsed());

    const longer = 5 * 2 ** 24 + 12_345;
    const answer = agent.run(input);
    const started = readings.length;
    while (readings.length === started) await new Promise(setImmediate);
    emulated.passTime(longer);
    expect((await answer).ticks).toBe(elapsed() + longer);
  });
});
