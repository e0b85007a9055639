/** core.ts in plain arithmetic: entry of a module of its own that is merged into every variant for Node. */

export function ssat8(a: i32): i32 {
  return min(max(a, -128), 127);
}

export function uses(feature: u32): bool {
  return feature < 64; // every one of features.ts
}

export function rarely(condition: bool): bool {
  return condition;
}
