/** Counts with their nouns, for people: "1 window", "1,720 windows". */
import { grouped } from './grouped.ts';

/** The number with separators, and the noun in the plural (with s) unless there is one of it. */
export const counted = (number: number, noun: string): string => `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
