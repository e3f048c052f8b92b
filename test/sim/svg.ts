/** Plain drawings without a library: they are written by a command and read in a browser or on a page of Markdown. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly isDashed?: boolean;
  readonly color?: string;
}

const [WIDTH, HEIGHT] = [760, 420];
const FRAME = { left: 64, right: 20, top: 44, bottom: 52 };
export const FIRST_COLOR = '#7a7a7a';
const COLORS = [FIRST_COLOR, '#1f6f8b', '#c8553d', '#588157', '#8d5a97', '#e09f3e'];
const FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (x: number, y: number, content: string, anchor = 'middle'): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${FONT}>${escaped(content)}</text>`;

interface Scale {
  readonly at: (value: number) => number;
  readonly marks: readonly number[];
}

function scaleOf(values: readonly number[], [from, to]: readonly [number, number], isLog = false): Scale {
  const high = Math.max(...values);
  if (isLog) {
    const low = Math.min(...values.filter((value) => value > 0));
    const span = Math.log10(high / low) || 1;
    const marks = [1, 3, 10, 30, 100, 300, 1000].filter((mark) => mark >= low && mark <= high);
    return { at: (value) => from + ((to - from) * Math.log10(Math.max(value, low) / low)) / span, marks };
  }
  const step = niceStep(high / 6);
  return {
    at: (value) => from + ((to - from) * value) / (high || 1),
    marks: Array.from({ length: Math.floor(high / step) + 1 }, (_, n) => n * step),
  };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  return power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
}

export function lines({
  title,
  x,
  y,
  curves,
  isLogX = false,
}: {
  title: string;
  x: string;
  y: string;
  curves: readonly Curve[];
  isLogX?: boolean;
}): string {
  const points = curves.flatMap((curve) => curve.points);
  const across = scaleOf(
    points.map(([value]) => value),
    [FRAME.left, WIDTH - FRAME.right],
    isLogX,
  );
  const up = scaleOf(
    points.map(([, value]) => value),
    [HEIGHT - FRAME.bottom, FRAME.top],
  );
  const grid = [
    ...up.marks.map(
      (mark) =>
        `<line x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${up.at(mark)}" y2="${up.at(mark)}" stroke="#e5e5e5"/>${text(FRAME.left - 8, up.at(mark) + 4, String(mark), 'end')}`,
    ),
    ...across.marks.map((mark) => text(across.at(mark), HEIGHT - FRAME.bottom + 18, String(mark))),
  ];
  const drawn = curves.map(({ points: own, isDashed, color }, place) => {
    const path = own.map(([a, b]) => `${across.at(a).toFixed(1)},${up.at(b).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${color ?? COLORS[place % COLORS.length]}" stroke-width="2"${isDashed ? ' stroke-dasharray="6 4"' : ''}/>`;
  });
  const legend = curves.map(({ name, color }, place) => {
    const top = HEIGHT - FRAME.bottom - 14 - 18 * (curves.length - 1 - place);
    return `<rect x="${WIDTH - 250}" y="${top - 9}" width="12" height="4" fill="${color ?? COLORS[place % COLORS.length]}"/>${text(WIDTH - 232, top, name, 'start')}`;
  });
  return page(HEIGHT, [
    text(WIDTH / 2, 22, title),
    ...grid,
    text(WIDTH / 2, HEIGHT - 12, x),
    text(20, FRAME.top - 8, y, 'start'),
    ...drawn,
    ...legend,
  ]);
}

const ROW = 16;

/** 0 is white, 1 is full. */
export function heatMap({ title, rows, cells }: { title: string; rows: readonly string[]; cells: readonly (readonly number[])[] }): string {
  const left = 110;
  const width = (WIDTH - left - FRAME.right) / (cells[0]?.length ?? 1);
  const height = FRAME.top + ROW * rows.length + 40;
  const squares = cells.flatMap((row, place) =>
    row.map((value, column) => {
      const strength = Math.min(1, Math.max(0, value));
      return `<rect x="${(left + column * width).toFixed(1)}" y="${FRAME.top + place * ROW}" width="${width.toFixed(2)}" height="${ROW - 1}" fill="rgb(${Math.round(255 - 224 * strength)},${Math.round(255 - 144 * strength)},${Math.round(255 - 116 * strength)})"/>`;
    }),
  );
  const labels = rows.map((name, place) => text(left - 8, FRAME.top + place * ROW + 12, name, 'end'));
  const hours = [0, 12, 24, 36, 48, 60, 72]
    .filter((hour) => hour <= (cells[0]?.length ?? 0))
    .map((hour) => text(left + hour * width, height - 14, `${hour} h`));
  return page(height, [text(WIDTH / 2, 22, title), ...squares, ...labels, ...hours]);
}

function page(height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">\n<rect width="100%" height="100%" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`;
}
