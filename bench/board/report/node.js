// Elements: every text goes in as text, so that no name can be markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes (those that are null are left out) and children. */
function node(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for a drawing. */
function drawing(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** A text that may break before its brackets, commas and equal signs. */
function breakable(text) {
  const parts = text.split(/(?=[[,=_])/).flatMap((part) => [part, node('wbr')]);
  return node('span', {}, ...parts.slice(0, -1));
}

const id = (name) => document.getElementById(name);

// How a strategy is drawn; the colours are in the style sheet, and the first is random's alone.
const DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]];
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond'];
const OUTLINES = [
  'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0', 'M-3.5-3.5h7v7h-7z', 'M0-4L4 3.5H-4z', 'M0-4.5L4.5 0 0 4.5-4.5 0z',
];

const colour = (mark) => `var(--s${mark.colour})`;

/** The strategy's line and point, as in the charts. */
function swatch(mark) {
  const look = { stroke: colour(mark), 'stroke-width': 2, 'stroke-dasharray': DASHES[mark.dash] };
  return drawing(
    'svg', { viewBox: '-14 -6 28 12', class: 'swatch', 'aria-hidden': 'true' },
    drawing('path', { d: 'M-13 0h26', ...look }),
    drawing('path', { d: OUTLINES[mark.shape], fill: colour(mark) }),
  );
}
