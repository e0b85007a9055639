/** What an image is made of, byte by byte, and what its programs need. */
import { SECTION_TRAILER, TLV_HEADER_BYTES, TYPE_I16 } from '../../assembly/format.ts';
import { bytesByCategory, bytesByProgram, regionsOf } from '../image/regions.ts';
import { digest } from '../image/seal.ts';
import { sourceMacs } from '../model/weights.ts';
import { OPERATOR_NAMES } from '../operators/registry.ts';
import { nameAt } from '../records/names.ts';
import {
  type ImageView,
  type OperatorView,
  type ProgramView,
  RESIDENCY_NAMES,
  type TensorView,
} from '../records/view.ts';
import type { Runtime } from '../runtime/node.ts';
import { sourceKind } from '../sources/registry.ts';

export type Inspection = ReturnType<typeof inspect>;

/** What an image is made of and what its programs need. `file` is its name; throws what the runtime throws. */
export function inspect(file: string, view: ImageView, runtime: Runtime) {
  const { metadata, unreadable } = metadataOf(view);
  const trailer = view.section(SECTION_TRAILER);
  const bytes = bytesByProgram(view);
  const stored = view.bytes.subarray(trailer.offset + TLV_HEADER_BYTES, trailer.offset + trailer.size);
  return {
    file,
    bytes: view.bytes.length,
    categories: bytesByCategory(regionsOf(view)),
    programs: view.programs.map((program, p) => ({
      name: nameAt(metadata, p),
      /** what it would take away with it, what it shares, and with which others */
      bytes: bytes[p],
      arenaBytes: runtime.arenaBytes(p),
      inputBytes: runtime.inputBytes(p),
      outputBytes: runtime.outputBytes(p),
      /** units of docs/reliability.md */
      work: runtime.work(p),
      ...runtime.portsOf(p),
      /** of the branches the most that an inference can take */
      multiplyAccumulates: mostOf(program, (operator) => {
        const source = view.sources[operator.source];
        return source ? sourceMacs(program.tensors[operator.output], source) : 0;
      }),
      operators: program.operators.map((operator, o) => ({
        /** of the route with that index, which picks one; null for an operator that always runs */
        branch: program.branches[o],
        kind: OPERATOR_NAMES[operator.kind],
        output: shape(program.tensors[operator.output]),
        weights: operator.source in view.sources ? weights(view, operator.source) : null,
        residency: operator.source in view.sources ? RESIDENCY_NAMES[operator.residency] : null,
      })),
    })),
    metadata,
    metadataError: unreadable,
    sha256: Buffer.from(stored).toString('hex'),
    sha256Matches: Buffer.from(digest(view.bytes, trailer.offset)).equals(Buffer.from(stored)),
  };
}

/** Of all operators together that run in one inference, with the most expensive branch of each route. */
function mostOf({ operators, branches }: ProgramView, cost: (operator: OperatorView) => number): number {
  const costs = new Map<number, number[]>();
  let always = 0;
  for (const [o, operator] of operators.entries()) {
    const place = branches[o];
    if (!place) {
      always += cost(operator);
      continue;
    }
    const each = costs.get(place.route) ?? [];
    each[place.branch] = (each[place.branch] ?? 0) + cost(operator);
    costs.set(place.route, each);
  }
  return [...costs.values()].reduce((sum, each) => sum + Math.max(...Object.values(each)), always);
}

/** The device never reads it, so an image whose metadata cannot be read is shown all the same. */
function metadataOf(view: ImageView): { metadata: Record<string, unknown>; unreadable: string | null } {
  try {
    return { metadata: view.metadata(), unreadable: null };
  } catch (error) {
    return { metadata: {}, unreadable: (error as Error).message };
  }
}

function shape({ height, width, channels, type }: TensorView): string {
  return `${height}x${width}x${channels} ${type === TYPE_I16 ? 'i16' : 'i8'}`;
}

function weights(view: ImageView, index: number): string {
  const source = view.sources[index];
  return `${source.rows}x${source.rowLength} ${sourceKind(source).describe(source)}`;
}
