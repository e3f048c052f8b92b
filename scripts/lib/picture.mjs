// Draws lines of terminal output as an SVG, so that the picture in the README is made by the run that it shows.
import { writeFileSync } from 'node:fs';

const [CHARACTER, LINE, MARGIN] = [7.2, 17, 16];
const WIDEST = 132;

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const colour = (line) => (line.startsWith('==') ? '#7dd3fc' : line.startsWith('$') ? '#a7f3d0' : /^\d\d:\d\d /.test(line) ? '#fde68a' : '#e5e7eb');

export function drawTerminal(file, text) {
  const lines = text.trimEnd().split('\n').map((line) => (line.length > WIDEST ? `${line.slice(0, WIDEST - 1)}…` : line));
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN;
  const rows = lines.map((line, index) => `<text x="${MARGIN}" y="${MARGIN + (index + 0.8) * LINE}" fill="${colour(line)}" xml:space="preserve">${escape(line)}</text>`);
  writeFileSync(file, `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12"><rect width="100%" height="100%" rx="8" fill="#111827"/>\n${rows.join('\n')}\n</svg>\n`);
}
