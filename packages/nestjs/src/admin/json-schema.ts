/** A schema as OpenAPI writes it: as much of JSON Schema as the routes need. @internal */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly (string | number | boolean)[];
  readonly format?: string;
  readonly minimum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
}

/** @internal */
export function text(description: string): JsonSchema {
  return { type: 'string', description };
}

/** @internal */
export function integer(description: string, minimum?: number): JsonSchema {
  return { type: 'integer', description, ...(minimum !== undefined && { minimum }) };
}

/** @internal */
export function flag(description: string): JsonSchema {
  return { type: 'boolean', description };
}

/** @internal */
export function orNull(schema: JsonSchema): JsonSchema {
  return { ...schema, nullable: true };
}

/** @internal */
export function listOf(items: JsonSchema, description?: string): JsonSchema {
  return { type: 'array', items, ...(description !== undefined && { description }) };
}

/** An object that has these properties and no others; names that end in `?` may be missing. @internal */
export function object(properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema {
  const names = Object.keys(properties);
  const required = names.filter((name) => !name.endsWith('?'));
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
