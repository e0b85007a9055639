/**
 * The builds of the runtime: same exports, bit-equal results, different inner loops. The one list of them: builds,
 * options, measurements and tests follow it. What a variant owes in code is in assembly/operators/variant.ts, the steps
 * to add one in docs/porting.md.
 */

export interface Variant {
  /** in names of files, in options, and in board.json */
  name: string;
  /** names that the sources ask for with isDefined (assembly/flags.d.ts) */
  defines: readonly string[];
  /** what it may import: modules of assembly/intrinsics/, each with its polyfill for Node */
  intrinsics: readonly string[];
  /** features of WebAssembly beyond the first version, as asc and Binaryen call them */
  features: readonly string[];
  /** translated to C, for devices; others only run as WebAssembly */
  c: boolean;
}

export const VARIANTS = [
  { name: 'scalar', defines: [], intrinsics: ['core'], features: [], c: true },
  { name: 'dsp', defines: ['HTPW_DSP'], intrinsics: ['core', 'dsp'], features: [], c: true },
  { name: 'mve', defines: ['HTPW_MVE'], intrinsics: ['core', 'dsp', 'mve'], features: ['simd'], c: true },
  { name: 'simd', defines: ['HTPW_SIMD'], intrinsics: ['core'], features: ['simd'], c: false },
] as const satisfies readonly Variant[];

/** A build of the runtime by its name. All give the same bytes. */
export type VariantName = (typeof VARIANTS)[number]['name'];

/** Of a variant that devices can run. */
export type DeviceVariantName = Extract<(typeof VARIANTS)[number], { c: true }>['name'];

/** Every build that Node can run. */
export const VARIANT_NAMES: readonly VariantName[] = VARIANTS.map(({ name }) => name);

export const DEVICE_VARIANT_NAMES: readonly DeviceVariantName[] = VARIANTS.flatMap((variant) =>
  variant.c ? [variant.name] : [],
);

/** Runs on any core, and is what the others are compared with. */
export const PORTABLE = 'scalar' satisfies DeviceVariantName;

/** The fastest in Node and in browsers. */
export const FASTEST = 'simd' satisfies VariantName;

export function findVariant(name: VariantName): Variant {
  return VARIANTS.find((variant) => variant.name === name)!;
}
