/** What a verb has printed with --json, held to its schema in docs/schemas. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

export const SCHEMAS = 'docs/schemas';

/** The fields of a schema that tests look at themselves: one form, or several. */
interface Schema {
  additionalProperties?: boolean;
  items?: Schema;
  anyOf?: Schema[];
}

/** A schema, as it is published. */
export const schemaOf = (verb: string): Schema => JSON.parse(readFileSync(join(SCHEMAS, `${verb}.json`), 'utf8'));

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const compiled = new Map<string, ValidateFunction>();

/** Where the output of `htpw <verb> --json`, text or what it reads as, does not fit: none where it does. */
export function schemaFaults(verb: string, printed: unknown): string[] {
  const validate = compiled.get(verb) ?? ajv.compile(schemaOf(verb));
  compiled.set(verb, validate);
  validate(typeof printed === 'string' ? JSON.parse(printed) : printed);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}
