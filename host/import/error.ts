/** The file cannot be imported: one line that says what, where, expected, got and what to do next. */
export class ImportError extends Error {}

/** One operator cannot be imported. The lowering collects these, so that one run names all of them. */
export class Unsupported extends Error {}
