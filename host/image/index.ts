/** `hypertinypw/image`: images made of models and back, looked into, and given other residencies; without Node. */

export { ImageError, ImageView } from '../records/view.ts';
export { addTo, basisDigest, isAddOn, packAddOn } from './addOn.ts';
export { type PackOptions, pack } from './pack.ts';
export { bytesByCategory, bytesByProgram, type ProgramBytes, type Region, regionsOf } from './regions.ts';
export { type Residencies, withResidencies, withResidency } from './seal.ts';
export { type Unpacked, unpack } from './unpack.ts';
