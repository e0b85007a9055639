/**
 * What an emulator's log says of the blocks that ran: QEMU's `-d in_asm,exec,nochain`. A block is listed when it is
 * translated, and named each time it runs.
 */
import type { Code } from './disassembly.ts';

/** The first and the last instruction of a block. */
export interface Block {
  start: number;
  last: number;
}

/** How often each block ran behind each other one, by their starts. Nothing runs before the first: its `from` is -1. */
export class Profile {
  private readonly from = new Map<number, Map<number, number>>();

  add(from: number, to: number): void {
    const row = this.from.get(from) ?? new Map<number, number>();
    if (row.size === 0) this.from.set(from, row);
    row.set(to, (row.get(to) ?? 0) + 1);
  }

  *edges(): Iterable<{ from: number; to: number; count: number }> {
    for (const [from, row] of this.from) for (const [to, count] of row) yield { from, to, count };
  }
}

export const NOTHING = -1;

/** Reads a log line by line, and keeps a profile of every call of one function, from its first block to its return. */
export class TraceReader {
  readonly blocks = new Map<number, Block>();
  /** of the calls that have returned */
  readonly calls: Profile[] = [];
  private readonly entry: number;
  private listed: Block | null = null;
  /** the block that the log named last: whether it ran, the next line may deny */
  private named = NOTHING;
  private ran = NOTHING;
  private returnsTo = NOTHING;
  private profile: Profile | null = null;

  /** Throws when the code has no such function. */
  constructor(
    private readonly code: Code,
    called: string,
  ) {
    const entry = code.functions.get(called);
    if (entry === undefined) throw new Error(`trace: expected a function ${called} in the code, got none`);
    this.entry = entry;
  }

  line(line: string): void {
    if (line.startsWith('Trace ')) {
      this.run();
      this.named = startOf(line);
    } else if (line.startsWith('Stopped execution')) this.named = NOTHING;
    else if (line.startsWith('IN:')) this.listed = null;
    else if (line.startsWith('0x')) this.list(Number.parseInt(line.slice(2, 10), 16));
  }

  private list(address: number): void {
    if (this.listed) this.listed.last = address;
    else {
      this.listed = { start: address, last: address };
      this.blocks.set(address, this.listed);
    }
  }

  private run(): void {
    const block = this.named;
    if (block === NOTHING) return;
    if (this.profile && block === this.returnsTo) {
      this.calls.push(this.profile);
      this.profile = null;
    } else if (this.profile) this.profile.add(this.ran, block);
    else if (block === this.entry) this.call();
    this.ran = block;
  }

  private call(): void {
    this.profile = new Profile();
    this.profile.add(NOTHING, this.entry);
    const before = this.blocks.get(this.ran);
    this.returnsTo = (before && this.code.instructions.get(before.last)?.next) ?? NOTHING;
  }
}

/** "Trace 0: 0x7f8d58000100 [00800408/00006f48/00000110/ff000200] reset": 0x6f48, the program counter */
function startOf(line: string): number {
  const at = line.indexOf('/') + 1;
  return Number.parseInt(line.slice(at, line.indexOf('/', at)), 16);
}
