/** What each layer of a network can be beside its codebook, and in which order more bytes pay. */
import { divergence, logitUnit, outputCount } from '../compress/agreement.ts';
import { fromCodebook, type Weighed } from '../compress/codebook.ts';
import { asItIs, layerError, measureOptions, type Option, type OutputError, type Report } from '../compress/options.ts';
import { ownBytes, type Replacement } from '../compress/replacement.ts';
import type { Samples } from '../compress/samples.ts';
import type { Codebook } from '../sources/codebook.ts';
import type { Prepared } from './prepare.ts';

const MEASURED_SAMPLES = 48; // for each option of each layer: errors are ranked, not reported

/**
 * Per layer, from few bytes to many, what it can become: entries of the codebooks that suit it best, then INT8. Only
 * those are kept that pay: each step to the next lowers the error by less for a byte than the one before. With
 * samples the error is what the network answers when only this layer changes: how far its class probabilities are from
 * the original's, which networks of few sure classes and of many that are hardly told apart have in common.
 */
export function optionsOf(
  network: Prepared,
  booksFor: (one: Weighed) => readonly Codebook[],
  report: Report = () => {},
): Option[][] {
  const { unpacked, layers, moments, weighed, inner, samples } = network;
  const own = weighed.map((one, l) => {
    const { layer } = one;
    const stored = option(one, asItIs(layer));
    if (!inner[l]) return [stored];
    const books = booksFor(one).map((book) => option(one, fromCodebook(one, book, true)));
    return [...bestOfEachSize(books), stored];
  });
  const some = samples && evenly(samples, MEASURED_SAMPLES);
  const measured = some
    ? measureOptions(unpacked.model, layers, { own, shared: [] }, moments, some, report, errorOf(network)).own
    : own;
  return measured.map(paying);
}

/** Of a network that answers with one value there are no probabilities. */
function errorOf({ unpacked: { model } }: Prepared): OutputError | undefined {
  if (outputCount(model) < 2) return undefined;
  const unit = logitUnit(model);
  return (original, changed) => divergence(original, changed, unit);
}

/** Entries of one length take as many bytes from any codebook. */
function bestOfEachSize(options: readonly Option[]): Option[] {
  const best = new Map<number, Option>();
  for (const one of options) {
    const known = best.get(one.bytes);
    if (!known || one.layerError < known.layerError) best.set(one.bytes, one);
  }
  return [...best.values()];
}

function option(one: Weighed, replacement: Replacement): Option {
  const error = layerError(one, replacement);
  return { replacement, bytes: ownBytes(replacement), error, layerError: error };
}

function evenly({ inputs, wasm }: Samples, count: number): Samples {
  const step = Math.max(1, inputs.length / count);
  return {
    inputs: Array.from({ length: Math.min(count, inputs.length) }, (_, i) => inputs[Math.floor(i * step)]!),
    wasm,
  };
}

/** How much a step to a larger option lowers the error, for each byte. */
export const gain = (from: Option, to: Option): number => (from.error - to.error) / (to.bytes - from.bytes);

/** Of options by rising bytes those on the lower convex hull of bytes and error. */
function paying(options: readonly Option[]): Option[] {
  const kept: Option[] = [];
  for (const next of options.toSorted((a, b) => a.bytes - b.bytes || a.error - b.error)) {
    if (kept.length > 0 && next.error >= kept.at(-1)!.error) continue;
    while (kept.length > 1 && gain(kept.at(-2)!, kept.at(-1)!) <= gain(kept.at(-1)!, next)) kept.pop();
    kept.push(next);
  }
  return kept;
}
