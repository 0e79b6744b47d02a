import { printable } from '../printable.ts';
import type { ReceivedEvent } from './delivery-listener.ts';

/** An event for a person's terminal: its id and type, and then its body, indented. */
export function eventText({ id, body }: ReceivedEvent): string {
  const event = parsed(body);
  const lines = JSON.stringify(event, undefined, 2).split('\n').map(printable);
  return [`${printable(id)} ${printable(typeOf(event))}`, ...lines].join('\n');
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function typeOf(event: unknown): string {
  return typeof event === 'object' && event !== null && 'type' in event ? String(event.type) : '';
}
