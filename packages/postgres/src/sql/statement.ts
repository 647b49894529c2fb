/**
 * One statement of ours, in the two shapes that libraries take: `text` with `values`, or `strings` with `values` as a
 * template tag is called. Every value is a string, and is cast where it stands, so that no library has to guess a type.
 */
export interface SqlStatement {
  /** With `$1`, `$2`, … in place of the values. */
  readonly text: string;
  /** What stands around the values: always one piece more than there are values. */
  readonly strings: TemplateStringsArray;
  readonly values: readonly string[];
  /**
   * There where it pays to prepare the statement, once for each connection: the same for the same text, and no other's.
   * A library that does not prepare leaves it alone.
   */
  readonly name?: string;
}

/** A row of an answer: names of columns are one lower-case word each, values are text, boolean or null. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Sends one statement and gives its rows. Rejects with the error of the library as it is. */
export type SqlRun = (statement: SqlStatement) => Promise<readonly SqlRow[]>;

/** Text that is part of a statement, not a value: made by us, never by a user of the project. */
export class SqlText {
  constructor(readonly text: string) {}
}

/** Template tag: strings and numbers become values; {@link SqlText} and other statements become part of the text. */
export function sql(
  pieces: TemplateStringsArray,
  ...parts: readonly (string | number | SqlText | SqlStatement)[]
): SqlStatement {
  const strings = [pieces[0] ?? ''];
  const values: string[] = [];
  const text = (piece: string): void => {
    strings.push(`${strings.pop() ?? ''}${piece}`);
  };
  parts.forEach((part, index) => {
    if (part instanceof SqlText) text(part.text);
    else if (typeof part === 'object') {
      const [first = '', ...others] = part.strings;
      text(first);
      values.push(...part.values);
      strings.push(...others);
    } else {
      values.push(String(part));
      strings.push('');
    }
    text(pieces[index + 1] ?? '');
  });
  return {
    text: strings.reduce((before, piece, index) => `${before}$${index}${piece}`),
    strings: Object.assign(strings, { raw: strings }),
    values,
  };
}

/** A name in double quotes, whatever stands in it. */
export function quoted(name: string): SqlText {
  return new SqlText(`"${name.replaceAll('"', '""')}"`);
}
