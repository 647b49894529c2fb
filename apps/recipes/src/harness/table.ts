/** Rows as a table; the first row is its heading. Columns of numbers stand right. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? '').length)),
  );
  const isNumber = (column: number): boolean =>
    rows.length > 1 && rows.slice(1).every((row) => typeof (row[column] ?? 0) === 'number');
  return rows.flatMap((row, index) => {
    const line = widths
      .map((width, column) => {
        const cell = String(row[column] ?? '');
        return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
    return index === 0 ? [line, widths.map((width) => '─'.repeat(width)).join('  ')] : [line];
  });
}
