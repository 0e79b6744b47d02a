/** The URL of the same database, whose sessions begin with these settings, by the names that PostgreSQL gives them. */
export function withSettings(url: string, settings: Readonly<Record<string, string>>): string {
  const result = new URL(url);
  const options = [
    result.searchParams.get('options'),
    ...Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`),
  ];
  result.searchParams.set('options', options.filter((option) => option !== null).join(' '));
  return result.href;
}
