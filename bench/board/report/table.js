// A table by columns: sorted by the values, narrowed by words and switches, drawn a page at a time.

const PAGE = 50;

/**
 * A table with its section. `narrow(words, on)` leaves the rows that have all these words and whose
 * strategies are all on, and returns how many there are.
 */
function table(sheet, marks = []) {
  const columns = sheet.columns.map(spread);
  const heads = columns.map((column) => head(column, () => sort(column)));
  const body = node('tbody');
  const pager = pages(show);
  const texts = []; // of rows, in lower case, once somebody asks
  let order = sheet.of.map((_, row) => row);
  let left = order;
  let sorted = {};
  let [words, on] = [[], () => true];

  function sort(column) {
    const descending = sorted.column === column ? !sorted.descending : Boolean(column.number);
    sorted = { column, descending };
    order = order.toSorted(comparison(column.values ?? column.texts, descending));
    heads.forEach((each) => each.removeAttribute('aria-sort'));
    heads[columns.indexOf(column)].setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    narrow();
  }

  function narrow() {
    left = order.filter((row) => sheet.of[row].every(on) && words.every((word) => said(row).includes(word)));
    show(0);
  }

  function said(row) {
    texts[row] ??= columns.map((column) => column.texts[row]).join('\n').toLowerCase();
    return texts[row];
  }

  function show(first) {
    const shown = columns.filter((column) => column.strategy === undefined || on(column.strategy));
    heads.forEach((each, place) => { each.hidden = !shown.includes(columns[place]); });
    const rows = left.slice(first, first + PAGE).map((row) => line(row, shown));
    body.replaceChildren(...(rows.length ? rows : [nothing(shown.length)]));
    pager.show(first, left.length);
  }

  function line(row, shown) {
    const [of, ...others] = sheet.of[row];
    const mark = others.length ? undefined : marks[of];
    return node('tr', {}, title(shown[0], row, mark), ...shown.slice(1).map((column) => cell(column, row)));
  }

  const heading = node('h3', { id: `${sheet.key}-title`, tabindex: '-1' }, sheet.title);
  const drawn = node('table', { 'aria-labelledby': heading.id }, node('thead', {}, node('tr', {}, ...heads)), body);
  const box = node('div', { class: 'box', tabindex: '0', role: 'region', 'aria-labelledby': heading.id }, drawn);
  const note = sheet.note ? [node('p', { class: 'note' }, sheet.note)] : [];
  show(0);
  return {
    box,
    bar: pager.bar,
    section: node('section', { 'data-key': sheet.key }, heading, box, pager.bar, ...note),
    narrow(asked, visible) {
      [words, on] = [asked, visible];
      narrow();
      return left.length;
    },
  };
}

/** A column whose few different texts are kept once, as one with all texts. */
function spread(column) {
  return column.table ? { ...column, texts: column.codes.map((code) => column.table[code]) } : column;
}

/** Stable, and what is unknown is last either way. */
function comparison(values, descending) {
  const sign = descending ? -1 : 1;
  return (one, two) => {
    const [a, b] = [values[one], values[two]];
    if (a === null || b === null) return (a === null) - (b === null);
    return a < b ? -sign : a > b ? sign : 0;
  };
}

function head(column, sort) {
  const button = node('button', { type: 'button' }, column.name);
  button.addEventListener('click', sort);
  return node('th', { scope: 'col', class: column.number ? 'number' : null }, button);
}

const link = (href, text) => node('a', { href }, text);

const DRAWN = {
  board: (text, column, row) => link(`#${DATA.boards[row].slug}`, text),
  environment: (number) => link(`#${now.board.slug}/environment-${number}`, number),
  file: (name, { folders }, row) => link(folders.table[folders.codes[row]] + encodeURIComponent(name), name),
  digest: (text) => node('span', { class: 'digest', title: text }, text),
  long: (text) => {
    const [start, ...rest] = text.split('\n');
    return rest.length ? node('details', {}, node('summary', {}, start), node('pre', {}, rest.join('\n'))) : start;
  },
};

function content(column, row) {
  const text = String(column.texts[row]);
  return DRAWN[column.kind] ? DRAWN[column.kind](text, column, row) : text;
}

/** The first cell of a row, with the mark of its strategy where it has one. */
function title(column, row, mark) {
  const drawn = mark ? [swatch(mark)] : [];
  return node('th', { scope: 'row' }, node('span', { class: 'name' }, ...drawn, content(column, row)));
}

function cell(column, row) {
  const made = node('td', { class: column.number ? 'number' : column.kind }, content(column, row));
  if (column.kind === 'share') {
    made.classList.add('share');
    made.style.setProperty('--share', column.values[row] ?? 0);
  }
  return made;
}

function nothing(width) {
  return node('tr', {}, node('td', { colspan: width, class: 'nothing' }, 'No row is left by the filter.'));
}

/** Which rows are shown, and the way to others; nothing where all fit. */
function pages(turn) {
  const said = node('span', { role: 'status' });
  const back = node('button', { type: 'button' }, 'Previous');
  const on = node('button', { type: 'button' }, 'Next');
  const bar = node('p', { class: 'pages' }, back, on, said);
  let first = 0;
  back.addEventListener('click', () => turn(first - PAGE));
  on.addEventListener('click', () => turn(first + PAGE));
  const written = (count) => count.toLocaleString('en-US');
  return {
    bar,
    show(from, count) {
      first = from;
      bar.hidden = count <= PAGE;
      back.disabled = !first;
      on.disabled = first + PAGE >= count;
      said.textContent = `${written(first + 1)}–${written(Math.min(first + PAGE, count))} of ${written(count)}`;
    },
  };
}
