/**
 * No front end: the network takes the int8 window as it is. Fixed scaling is then the caller's, by the input's scale.
 */
import * as json from '../../system/json.ts';
import type { FrontEndConfig, FrontEndKind } from './frontEnd.ts';

export interface NoneConfig extends FrontEndConfig {
  kind: 'none';
}

export const none: FrontEndKind<NoneConfig> = {
  schema: json.fields({ kind: json.oneOf(['none']) }) as unknown as json.Schema<NoneConfig>,
  fault: (_, { type }) =>
    type === 'i8' ? null : ['input.type', `expected "i8", as nothing stands before the network, got "${type}"`],
  make: (_, { shape, scale, zeroPoint }) => ({
    output: { shape: [...shape], scale, zeroPoint },
    run(window, integers) {
      for (let i = 0; i < window.length; i++) integers[i] = Math.min(Math.max(Math.round(window[i]!), -128), 127);
    },
    operators: (window) => ({ tensors: [window], operators: [], sources: [] }),
  }),
};
