import type { JsonSchema } from '../../../src/admin/json-schema.js';

/** Where a value is not as its schema says. As much of JSON Schema as the routes use; unknown keywords throw. */
export function violations(schema: JsonSchema, value: unknown, at = '$'): string[] {
  const {
    type,
    nullable,
    enum: allowed,
    oneOf,
    items,
    properties = {},
    required = [],
    additionalProperties,
    minimum,
    ...rest
  } = schema;
  const unknown = Object.keys(rest).filter((name) => !['description', 'format'].includes(name));
  if (unknown.length > 0) throw new Error(`${at}: ${unknown.join(', ')} cannot be checked`);
  if (value === null) return nullable ? [] : [`${at} is null`];
  if (oneOf) return oneOf.some((one) => violations(one, value, at).length === 0) ? [] : [`${at} is none of oneOf`];
  if (allowed && !allowed.includes(value as string)) return [`${at} is ${String(value)}, not one of ${allowed.join()}`];
  if (minimum !== undefined && (value as number) < minimum) return [`${at} is less than ${minimum}`];
  switch (type) {
    case 'object': {
      if (typeof value !== 'object' || Array.isArray(value)) return [`${at} is no object`];
      const fields = Object.entries(value as Record<string, unknown>);
      return [
        ...required.filter((name) => !(name in (value as object))).map((name) => `${at}.${name} is missing`),
        ...fields.flatMap(([name, field]) => {
          const own = properties[name];
          if (own) return violations(own, field, `${at}.${name}`);
          return additionalProperties === false ? [`${at}.${name} is not described`] : [];
        }),
      ];
    }
    case 'array':
      if (!Array.isArray(value)) return [`${at} is no list`];
      return items ? value.flatMap((one, i) => violations(items, one, `${at}[${i}]`)) : [];
    case 'integer':
      return Number.isInteger(value) ? [] : [`${at} is no whole number`];
    case undefined:
      return [];
    case 'string':
    case 'number':
    case 'boolean':
    default:
      return typeof value === type ? [] : [`${at} is no ${type}`];
  }
}
