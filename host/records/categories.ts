/** What the bytes of an image are for. */

export const CATEGORIES = [
  'header',
  'program',
  'plan',
  'quantisation tables',
  'PW1',
  'stem',
  'depthwise',
  'classifier',
  'generator',
  'basis/head',
  'codes',
  'metadata',
  'trailer',
  'convolution',
  'pointwise',
  'codebook',
  'indices',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** Those that few images have. */
export const RARE: ReadonlySet<Category> = new Set<Category>(['convolution', 'pointwise', 'codebook', 'indices']);
