/** The two ways in which a command ends that are no fault of the program. */

/** The check that a command makes came out negative: exit code 1. Everything else that is thrown: 2. */
export class CheckFailed extends Error {}

/** Wrong use or bad input: exit code 2, one line (what, where, expected, got, next step), no stack. */
export class UsageError extends Error {}
