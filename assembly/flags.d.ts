// Names that a variant of host/runtime/variants.ts may define. Two files ask isDefined(NAME): intrinsics/instructions.ts
// for what a core has, operators/variant.ts for kernels.
declare const HTPW_DSP: bool;
declare const HTPW_MVE: bool;
declare const HTPW_SIMD: bool;
