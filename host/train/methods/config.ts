/** Which method holds the weights of a layer, as a configuration says. */
export interface MethodConfig {
  /** names the method; the rest is its own */
  kind: string;
  [field: string]: unknown;
}
