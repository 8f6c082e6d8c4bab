/** Rows of comma, semicolon or tab separated text as it arrives, each cell with its place (RFC 4180, lenient about stray quotes). */

export interface SeparatedRow {
  /** Where the row begins, from 1. */
  line: number;
  cells: string[];
  /** Where each cell begins: line and character, from 1. */
  places: readonly (readonly [line: number, column: number])[];
}

/** Cells longer than this are no table's. */
const MAX_CELL_CHARS = 200_000;

/** The text cannot be read on, at this place. */
export class FeedError extends Error {
  override readonly name = "FeedError";
  readonly line: number;
  readonly column: number;
  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/**
 * @param separator left out: whichever of tab, semicolon and comma stands most often in the first line
 * @throws FeedError for a quote that is never closed
 */
export async function* readSeparated(chunks: AsyncIterable<string>, separator?: string): AsyncGenerator<SeparatedRow> {
  let line = 1;
  let column = 1;
  let cell = "";
  let quoted = false;
  /** After the closing quote of a cell, which may turn out to be a doubled one. */
  let closing = false;
  let started: readonly [number, number] = [1, 1];
  let opened: readonly [number, number] = [1, 1];
  let cells: string[] = [];
  let places: (readonly [number, number])[] = [];
  let before = "";
  let first = true;
  const endCell = () => {
    cells.push(cell);
    places.push(started);
    cell = "";
    closing = false;
  };
  for await (let chunk of chunks) {
    if (separator === undefined) {
      before += chunk;
      const head = /^[^\r\n]*[\r\n]/.exec(before)?.[0];
      if (head === undefined && before.length < MAX_CELL_CHARS) continue;
      separator = commonest(head ?? before);
      chunk = before;
    }
    if (first && chunk.startsWith("\ufeff")) chunk = chunk.slice(1);
    first = false;
    for (let i = 0; i < chunk.length; i += 1) {
      const character = chunk[i]!;
      if (quoted) {
        if (character === '"') [quoted, closing] = [false, true];
        else cell += character;
      } else if (character === '"' && closing) {
        cell += '"';
        [quoted, closing] = [true, false];
      } else if (character === '"' && cell === "") {
        quoted = true;
        opened = [line, column];
      } else if (character === separator) {
        endCell();
        started = [line, column + 1];
      } else if (character === "\n") {
        if (cell.endsWith("\r")) cell = cell.slice(0, -1);
        endCell();
        if (cells.length > 1 || cells[0] !== "") yield { line: places[0]![0], cells, places };
        [cells, places] = [[], []];
        started = [line + 1, 1];
      } else if (!(character === "\r" && closing)) {
        cell += character;
        closing = false;
      }
      if (cell.length > MAX_CELL_CHARS) throw new FeedError(`a cell is longer than ${MAX_CELL_CHARS} characters; is a quote missing?`, ...(quoted ? opened : started));
      if (character === "\n") [line, column] = [line + 1, 1];
      else column += 1;
    }
  }
  if (separator === undefined && before !== "") {
    const [head] = [before];
    yield* readSeparated(once(head), commonest(head));
    return;
  }
  if (quoted) throw new FeedError("a quote is opened here and never closed", ...opened);
  if (cell !== "" || cells.length > 0) {
    endCell();
    yield { line: places[0]![0], cells, places };
  }
}

function commonest(head: string): string {
  const count = (separator: string) => head.split(separator).length;
  return ["\t", ";", ","].reduce((best, separator) => (count(separator) > count(best) ? separator : best), ",");
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
