/**
 * Networks on codebooks that they share: every inner layer starts there, and those that lose most for a byte are given
 * more, until answers agree often enough or the image is full. Weights behind changed layers are fitted again.
 */
import { compare, outputsOf } from '../compress/agreement.ts';
import type { Weighed } from '../compress/codebook.ts';
import type { Option } from '../compress/options.ts';
import { refine } from '../compress/refine.ts';
import { withReplacements } from '../compress/replacement.ts';
import { pack } from '../image/pack.ts';
import type { Unpacked } from '../image/unpack.ts';
import type { Model } from '../model/model.ts';
import type { Codebook } from '../sources/codebook.ts';
import { grouped } from '../system/grouped.ts';
import { type Book, type BookSize, bookOf, learnCodebook } from './codebooks.ts';
import { gain, optionsOf } from './options.ts';
import { type Network, type Prepared, prepareNetwork } from './prepare.ts';

/** What is wanted of the joined image; without both every inner layer is on the codebooks. */
export interface Wanted {
  /** bytes of the largest image */
  budget?: number;
  /** share of the calibration samples of every network whose class must stay */
  agreement?: number;
}

/** Called as the work goes on. */
export type Report = (done: number, total: number, note: string) => void;

/** A network as it has become. */
export interface Joined {
  name: string;
  original: Unpacked;
  unpacked: Unpacked;
  prepared: Prepared;
  /** per layer of `prepared` */
  chosen: Option[];
  /** share of the calibration samples whose class has stayed; null without samples */
  agreement: number | null;
}

/** No image of these networks on these codebooks fits the budget. */
export class BudgetError extends Error {
  constructor(budget: number, smallest: number) {
    super(`join: cannot reach ${grouped(budget)} bytes; the smallest image is ${grouped(smallest)}`);
  }
}

/** Codebooks of these sizes for the inner layers of all networks: of each size a pair. */
export function learnCodebooks(
  networks: readonly Prepared[],
  sizes: readonly BookSize[],
  report: Report = () => {},
): Record<Book, Codebook[]> {
  const inner = networks.flatMap(({ weighed, inner }) => weighed.filter((_, l) => inner[l]));
  const booksOf = (book: Book): Codebook[] => {
    const own = inner.filter(({ layer }) => bookOf(layer) === book);
    if (own.length === 0) return [];
    return sizes.map((size, i) => {
      report(i, sizes.length, `codebook of ${size.entries} x ${size.length} for ${book}`);
      return learnCodebook(own, size);
    });
  };
  return { kernels: booksOf('kernels'), mixes: booksOf('mixes') };
}

/** Networks on codebooks that are learned for them, a pair of each size. */
export function shareCodebooks(
  networks: readonly Network[],
  sizes: readonly BookSize[],
  wanted: Wanted,
  packed: (parts: readonly Unpacked[]) => Uint8Array,
  report: Report = () => {},
): Joined[] {
  const prepared = networks.map((network, i) => {
    report(i, networks.length, `calibrate ${network.name}`);
    return prepareNetwork(network);
  });
  const books = learnCodebooks(prepared, sizes, report);
  return choose(prepared, ({ layer }) => books[bookOf(layer)], wanted, packed, report);
}

/** Networks on codebooks that there are, which stay as they are. */
export function takeCodebooks(
  networks: readonly Network[],
  codebooks: readonly Codebook[],
  wanted: Wanted,
  packed: (parts: readonly Unpacked[]) => Uint8Array,
  report: Report = () => {},
): Joined[] {
  return choose(networks.map(prepareNetwork), () => codebooks, wanted, packed, report);
}

interface State {
  prepared: Prepared;
  options: Option[][];
  /** per layer, the option taken */
  level: number[];
}

function choose(
  networks: readonly Prepared[],
  booksFor: (one: Weighed) => readonly Codebook[],
  { budget, agreement }: Wanted,
  packed: (parts: readonly Unpacked[]) => Uint8Array,
  report: Report,
): Joined[] {
  const states = networks.map((prepared, i): State => {
    const options = optionsOf(prepared, booksFor, (done, total) =>
      report(i + done / total, networks.length, `measure ${prepared.name}`),
    );
    return { prepared, options, level: options.map(() => 0) };
  });
  const roughSize = () => packed(states.map((state) => changed(state, false))).length;
  if (budget !== undefined) {
    const smallest = roughSize();
    if (smallest > budget) throw new BudgetError(budget, smallest);
    if (agreement === undefined) fill(states, budget, roughSize);
  }
  const joined = states.map((state, i) => {
    report(i, states.length, `refine ${state.prepared.name}`);
    return finished(state);
  });
  if (agreement !== undefined) improve(states, joined, agreement, budget, roughSize, report);
  return joined;
}

/** The step that lowers the error most for a byte; null where there is none left. */
function bestStep(states: readonly State[]): { state: State; layer: number; bytes: number } | null {
  let [best, most]: [ReturnType<typeof bestStep>, number] = [null, Number.NEGATIVE_INFINITY];
  for (const state of states) {
    state.options.forEach((options, layer) => {
      const [from, to] = [options[state.level[layer]!]!, options[state.level[layer]! + 1]];
      if (to === undefined || gain(from, to) <= most) return;
      most = gain(from, to);
      best = { state, layer, bytes: to.bytes - from.bytes };
    });
  }
  return best;
}

/** Takes steps, the best first, as long as the image keeps the budget. */
function fill(states: readonly State[], budget: number, size: () => number): void {
  let left = budget - size();
  const taken: { state: State; layer: number }[] = [];
  const open = states.map((state) => ({ ...state, level: state.level }));
  for (let step = bestStep(open); step !== null; step = bestStep(open)) {
    if (step.bytes > left) {
      step.state.options = step.state.options.map((options, l) => (l === step!.layer ? options.slice(0, step!.state.level[l]! + 1) : options));
      continue;
    }
    left -= step.bytes;
    step.state.level[step.layer]!++;
    taken.push(step);
  }
  // alignment and tables: what was taken last is given back
  while (taken.length > 0 && size() > budget) {
    const { state, layer } = taken.pop()!;
    state.level[layer]!--;
  }
}

const SHARE_OF_STEP = 1 / 24; // of a network's weights: so many bytes more before it is fitted and asked again

/** Gives networks that agree too seldom more bytes, while there are any, and fits them again. */
function improve(
  states: readonly State[],
  joined: Joined[],
  agreement: number,
  budget: number | undefined,
  size: () => number,
  report: Report,
): void {
  for (const [i, state] of states.entries()) {
    const { name, layers } = state.prepared;
    const least = layers.reduce((sum, { weights }) => sum + weights.length, 0) * SHARE_OF_STEP;
    while (joined[i]!.agreement !== null && joined[i]!.agreement! < agreement) {
      report(i, states.length, `${name} agrees on ${(100 * joined[i]!.agreement!).toFixed(1)} %`);
      const before = [...state.level];
      for (let bytes = 0; bytes < least; ) {
        const step = bestStep([state]);
        if (step === null) break;
        state.level[step.layer]!++;
        bytes += step.bytes;
      }
      const isOver = budget !== undefined && size() > budget;
      if (isOver) state.level.splice(0, before.length, ...before);
      if (isOver || state.level.every((level, l) => level === before[l])) break;
      joined[i] = finished(state);
    }
  }
}

function finished(state: State): Joined {
  const { prepared } = state;
  const unpacked = changed(state, true);
  const { samples, answers } = prepared;
  return {
    name: prepared.name,
    original: prepared.unpacked,
    unpacked,
    prepared,
    chosen: chosenOf(state),
    agreement:
      samples && answers
        ? compare(answers.outputs, outputsOf(unpacked.model, samples), answers.zeroPoint).top1
        : null,
  };
}

const chosenOf = ({ options, level }: State): Option[] => options.map((own, l) => own[level[l]!]!);

/** The network with what was chosen for its layers; its tables are compact where 16 bits can hold them. */
function changed(state: State, fitted: boolean): Unpacked {
  const { unpacked, layers, moments, samples } = state.prepared;
  const replacements = chosenOf(state).map(({ replacement }) => replacement);
  const given = layers.map((_, l) => (samples ? moments[l]! : null));
  const model: Model =
    fitted && samples
      ? refine(unpacked.model, layers, replacements, moments, samples)
      : withReplacements(unpacked.model, layers, replacements, given);
  return { model, tables: () => 'compact', lossless: () => false };
}

/** An image of some programs, as join writes it. */
export const packJoined = ({ model, tables, lossless }: Unpacked): Uint8Array => pack(model, { tables, lossless });
