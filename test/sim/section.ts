import type { Goal } from './goals.ts';

/** One part of the results page that is measured by itself: its text in Markdown, and what it adds to the goals. */
export interface Section {
  readonly text: string;
  readonly goals: readonly Goal[];
}
