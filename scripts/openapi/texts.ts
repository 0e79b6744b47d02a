// What the contracts say in words, for readers who know the API over HTTP.
import type { AnyDesc, FileRegistry } from '@bufbuild/protobuf';
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { type Commented, leadingComments } from './comments.ts';

/** Reads comments, with the names of fields as JSON has them. */
export type CommentReader = (desc: Commented) => string;

export function createCommentReader(registry: FileRegistry): CommentReader {
  const comments = leadingComments(registry.files);
  const names = fieldNames(registry);
  return (desc) =>
    paragraphs(comments.get(desc) ?? '').replace(/[a-z][a-z0-9]*(?:_[a-z0-9]+)+/g, (word) =>
      names.has(word) ? protoCamelCase(word) : word,
    );
}

function fieldNames(registry: Iterable<AnyDesc>): Set<string> {
  const names = new Set<string>();
  for (const desc of registry) {
    if (desc.kind !== 'message' || !desc.typeName.startsWith('loyalty.')) continue;
    for (const { name } of desc.fields) names.add(name);
  }
  return names;
}

/** Without the line breaks inside of a paragraph. */
function paragraphs(comment: string): string {
  return comment
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, ' ').trim())
    .join('\n\n');
}

/** The first sentence without its period, or what comes before its colon. */
export function summaryOf(text: string): string {
  const [, sentence = text] = /^(.*?)(?::\s|\.\s+(?=[A-Z])|\.?$)/s.exec(text) ?? [];
  return sentence;
}

/** Sentences after each other; those that are empty are left out. */
export function joined(...texts: readonly (string | undefined)[]): string {
  return texts.filter(Boolean).join(' ');
}

/** `must be set` as a sentence. */
export function sentence(words: string): string {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return text.endsWith('.') ? text : `${text}.`;
}

/** The description as a member of an object; nothing where it is empty. */
export function described(text: string): { description?: string } {
  return text === '' ? {} : { description: text };
}
