/** Counts with their nouns, for people: "1 window", "1,720 windows". */

/** The number with separators, and the noun in the plural (with s) unless there is one of it. */
export const counted = (number: number, noun: string): string =>
  `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
