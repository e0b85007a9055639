/** `hypertinypw/model`: what a network is between import or training and its image; without Node. */
export type * from '../operators/registry.ts'; // whose files declare their operators into the model
export type * from '../sources/registry.ts';
export type * from './model.ts';
export { macs } from './weights.ts';
