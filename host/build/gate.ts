/**
 * Build gate over the runtime's WebAssembly. On a device its addresses are machine addresses, so it can have no memory
 * of its own: nothing to copy at start, nothing to grow, no state between calls. See docs/porting.md.
 */

import type { Variant } from '../runtime/variants.ts';
import { forbiddenInstructions, Reader } from './opcodes.ts';

const SECTION = {
  custom: 0,
  import: 2,
  table: 4,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
} as const;
const EXTERNAL = { function: 0, table: 1, memory: 2, global: 3 } as const;

interface Section {
  id: number;
  reader: Reader;
}

function sections(wasm: Uint8Array): Section[] {
  const reader = new Reader(wasm);
  if (wasm.length < 8 || Buffer.from(wasm.subarray(0, 4)).toString('latin1') !== '\0asm')
    throw new Error('is not WebAssembly');
  reader.at = 8;
  const found: Section[] = [];
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const bytes = reader.leb();
    if (reader.at + bytes > wasm.length) throw new Error(`section ${id} runs past the end of the file`);
    found.push({ id, reader: new Reader(wasm, reader.at, reader.at + bytes) });
    reader.at += bytes;
  }
  return found;
}

/** Modules of assembly/intrinsics/ only; that they have the function, its polyfill shows. */
function* importFaults(reader: Reader, allowed: readonly string[]): Generator<string> {
  for (let count = reader.leb(); count > 0; count--) {
    const [module, member] = [reader.text(), reader.text()];
    const kind = reader.byte();
    if (kind !== EXTERNAL.function || !allowed.includes(module))
      yield `imports ${module}.${member}; allowed: only functions of ${allowed.join(', ')}`;
    if (kind === EXTERNAL.function) reader.leb();
    else return; // any other kind is a fault already, and has operands of its own
  }
}

function* globalFaults(reader: Reader): Generator<string> {
  for (let count = reader.leb(); count > 0; count--) {
    reader.byte(); // type
    if (reader.byte() === 1) yield 'has a mutable global; state belongs in the arena';
    const op = reader.byte(); // the initial value: one constant, then end
    if (op === 0x43) reader.at += 4;
    else if (op === 0x44) reader.at += 8;
    else reader.leb();
    reader.byte();
  }
}

function* codeFaults(reader: Reader): Generator<string> {
  const functions = reader.leb();
  for (let index = 0; index < functions; index++) {
    const bytes = reader.leb();
    const body = new Reader(reader.bytes, reader.at, reader.at + bytes);
    for (let groups = body.leb(); groups > 0; groups--) {
      body.leb(); // how many locals
      body.byte(); // of which type
    }
    for (const name of forbiddenInstructions(body)) yield `function ${index} uses ${name}`;
    reader.at += bytes;
  }
}

function* sectionFaults({ id, reader }: Section, variant: Variant): Generator<string> {
  switch (id) {
    case SECTION.import:
      return yield* importFaults(reader, variant.intrinsics);
    case SECTION.global:
      return yield* globalFaults(reader);
    case SECTION.code:
      return yield* codeFaults(reader);
    case SECTION.table:
      return yield 'has a function table; call functions by name';
    case SECTION.element:
      return yield 'has an element segment; call functions by name';
    case SECTION.data:
      return yield 'has a data segment; strings and constant arrays cannot live in the runtime, pass their address in';
    case SECTION.start:
      return yield 'has a start function; nothing runs it on a device';
  }
}

/** Everything about a module that cannot work on a device, one line each; empty when it is fit. */
export function gateFaults(wasm: Uint8Array, variant: Variant): string[] {
  try {
    return sections(wasm).flatMap((section) => [...sectionFaults(section, variant)]);
  } catch (error) {
    return [(error as Error).message];
  }
}

export function assertFit(name: string, wasm: Uint8Array, variant: Variant): void {
  const faults = gateFaults(wasm, variant);
  if (faults.length === 0) return;
  throw new Error(
    `${name}: not fit for a device\n${faults.map((fault) => `  ${fault}`).join('\n')}\nchange assembly/ and build again`,
  );
}
