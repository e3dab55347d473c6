const longest = 80;

/** A value for people: bare if it reads as one word, else quoted; cut after 80 characters. */
export function showValue(value: string): string {
  const text = value.length > longest ? `${value.slice(0, longest)}…` : value;
  return /^[^\s\p{C}",()|]+$/u.test(text) ? text : JSON.stringify(text);
}
