/** Counts with their nouns, for people: "1 window", "1,720 windows". */
import { grouped } from './grouped.ts';

/** The number with separators, and the noun in the plural (`plural`: where it is not with s) unless there is one of it. */
export const counted = (number: number, noun: string, plural = `${noun}s`): string =>
  `${grouped(number)} ${number === 1 ? noun : plural}`;
