import { writeSync } from 'node:fs';
import { plainLine } from './plain.js';
import { renderText } from './render/render.js';
import type { ViewState } from './view-state.js';

/** Shows where the run is, until it is closed. */
export interface Display {
  /** Shows the state as it is now, out of turn. */
  refresh(): void;
  close(): void;
}

const FRAME_MS = 200;
const LINE_MS = 1000;

/** The other screen of the terminal, so that what stood there comes back; no cursor, no wrapped lines. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Redraws in place: one write a frame, over what is there, so that nothing flickers. */
export class LiveDisplay implements Display {
  readonly #timer: NodeJS.Timeout;
  #entered = false;
  /** Also called when the process exits or crashes: synchronous, at most once. */
  readonly #leave = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    writeSync(this.terminal.fd, LEAVE);
  };

  constructor(
    private readonly state: () => ViewState,
    private readonly terminal: NodeJS.WriteStream & { fd: number } = process.stdout,
    private readonly color = process.env['NO_COLOR'] === undefined,
  ) {
    process.once('exit', this.#leave);
    this.#entered = true;
    terminal.write(ENTER);
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
  }

  refresh(): void {
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#leave);
    this.#leave();
  }

  #draw(): void {
    // A terminal that is slower than we are gets fewer frames, not a queue of them.
    if (this.terminal.writableNeedDrain) return;
    const { columns = 80, rows = 24 } = this.terminal;
    const lines = renderText(this.state(), { columns, rows }, this.color);
    const body = lines.map((line) => line + CLEAR_LINE).join('\r\n');
    this.terminal.write(HOME + body + CLEAR_BELOW);
  }
}

/** A line a second. */
export class PlainDisplay implements Display {
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly state: () => ViewState,
    private readonly write: (line: string) => void,
  ) {
    this.#timer = setInterval(() => this.refresh(), LINE_MS);
  }

  refresh(): void {
    this.write(plainLine(this.state()));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
