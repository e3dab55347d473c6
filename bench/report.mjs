/** The table that `docs/performance.md` holds. */
export function asTable(rows) {
  const lines = rows.map((row) => {
    const target = row.target === null ? '–' : `${row.higherIsBetter ? '≥' : '≤'} ${row.target}`;
    const met = row.target === null ? '–' : row.met ? 'yes' : '**no**';
    const cells = [
      row.id,
      row.peer,
      row.ours,
      row.theirs ?? '–',
      row.unit,
      row.ratio,
      target,
      row.rounds,
      row.spread.join('–'),
    ];
    return `| ${cells.join(' | ')} | ${met} |`;
  });
  return [
    '| id | peer | ours | peer | unit | ratio | target | rounds | spread | met |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** One JSON document with what programs compare. */
export function asDocument(rows) {
  const told = rows.map(({ id, peer, ratio, target, rounds, spread }) => ({ id, peer, ratio, target, rounds, spread }));
  return JSON.stringify({ rows: told });
}
