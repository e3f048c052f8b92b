import highs from 'highs';
import type { Highs } from 'highs';

/** Loads HiGHS. The types of the package are those of its CommonJS half, in which the loader is a property of what is imported. */
export const loadSolver = highs as unknown as () => Promise<Highs>;
