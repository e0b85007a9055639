/** Numbers for people: "1,720", "0.25". */

/** The number with a comma between groups of three digits, and at most `decimals` digits behind the point. */
export const grouped = (value: number, decimals = 3): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: decimals });
