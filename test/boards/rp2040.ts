/**
 * An RP2040 in software (rp2040js): takes a UF2 file as its boot ROM would, and has the agent on UART0 as a transport.
 */
import { PassThrough, Writable } from 'node:stream';
import { type RP2040, Simulator } from 'rp2040js';
import type { Transport } from '../../host/agent/transport.ts';
import { readUf2 } from './uf2Reader.ts';

const FLASH = 0x10000000;
/** Where the boot ROM copies the second stage to, at the end of RAM. */
const STAGE_AT = 0x20041f00;
const STAGE_BYTES = 256;
/** At 125 MHz, which the firmware sets up; until then the emulated time goes too slowly. */
const CYCLE_NANOS = 8;
const INSTRUCTIONS_AT_ONCE = 200_000;
/** Bytes that wait in the UART; the real one holds 32. */
const FIFO_BYTES = 16;

export interface Emulated {
  chip: RP2040;
  transport: Transport;
  /** what the emulator does not know of what the firmware did: "SSI: Unimplemented peripheral write to 0x10: 0x1" */
  warnings: string[];
  /** lets the clocks go on by so many core cycles in which the core does nothing */
  passTime(cycles: number): void;
}

/** The CRC as the boot ROM has it, by long division of the bits as one number: not as the build computes it. */
export function bootRomCrc(bytes: Uint8Array): number {
  const bits = [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
  const message = [...bits, ...new Array<number>(32).fill(0)].map((bit, i) => (i < 32 ? bit ^ 1 : bit));
  const divisor = [...`1${(0x04c11db7).toString(2).padStart(32, '0')}`].map(Number);
  for (let i = 0; i < bits.length; i++) {
    if (message[i]) for (const [k, bit] of divisor.entries()) message[i + k] ^= bit;
  }
  return Number.parseInt(message.slice(bits.length).join(''), 2);
}

/**
 * Loads the file into flash, and what the boot ROM does then: check the CRC of the second stage, copy it, jump to it.
 */
export function bootUf2(file: Uint8Array): Emulated {
  const simulator = new Simulator();
  const chip = simulator.rp2040;
  const warnings: string[] = [];
  const note = (component: string, message: string) => void warnings.push(`${component}: ${message}`);
  chip.logger = { debug: () => {}, info: () => {}, warn: note, error: note };
  const { address, bytes } = readUf2(file);
  chip.flash.set(bytes, address - FLASH);

  const stage = chip.flash.slice(0, STAGE_BYTES);
  const found = new DataView(stage.buffer).getUint32(STAGE_BYTES - 4, true);
  const expected = bootRomCrc(stage.subarray(0, STAGE_BYTES - 4));
  if (found !== expected) throw new Error(`boot ROM: CRC: expected ${expected}, got ${found}`);
  chip.sram.set(stage, STAGE_AT - 0x20000000);
  chip.core.SP = 0x20042000 - STAGE_BYTES;
  chip.core.LR = 0;
  chip.core.PC = STAGE_AT;
  return {
    chip,
    transport: run(simulator),
    warnings,
    passTime: (cycles) => simulator.clock.tick(cycles * CYCLE_NANOS),
  };
}

/** Runs the chip until closed, in slices between which Node does other things. */
function run({ rp2040: chip, clock }: Simulator): Transport {
  const [uart] = chip.uart;
  const readable = new PassThrough();
  const waiting: number[] = [];
  let inFifo = 0;
  let said: number[] = [];
  uart.onByte = (byte) => void said.push(byte);
  const pull = uart.readUint32.bind(uart);
  uart.readUint32 = (offset) => {
    if (offset === 0) inFifo--; // UARTDR
    return pull(offset);
  };
  let running = true;
  let end: (reason: string) => void;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const slice = () => {
    if (!running) return;
    for (let i = 0; i < INSTRUCTIONS_AT_ONCE; i++) {
      while (waiting.length > 0 && inFifo < FIFO_BYTES) {
        inFifo++;
        uart.feedByte(waiting.shift()!);
      }
      clock.tick(chip.core.executeInstruction() * CYCLE_NANOS);
    }
    if (said.length > 0) readable.write(Buffer.from(said));
    said = [];
    setImmediate(slice);
  };
  setImmediate(slice);
  const writable = new Writable({
    write: (chunk: Buffer, _, done) => {
      waiting.push(...chunk);
      done();
    },
  });
  const close = async () => {
    running = false;
    end('closed');
    readable.end();
  };
  return { readable, writable, greets: true, ended, close };
}
