/**
 * Walks the instructions of a WebAssembly function body: for each opcode, how to step over what follows it.
 * Opcode numbers are those of the WebAssembly core specification 2.0, appendix "Index of Instructions".
 */

/** Reads a module's bytes in order. */
export class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
    readonly end = bytes.length,
  ) {}

  byte(): number {
    if (this.at >= this.end) throw new Error(`ends at byte ${this.at}, in the middle of something`);
    return this.bytes[this.at++];
  }

  /** LEB128 as an unsigned number; signed ones are only ever skipped. */
  leb(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const length = this.leb();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
}

const MEMORY_GROW = 0x40;
const CALL_INDIRECT = 0x11;

const isFloat = (op: number) =>
  op === 0x2a ||
  op === 0x2b ||
  op === 0x38 ||
  op === 0x39 ||
  op === 0x43 ||
  op === 0x44 || // load, store, const
  (op >= 0x5b && op <= 0x66) ||
  (op >= 0x8b && op <= 0xa6) || // comparison, arithmetic
  (op >= 0xa8 && op <= 0xab) ||
  (op >= 0xae && op <= 0xbf); // conversion

const isFloatVector = (op: number) =>
  op === 19 ||
  op === 20 ||
  (op >= 31 && op <= 34) ||
  (op >= 65 && op <= 76) ||
  op === 94 ||
  op === 95 ||
  (op >= 103 && op <= 106) ||
  op === 116 ||
  op === 117 ||
  op === 122 ||
  op === 148 ||
  op >= 224;

function skipMemoryArgument(reader: Reader): void {
  reader.leb(); // alignment
  reader.leb(); // offset
}

function skipVectorOperands(reader: Reader, op: number): void {
  if (op <= 11 || op === 92 || op === 93) skipMemoryArgument(reader);
  else if (op === 12 || op === 13) reader.at += 16;
  else if (op >= 21 && op <= 34) reader.byte();
  else if (op >= 84 && op <= 91) {
    skipMemoryArgument(reader);
    reader.byte();
  }
}

function skipOperands(reader: Reader, op: number): void {
  if (op >= 0x02 && op <= 0x04)
    reader.leb(); // block, loop, if: type
  else if (op === 0x0c || op === 0x0d || op === 0x10)
    reader.leb(); // br, br_if, call
  else if (op === 0x0e) for (let targets = reader.leb() + 1; targets > 0; targets--) reader.leb();
  else if (op === CALL_INDIRECT) skipMemoryArgument(reader);
  else if (op === 0x1c) for (let types = reader.leb(); types > 0; types--) reader.byte();
  else if (op >= 0x20 && op <= 0x26)
    reader.leb(); // local, global, table
  else if (op >= 0x28 && op <= 0x3e) skipMemoryArgument(reader);
  else if (op === 0x3f || op === MEMORY_GROW) reader.byte();
  else if (op === 0x41 || op === 0x42) reader.leb();
  else if (op === 0x43) reader.at += 4;
  else if (op === 0x44) reader.at += 8;
  else if (op === 0xd0 || op === 0xd2) reader.leb();
}

/** Names of instructions in the reader's range that the runtime may not use; empty when there is none. */
export function forbiddenInstructions(reader: Reader): Set<string> {
  const found = new Set<string>();
  while (reader.at < reader.end) {
    const op = reader.byte();
    if (op === 0xfc) {
      const extended = reader.leb();
      if (extended < 8) found.add('a float instruction');
      else return found.add('a bulk memory instruction'); // operands vary; nothing behind it matters any more
    } else if (op === 0xfd) {
      const vector = reader.leb();
      if (isFloatVector(vector)) found.add('a float instruction');
      skipVectorOperands(reader, vector);
    } else {
      if (isFloat(op)) found.add('a float instruction');
      if (op === MEMORY_GROW) found.add('memory.grow');
      if (op === CALL_INDIRECT) found.add('call_indirect');
      skipOperands(reader, op);
    }
  }
  return found;
}
