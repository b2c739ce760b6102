// The charts: the page's specifications, filled with what a board knows.

const OPTIONS = {
  ast: true, // expressions are interpreted: the page's policy lets no text become code
  actions: false,
  logLevel: 1, // errors: that nothing is to be drawn is none
  renderer: 'svg',
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};
const HEIGHT = 360;

/**
 * A chart with its section, which goes before the table `before`. `rows(on)` gives its data sets for
 * the strategies that are switched on, `across()` says what its x axis shows.
 */
function chart(name, { before, title, about, rows, across = () => '' }, ...controls) {
  const place = node('div', { class: 'chart' });
  const heading = node('h3', { id: `${name}-title`, tabindex: '-1' }, title);
  const box = node('div', { class: 'box', tabindex: '0', role: 'region', 'aria-labelledby': heading.id }, place);
  let last = Promise.resolve(); // one thing after the other: Vega draws asynchronously
  const then = (what) => { last = last.then(what); };

  async function embed(on) {
    const titled = JSON.stringify(DATA.charts[name]).replaceAll('"{x}"', JSON.stringify(across()));
    const spec = JSON.parse(titled);
    if (across()) Object.assign(spec, { width: 'container', height: HEIGHT });
    const { view } = await vegaEmbed(place, { ...spec, description: title, datasets: rows(on) }, OPTIONS);
    return view.signal('band', band(now.on)).runAsync();
  }

  function fill(view, on) {
    Object.entries(rows(on)).forEach(([key, values]) => view.data(key, values));
    return view.signal('band', band(now.on)).runAsync();
  }

  function focus(view, strategy) {
    const shown = strategy === NOBODY ? now.on : [true];
    return view.signal('focus', strategy).signal('band', band(shown)).runAsync();
  }

  return {
    before,
    section: node('section', {}, heading, ...controls, box, node('p', { class: 'note' }, about)),
    /** Anew: when it comes onto the page, and when its axes change. */
    draw: (on) => then((view) => (view?.finalize(), embed(on))),
    /** With other data on the same axes. */
    fill: (on) => then((view) => fill(view, on)),
    /** One strategy in full colour; NOBODY: all. */
    focus: (strategy) => then((view) => focus(view, strategy)),
    end: () => then((view) => view.finalize()),
  };
}

/** How strong a band is: the more there are, the fainter. */
function band(on) {
  return 0.18 / Math.max(1, on.filter(Boolean).length / 3);
}

/** The charts of a board for which there is anything to draw. */
function pictures({ charts, strategies }) {
  const priced = charts.cost.some((each) => each.passes || each.seconds);
  return [
    ...(charts.targets.length ? [curves(charts, strategies)] : []),
    ...(priced ? [prices(charts, strategies)] : []),
    ...(charts.overlap.length ? [overlaps(charts, strategies)] : []),
  ];
}

function curves(charts, strategies) {
  const titles = { budget: `budget (${charts.unit})`, words: 'words' };
  const worded = charts.words.length && charts.unit !== 'words';
  const made = chart(
    'curve',
    {
      before: 'scores',
      title: 'Learning curves',
      about: 'The successor’s mean score with its 95 % band. Point at a switch to bring its strategy forward.',
      rows: (on) => curveRows(charts, strategies, on),
      across: () => titles[now.over],
    },
    choice('Over', worded ? titles : {}, (over) => { now.over = over; made.draw(visible); }),
    ...(charts.own.some(Boolean) ? [
      checkbox('own models, dotted (over budget)', (own) => { now.own = own; made.draw(visible); }),
    ] : []),
  );
  return made;
}

function prices(charts, strategies) {
  const made = chart(
    'price',
    {
      before: 'cost',
      title: 'Area against acquisition',
      about: 'Median of a round, on a logarithmic axis. The line is the Pareto front: nobody else is as cheap and '
        + 'as good.',
      rows: (on) => priceRows(charts, strategies, on),
      across: () => `acquisition, ${now.price}`,
    },
    choice('In', { passes: 'passes', seconds: 'seconds' }, (price) => { now.price = price; made.draw(visible); }),
  );
  return made;
}

function overlaps(charts, strategies) {
  return chart('overlap', {
    before: 'wins',
    title: 'Overlap of selections',
    about: 'Jaccard of all ids selected, mean over seeds; framed: near-identical, 0.9 or more.',
    rows: (on) => overlapRows(charts, strategies, on),
  });
}

/** Radio buttons, the first of them chosen; hidden where there are none. */
function choice(title, options, choose) {
  const buttons = Object.entries(options).map(([value, text], place) => {
    const button = node('input', { type: 'radio', name: title, value, checked: place ? null : '' });
    button.addEventListener('change', () => choose(value));
    return node('label', {}, button, text);
  });
  const hidden = buttons.length ? null : '';
  return node('fieldset', { class: 'choice', hidden }, node('legend', {}, title), ...buttons);
}

function checkbox(text, choose) {
  const box = node('input', { type: 'checkbox' });
  box.addEventListener('change', () => choose(box.checked));
  return node('label', { class: 'choice' }, box, text);
}

/** Data rows for the learning curves: of the successors, and on request of own models. */
function curveRows(charts, strategies, on) {
  const words = now.over === 'words';
  const [axis, unit] = words ? [charts.words, 'words'] : [charts.targets, charts.unit];
  const row = (line, point, place) => {
    const at = `${axis[place].toLocaleString('en-US')} ${unit}`;
    return { ...line, ...told(line.strategy, at, point), x: axis[place] };
  };
  const lines = strategies.flatMap((mark, of) => {
    const look = { of, colour: colour(mark) };
    const points = words ? charts.by_words[of] : charts.successor[of];
    const own = (now.own && !words && charts.own[of]) || [];
    return [
      [points, { ...look, strategy: mark.name, dash: DASHES[mark.dash], shape: SHAPES[mark.shape], own: false }],
      [own, { ...look, strategy: `${mark.name}, own`, dash: [1, 3], shape: 'cross', own: true }],
    ];
  });
  const shown = lines.filter(([, { of }]) => on(of));
  const rows = shown.flatMap(([points, line]) => points.map((point, place) => point && row(line, point, place)));
  const full = charts.full ? [{ y: charts.full.y, text: `all labelled: ${charts.full.text}` }] : [];
  return { curve: rows.filter(Boolean), full };
}

/** Data rows for area against cost. */
function priceRows(charts, strategies, on) {
  const rows = strategies.map((mark, of) => {
    const [price, area] = [charts.cost[of][now.price], charts.area[of]];
    if (!price || !area || !on(of)) return null;
    const [x, front, text] = price;
    const look = { colour: colour(mark), shape: SHAPES[mark.shape] };
    return { of, x, front, ...look, ...told(mark.name, `${text} ${now.price}`, area) };
  });
  return { price: rows.filter(Boolean) };
}

/** Data rows for the overlap: every pair either way round, and nothing on the diagonal. */
function overlapRows(charts, strategies, on) {
  const cells = [
    ...charts.overlap,
    ...charts.overlap.map(([one, two, ...rest]) => [two, one, ...rest]),
    ...strategies.map((_, of) => [of, of, 0, '', false]),
  ];
  const shown = cells.filter(([one, two]) => on(one) && on(two));
  shown.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const rows = shown.map(([first, second, share, text, near]) => {
    const [one, two] = [strategies[first].name, strategies[second].name];
    return { one, two, share, text, near, said: `${one} and ${two}: ${text}` };
  });
  return { overlap: rows };
}

/** A point with its interval, and in words. */
function told(strategy, at, [y, low, high, text]) {
  return { strategy, at, y, low: low ?? y, high: high ?? y, text, said: `${strategy}, ${at}: ${text}` };
}
