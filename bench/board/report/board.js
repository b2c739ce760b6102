// The page: one board at a time, chosen by the address, with its switches, charts and tables.

const DATA = JSON.parse(id('data').textContent);
const NOBODY = -1;
let now = null; // the board that is shown: its charts, its tables, and what is switched on

function start() {
  for (const sheet of DATA.overall) id('overall').append(table(sheet).section);
  id('overall').hidden = !DATA.overall.length;
  const index = table(DATA.index);
  id('index').append(index.box, index.bar);
  id('find').addEventListener('input', () => index.narrow(words('find'), () => true));
  id('choice').append(...DATA.boards.map((board) => node('option', { value: board.slug }, board.title)));
  id('choice').addEventListener('change', () => { location.hash = id('choice').value; });
  id('filter').addEventListener('input', narrow);
  id('all').addEventListener('click', () => turn(() => true));
  id('none').addEventListener('click', () => turn(() => false));
  window.addEventListener('hashchange', () => follow(true));
  document.addEventListener('click', again);
  follow(false);
}

/**
 * Show what the address names, `#board` or `#board/part`; else stay, or begin with the first. A board
 * whose name has become longer, since it has a namesake, is still found by the shorter one.
 */
function follow(moved) {
  const [slug, part] = location.hash.slice(1).split('/');
  const named = DATA.boards.find((board) => board.slug === slug)
    ?? DATA.boards.find((board) => slug.includes('-') && board.slug.startsWith(`${slug}-`));
  if (!now || (named && named !== now.board)) choose(named ?? DATA.boards[0]);
  const goal = named && id(part ? `${part}-title` : 'board');
  if (!goal || !(moved || part)) return;
  goal.closest('details')?.setAttribute('open', '');
  goal.scrollIntoView();
  if (document.activeElement !== id('choice')) goal.focus({ preventScroll: true });
}

/** A link to where the address is already changes nothing, but its reader wants to go there. */
function again(event) {
  if (event.target.closest('a')?.hash === location.hash) follow(true);
}

function choose(board) {
  if (!board) return;
  now?.charts.forEach((each) => each.end());
  now = { board, on: board.strategies.map(() => true), over: 'budget', own: false, price: 'passes' };
  now.tables = board.tables.map((sheet) => table(sheet, board.strategies));
  now.charts = pictures(board);
  id('choice').value = board.slug;
  const marks = board.marks.map((text) => node('span', { class: 'mark' }, text));
  id('board-title').replaceChildren(breakable(board.title), ...marks);
  id('switches').replaceChildren(...board.strategies.map(toggle));
  id('facts').replaceChildren(...board.facts.map(fact));
  id('content').replaceChildren(...sections(), machines(board));
  id('contents').replaceChildren(...[...id('content').querySelectorAll('h3')].map(entry));
  now.charts.forEach((each) => each.draw(visible));
  narrow();
}

const visible = (strategy) => now.on[strategy];
const words = (field) => id(field).value.toLowerCase().split(/\s+/).filter(Boolean);

function fact([name, text]) {
  const digest = /^[0-9a-f]{16,}$/.test(text) ? { class: 'digest', title: text } : {};
  return node('div', {}, node('dt', {}, name), node('dd', digest, breakable(text)));
}

/** Every chart before the table of its numbers. */
function sections() {
  return now.tables.flatMap((each) => {
    const key = each.section.dataset.key;
    return [...now.charts.filter((picture) => picture.before === key), each].map((part) => part.section);
  });
}

function entry(title) {
  const part = title.id.replace(/-title$/, '');
  return node('li', {}, node('a', { href: `#${now.board.slug}/${part}` }, title.textContent));
}

/** The machines and libraries of this board's cells, by the number that their rows give. */
function machines(board) {
  const numbers = board.tables.at(-1).columns.find((column) => column.kind === 'environment').texts;
  const used = [...new Set(numbers)].sort((a, b) => a - b);
  return node(
    'section', {}, node('h3', { id: 'environments-title', tabindex: '-1' }, 'Environments'),
    ...used.map((number) => machine(number, parsed(DATA.environments[number - 1]))),
  );
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return { unreadable: text };
  }
}

function machine(number, known) {
  const facts = Object.entries(known).flatMap(([name, value]) => [
    node('dt', {}, name), node('dd', {}, typeof value === 'string' ? value : JSON.stringify(value)),
  ]);
  const title = node('summary', { id: `environment-${number}-title` }, `Environment ${number}`);
  return node('details', {}, title, node('dl', { class: 'environment' }, ...facts));
}

/** A switch, which is also the legend of all charts; pointing at it brings the strategy forward. */
function toggle(mark, strategy) {
  const box = node('input', { type: 'checkbox' });
  const label = node('label', {}, box, swatch(mark), breakable(mark.name));
  box.checked = true;
  box.addEventListener('change', () => {
    turn((each) => (each === strategy ? box.checked : now.on[each]));
    bring(strategy);
  });
  for (const event of ['pointerenter', 'focusin']) label.addEventListener(event, () => bring(strategy));
  for (const event of ['pointerleave', 'focusout']) label.addEventListener(event, () => bring(NOBODY));
  return label;
}

/** One strategy in full colour, if it is on; else all. */
function bring(strategy) {
  now.charts.forEach((each) => each.focus(now.on[strategy] ? strategy : NOBODY));
}

function turn(switched) {
  now.on = now.on.map((_, strategy) => switched(strategy));
  id('switches').querySelectorAll('input').forEach((box, strategy) => { box.checked = now.on[strategy]; });
  now.charts.forEach((each) => each.fill(visible));
  narrow();
}

function narrow() {
  const asked = words('filter');
  const left = now.tables.map((each) => each.narrow(asked, visible)).reduce((a, b) => a + b, 0);
  const count = now.on.filter(Boolean).length;
  const rows = asked.length ? `, ${left.toLocaleString('en-US')} rows` : '';
  id('count').textContent = `${count} of ${now.on.length} strategies${rows}`;
}

start();
