import { type ContentCoding, encodeForReuse } from '../content-coding.ts';
import { hashOf } from '../etags.ts';

/** Something at a path that is the same for everybody: content, or a way to it. */
export type Page = ContentPage | Redirect;

export interface ContentPage {
  readonly path: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the content as it is, without quotes. */
  readonly etag: string;
  readonly content: Buffer;
  /** The content in a coding. It is compressed once, when it is first asked for: most gateways never are. */
  encoded(coding: ContentCoding): Promise<Buffer>;
}

export interface Redirect {
  readonly path: string;
  readonly location: string;
}

/** A page with this content, which everyone who asks for it shares. */
export function contentPage(options: {
  path: string;
  contentType: string;
  content: Buffer;
  headers?: Readonly<Record<string, string>>;
}): ContentPage {
  const { path, contentType, content, headers = {} } = options;
  const encodings = new Map<ContentCoding, Promise<Buffer>>();
  return {
    path,
    contentType,
    headers,
    etag: hashOf(content),
    content,
    encoded(coding) {
      const known = encodings.get(coding);
      if (known !== undefined) return known;
      const encoding = encodeForReuse(content, coding);
      encodings.set(coding, encoding);
      encoding.catch(() => encodings.delete(coding));
      return encoding;
    },
  };
}
