import { isRecord, show } from '../utils/show.js';
import { object, type JsonSchema } from './json-schema.js';
import type { FieldMistake } from './problem.js';

const SHOWN_CHARS = 100;

/** What a field may be: how it is read, and how messages and OpenAPI say it. @internal */
export interface Kind<T> {
  /** As messages end: `'4' is not allowed; a whole number of 1 or more is`. */
  readonly allowed: string;
  readonly schema: JsonSchema;
  /** The value, or undefined where it is not one. */
  read(given: unknown): T | undefined;
}

/** @internal */
export interface Field<T> {
  readonly kind: Kind<T>;
  readonly description: string;
  readonly required?: boolean;
}

/** The fields of a body or a query; there may be no others. @internal */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** What comes out of a {@link Shape}. @internal */
export type Shaped<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends Field<infer T>
    ? S[Name] extends { readonly required: true }
      ? T
      : T | undefined
    : never;
};

/** @internal */
export const TEXT: Kind<string> = {
  allowed: 'a text that is not empty',
  schema: { type: 'string' },
  read: (given) => (typeof given === 'string' && given !== '' ? given : undefined),
};

/** @internal */
export const FLAG: Kind<boolean> = {
  allowed: 'true or false',
  schema: { type: 'boolean' },
  read: (given) => (typeof given === 'boolean' ? given : undefined),
};

/** A flag in a query, where everything is text. @internal */
export const FLAG_TEXT: Kind<boolean> = {
  allowed: 'true or false',
  schema: { type: 'boolean' },
  read: (given) => (given === 'true' ? true : given === 'false' ? false : undefined),
};

/** @internal */
export function whole(least: number): Kind<number> {
  return {
    allowed: `a whole number of ${least} or more`,
    schema: { type: 'integer', minimum: least },
    read: (given) => (Number.isSafeInteger(given) && (given as number) >= least ? (given as number) : undefined),
  };
}

/** What was read, and everything that is wrong with it. @internal */
export interface Reading<S extends Shape> {
  readonly value: Shaped<S>;
  readonly mistakes: readonly FieldMistake[];
}

/** Looks at every field of a body or a query; where there is a mistake the value must not be used. @internal */
export function readShape<S extends Shape>(shape: S, given: unknown, place: FieldMistake['in']): Reading<S> {
  if (given !== undefined && given !== null && !isRecord(given)) {
    return { value: {} as Shaped<S>, mistakes: [wrong(place, '', given, 'an object')] };
  }
  const fields = (given ?? {}) as Record<string, unknown>;
  const mistakes: FieldMistake[] = Object.keys(fields)
    .filter((name) => !Object.hasOwn(shape, name))
    .map((name) => unknownField(place, name, Object.keys(shape)));
  const value: Record<string, unknown> = {};
  for (const [name, { kind, required }] of Object.entries(shape)) {
    const raw = fields[name];
    if (raw === undefined) {
      if (required) mistakes.push(missing(place, name, kind.allowed));
      continue;
    }
    const read = kind.read(raw);
    if (read === undefined) mistakes.push(wrong(place, name, raw, kind.allowed));
    else value[name] = read;
  }
  return { value: value as Shaped<S>, mistakes };
}

/** What may be told of a body that was not looked at: known fields, cut. @internal */
export function knownFields(shape: Shape, given: unknown): Record<string, unknown> {
  if (!isRecord(given)) return {};
  const known = Object.keys(shape).filter((name) => Object.hasOwn(given, name) && given[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, shape[name]?.kind.read(given[name]) ?? cut(given[name])]));
}

/** @internal */
export function wrong(place: FieldMistake['in'], field: string, given: unknown, allowed: string): FieldMistake {
  const value = cut(given);
  const name = field === '' ? `the ${place}` : field;
  return { in: place, field, value, allowed, message: `${name}: ${value} is not allowed; ${allowed} is` };
}

/** @internal */
export function missing(place: FieldMistake['in'], field: string, allowed: string): FieldMistake {
  return { in: place, field, allowed, message: `${field} is missing; ${allowed} is needed` };
}

function unknownField(place: FieldMistake['in'], name: string, names: readonly string[]): FieldMistake {
  const allowed = names.length === 0 ? 'none' : names.join(', ');
  const field = name.slice(0, SHOWN_CHARS);
  return { in: place, field, allowed, message: `${field}: there is no such field; allowed: ${allowed}` };
}

function cut(given: unknown): string {
  const shown = show(given);
  return shown.length > SHOWN_CHARS ? `${shown.slice(0, SHOWN_CHARS)}…` : shown;
}

/** A body's shape as OpenAPI writes it. @internal */
export function schemaOf(shape: Shape): JsonSchema {
  const entries = Object.entries(shape).map(([name, { kind, description, required }]): [string, JsonSchema] => [
    required ? name : `${name}?`,
    { ...kind.schema, description },
  ]);
  return object(Object.fromEntries(entries));
}
