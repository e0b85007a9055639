/** What the agent answers (docs/protocol.md), read into numbers; the same for a live board and for a capture. */
import { NOT_RUN } from '../records/branches.ts';

export type Fields = Record<string, string>;

export interface Reply {
  /** key=value of the "ok" line */
  fields: Fields;
  /** lines before it, such as "layer 0 crc=... bytes=..." */
  lines: string[];
}

/** A line that is not as the protocol says: damaged on the wire, cut off, or from another agent. */
export class ReplyError extends Error {
  constructor(
    /** which line of the reply, from 0; the "ok" line is the last */
    readonly line: number,
    expected: string,
    got: string,
  ) {
    super(`expected ${expected}, got "${got.slice(0, 60)}"; is the line complete?`);
  }
}

/** Ticks that the board does not know: its counter went round in between. */
class CounterError extends ReplyError {
  constructor(line: number) {
    super(line, 'ticks=<number>', 'unknown');
    this.message =
      'its ticks are unknown: the counter went round; count on a board whose counter holds more (npx htpw boards)';
  }
}

export interface AgentInfo {
  board: string;
  core: string;
  variant: string;
  imageBytes: number;
  /** CRC-32 of the whole image */
  imageCrc: number;
  /** "OK", or the status with which the image was refused */
  image: string;
  /** of proving the image at start; null where the counter went round, or in a capture of an agent that did not say */
  openTicks: number | null;
  programs: number;
  arenaBytes: number;
  inputBytes: number;
  outputBytes: number;
  operators: number;
  stackBytes: number;
  stackUsed: number;
}

export interface RunResult {
  output: Uint8Array;
  /** of a plain invoke, without any tracing */
  ticks: number;
  /** of each operator; empty unless traced */
  layers: (number | typeof NOT_RUN)[];
}

/**
 * Ticks of each operator by itself, of load and of two inferences after it, and of a whole inference without tracing.
 */
export interface Profile {
  /** materialising its weights during load */
  prepare: number[];
  /** in the first inference, where lazy weights are materialised; null for operators that were not run */
  first: (number | null)[];
  /** in any later inference */
  next: (number | null)[];
  ticks: number;
}

export const parseFields = (text: string): Fields =>
  Object.fromEntries([...text.matchAll(/(\S+?)=(\S*)/g)].map(([, key, value]) => [key, value]));

/** The value of a key of the "ok" line, which must have the given form. */
function field({ fields, lines }: Reply, key: string, form: RegExp, expected: string): string {
  const value = fields[key];
  if (value !== undefined && form.test(value)) return value;
  throw new ReplyError(lines.length, `${key}=<${expected}>`, value === undefined ? `no ${key}` : `${key}=${value}`);
}

const text = (reply: Reply, key: string) => field(reply, key, /./, 'text');
const number = (reply: Reply, key: string) => Number(field(reply, key, /^\d+$/, 'number'));

/** Throws CounterError where the counter went round. */
function ticksOf(reply: Reply, key: string): number {
  if (reply.fields[key] === 'unknown') throw new CounterError(reply.lines.length);
  return number(reply, key);
}

export function readInfo(reply: Reply): AgentInfo {
  return {
    board: text(reply, 'board'),
    core: text(reply, 'core'),
    variant: text(reply, 'variant'),
    imageBytes: number(reply, 'imageBytes'),
    imageCrc: Number.parseInt(field(reply, 'imageCrc', /^[0-9a-f]{8}$/, '8 hex digits'), 16),
    image: text(reply, 'image'),
    openTicks: [undefined, 'unknown'].includes(reply.fields.openTicks) ? null : number(reply, 'openTicks'),
    programs: number(reply, 'programs'),
    arenaBytes: number(reply, 'arenaBytes'),
    inputBytes: number(reply, 'inputBytes'),
    outputBytes: number(reply, 'outputBytes'),
    operators: number(reply, 'operators'),
    stackBytes: number(reply, 'stackBytes'),
    stackUsed: number(reply, 'stackUsed'),
  };
}

export function readLoad(reply: Reply): { ticks: number; operators: number } {
  return { ticks: ticksOf(reply, 'ticks'), operators: number(reply, 'operators') };
}

export function readOutput(reply: Reply): Uint8Array {
  return Buffer.from(field(reply, 'output', /^([0-9a-f]{2})*$/, 'hex'), 'hex');
}

/** `operators`: how many layers the reply must have, 0 when it was not traced. */
export function readRun(reply: Reply, operators: number): RunResult {
  const layers = reply.lines.map((line, index) => {
    const [, operator, crc] = /^layer (\d+) (?:not run|crc=([0-9a-f]{8}) bytes=\d+)(?: |$)/.exec(line) ?? [];
    if (Number(operator) === index && index < operators) return crc ? Number.parseInt(crc, 16) : NOT_RUN;
    throw new ReplyError(index, index < operators ? `layer ${index} crc=<8 hex digits> bytes=` : 'ok output=', line);
  });
  if (layers.length < operators) {
    throw new ReplyError(layers.length, `layer ${layers.length} of ${operators} before the answer`, 'ok');
  }
  return { output: readOutput(reply), ticks: ticksOf(reply, 'ticks'), layers };
}

/** `operators`: how many lines each of the three passes must have. */
export function readProfile(reply: Reply, operators: number): Profile {
  const passes = ['prepare', 'first', 'next'] as const;
  const lines = reply.lines.values();
  const read = (name: (typeof passes)[number], index: number, line: string | undefined): number | null => {
    const form = new RegExp(`^${name} (\\d+) (?:ticks=(\\d+)${name === 'prepare' ? '' : '|not run'})(?: |$)`);
    const [, operator, ticks] = form.exec(line ?? '') ?? [];
    if (Number(operator) === index) return ticks === undefined ? null : Number(ticks);
    const at = passes.indexOf(name) * operators + index;
    if (line === `${name} ${index} ticks=unknown`) throw new CounterError(at);
    throw new ReplyError(Math.min(at, reply.lines.length), `${name} ${index} ticks=<number>`, line ?? 'ok');
  };
  const [prepare, first, next] = passes.map((name) =>
    Array.from({ length: operators }, (_, index) => read(name, index, lines.next().value)),
  );
  const rest = lines.next().value;
  if (rest !== undefined) throw new ReplyError(passes.length * operators, 'ok operators=', rest);
  return { prepare: prepare as number[], first, next, ticks: ticksOf(reply, 'ticks') };
}

/** `runs`: how many there must have been. */
export function readBench(reply: Reply, runs: number): { total: number; most: number } {
  const done = number(reply, 'runs');
  if (done !== runs) throw new ReplyError(reply.lines.length, `runs=${runs}`, `runs=${done}, as when a byte comes`);
  return { total: ticksOf(reply, 'total'), most: ticksOf(reply, 'most') };
}
