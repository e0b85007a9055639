/**
 * Something that a model or a file asks for and this project does not have: one operator's reason, without its place.
 */
export class Unsupported extends Error {}
