/** `hypertinypw/model`: what a network is between import or training and its image, every operator included; without Node. */
export type * from '../model/model.ts';
export { macs } from '../model/weights.ts';
export type { OperatorRegistry } from './registry.ts'; // whose files add their operators to those of the model
