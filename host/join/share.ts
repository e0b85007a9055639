/**
 * Networks on codebooks that they share: every inner layer starts there, and those that lose most for a byte are given
 * more, until answers agree often enough or the image is full. Weights behind changed layers are fitted again.
 */
import { compare, outputsOf } from '../compress/agreement.ts';
import type { Weighed } from '../compress/codebook.ts';
import type { Option } from '../compress/options.ts';
import { refine } from '../compress/refine.ts';
import { ownBytes, withReplacements } from '../compress/replacement.ts';
import { pack } from '../image/pack.ts';
import type { Unpacked } from '../image/unpack.ts';
import type { Generator, Model } from '../model/model.ts';
import type { Codebook } from '../sources/codebook.ts';
import { generatorBytes } from '../sources/registry.ts';
import { grouped } from '../system/grouped.ts';
import { type Book, type BookSize, bookOf, learnCodebook } from './codebooks.ts';
import { gain, optionsOf } from './options.ts';
import { type Network, type Prepared, prepareNetwork } from './prepare.ts';

/** What is wanted of the joined image; without both every inner layer is on the codebooks. */
export interface Wanted {
  /** bytes of the largest image */
  budget?: number;
  /** bytes that weights, indices and codebooks may take together */
  weights?: number;
  /** share of samples held out of the calibration of every network whose class must stay */
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
  /** share of the samples held out, or of all where none are, whose class has stayed; null without samples */
  agreement: number | null;
}

/** No image of these networks on these codebooks fits the budget. */
export class BudgetError extends Error {
  constructor(budget: number, smallest: number) {
    super(`join: cannot reach ${grouped(budget)} bytes; the smallest image is ${grouped(smallest)}`);
  }
}

/** Of each book a codebook of each size. */
export type Books = Record<Book, Codebook[]>;

/** The layers that learn a codebook. */
type Learners = (book: Book, size: number) => readonly Weighed[];

/** Codebooks of these sizes, of each size a pair; `before`: what is kept where nobody learns one. */
function learnCodebooks(sizes: readonly BookSize[], learners: Learners, report: Report, before?: Books): Books {
  const booksOf = (book: Book): Codebook[] =>
    sizes.flatMap((size, i) => {
      const own = learners(book, i);
      if (own.length === 0) return before?.[book][i] ?? [];
      report(i, sizes.length, `codebook of ${size.entries} x ${size.length} for ${book}`);
      return learnCodebook(own, size);
    });
  return { kernels: booksOf('kernels'), mixes: booksOf('mixes') };
}

/** All inner layers, each of which counts the same. */
const everyLayer = (networks: readonly Prepared[]): Learners => {
  const inner = networks.flatMap(({ weighed, inner }) => weighed.filter((_, l) => inner[l]));
  return (book) => inner.filter(({ layer }) => bookOf(layer) === book);
};

/**
 * The layers that have taken a codebook. Each counts by what its errors do to what its network answers, of which the root
 * is taken: it was measured on few inputs, and layers that do little would have no entries left.
 */
const thoseThatTake =
  (states: readonly State[], books: Books): Learners =>
  (book, size) =>
    states.flatMap((state) =>
      chosenOf(state).flatMap(({ replacement, error, layerError }, l) =>
        replacement.generator === books[book][size] && layerError > 0
          ? { ...state.prepared.weighed[l]!, importance: Math.sqrt(error / layerError) }
          : [],
      ),
    );

/**
 * Networks on codebooks that are learned for them, a pair of each size: once for all inner layers, and again for those
 * that take them by then.
 */
export function shareCodebooks(
  networks: readonly Network[],
  sizes: readonly BookSize[],
  wanted: Wanted,
  packed: (parts: readonly Unpacked[]) => Uint8Array,
  report: Report = () => {},
): Joined[] {
  const prepared = networks.map((network, i) => {
    report(i, networks.length, `calibrate ${network.name}`);
    return prepareNetwork(network, wanted.agreement !== undefined);
  });
  const onBooks = (books: Books) => statesOf(prepared, ({ layer }) => books[bookOf(layer)], report);
  const first = learnCodebooks(sizes, everyLayer(prepared), report);
  const states = onBooks(first);
  filled(states, wanted, packed);
  return choose(onBooks(learnCodebooks(sizes, thoseThatTake(states, first), report, first)), wanted, packed, report);
}

/** Networks on those generators of an image that are codebooks, which stay as they are. */
export function takeCodebooks(
  networks: readonly Network[],
  generators: readonly Generator[],
  wanted: Wanted,
  packed: (parts: readonly Unpacked[]) => Uint8Array,
  report: Report = () => {},
): Joined[] {
  const codebooks = generators.filter((generator) => generator.kind === 'codebook');
  return choose(
    statesOf(
      networks.map((network) => prepareNetwork(network, wanted.agreement !== undefined)),
      () => codebooks,
      report,
    ),
    wanted,
    packed,
    report,
  );
}

interface State {
  prepared: Prepared;
  options: Option[][];
  /** per layer, the option taken */
  level: number[];
}

/** Networks with what their layers can become; every layer begins with what takes the fewest bytes. */
const statesOf = (
  networks: readonly Prepared[],
  booksFor: (one: Weighed) => readonly Codebook[],
  report: Report,
): State[] =>
  networks.map((prepared, i) => {
    const options = optionsOf(prepared, booksFor, (done, total) =>
      report(i + done / total, networks.length, `measure ${prepared.name}`),
    );
    return { prepared, options, level: options.map(() => 0) };
  });

/** Gives layers more bytes as far as is wanted, whatever the answers; the steps in their order. */
function filled(
  states: readonly State[],
  { budget, weights, agreement }: Wanted,
  packed: (parts: readonly Unpacked[]) => Uint8Array,
): Step[] {
  const roughSize = () => roughSizeOf(states, packed);
  if (budget !== undefined && roughSize() > budget) throw new BudgetError(budget, roughSize());
  if (weights !== undefined) return fill(states, weights, () => weightBytes(states.map(chosenOf)));
  return budget !== undefined && agreement === undefined ? fill(states, budget, roughSize) : [];
}

/** Of the image before its weights are fitted. */
const roughSizeOf = (states: readonly State[], packed: (parts: readonly Unpacked[]) => Uint8Array): number =>
  packed(states.map((state) => changed(state, false))).length;

function choose(
  states: readonly State[],
  wanted: Wanted,
  packed: (parts: readonly Unpacked[]) => Uint8Array,
  report: Report,
): Joined[] {
  const { budget, agreement } = wanted;
  const taken = filled(states, wanted, packed);
  const joined = states.map((state, i) => {
    report(i, states.length, `refine ${state.prepared.name}`);
    return finished(state);
  });
  if (agreement !== undefined)
    improve(states, joined, taken, { agreement, budget }, () => roughSizeOf(states, packed), report);
  if (budget !== undefined) keep(budget, states, joined, taken, packed);
  return joined;
}

/** Gives steps back, the last ones first, where fitted biases want larger tables than the image was planned with. */
function keep(
  budget: number,
  states: readonly State[],
  joined: Joined[],
  taken: Step[],
  packed: (parts: readonly Unpacked[]) => Uint8Array,
): void {
  for (;;) {
    let over = packed(joined.map(({ unpacked }) => unpacked)).length - budget;
    if (over <= 0) return;
    if (taken.length === 0) throw new BudgetError(budget, budget + over);
    const given = new Set<State>();
    while (over > 0 && taken.length > 0) {
      const { state, layer, bytes } = taken.pop()!;
      state.level[layer]!--;
      over -= bytes;
      given.add(state);
    }
    for (const state of given) joined[states.indexOf(state)] = finished(state);
  }
}

/** Bytes of weights and indices, and of the codebooks that they come from. */
export function weightBytes(chosen: readonly Option[][]): number {
  const replacements = chosen.flat().map(({ replacement }) => replacement);
  const codebooks = new Set(replacements.map(({ generator }) => generator));
  const sum = (sizes: number[]) => sizes.reduce((a, b) => a + b, 0);
  return sum(replacements.map(ownBytes)) + sum([...codebooks].map(generatorBytes));
}

/** A layer given its next larger option. */
interface Step {
  state: State;
  layer: number;
  bytes: number;
}

/** The step that lowers the error most for a byte, of those of at most so many bytes; null where there is none. */
function bestStep(states: readonly State[], bytes = Number.POSITIVE_INFINITY): Step | null {
  let [best, most]: [Step | null, number] = [null, Number.NEGATIVE_INFINITY];
  for (const state of states) {
    state.options.forEach((options, layer) => {
      const [from, to] = [options[state.level[layer]!]!, options[state.level[layer]! + 1]];
      if (to === undefined || to.bytes - from.bytes > bytes || gain(from, to) <= most) return;
      most = gain(from, to);
      best = { state, layer, bytes: to.bytes - from.bytes };
    });
  }
  return best;
}

/** Takes steps, the best first, as long as `size` keeps the limit. */
function fill(states: readonly State[], limit: number, size: () => number): Step[] {
  const taken: Step[] = [];
  let left = limit - size();
  for (let step = bestStep(states, left); step !== null; step = bestStep(states, left)) {
    left -= step.bytes;
    step.state.level[step.layer]!++;
    taken.push(step);
  }
  // alignment, tables, and codebooks that nothing had used
  while (taken.length > 0 && size() > limit) {
    const { state, layer } = taken.pop()!;
    state.level[layer]!--;
  }
  return taken;
}

const SHARE_OF_STEP = 1 / 24; // of a network's weights: so many bytes more before it is fitted and asked again

/** Gives networks that agree too seldom more bytes, while there are any, and fits them again. */
function improve(
  states: readonly State[],
  joined: Joined[],
  taken: Step[],
  { agreement, budget = Number.POSITIVE_INFINITY }: { agreement: number; budget?: number },
  size: () => number,
  report: Report,
): void {
  let left = budget - size();
  for (const [i, state] of states.entries()) {
    const { name, layers } = state.prepared;
    const least = layers.reduce((sum, { weights }) => sum + weights.length, 0) * SHARE_OF_STEP;
    for (;;) {
      const reached = joined[i]!.agreement;
      if (reached === null || reached >= agreement) break;
      report(i, states.length, `${name} agrees on ${(100 * reached).toFixed(1)} %`);
      let more = 0;
      for (let step = bestStep([state], left); step !== null && more < least; step = bestStep([state], left)) {
        state.level[step.layer]!++;
        taken.push(step);
        more += step.bytes;
        left -= step.bytes;
      }
      if (more === 0) break;
      joined[i] = finished(state);
    }
  }
}

function finished(state: State): Joined {
  const { prepared } = state;
  const unpacked = changed(state, true);
  const { answers } = prepared;
  return {
    name: prepared.name,
    original: prepared.unpacked,
    unpacked,
    prepared,
    chosen: chosenOf(state),
    agreement: answers && compare(answers.outputs, outputsOf(unpacked.model, answers.samples), answers.zeroPoint).top1,
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
      ? refine(unpacked.model, layers, replacements, moments, samples, { int8: true })
      : withReplacements(unpacked.model, layers, replacements, given);
  return { model, tables: () => 'compact', lossless: () => false };
}

/** An image of some programs, as join writes it. */
export const packJoined = ({ model, tables, lossless }: Unpacked): Uint8Array => pack(model, { tables, lossless });
