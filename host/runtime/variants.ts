/** The builds of the runtime: same exports, bit-equal results, different inner loops. */

export interface Variant {
  /** target in asconfig.json */
  name: string;
  /** functions that it may import from module "intrinsics", which asc names after assembly/dsp/intrinsics.ts */
  imports: readonly string[];
  /** translated to C */
  c: boolean;
  simd: boolean;
}

/** What every variant imports: which features this build keeps, and a saturation that most cores have. */
const COMMON = ['uses', 'ssat8', 'rarely'];
const DSP = [...COMMON, 'smlad', 'sxtb16', 'sxtb16r8', 'smmlar', 'pkhbt', 'pkhtb'];

export const VARIANTS: readonly Variant[] = [
  { name: 'scalar', imports: COMMON, c: true, simd: false },
  { name: 'dsp', imports: DSP, c: true, simd: false },
  { name: 'simd', imports: COMMON, c: false, simd: true },
];

export function findVariant(name: string): Variant {
  const variant = VARIANTS.find((candidate) => candidate.name === name);
  if (variant) return variant;
  throw new Error(`variant "${name}": unknown; one of ${VARIANTS.map((known) => known.name).join(', ')}`);
}
