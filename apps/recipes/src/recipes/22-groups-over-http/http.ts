import { setTimeout } from 'node:timers/promises';
import type { GroupAnswer } from '@kafka-worker/nestjs/admin';
import { now } from '../../harness/index.js';

const PATIENCE_MS = 60_000;

/** An answer to a command: the status, and what it says. */
export interface Said {
  readonly status: number;
  /** Of a problem. */
  readonly detail?: string;
}

export async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** As `curl -X POST -H 'Authorization: Bearer …' -H 'Content-Type: application/json' -d '…' url`. */
export async function post(url: string, body: object, token?: string): Promise<Said> {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const { detail } = (await response.json()) as { detail?: string };
  return { status: response.status, ...(detail !== undefined && { detail }) };
}

/** Asks for a group until it is as wanted. */
export async function groupWhere(
  url: string,
  what: string,
  wanted: (group: GroupAnswer) => boolean,
): Promise<GroupAnswer> {
  const deadline = now() + PATIENCE_MS;
  for (;;) {
    const group = await get<GroupAnswer>(url);
    if (wanted(group)) return group;
    if (now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms in vain: ${what}`);
    await setTimeout(20);
  }
}
