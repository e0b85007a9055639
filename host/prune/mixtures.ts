/**
 * More inputs for a teacher: mixtures of two each. A network that learns what another answers needs no labels, and gains
 * from inputs between those that there are as long as both see the same ones (Beyer et al. 2022, Knowledge Distillation:
 * A Good Teacher is Patient and Consistent).
 */
import { lengthOf, samplesOf } from '../data/signal.ts';
import { joinWindows, type WindowSet, windowAt } from '../data/windows.ts';
import { Random } from '../system/random.ts';

/** Windows and mixtures of them, at least so many together; the mixtures stand behind, and their labels mean nothing. */
export function withMixtures(set: WindowSet, least: number, seed: number): WindowSet {
  const missing = Math.max(0, least - set.labels.length);
  if (missing === 0) return set;
  const random = new Random(seed, 7);
  const samples = samplesOf(set.signal, missing * lengthOf(set.signal));
  for (let i = 0; i < missing; i++) {
    const [first, second] = [0, 1].map(() => windowAt(set, random.below(set.labels.length)));
    const share = random.uniform(0, 1);
    const at = i * lengthOf(set.signal);
    first!.forEach((value, k) => {
      samples[at + k] = Math.round(share * value + (1 - share) * second![k]!);
    });
  }
  const names = Array.from({ length: missing }, () => 'mixture');
  const mixed = { ...set, samples, labels: new Uint8Array(missing), groups: names, records: names };
  return joinWindows([set, { ...mixed, times: new Float64Array(missing) }]);
}
