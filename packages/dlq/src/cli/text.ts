import type { RecordHeaders } from '@kafka-worker/engine';
import type { ListedDeadLetter } from '../read-dead-letters.js';

/** One dead letter for people; several lines where its payload was asked for. */
export function letterText(listed: ListedDeadLetter): string {
  const { partition, offset, origin, sizes, replayed, replayedFrom, payload } = listed;
  const parts =
    origin === undefined
      ? ['foreign']
      : [
          `${origin.topic}/${origin.partition}/${origin.offset}`,
          `${origin.group ?? '?'} ${origin.worker ?? '?'}`,
          `${origin.attempts} attempts`,
          origin.failedAt === undefined ? '?' : timeText(origin.failedAt),
          [origin.errorClass, origin.errorMessage].filter((text) => text !== undefined).join(': '),
        ];
  const lines = [
    [
      `${partition}/${offset}`,
      ...parts,
      `key ${sizeText(sizes.key)}, value ${sizeText(sizes.value)}, headers ${sizeText(sizes.headers)}`,
      ...(replayedFrom === undefined ? [] : [`replayed before from ${replayedFrom}`]),
      ...(replayed ? ['replayed'] : []),
    ]
      .map(printable)
      .join('  '),
  ];
  if (payload !== undefined) {
    lines.push(`    key    ${printable(bytesText(payload.key))}`, `    value  ${printable(bytesText(payload.value))}`);
    for (const [name, value] of headerEntries(payload.headers)) {
      lines.push(`    header ${printable(name)}: ${printable(bytesText(value))}`);
    }
  }
  return lines.join('\n');
}

/** One dead letter for machines: bytes that are no UTF-8 as `{ "base64": … }`. */
export function letterJson({ payload, ...letter }: ListedDeadLetter): object {
  if (payload === undefined) return letter;
  const headers = headerEntries(payload.headers).map(([name, value]) => ({ name, value: bytesJson(value) }));
  return { ...letter, payload: { key: bytesJson(payload.key), value: bytesJson(payload.value), headers } };
}

/** One line of JSON; errors as name, code and message. */
export function jsonLine(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (!(inner instanceof Error)) return inner;
    const { name, message, code } = inner as Error & { code?: unknown };
    return { name, code, message };
  });
}

/** `1 dead letter`, `1,200 dead letters` */
export function lettersText(count: number): string {
  return `${countText(count)} dead letter${count === 1 ? '' : 's'}`;
}

/** With thousands apart, whatever the machine's language. */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** What others wrote must not move the cursor of whoever reads it. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
    character === '\n' ? '\\n' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString();
}

function sizeText(bytes: number | null): string {
  return bytes === null ? 'none' : `${countText(bytes)} B`;
}

function bytesText(bytes: Buffer | null): string {
  if (bytes === null) return 'none';
  return utf8(bytes) ?? `base64:${bytes.toString('base64')}`;
}

function bytesJson(bytes: Buffer | null): string | null | { readonly base64: string } {
  if (bytes === null) return null;
  return utf8(bytes) ?? { base64: bytes.toString('base64') };
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function headerEntries(headers: RecordHeaders): [string, Buffer][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one): [string, Buffer][] =>
      one === undefined ? [] : [[name, Buffer.from(one)]],
    ),
  );
}
