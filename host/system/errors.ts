/** The two ways in which a command ends that are no fault of the program, and how an error gets its file or option. */

/** The check that a command makes came out negative: exit code 1. Everything else that is thrown: 2. */
export class CheckFailed extends Error {}

/** Wrong use or bad input: exit code 2, one line (what, where, expected, got, next step), no stack. */
export class UsageError extends Error {}

/**
 * What `work` returns; what it throws becomes a UsageError about `what`: a file or an option. With `only`, errors of
 * other classes pass as they are: they are not the fault of that file.
 */
export function named<T>(what: string, work: () => T, only: abstract new (...args: never[]) => Error = Error): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof only)) throw error;
    throw new UsageError(`${what}: ${error.message}`);
  }
}
