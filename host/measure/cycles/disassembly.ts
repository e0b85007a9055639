/** The code of a firmware, as `objdump -d --no-show-raw-insn` prints it. */
import { decode, type Instruction } from './instruction.ts';

export interface Code {
  /** by address */
  instructions: Map<number, Instruction>;
  /** addresses of functions, by name */
  functions: Map<string, number>;
}

const FUNCTION = /^([0-9a-f]+) <(.+)>:$/;
const LINE = /^ *([0-9a-f]+):\t(\S+)\s*(.*)$/;

export function parseDisassembly(text: string): Code {
  const functions = new Map<string, number>();
  const lines: { address: number; name: string; operands: string }[] = [];
  for (const line of text.split('\n')) {
    const start = FUNCTION.exec(line);
    if (start) functions.set(start[2], Number.parseInt(start[1], 16));
    const [, address, name, operands] = LINE.exec(line) ?? [];
    if (address !== undefined) lines.push({ address: Number.parseInt(address, 16), name, operands });
  }
  const instructions = new Map<number, Instruction>();
  lines.forEach(({ address, name, operands }, i) => {
    if (name.startsWith('.')) return; // a constant between functions
    instructions.set(address, decode(address, lines[i + 1]?.address ?? address + 4, name, operands));
  });
  return { instructions, functions };
}
