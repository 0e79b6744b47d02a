/** A line of a CSV file, with quotes where a field needs them. */
export function csvLine(fields: readonly string[], separator: string): string {
  const texts = fields.map((field) => {
    const isPlain = !field.includes('"') && !/[\r\n]/.test(field) && !field.includes(separator);
    return isPlain ? field : `"${field.replaceAll('"', '""')}"`;
  });
  return `${texts.join(separator)}\n`;
}
