import type { Papers } from '../link/messages.ts';

/** Different papers that are known at a time; past it the oldest are forgotten, and checked again if they come back. */
const MOST = 64;

/** Each order brings the papers of its image, a few kilobytes: those that are the same become one object. */
export class PapersShelf {
  readonly #known = new Map<string, Papers>();

  share(papers: Papers): Papers {
    const text = `${papers.envelope} ${papers.policy}`;
    const known = this.#known.get(text);
    if (known) return known;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(text, papers);
    return papers;
  }
}
