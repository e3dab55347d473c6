/** Whether a message ends its connection, from its Connection headers (each followed by a comma, lower case) and version. */
export function closesAfter(connection: string, isHttp10: boolean): boolean {
  if (connection === '') return isHttp10;
  if (connection === 'keep-alive,') return false;
  const tokens = connection.split(',').map((token) => token.trim());
  return tokens.includes('close') || (isHttp10 && !tokens.includes('keep-alive'));
}
