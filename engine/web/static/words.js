/** Where in a line the words stand that an insight or a topic comes from. Ranges are `[start, end)` in characters. */

/** The places of a topic: its phrase, else its root words, else the whole line. */
export function topicRanges(text, { text: phrase, roots }) {
  const found = occurrences(text, phrase);
  if (found.length > 0) return found;
  const parts = roots.flatMap((root) => occurrences(text, root)).sort((first, second) => first[0] - second[0]);
  return parts.length > 0 ? parts.filter(([start], index) => index === 0 || start >= parts[index - 1][1]) : [[0, text.length]];
}

/** The sentence of a line that has most words in common with an insight. */
export function insightRanges(text, { text: insight }) {
  const wanted = new Set(wordsOf(insight));
  const score = ([start, end]) => {
    const words = wordsOf(text.slice(start, end));
    return words.filter((word) => wanted.has(word)).length / Math.max(1, Math.sqrt(words.length));
  };
  return [sentences(text).reduce((first, second) => (score(second) > score(first) ? second : first), [0, 0])];
}

/** Every place where `phrase` stands as whole words, whatever their case and the white space between them. */
export function occurrences(text, phrase) {
  const words = phrase.trim().split(/\s+/u).filter(Boolean).map(escaped);
  if (words.length === 0) return [];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${words.join("[\\s\\p{P}]+")}(?![\\p{L}\\p{N}])`, "giu");
  return [...text.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length]);
}

/** Every place where the characters of `part` stand. */
export function matches(text, part) {
  return part === "" ? [] : [...text.matchAll(new RegExp(escaped(part), "giu"))].map((match) => [match.index, match.index + match[0].length]);
}

function sentences(text) {
  const found = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(text)];
  return found.map(({ index, segment }) => [index, index + segment.trimEnd().length]);
}

function wordsOf(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
}
