/**
 * Who or what windows are from: patients, subjects, speakers, as the data set says. Confidence intervals resample whole
 * groups, because the windows of one are alike.
 */
export interface Groups {
  names: string[];
  /** [n] index into names, for every window */
  of: Int32Array;
}

/** Numbers the groups in order of first appearance. */
export function numbered(groups: ArrayLike<string>): Groups {
  const index = new Map<string, number>();
  const of = Int32Array.from({ length: groups.length }, (_, i) => {
    const name = groups[i];
    const number = index.get(name) ?? index.size;
    index.set(name, number);
    return number;
  });
  return { names: [...index.keys()], of };
}
